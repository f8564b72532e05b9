package review_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestShares(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		owner, peer := w.user("owner", review.Teacher), w.user("peer", review.Teacher)
		outsider := w.user("outsider", "")
		lesson := w.lesson(owner, "Fractions")
		until := storage.At(start.Add(time.Hour))
		made, err := w.Share(ctx, owner, review.Share{RecordingID: lesson, UserID: peer, Access: review.Reviewer, Until: until})
		w.must(err)
		if made.UserName != "peer" || made.GrantedBy != owner || made.Until != until {
			w.t.Errorf("got %+v", made)
		}
		made, err = w.Share(ctx, owner, review.Share{RecordingID: lesson, UserID: peer, Access: review.Viewer})
		w.must(err)
		if made.Access != review.Viewer || !made.Until.IsZero() || !w.hasLost(peer, lesson) {
			w.t.Errorf("got %+v", made)
		}
		for name, bad := range map[string]review.Share{
			"owner":    {RecordingID: lesson, UserID: owner, Access: review.Viewer},
			"outsider": {RecordingID: lesson, UserID: outsider, Access: review.Viewer},
			"access":   {RecordingID: lesson, UserID: peer, Access: "owner"},
			"past":     {RecordingID: lesson, UserID: peer, Access: review.Viewer, Until: storage.At(start)},
		} {
			_, err := w.Share(ctx, owner, bad)
			if storage.KindOf(err) != storage.Invalid {
				w.t.Errorf("%s: %v", name, err)
			}
		}
		_, err = w.Share(ctx, owner, review.Share{RecordingID: storage.NewID(), UserID: peer, Access: review.Viewer})
		w.refused(err, storage.NotFound)

		list, err := w.SharedWith(ctx, peer, review.Page{})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0].Title != "Fractions" || list.Items[0].OwnerName != "owner" {
			w.t.Errorf("got %+v", list.Items)
		}
		by, err := w.SharedBy(ctx, peer, peer, review.Page{})
		w.must(err)
		if len(by.Items) != 0 {
			w.t.Errorf("got %+v", by.Items)
		}
		w.must(w.Unshare(ctx, owner, lesson, peer))
		w.must(w.Unshare(ctx, owner, lesson, peer))
		if list, err = w.SharedWith(ctx, peer, review.Page{}); err != nil || len(list.Items) != 0 {
			w.t.Errorf("got %+v, %v", list.Items, err)
		}
	})
}

func TestAShareRunsOut(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		owner, maya := w.user("owner", review.Teacher), w.user("maya", review.Instructor)
		lesson := w.lesson(owner, "Fractions")
		_, err := w.RequestReview(ctx, owner, review.NewReview{RecordingID: lesson, InstructorID: maya})
		w.must(err)
		_, err = w.Share(ctx, owner, review.Share{
			RecordingID: lesson, UserID: maya, Access: review.Reviewer, Until: storage.At(start.Add(time.Hour)),
		})
		w.must(err)
		w.pass(time.Hour)
		shared, err := w.SharedWith(ctx, maya, review.Page{})
		w.must(err)
		inbox, err := w.Inbox(ctx, maya, review.Page{})
		w.must(err)
		if len(shared.Items)+len(inbox.Items) != 0 {
			w.t.Errorf("still seen: %+v, %+v", shared.Items, inbox.Items)
		}
		shares, err := w.Shares(ctx, lesson)
		w.must(err)
		if len(shares) != 1 {
			w.t.Error("the owner no longer sees with whom it was shared")
		}
	})
}

// drafts counts what it is asked to share.
type drafts struct{ of []storage.ID }

func (d *drafts) ShareDrafts(_ context.Context, _ *storage.Tx, recording, author storage.ID) (int, error) {
	d.of = append(d.of, recording, author)
	return 1, nil
}

