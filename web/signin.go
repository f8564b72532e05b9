package web

import (
	"net/http"
	"net/url"
	"strings"

	"backrow/review"
	"backrow/storage"
)

func (s *Server) signInRoutes() []route {
	return []route{
		{method: "GET", pattern: "/login", who: anyone(), handle: s.login},
		{method: "POST", pattern: "/login", who: anyone(), handle: s.action(s.doLogin,
			func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showLogin(w, r, refused(r, "login", err))
			})},
		{method: "POST", pattern: "/logout", who: anyone(), handle: s.logout},
		{method: "GET", pattern: "/setup", who: anyone(), handle: s.setup},
		{method: "POST", pattern: "/setup", who: anyone(), handle: s.action(s.doSetup,
			func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showSetup(w, r, refused(r, "setup", err))
			})},
		{method: "GET", pattern: "/password", who: anyone(), handle: s.forgot},
		{method: "POST", pattern: "/password", who: anyone(), handle: s.action(s.doForgot,
			func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showForgot(w, r, refused(r, "forgot", err), false)
			})},
		{method: "GET", pattern: "/password/{token}", who: anyone(), handle: s.reset},
		{method: "POST", pattern: "/password/{token}", who: anyone(), handle: s.action(s.doReset,
			func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showReset(w, r, refused(r, "reset", err))
			})},
	}
}

type loginPage struct {
	Form      form
	Next      string // a path of ours, or ""
	Ended     bool   // a session ended: say so
	SendsMail bool
	SiteName  string
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	if _, ok := viewerOf(r.Context()); ok {
		return redirect(w, r, localPath(r.URL.Query().Get("next")))
	}
	return s.showLogin(w, r, form{})
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, f form) error {
	page := loginPage{Form: f, Next: localPath(r.FormValue("next")), SendsMail: s.options.Review.SendsMail(),
		Ended: f.err == nil && r.URL.Query().Get("ended") != ""}
	if page.Next == "/" {
		page.Next = ""
	}
	name, err := s.options.Review.SiteName(r.Context())
	if err != nil {
		return err
	}
	page.SiteName = name
	return s.show(w, r, f, "login", page)
}

func (s *Server) doLogin(w http.ResponseWriter, r *http.Request) error {
	email, remote := r.PostForm.Get("email"), s.remote(r)
	account := strings.ToLower(strings.TrimSpace(email)) + "\x00" + remote
	if err := s.attempts.spend(remote, attemptsByAddress); err != nil {
		return err
	}
	if err := s.attempts.spend(account, attemptsAllowed); err != nil {
		return err
	}
	user, err := s.options.Review.Authenticate(r.Context(), email, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	s.attempts.forgive(account)
	s.attempts.refund(remote)
	if err := s.signIn(w, r, user); err != nil {
		return err
	}
	return redirect(w, r, localPath(r.PostForm.Get("next")))
}

// logout ends the session. What the browser keeps of our pages goes too: the laptop may be shared.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	s.endSession(r.Context())
	http.SetCookie(w, &http.Cookie{Name: signedInBefore, Path: "/", MaxAge: -1})
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return redirect(w, r, "/login")
}

type setupPage struct {
	Form  form
	Token string
}

func (s *Server) setup(w http.ResponseWriter, r *http.Request) error {
	if err := s.options.Review.CheckSetup(r.Context(), r.URL.Query().Get("token")); err != nil {
		return err
	}
	return s.showSetup(w, r, form{})
}

func (s *Server) showSetup(w http.ResponseWriter, r *http.Request, f form) error {
	return s.show(w, r, f, "setup", setupPage{Form: f, Token: r.FormValue("token")})
}

func (s *Server) doSetup(w http.ResponseWriter, r *http.Request) error {
	if err := s.attempts.spend("setup\x00"+s.remote(r), attemptsAllowed*4); err != nil {
		return err
	}
	user, program, err := s.options.Review.SetUp(r.Context(), review.Setup{
		Token: r.PostForm.Get("token"), SiteName: r.PostForm.Get("site"), Name: r.PostForm.Get("name"),
		Email: r.PostForm.Get("email"), Password: r.PostForm.Get("password"),
		Program: r.PostForm.Get("program"),
	})
	if err != nil {
		return err
	}
	if err := s.signIn(w, r, user); err != nil {
		return err
	}
	s.notice(r, "setup.done", "program", program.Name)
	return redirect(w, r, "/programs/"+string(program.ID))
}

// SetupPath is the path of the one-time link with that token.
func SetupPath(token string) string { return "/setup?token=" + url.QueryEscape(token) }

type forgotPage struct {
	Form      form
	Sent      bool
	SendsMail bool
}

func (s *Server) forgot(w http.ResponseWriter, r *http.Request) error {
	return s.showForgot(w, r, form{}, r.URL.Query().Get("sent") != "")
}

func (s *Server) showForgot(w http.ResponseWriter, r *http.Request, f form, sent bool) error {
	return s.show(w, r, f, "forgot", forgotPage{Form: f, Sent: sent, SendsMail: s.options.Review.SendsMail()})
}

func (s *Server) doForgot(w http.ResponseWriter, r *http.Request) error {
	if err := s.attempts.spend("forgot\x00"+s.remote(r), attemptsAllowed); err != nil {
		return err
	}
	if err := s.options.Review.AskPasswordReset(r.Context(), r.PostForm.Get("email")); err != nil {
		return err
	}
	return redirect(w, r, "/password?sent=1")
}

type resetPage struct {
	Form  form
	Email string
}

func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	return s.showReset(w, r, form{})
}

func (s *Server) showReset(w http.ResponseWriter, r *http.Request, f form) error {
	user, err := s.options.Review.PasswordReset(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return s.show(w, r, f, "reset", resetPage{Form: f, Email: user.Email})
}

func (s *Server) doReset(w http.ResponseWriter, r *http.Request) error {
	if r.PostForm.Get("password") == "" {
		return storage.Errorf(storage.Invalid, "The password is missing.")
	}
	user, err := s.options.Review.ResetPassword(r.Context(), r.PathValue("token"),
		r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if err := s.signIn(w, r, user); err != nil {
		return err
	}
	s.notice(r, "password.changed")
	return redirect(w, r, "/")
}
