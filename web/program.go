package web

import (
	"net/http"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

func (s *Server) programRoutes() []route {
	manage := may(access.ManageProgram, "id")
	people := func(which string) func(http.ResponseWriter, *http.Request, error) error {
		return func(w http.ResponseWriter, r *http.Request, err error) error {
			return s.showProgram(w, r, refused(r, which, err))
		}
	}
	return []route{
		{method: "GET", pattern: "/programs/{id}", who: may(access.SeeProgram, "id"), handle: s.program},
		{method: "POST", pattern: "/programs/{id}/name", who: manage,
			handle: s.action(s.renameProgram, people("name"))},
		{method: "POST", pattern: "/programs/{id}/invitations", who: may(access.Invite, "id"),
			handle: s.action(s.invite, people("invite"))},
		{method: "POST", pattern: "/programs/{id}/invitations/{invitation}/revoke",
			who: may(access.Invite, "id"), handle: s.action(s.revoke, people("members"))},
		{method: "POST", pattern: "/programs/{id}/members/{user}/role", who: manage,
			handle: s.action(s.setRole, people("members"))},
		{method: "POST", pattern: "/programs/{id}/members/{user}/remove", who: manage,
			handle: s.action(s.removeMember, people("members"))},
	}
}

// programFrame is what the pages of a program have in common.
type programFrame struct {
	Form    form
	Program review.Program
	Manages bool   // the viewer may change it
	Tab     string // people, framework, pairing
}

func (s *Server) programFrame(r *http.Request, f form, tab string) (programFrame, error) {
	id, err := pathID(r, "id")
	if err != nil {
		return programFrame{}, err
	}
	program, err := s.options.Review.Program(r.Context(), id)
	if err != nil {
		return programFrame{}, err
	}
	err = s.options.Policy.May(r.Context(), viewer(r).ID, access.ManageProgram, id)
	return programFrame{Form: f, Program: program, Manages: err == nil, Tab: tab}, nil
}

// programPage is a program's people.
type programPage struct {
	programFrame
	Members     []review.Member
	More        string
	Invitations []review.Invitation
	Invited     invited // just now
	Today       storage.Time
	SendsMail   bool
}

// invited is an invitation that was made by the form before: the one moment when its link is known.
type invited struct{ Email, Link string }

const (
	keyInvitedEmail = "invited_email"
	keyInvitedLink  = "invited_link"
)

// memberRows is how many members of a program fit a page.
const memberRows = 100

func (s *Server) program(w http.ResponseWriter, r *http.Request) error {
	return s.showProgram(w, r, form{})
}

func (s *Server) showProgram(w http.ResponseWriter, r *http.Request, f form) error {
	ctx := r.Context()
	frame, err := s.programFrame(r, f, "people")
	if err != nil {
		return err
	}
	page := programPage{programFrame: frame, SendsMail: s.options.Review.SendsMail(),
		Today: storage.At(s.options.Now())}
	members, err := s.options.Review.Members(ctx, frame.Program.ID,
		review.Page{After: r.URL.Query().Get("after"), Limit: memberRows})
	if err != nil {
		return err
	}
	page.Members, page.More = members.Items, members.Next
	if frame.Manages {
		open, err := s.options.Review.Invitations(ctx, frame.Program.ID, review.Page{Limit: memberRows})
		if err != nil {
			return err
		}
		page.Invitations = open.Items
		page.Invited = invited{Email: s.sessions.PopString(ctx, keyInvitedEmail),
			Link: s.sessions.PopString(ctx, keyInvitedLink)}
	}
	return s.show(w, r, f, "program", page)
}

func (s *Server) renameProgram(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	if _, err := s.options.Review.RenameProgram(r.Context(), viewer(r).ID, id,
		r.PostForm.Get("name")); err != nil {
		return err
	}
	s.notice(r, "program.renamed")
	return redirect(w, r, programPath(id))
}

func (s *Server) invite(w http.ResponseWriter, r *http.Request) error {
	program, err := pathID(r, "id")
	if err != nil {
		return err
	}
	id, err := postedID(r)
	if err != nil {
		return err
	}
	made, token, err := s.options.Review.Invite(r.Context(), viewer(r).ID, review.NewInvitation{
		ID: id, ProgramID: program, Email: r.PostForm.Get("email"), Name: r.PostForm.Get("name"),
		Role: review.Role(r.PostForm.Get("role")),
	})
	if err != nil {
		return err
	}
	s.sessions.Put(r.Context(), keyInvitedEmail, made.Email)
	s.sessions.Put(r.Context(), keyInvitedLink, s.address(r, "/invitations/"+token))
	return redirect(w, r, programPath(program)+"#invite")
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) error {
	program, invitation, err := twoIDs(r, "id", "invitation")
	if err != nil {
		return err
	}
	if err := s.options.Review.RevokeInvitation(r.Context(), viewer(r).ID, program, invitation); err != nil {
		return err
	}
	s.notice(r, "program.revoked")
	return redirect(w, r, programPath(program))
}

func (s *Server) setRole(w http.ResponseWriter, r *http.Request) error {
	program, user, err := twoIDs(r, "id", "user")
	if err != nil {
		return err
	}
	member, err := s.options.Review.SetRole(r.Context(), viewer(r).ID, program, user,
		review.Role(r.PostForm.Get("role")))
	if err != nil {
		return err
	}
	s.notice(r, "program.role_set", "name", member.Name)
	return redirect(w, r, programPath(program))
}

func (s *Server) removeMember(w http.ResponseWriter, r *http.Request) error {
	program, user, err := twoIDs(r, "id", "user")
	if err != nil {
		return err
	}
	member, err := s.options.Review.Member(r.Context(), program, user)
	if err != nil {
		return err
	}
	if r.PostForm.Get("confirm") != member.Name {
		return storage.Errorf(storage.Invalid,
			"Nobody was removed: type the name exactly as it is written, %s.", member.Name)
	}
	if err := s.options.Review.RemoveMember(r.Context(), viewer(r).ID, program, user); err != nil {
		return err
	}
	s.notice(r, "program.removed", "name", member.Name)
	if user == viewer(r).ID && !viewer(r).IsOperator {
		return redirect(w, r, "/")
	}
	return redirect(w, r, programPath(program))
}

func programPath(id storage.ID) string { return "/programs/" + string(id) }

func twoIDs(r *http.Request, one, two string) (storage.ID, storage.ID, error) {
	a, err := pathID(r, one)
	if err != nil {
		return "", "", err
	}
	b, err := pathID(r, two)
	return a, b, err
}
