package web

import (
	"net/http"

	"backrow/storage"
)

func (s *Server) accountRoutes() []route {
	again := func(which string) func(http.ResponseWriter, *http.Request, error) error {
		return func(w http.ResponseWriter, r *http.Request, err error) error {
			return s.showAccount(w, r, refused(r, which, err))
		}
	}
	return []route{
		{method: "GET", pattern: "/account", who: signedIn(), handle: s.account},
		{method: "POST", pattern: "/account/name", who: signedIn(),
			handle: s.action(s.rename, again("name"))},
		{method: "POST", pattern: "/account/password", who: signedIn(),
			handle: s.action(s.changePassword, again("password"))},
		{method: "POST", pattern: "/account/preferences", who: signedIn(),
			handle: s.action(s.prefer, again("preferences"))},
	}
}

type accountPage struct {
	Form      form
	Languages []language
}

// language is one that the screens can be shown in, by its own name.
type language struct{ Code, Name string }

func (s *Server) account(w http.ResponseWriter, r *http.Request) error {
	return s.showAccount(w, r, form{})
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, f form) error {
	page := accountPage{Form: f}
	for _, code := range s.messages.Languages() {
		name, err := s.messages.Text(code, "language.name")
		if err != nil {
			return err
		}
		page.Languages = append(page.Languages, language{Code: code, Name: name})
	}
	return s.show(w, r, f, "account", page)
}

func (s *Server) rename(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.options.Review.Rename(r.Context(), viewer(r).ID, r.PostForm.Get("name")); err != nil {
		return err
	}
	s.notice(r, "account.renamed")
	return redirect(w, r, "/account")
}

// changePassword ends every other session of the viewer; this one goes on under a new token.
func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	if err := s.attempts.spend("change\x00"+string(viewer(r).ID), attemptsAllowed); err != nil {
		return err
	}
	user, err := s.options.Review.ChangePassword(r.Context(), viewer(r).ID, r.PostForm.Get("old"),
		r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	s.attempts.forgive("change\x00" + string(user.ID))
	if err := s.signIn(w, r, user); err != nil {
		return err
	}
	s.notice(r, "password.changed")
	return redirect(w, r, "/account")
}

// prefer keeps language and theme on this device: a person may want the laptop dark and the
// phone not.
func (s *Server) prefer(w http.ResponseWriter, r *http.Request) error {
	theme, code := r.PostForm.Get("theme"), r.PostForm.Get("language")
	if theme != "" && theme != "light" && theme != "dark" {
		return storage.Errorf(storage.Invalid, "The appearance must be light, dark or that of the device.")
	}
	if s.messages.Match(code, "") != code {
		return storage.Errorf(storage.Invalid, "That language is not there yet.")
	}
	s.setCookie(w, "theme", theme)
	s.setCookie(w, "language", code)
	s.notice(r, "account.preferred")
	return redirect(w, r, "/account")
}
