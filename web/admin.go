package web

import (
	"net/http"
	"runtime"
	"time"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

func (s *Server) adminRoutes() []route {
	operator := may(access.Administer, "")
	people := func(w http.ResponseWriter, r *http.Request, err error) error {
		return s.showPeople(w, r, refused(r, "people", err))
	}
	return []route{
		{method: "GET", pattern: "/admin", who: operator, handle: s.admin},
		{method: "GET", pattern: "/admin/people", who: operator, handle: s.adminPeople},
		{method: "POST", pattern: "/admin/people/{user}/disable", who: operator,
			handle: s.action(s.disable, people)},
		{method: "POST", pattern: "/admin/people/{user}/enable", who: operator,
			handle: s.action(s.enable, people)},
		{method: "POST", pattern: "/admin/people/{user}/reset", who: operator,
			handle: s.action(s.newReset, people)},
		{method: "GET", pattern: "/admin/programs", who: operator, handle: s.adminPrograms},
		{method: "POST", pattern: "/admin/programs", who: operator, handle: s.action(s.addProgram,
			func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showPrograms(w, r, refused(r, "program", err))
			})},
		{method: "GET", pattern: "/admin/audit", who: operator, handle: s.audit},
	}
}

// adminPage is how the installation does.
type adminPage struct {
	Tab     string
	Parts   []part
	Counts  review.Counts
	Version string
	Started storage.Time
	Running time.Duration
	Memory  uint64 // bytes taken from the machine
}

func (s *Server) admin(w http.ResponseWriter, r *http.Request) error {
	counts, err := s.options.Review.Counts(r.Context())
	if err != nil {
		return err
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return s.render(w, r, http.StatusOK, "admin", adminPage{Tab: "health", Parts: s.parts(r.Context()),
		Counts: counts, Version: s.options.Version, Started: s.started,
		Running: s.options.Now().Sub(s.started.Time), Memory: memory.Sys})
}

// peoplePage lists every user.
type peoplePage struct {
	Tab   string
	Form  form
	Users []review.User
	More  string
	Reset invited // a link made by the form before
}

const adminRows = 50

func (s *Server) adminPeople(w http.ResponseWriter, r *http.Request) error {
	return s.showPeople(w, r, form{})
}

func (s *Server) showPeople(w http.ResponseWriter, r *http.Request, f form) error {
	ctx := r.Context()
	users, err := s.options.Review.AllUsers(ctx,
		review.Page{After: r.URL.Query().Get("after"), Limit: adminRows})
	if err != nil {
		return err
	}
	return s.show(w, r, f, "admin-people", peoplePage{Tab: "people", Form: f, Users: users.Items,
		More: users.Next, Reset: invited{Email: s.sessions.PopString(ctx, keyResetEmail),
			Link: s.sessions.PopString(ctx, keyResetLink)}})
}

const (
	keyResetEmail = "reset_email"
	keyResetLink  = "reset_link"
)

func (s *Server) disable(w http.ResponseWriter, r *http.Request) error {
	user, err := pathID(r, "user")
	if err != nil {
		return err
	}
	if err := s.options.Review.Disable(r.Context(), viewer(r).ID, user); err != nil {
		return err
	}
	s.endEncoders(r.Context(), user)
	if err := s.options.Capture.EndOf(r.Context(), user); err != nil {
		s.options.Log.Warn("what a disabled person sends could not be ended", "user", user, "error", err)
	}
	s.notice(r, "admin.disabled")
	return redirect(w, r, "/admin/people")
}

func (s *Server) enable(w http.ResponseWriter, r *http.Request) error {
	user, err := pathID(r, "user")
	if err != nil {
		return err
	}
	if err := s.options.Review.Enable(r.Context(), viewer(r).ID, user); err != nil {
		return err
	}
	s.notice(r, "admin.enabled")
	return redirect(w, r, "/admin/people")
}

func (s *Server) newReset(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := pathID(r, "user")
	if err != nil {
		return err
	}
	user, err := s.options.Review.User(ctx, id)
	if err != nil {
		return err
	}
	token, err := s.options.Review.NewPasswordReset(ctx, viewer(r).ID, id)
	if err != nil {
		return err
	}
	s.sessions.Put(ctx, keyResetEmail, user.Email)
	s.sessions.Put(ctx, keyResetLink, s.address(r, "/password/"+token))
	return redirect(w, r, "/admin/people")
}

// programsPage lists every program.
type programsPage struct {
	Tab      string
	Form     form
	Programs []review.Program
	More     string
}

func (s *Server) adminPrograms(w http.ResponseWriter, r *http.Request) error {
	return s.showPrograms(w, r, form{})
}

func (s *Server) showPrograms(w http.ResponseWriter, r *http.Request, f form) error {
	programs, err := s.options.Review.AllPrograms(r.Context(),
		review.Page{After: r.URL.Query().Get("after"), Limit: adminRows})
	if err != nil {
		return err
	}
	return s.show(w, r, f, "admin-programs", programsPage{Tab: "programs", Form: f,
		Programs: programs.Items, More: programs.Next})
}

func (s *Server) addProgram(w http.ResponseWriter, r *http.Request) error {
	id, err := postedID(r)
	if err != nil {
		return err
	}
	made, err := s.options.Review.CreateProgram(r.Context(), viewer(r).ID,
		review.Program{ID: id, Name: r.PostForm.Get("name")})
	if err != nil {
		return err
	}
	return redirect(w, r, programPath(made.ID))
}

// auditPage is the log of who did what.
type auditPage struct {
	Tab     string
	Entries []auditEntry
	More    string
}

type auditEntry struct {
	review.Entry
	Actor string // a name; "" for the installation itself
}

func (s *Server) audit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := s.options.Review.AuditLog(ctx,
		review.Page{After: r.URL.Query().Get("after"), Limit: adminRows})
	if err != nil {
		return err
	}
	ids := make([]storage.ID, 0, len(found.Items))
	for _, e := range found.Items {
		if e.ActorID != "" {
			ids = append(ids, e.ActorID)
		}
	}
	names, err := s.options.Review.Names(ctx, ids)
	if err != nil {
		return err
	}
	page := auditPage{Tab: "audit", More: found.Next}
	for _, e := range found.Items {
		page.Entries = append(page.Entries, auditEntry{Entry: e, Actor: names[e.ActorID]})
	}
	return s.render(w, r, http.StatusOK, "admin-audit", page)
}

// Hours is how long the server has been running, in whole hours.
func (p adminPage) Hours() int { return int(p.Running.Hours()) }

// Megabytes is Memory for a person.
func (p adminPage) Megabytes() uint64 { return p.Memory >> 20 }
