package web

import (
	"net/http"

	"backrow/review"
)

func (s *Server) invitationRoutes() []route {
	again := func(w http.ResponseWriter, r *http.Request, err error) error {
		return s.showInvitation(w, r, refused(r, "accept", err))
	}
	return []route{
		{method: "GET", pattern: "/invitations/{token}", who: anyone(), handle: s.invitation},
		{method: "POST", pattern: "/invitations/{token}", who: anyone(), handle: s.action(s.accept, again)},
	}
}

type invitationPage struct {
	Form       form
	Invitation review.Invitation
	Path       string // of this page, to come back to after signing in
	Mine       bool   // the viewer is signed in
}

func (s *Server) invitation(w http.ResponseWriter, r *http.Request) error {
	return s.showInvitation(w, r, form{})
}

func (s *Server) showInvitation(w http.ResponseWriter, r *http.Request, f form) error {
	invitation, err := s.options.Review.Invitation(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	_, signedIn := viewerOf(r.Context())
	return s.show(w, r, f, "invitation", invitationPage{Form: f, Invitation: invitation,
		Path: r.URL.Path, Mine: signedIn})
}

// accept makes the account that the invitation is for, or adds the program to the account of
// whoever is signed in.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) error {
	ctx, token := r.Context(), r.PathValue("token")
	if v, ok := viewerOf(ctx); ok {
		member, err := s.options.Review.AcceptAs(ctx, token, v.ID)
		if err != nil {
			return err
		}
		s.notice(r, "invitation.joined", "program", member.ProgramName)
		return redirect(w, r, "/?program="+string(member.ProgramID))
	}
	if err := s.attempts.spend("accept\x00"+s.remote(r), attemptsByAddress); err != nil {
		return err
	}
	user, member, err := s.options.Review.AcceptNew(ctx, token, r.PostForm.Get("name"),
		r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	s.attempts.refund("accept\x00" + s.remote(r))
	if err := s.signIn(w, r, user); err != nil {
		return err
	}
	s.notice(r, "invitation.joined", "program", member.ProgramName)
	return redirect(w, r, "/")
}
