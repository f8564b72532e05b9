package web

import (
	"net/http"
	"net/url"

	"backrow/storage"
)

// form is what a page knows of a form that was refused: which of the page's forms it was, what
// was typed, and the sentence that says what is wrong. The zero form is one not sent yet.
type form struct {
	which  string
	err    error
	values url.Values
}

// refused is the form of that name, sent with r and refused because of err.
func refused(r *http.Request, which string, err error) form {
	return form{which: which, err: err, values: r.PostForm}
}

// Problem is what is wrong with the form of that name; "" for nothing.
func (f form) Problem(which string) string {
	if f.which != which || f.err == nil {
		return ""
	}
	return sentenceOf(f.err)
}

// Value is what stands in a field: what was typed, or otherwise the value given.
func (f form) Value(which, field, otherwise string) string {
	if f.which != which || f.values == nil {
		return otherwise
	}
	return f.values.Get(field)
}

// status is the HTTP status of the page that the form is shown on again. A wrong password is an
// invalid form there, not a missing session.
func (f form) status() int {
	switch {
	case f.err == nil:
		return http.StatusOK
	case storage.KindOf(f.err) == storage.Unauthenticated:
		return http.StatusUnprocessableEntity
	}
	return statusOf(f.err)
}

// show renders a page that has forms. A failure of ours is told beside the form, with what was
// typed, and goes to the log all the same.
func (s *Server) show(w http.ResponseWriter, r *http.Request, f form, name string, page any) error {
	status := f.status()
	if status >= http.StatusInternalServerError {
		s.report(r, status, f.err)
	}
	return s.render(w, r, status, name, page)
}

// posted reads a form's fields.
func posted(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		if statusOf(err) == http.StatusRequestEntityTooLarge {
			return err
		}
		return storage.Errorf(storage.Invalid, "The form could not be read. Please send it again. %w", err)
	}
	return nil
}

// postedID is the client-made id in a form, or a new one: a form that is sent twice does its work
// once.
func postedID(r *http.Request) (storage.ID, error) {
	if text := r.PostForm.Get("id"); text != "" {
		return storage.ParseID(text)
	}
	return storage.NewID(), nil
}

// action is a handler of a form: it does its work, and a refusal is shown on the form's page.
func (s *Server) action(do handler, again func(w http.ResponseWriter, r *http.Request, err error) error,
) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := posted(r); err != nil {
			return err
		}
		if err := do(w, r); err != nil {
			return again(w, r, err)
		}
		return nil
	}
}

// NewID is a fresh id for a form's hidden field.
func (v view) NewID() storage.ID { return storage.NewID() }
