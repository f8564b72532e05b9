package review_test

import (
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
)

func TestMembers(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		a := w.user("a", review.Teacher)
		again, err := w.AddMember(ctx, "", w.program, a, review.Teacher)
		w.must(err)
		if again.Role != review.Teacher || again.ProgramName != "Fall cohort" || again.Name != "a" {
			w.t.Errorf("got %+v", again)
		}
		_, err = w.AddMember(ctx, "", w.program, a, review.Lead)
		w.refused(err, storage.Conflict)
		_, err = w.AddMember(ctx, "", w.program, storage.NewID(), review.Lead)
		w.refused(err, storage.NotFound)
		_, err = w.AddMember(ctx, "", storage.NewID(), a, review.Lead)
		w.refused(err, storage.NotFound)
		_, err = w.SetRole(ctx, "", w.program, a, "owner")
		w.refused(err, storage.Invalid)
		_, err = w.SetRole(ctx, "", w.program, storage.NewID(), review.Lead)
		w.refused(err, storage.NotFound)
		b, err := w.SetRole(ctx, "", w.program, a, review.Instructor)
		w.must(err)
		if b.Role != review.Instructor || !w.hasLost(a, "") {
			w.t.Errorf("got %+v", b)
		}
		programs, err := w.Programs(ctx, a)
		w.must(err)
		if len(programs) != 1 || programs[0].ProgramID != w.program {
			w.t.Errorf("got %+v", programs)
		}
	})
}

func TestTheLastLeadStays(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		a := w.user("a", review.Lead)
		w.refused(w.RemoveMember(ctx, a, w.program, a), storage.Conflict)
		_, err := w.SetRole(ctx, a, w.program, a, review.Teacher)
		w.refused(err, storage.Conflict)

		b := w.user("b", review.Lead)
		w.must(w.Disable(ctx, "", b)) // who cannot sign in leads nothing
		w.refused(w.RemoveMember(ctx, a, w.program, a), storage.Conflict)
		w.must(w.Enable(ctx, "", b))

		errs := make(chan error, 2)
		go func() { errs <- w.RemoveMember(ctx, a, w.program, a) }()
		go func() {
			_, err := w.SetRole(ctx, b, w.program, b, review.Teacher)
			errs <- err
		}()
		one, two := <-errs, <-errs
		if (one == nil) == (two == nil) {
			w.t.Errorf("of two leads, both leaving: %v, %v", one, two)
		}
		if n := w.count(`members WHERE role = 'lead'`); n != 1 {
			w.t.Errorf("%d leads", n)
		}
	})
}

func TestLeavingAProgram(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		teacher, maya := w.user("teacher", review.Teacher), w.user("maya", review.Instructor)
		lesson := w.lesson(teacher, "Fractions")
		_, err := w.Pair(ctx, "", review.Cycle{ProgramID: w.program, InstructorID: maya, TeacherID: teacher})
		w.must(err)
		_, err = w.RequestReview(ctx, teacher, review.NewReview{RecordingID: lesson, InstructorID: maya})
		w.must(err)
		w.pass(48 * time.Hour)

		w.must(w.RemoveMember(ctx, "", w.program, maya))
		w.must(w.RemoveMember(ctx, "", w.program, maya))
		shares, err := w.Shares(ctx, lesson)
		w.must(err)
		pairs, err := w.InstructorsOf(ctx, teacher)
		w.must(err)
		inbox, err := w.Inbox(ctx, maya, review.Page{})
		w.must(err)
		if len(shares)+len(pairs)+len(inbox.Items) != 0 || !w.hasLost(maya, "") {
			w.t.Errorf("left behind: %+v, %+v, %+v", shares, pairs, inbox.Items)
		}
		cycles, err := w.Cycles(ctx, w.program, review.Page{})
		w.must(err)
		if len(cycles.Items) != 1 {
			w.t.Errorf("the past is forgotten: %+v", cycles.Items)
		}
		_, err = w.Share(ctx, teacher, review.Share{RecordingID: lesson, UserID: maya, Access: review.Viewer})
		w.refused(err, storage.Invalid) // no member
	})
}

func TestWhatIsDoneIsNoted(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		lead := w.user("lead", review.Lead)
		_, token := w.invite(lead, "secret@example.org", review.Teacher)
		user, _, err := w.AcceptNew(ctx, token, "Secret Name", password)
		w.must(err)
		log, err := w.AuditLog(ctx, review.Page{})
		w.must(err)
		var actions []string
		for _, e := range log.Items {
			actions = append(actions, e.Action)
			if e.Action == "user.added" && (e.ActorID != user.ID || e.Subject != "user:"+string(user.ID)) {
				w.t.Errorf("noted %+v", e)
			}
		}
		want := []string{"member.added", "invitation.accepted", "user.added", "invitation.made", "member.added", "program.added"}
		if len(actions) < len(want) {
			w.t.Fatalf("noted %v, want %v", actions, want)
		}
		for _, action := range want {
			if w.count(`audit_log WHERE action = ?`, action) == 0 {
				w.t.Errorf("%s was not noted", action)
			}
		}
		if n := w.count(`audit_log WHERE detail LIKE '%ecret%' OR subject LIKE '%ecret%' OR detail LIKE ?`,
			"%"+token+"%"); n != 0 {
			w.t.Errorf("%d entries tell names, addresses or tokens", n)
		}
		second, err := w.AuditLog(ctx, review.Page{After: log.Items[1].Action, Limit: 1})
		w.must(err)
		if len(second.Items) > 1 {
			w.t.Errorf("%d entries on a page of one", len(second.Items))
		}
	})
}
