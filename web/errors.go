package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"backrow/storage"
)

// statuses is the one place where a kind of failure becomes an HTTP status.
var statuses = map[storage.Kind]int{
	storage.Invalid:         http.StatusUnprocessableEntity,
	storage.Unauthenticated: http.StatusUnauthorized,
	storage.Forbidden:       http.StatusForbidden,
	storage.NotFound:        http.StatusNotFound,
	storage.Conflict:        http.StatusConflict,
	storage.TooLarge:        http.StatusRequestEntityTooLarge,
	storage.TooMany:         http.StatusTooManyRequests,
	storage.Unavailable:     http.StatusServiceUnavailable,
	storage.Internal:        http.StatusInternalServerError,
}

// errMethod is the answer to a method that an address does not have.
var errMethod = errors.New("web: method not allowed")

// statusError is an error whose status its kind does not tell.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// statusOf is the HTTP status of an error.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	var special *statusError
	switch {
	case errors.As(err, &special):
		return special.status
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return statuses[storage.KindOf(err)]
}

// sentenceOf is what the person is told of an error.
func sentenceOf(err error) string {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errMethod):
		return "This address cannot be used in that way."
	case errors.As(err, &tooLarge):
		return "That is more than fits: at most " + strconv.FormatInt(tooLarge.Limit>>10, 10) +
			" kB can be sent at once."
	}
	return storage.MessageOf(err)
}

// Problem is an error of the API (RFC 9457).
type Problem struct {
	Type     string         `json:"type,omitempty" doc:"A URI for the kind of problem; about:blank where the status says it all."`
	Title    string         `json:"title" doc:"The status in words."`
	Status   int            `json:"status" doc:"The HTTP status."`
	Detail   string         `json:"detail" doc:"A sentence for the person at the screen."`
	Kind     storage.Kind   `json:"kind,omitempty" doc:"The kind of failure, for programs." enum:"invalid,unauthenticated,forbidden,not_found,conflict,too_large,too_many,unavailable,internal"`
	Instance string         `json:"instance,omitempty" doc:"The request's id, which finds it in the log."`
	Errors   []ProblemField `json:"errors,omitempty" doc:"What is wrong with which part of the request."`
	Current  any            `json:"current,omitempty" doc:"After a conflict: the thing as it is now."`
}

// ProblemField is one thing that is wrong with a request.
type ProblemField struct {
	Field   string `json:"field" doc:"Where, such as body.title."`
	Message string `json:"message" doc:"What is wrong there."`
}

// Error makes a Problem an error for huma.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	tellWhenToRetry(h, p.Status)
	return h
}

// retryAfter is when to try again what could not be done just now, in seconds: long enough for a
// store that restarts, short enough for a person who waits.
const retryAfter = "10"

// tellWhenToRetry says so where a status leaves it open, unless something else has been said.
func tellWhenToRetry(h http.Header, status int) {
	waits := status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
	if waits && h.Get("Retry-After") == "" {
		h.Set("Retry-After", retryAfter)
	}
}

func problemOf(err error, requestID string) *Problem {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	status := statusOf(err)
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: sentenceOf(err), Kind: kindOfStatus(status), Instance: requestID}
	var special *statusError
	if errors.As(err, &special) {
		p.Kind = storage.KindOf(special.err)
	}
	var conflict *conflictError
	if errors.As(err, &conflict) {
		p.Current = conflict.current
	}
	return p
}

// kindOfStatus is the inverse of statuses.
func kindOfStatus(status int) storage.Kind {
	for kind, s := range statuses {
		if s == status {
			return kind
		}
	}
	return ""
}

// conflictError carries the thing as it is now to the person who edited an older version.
type conflictError struct {
	err     error
	current any
}

func (e *conflictError) Error() string { return e.err.Error() }
func (e *conflictError) Unwrap() error { return e.err }

// withCurrent adds the present state of a thing to a Conflict; other errors pass unchanged.
func withCurrent(err error, current any) error {
	if storage.KindOf(err) != storage.Conflict {
		return err
	}
	return &conflictError{err: err, current: current}
}

// fail answers a request with an error: a problem for the API, a page for a person, and for a
// person who is not signed in the way to the sign-in page and back.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	s.report(r, status, err)
	if rec, ok := w.(*answer); ok && rec.started() {
		return // too late to say anything
	}
	tellWhenToRetry(w.Header(), status)
	if isAPI(r) {
		s.writeProblem(w, r, err)
		return
	}
	if status == http.StatusUnauthorized {
		http.Redirect(w, r, loginPath(r), http.StatusSeeOther)
		return
	}
	if renderErr := s.render(w, r, status, "error", errorPage{
		Status: status, Sentence: sentenceOf(err), RequestID: traceOf(r.Context()).id,
	}); renderErr != nil {
		s.options.Log.Error("the error page failed", "error", renderErr)
		http.Error(w, sentenceOf(err), status)
	}
}

// errorPage is what the page "error" shows.
type errorPage struct {
	Status    int
	Sentence  string
	RequestID string
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err, traceOf(r.Context()).id)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) //nolint:errcheck // the client went away
}

// report logs what an operator should know: each failure of ours once, with the ids that find it.
func (s *Server) report(r *http.Request, status int, err error) {
	trace := traceOf(r.Context())
	if status >= http.StatusInternalServerError {
		s.options.Log.LogAttrs(r.Context(), slog.LevelError, "request failed",
			slog.String("request", trace.id), slog.String("route", trace.pattern),
			slog.String("user", string(trace.user)), slog.String("error", err.Error()))
		return
	}
	trace.reason = storage.KindOf(err)
}

// loginPath is the sign-in page, with the way back to what was asked for. A form that was sent
// without a session leads back to the page that it was on.
func loginPath(r *http.Request) string {
	back := r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		back = "/"
		if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
			back = from.RequestURI()
		}
	}
	query := url.Values{}
	if back = localPath(back); back != "/" {
		query.Set("next", back)
	}
	if cookie(r, signedInBefore) != "" {
		query.Set("ended", "1")
	}
	if len(query) == 0 {
		return "/login"
	}
	return "/login?" + query.Encode()
}

// humaProblem turns what huma says of a request that it refused into a Problem whose detail is a
// sentence that names the field. Values are not echoed: they may be secrets.
func humaProblem(ctx huma.Context, model *huma.ErrorModel) *Problem {
	p := &Problem{Type: "about:blank", Title: http.StatusText(model.Status), Status: model.Status,
		Detail: model.Detail, Kind: kindOfStatus(model.Status), Instance: traceOf(ctx.Context()).id}
	for _, e := range model.Errors {
		p.Errors = append(p.Errors, ProblemField{Field: e.Location, Message: e.Message})
	}
	switch {
	case model.Status == http.StatusRequestEntityTooLarge:
		p.Detail = "That is more than fits: at most 1024 kB can be sent at once."
	case model.Status == http.StatusBadRequest:
		p.Kind = storage.Invalid
		why := model.Detail
		if len(p.Errors) > 0 {
			why = p.Errors[0].Message
		}
		p.Detail = "The request cannot be read: " + why + "."
	case len(p.Errors) > 0:
		p.Detail = fieldSentence(p.Errors[0])
	case model.Status >= http.StatusInternalServerError:
		p.Detail = storage.MessageOf(errMethod) // the general sentence
	}
	return p
}

func fieldSentence(f ProblemField) string {
	name := f.Field
	switch {
	case f.Message == "unexpected property":
		return "The request has a field that is not known here: " + name + "."
	case name == "" || name == "body":
		return "The request cannot be used: " + f.Message + "."
	}
	return "The field " + name + " cannot be used: " + f.Message + "."
}