func TestTheLifeOfAReview(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		shared := &drafts{}
		s := review.New(review.Options{DB: w.db, Drafts: shared, Mailer: w.post, Now: w.clock, PublicURL: "https://b.example"})
		defer s.Close(ctx)
		owner, maya, peer := w.user("owner", review.Teacher), w.user("maya", review.Instructor), w.user("peer", review.Teacher)
		lesson := w.lesson(owner, "Fractions\u2028as division")
		n := review.NewReview{ID: storage.NewID(), RecordingID: lesson, InstructorID: maya}
		v, err := s.RequestReview(ctx, owner, n)
		w.must(err)
		if v.State != review.Requested || v.PromisedFor != "2026-11-24" || v.InstructorName != "maya" {
			w.t.Errorf("got %+v", v)
		}
		if m := w.next(); m.To != "maya@example.org" || !strings.Contains(m.Body, "https://b.example/recordings/"+string(lesson)) {
			w.t.Errorf("mail %+v", m)
		}
		again, err := s.RequestReview(ctx, owner, n)
		w.must(err)
		if again != v {
			w.t.Errorf("%+v and %+v", v, again)
		}
		for name, bad := range map[string]review.NewReview{
			"a teacher": {RecordingID: lesson, InstructorID: peer},
			"oneself":   {RecordingID: lesson, InstructorID: owner},
			"past":      {RecordingID: lesson, InstructorID: maya, PromisedFor: "2026-11-15"},
		} {
			_, err := s.RequestReview(ctx, owner, bad)
			if storage.KindOf(err) != storage.Invalid {
				w.t.Errorf("%s: %v", name, err)
			}
		}
		_, err = s.AnswerReview(ctx, owner, lesson, v.ID, v.Version)
		w.refused(err, storage.Conflict)

		w.must(s.BeginReview(ctx, maya, lesson))
		w.must(s.BeginReview(ctx, maya, lesson))
		_, err = s.ReturnReview(ctx, maya, lesson, v.ID, v.Version, "Good")
		w.refused(err, storage.Conflict) // of a version that is past
		v, err = s.Review(ctx, lesson, v.ID)
		w.must(err)
		if v.State != review.InProgress {
			w.t.Errorf("begun: %+v", v)
		}
		_, err = s.ReturnReview(ctx, peer, lesson, v.ID, v.Version, "Good")
		w.refused(err, storage.NotFound) // not theirs
		_, err = s.ReturnReview(ctx, maya, storage.NewID(), v.ID, v.Version, "Good")
		w.refused(err, storage.NotFound)
		seen := v.Version
		v, err = s.ReturnReview(ctx, maya, lesson, v.ID, seen, " Good ")
		w.must(err)
		if v.State != review.Returned || v.Summary != "Good" || v.ReturnedAt.IsZero() {
			w.t.Errorf("got %+v", v)
		}
		if m := w.next(); m.To != "owner@example.org" {
			w.t.Errorf("mail %+v", m)
		}
		again, err = s.ReturnReview(ctx, maya, lesson, v.ID, seen, "Good")
		w.must(err)
		if again != v || len(shared.of) != 2 {
			w.t.Errorf("%+v and %+v, drafts of %v", v, again, shared.of)
		}
		_, err = s.ReturnReview(ctx, maya, lesson, v.ID, v.Version, "Better")
		w.refused(err, storage.Conflict)

		v, err = s.AnswerReview(ctx, owner, lesson, v.ID, v.Version)
		w.must(err)
		if again, err = s.AnswerReview(ctx, owner, lesson, v.ID, 1); err != nil || again != v || v.State != review.Answered {
			w.t.Errorf("%+v and %+v, %v", v, again, err)
		}
		v, err = s.RequestReview(ctx, owner, review.NewReview{RecordingID: lesson, InstructorID: maya, PromisedFor: "2026-11-16"})
		w.must(err)
		if v.State != review.Requested || v.ID != n.ID {
			w.t.Errorf("asked again: %+v", v)
		}
		w.next()
	})
}

func TestTwoReturnsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		owner, maya := w.user("owner", review.Teacher), w.user("maya", review.Instructor)
		lesson := w.lesson(owner, "Fractions")
		v, err := w.RequestReview(ctx, owner, review.NewReview{RecordingID: lesson, InstructorID: maya})
		w.must(err)
		errs := make(chan error, 2)
		for _, summary := range []string{"One", "Two"} {
			go func() {
				_, err := w.ReturnReview(ctx, maya, lesson, v.ID, v.Version, summary)
				errs <- err
			}()
		}
		one, two := <-errs, <-errs
		if one != nil {
			one, two = two, one
		}
		w.must(one)
		w.refused(two, storage.Conflict)
	})
}

func TestTheInboxIsOrderedByPromise(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		owner, maya := w.user("owner", review.Teacher), w.user("maya", review.Instructor)
		for _, day := range []review.Day{"2026-11-20", "2026-11-18", "2026-11-19", "2026-11-18"} {
			_, err := w.RequestReview(ctx, owner, review.NewReview{
				RecordingID: w.lesson(owner, string(day)), InstructorID: maya, PromisedFor: day,
			})
			w.must(err)
		}
		var seen []string
		page := review.Page{Limit: 1}
		for range 4 {
			list, err := w.Inbox(ctx, maya, page)
			w.must(err)
			for _, v := range list.Items {
				seen = append(seen, v.Title)
			}
			page.After = list.Next
		}
		if got := strings.Join(seen, " "); got != "2026-11-18 2026-11-18 2026-11-19 2026-11-20" || page.After != "" {
			w.t.Errorf("got %s, then %q", got, page.After)
		}
	})
}

// A recording is shared with two hundred people, not with one more.
func TestSharesAreBounded(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	owner := w.user("owner", review.Teacher)
	lesson := w.lesson(owner, "Fractions")
	last, more := w.user("last", review.Teacher), w.user("more", review.Teacher)
	for range 199 {
		id := storage.NewID()
		w.exec(`INSERT INTO users (id, email, email_folded, name, password_hash, created_at)
VALUES (?, ?, ?, 'x', '', '')`, id, id, id)
		w.exec(`INSERT INTO shares (recording_id, user_id, access, granted_by, created_at)
VALUES (?, ?, 'viewer', ?, '')`, lesson, id, owner)
	}
	for _, id := range []storage.ID{last, last} {
		_, err := w.Share(t.Context(), owner, review.Share{RecordingID: lesson, UserID: id, Access: review.Viewer})
		w.must(err)
	}
	_, err := w.Share(t.Context(), owner, review.Share{RecordingID: lesson, UserID: more, Access: review.Viewer})
	w.refused(err, storage.TooMany)
}
