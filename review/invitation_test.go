package review_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
)

func (w *world) invite(by storage.ID, address string, role review.Role) (review.Invitation, string) {
	w.t.Helper()
	i, token, err := w.Invite(w.t.Context(), by, review.NewInvitation{
		ProgramID: w.program, Email: address, Name: "Maya", Role: role,
	})
	w.must(err)
	return i, token
}

func TestInvitingSomebodyNew(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		lead := w.user("lead", review.Lead)
		made, token := w.invite(lead, "Maya@example.org", review.Instructor)
		if len(token) != 43 || made.HasAccount || made.InviterName != "lead" ||
			made.ProgramName != "Fall cohort" || !made.ExpiresAt.Equal(start.Add(14*24*time.Hour)) {
			w.t.Errorf("%+v, token %q", made, token)
		}
		m := w.next()
		if m.To != "Maya@example.org" || !strings.Contains(m.Body, "\n"+w.InvitationLink(token)+"\n") {
			w.t.Errorf("mail %+v", m)
		}
		seen, err := w.Invitation(ctx, token)
		w.must(err)
		if seen != made {
			w.t.Errorf("%+v, then %+v", made, seen)
		}
		user, member, err := w.AcceptNew(ctx, token, "Maya Lindqvist", password)
		w.must(err)
		if user.Email != "Maya@example.org" || user.IsOperator || member.Role != review.Instructor ||
			member.ProgramID != w.program {
			w.t.Errorf("%+v, %+v", user, member)
		}
		_, _, err = w.AcceptNew(ctx, token, "Maya", password)
		w.refused(err, storage.Conflict)
		_, err = w.AcceptAs(ctx, token, user.ID)
		w.refused(err, storage.Conflict)
		if n := w.count(`invitations WHERE token_hash = ?`, token); n != 0 {
			w.t.Error("the token itself is stored")
		}
		_, _, err = w.Invite(ctx, lead, review.NewInvitation{
			ProgramID: w.program, Email: "MAYA@example.org", Role: review.Lead,
		})
		w.refused(err, storage.Conflict) // a member already
	})
}

// Whoever holds a link to an address that has an account gets nothing from it.
func TestALinkTakesOverNoAccount(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		lead, other := w.user("lead", review.Lead), w.user("other", "")
		maya := w.user("maya", "")
		_, token := w.invite(lead, "Maya@Example.org", review.Teacher)
		seen, err := w.Invitation(ctx, token)
		w.must(err)
		if !seen.HasAccount {
			w.t.Error("the account is not seen")
		}
		_, _, err = w.AcceptNew(ctx, token, "Mallory", password)
		w.refused(err, storage.Conflict)
		_, err = w.AcceptAs(ctx, token, other)
		w.refused(err, storage.Conflict)
		if n := w.count(`members WHERE program_id = ?`, w.program); n != 1 {
			w.t.Errorf("%d members", n)
		}
		member, err := w.AcceptAs(ctx, token, maya) // the refusals did not use it up
		w.must(err)
		u, err := w.User(ctx, maya)
		w.must(err)
		if member.Role != review.Teacher || u.Name != "maya" {
			w.t.Errorf("%+v, %+v", member, u)
		}
	})
}

// An account made between the link's being opened and its being accepted is safe as well.
func TestAnAccountMadeMeanwhile(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		lead := w.user("lead", review.Lead)
		_, first := w.invite(lead, "maya@example.org", review.Teacher)
		second, err := w.CreateProgram(ctx, "", review.Program{Name: "Second"})
		w.must(err)
		_, token, err := w.Invite(ctx, lead, review.NewInvitation{
			ProgramID: second.ID, Email: "maya@example.org", Role: review.Lead,
		})
		w.must(err)
		errs := make(chan error, 2)
		for _, link := range []string{first, token} {
			go func() {
				_, _, err := w.AcceptNew(ctx, link, "Maya", password)
				errs <- err
			}()
		}
		one, two := <-errs, <-errs
		if one != nil {
			one, two = two, one
		}
		w.must(one)
		w.refused(two, storage.Conflict)
		if n := w.count(`invitations WHERE accepted_at = ''`); n != 1 {
			w.t.Errorf("%d invitations are open: a refused one is used up", n)
		}
	})
}

func TestTwoAcceptsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		lead := w.user("lead", review.Lead)
		_, token := w.invite(lead, "maya@example.org", review.Teacher)
		errs := make(chan error, 2)
		for i := range 2 {
			go func() {
				_, _, err := w.AcceptNew(w.t.Context(), token, fmt.Sprint("Maya ", i), password)
				errs <- err
			}()
		}
		one, two := <-errs, <-errs
		if one != nil {
			one, two = two, one
		}
		w.must(one)
		w.refused(two, storage.Conflict)
		if n := w.count(`users WHERE email_folded = 'maya@example.org'`); n != 1 {
			w.t.Errorf("%d accounts", n)
		}
	})
}

func TestInvitationsEnd(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		lead := w.user("lead", review.Lead)
		_, replaced := w.invite(lead, "a@example.org", review.Teacher)
		again, token := w.invite(lead, "A@example.org", review.Teacher)
		_, err := w.Invitation(ctx, replaced)
		w.refused(err, storage.NotFound)

		w.pass(14*24*time.Hour - time.Microsecond)
		_, err = w.Invitation(ctx, token)
		w.must(err)
		w.pass(time.Microsecond)
		_, _, err = w.AcceptNew(ctx, token, "A", password)
		w.refused(err, storage.NotFound)
		if !strings.Contains(storage.MessageOf(err), "1 December 2026") {
			w.t.Errorf("told %q", storage.MessageOf(err))
		}

		b, token := w.invite(lead, "b@example.org", review.Teacher) // sweeps what ran out
		list, err := w.Invitations(ctx, w.program, review.Page{})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0].ID != b.ID {
			w.t.Errorf("open: %+v", list.Items)
		}
		w.must(w.RevokeInvitation(ctx, lead, storage.NewID(), b.ID)) // another program's
		_, err = w.Invitation(ctx, token)
		w.must(err)
		w.must(w.RevokeInvitation(ctx, lead, w.program, b.ID))
		w.must(w.RevokeInvitation(ctx, lead, w.program, b.ID))
		_, err = w.Invitation(ctx, token)
		w.refused(err, storage.NotFound)
		w.must(w.RevokeInvitation(ctx, lead, w.program, again.ID))
	})
}

// A retry with the same id makes one invitation with one good link.
func TestInvitingTwiceWithOneID(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		lead := w.user("lead", review.Lead)
		n := review.NewInvitation{ID: storage.NewID(), ProgramID: w.program, Email: "a@example.org", Role: review.Teacher}
		_, first, err := w.Invite(ctx, lead, n)
		w.must(err)
		_, second, err := w.Invite(ctx, lead, n)
		w.must(err)
		_, err = w.Invitation(ctx, first)
		w.refused(err, storage.NotFound)
		_, err = w.Invitation(ctx, second)
		w.must(err)
		if n := w.count(`invitations`); n != 1 {
			w.t.Errorf("%d invitations", n)
		}
		n.Email = "b@example.org"
		_, _, err = w.Invite(ctx, lead, n)
		w.refused(err, storage.Conflict)
		for _, bad := range []review.NewInvitation{
			{ProgramID: w.program, Email: "c@example.org", Role: "operator"},
			{ProgramID: w.program, Email: "c", Role: review.Lead},
		} {
			_, _, err := w.Invite(ctx, lead, bad)
			w.refused(err, storage.Invalid)
		}
		_, _, err = w.Invite(ctx, lead, review.NewInvitation{
			ProgramID: storage.NewID(), Email: "c@example.org", Role: review.Lead,
		})
		w.refused(err, storage.NotFound)
	})
}
