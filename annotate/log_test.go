package annotate_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func newLog(db *storage.DB) *annotate.Log {
	return annotate.NewLog(db, annotate.Options{Names: at.Names{}})
}

func must[T any](t testing.TB) func(v T, e annotate.Event, err error) (T, annotate.Event) {
	return func(v T, e annotate.Event, err error) (T, annotate.Event) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v, e
	}
}

func wantKind(t testing.TB, err error, want storage.Kind) {
	t.Helper()
	if got := storage.KindOf(err); got != want {
		t.Fatalf("kind %q, want %q: %v", got, want, err)
	}
}

// eventsOf reads all that viewer may see after since.
func eventsOf(t testing.TB, l *annotate.Log, viewer, recording storage.ID, since int64,
) []annotate.Event {
	t.Helper()
	var all []annotate.Event
	for {
		events, through, err := l.Events(ctx, viewer, recording, since, 7)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, events...)
		if len(events) < 7 {
			return all
		}
		since = through
	}
}

func TestLife(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		area := at.TargetArea(t, db, r)
		author, other := storage.NewID(), storage.NewID()

		a, e := must[annotate.Annotation](t)(l.Create(ctx, author, at.Draft(r,
			func(d *annotate.Draft) { d.EndMS, d.TargetAreaIDs = 2500, []storage.ID{area} })))
		if e.Seq != 1 || e.Change != annotate.AnnotationCreated || e.ActorID != author {
			t.Fatalf("event %+v", e)
		}
		want := annotate.Annotation{ID: a.ID, RecordingID: r.ID,
			Author:  annotate.Person{ID: author, Name: "name of " + string(author)},
			StartMS: 1000, EndMS: 2500, Kind: annotate.Strength, TargetAreaIDs: []storage.ID{area},
			Text: "You waited.", Visibility: annotate.Shared, Status: "open", Version: 1,
			CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, Replies: []annotate.Reply{}}
		if diff := cmp.Diff(want, a); diff != "" {
			t.Fatal(diff)
		}

		text := "You waited for 3 s."
		a, _ = must[annotate.Annotation](t)(l.Edit(ctx, author, r.ID, a.ID, 1,
			annotate.Edit{Text: &text}))
		if a.Version != 2 || a.Text != text || a.EndMS != 2500 {
			t.Fatalf("edited: %+v", a)
		}
		reply, _ := must[annotate.Reply](t)(l.Reply(ctx, other, annotate.ReplyDraft{
			ID: storage.NewID(), RecordingID: r.ID, AnnotationID: a.ID, Text: "It felt long."}))
		reply, _ = must[annotate.Reply](t)(l.EditReply(ctx, other, r.ID, reply.ID, 1, "Longer."))
		list, seq, err := l.List(ctx, other, r.ID)
		if err != nil || seq != 4 || len(list) != 1 {
			t.Fatalf("list: %v, seq %d, %v", list, seq, err)
		}
		if diff := cmp.Diff([]annotate.Reply{reply}, list[0].Replies); diff != "" {
			t.Fatal(diff)
		}

		must[annotate.Reply](t)(l.DeleteReply(ctx, other, r.ID, reply.ID, 2))
		must[annotate.Reply](t)(l.RestoreReply(ctx, other, r.ID, reply.ID, 3))
		gone, _ := must[annotate.Annotation](t)(l.Delete(ctx, author, r.ID, a.ID, 2))
		if !gone.Deleted || gone.Text != "" || len(gone.Replies) != 0 {
			t.Fatalf("deleted, but shows %+v", gone)
		}
		if list, _, _ := l.List(ctx, other, r.ID); len(list) != 0 {
			t.Fatalf("deleted, but listed: %+v", list)
		}
		for _, e := range eventsOf(t, l, other, r.ID, 0) {
			if e.Annotation != nil && e.Annotation.Text != "" || e.Reply != nil && e.Reply.Text != "" {
				t.Fatalf("the log still tells what is deleted: %+v", e)
			}
		}
		_, _, err = l.Reply(ctx, other, annotate.ReplyDraft{ID: storage.NewID(), RecordingID: r.ID,
			AnnotationID: a.ID, Text: "Too late."})
		wantKind(t, err, storage.Conflict)
		back, e := must[annotate.Annotation](t)(l.Restore(ctx, author, r.ID, a.ID, 3))
		if back.Text != text || len(back.Replies) != 1 || back.Version != 4 || e.Seq != 8 {
			t.Fatalf("restored by event %d: %+v", e.Seq, back)
		}
	})
}

func TestRepeatsAreAnsweredAsTheFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r, me := newLog(db), at.Lesson(t, db), storage.NewID()
		draft := at.Draft(r)
		reply := annotate.ReplyDraft{ID: storage.NewID(), RecordingID: r.ID,
			AnnotationID: draft.ID, Text: "Yes."}
		text := "Other."
		writes := []func() (annotate.Event, error){
			func() (annotate.Event, error) { _, e, err := l.Create(ctx, me, draft); return e, err },
			func() (annotate.Event, error) {
				_, e, err := l.Edit(ctx, me, r.ID, draft.ID, 1, annotate.Edit{Text: &text})
				return e, err
			},
			func() (annotate.Event, error) { _, e, err := l.Reply(ctx, me, reply); return e, err },
			func() (annotate.Event, error) {
				_, e, err := l.EditReply(ctx, me, r.ID, reply.ID, 1, "No.")
				return e, err
			},
			func() (annotate.Event, error) {
				_, e, err := l.DeleteReply(ctx, me, r.ID, reply.ID, 2)
				return e, err
			},
			func() (annotate.Event, error) {
				_, e, err := l.RestoreReply(ctx, me, r.ID, reply.ID, 3)
				return e, err
			},
			func() (annotate.Event, error) { _, e, err := l.Delete(ctx, me, r.ID, draft.ID, 2); return e, err },
			func() (annotate.Event, error) { _, e, err := l.Restore(ctx, me, r.ID, draft.ID, 3); return e, err },
		}
		type answer struct{ Seq, Version int64 }
		var first []answer
		for i, write := range writes {
			e, err := write()
			if err != nil {
				t.Fatalf("write %d: %v", i, err)
			}
			first = append(first, answer{e.Seq, e.Version})
		}
		for i, write := range writes { // all of them once more, after all of them
			e, err := write()
			if err != nil {
				t.Fatalf("repeat of write %d: %v", i, err)
			}
			if diff := cmp.Diff(first[i], answer{e.Seq, e.Version}); diff != "" {
				t.Fatalf("repeat of write %d: %s", i, diff)
			}
		}
		if seq, _ := l.LastSeq(ctx, r.ID); seq != int64(len(writes)) {
			t.Fatalf("the repeats made events: last seq %d", seq)
		}

		other := draft
		other.Text = "Another body."
		current, _, err := l.Create(ctx, me, other)
		wantKind(t, err, storage.Conflict)
		if current.ID != draft.ID || current.Version != 4 {
			t.Fatalf("the conflict carries %+v", current)
		}
		current, _, err = l.Create(ctx, storage.NewID(), draft) // the same, by somebody else
		wantKind(t, err, storage.Conflict)
		elsewhere := draft
		elsewhere.RecordingID = at.Lesson(t, db).ID
		current, _, err = l.Create(ctx, me, elsewhere)
		wantKind(t, err, storage.Conflict)
		if current.ID != "" {
			t.Fatalf("a conflict over an id of another recording shows it: %+v", current)
		}
		otherReply := reply
		otherReply.Text = "Another body."
		answered, _, err := l.Reply(ctx, me, otherReply)
		wantKind(t, err, storage.Conflict)
		if answered.Text != "No." || answered.Version != 4 {
			t.Fatalf("the conflict carries %+v", answered)
		}
		crossed := reply
		crossed.ID = draft.ID // an annotation's
		_, _, err = l.Reply(ctx, me, crossed)
		wantKind(t, err, storage.Conflict)
	})
}

func TestOldVersionsConflictWithTheCurrent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r, me := newLog(db), at.Lesson(t, db), storage.NewID()
		a, _ := must[annotate.Annotation](t)(l.Create(ctx, me, at.Draft(r)))
		one, two := "One.", "Two."
		must[annotate.Annotation](t)(l.Edit(ctx, me, r.ID, a.ID, 1, annotate.Edit{Text: &one}))
		for _, version := range []int64{-1, 0, 1, 3} {
			current, _, err := l.Edit(ctx, me, r.ID, a.ID, version, annotate.Edit{Text: &two})
			wantKind(t, err, storage.Conflict)
			if current.Text != one || current.Version != 2 {
				t.Fatalf("version %d: the conflict carries %+v", version, current)
			}
			_, _, err = l.Delete(ctx, me, r.ID, a.ID, version)
			wantKind(t, err, storage.Conflict)
		}
		_, _, err := l.Restore(ctx, me, r.ID, a.ID, 2)
		wantKind(t, err, storage.Conflict) // it is not deleted
	})
}

func TestOnlyAuthorsChangeWhatIsTheirs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r, author := newLog(db), at.Lesson(t, db), storage.NewID()
		a, _ := must[annotate.Annotation](t)(l.Create(ctx, author, at.Draft(r)))
		reply, _ := must[annotate.Reply](t)(l.Reply(ctx, author, annotate.ReplyDraft{
			ID: storage.NewID(), RecordingID: r.ID, AnnotationID: a.ID, Text: "Yes."}))
		text := "Mine now."
		for _, other := range []storage.ID{r.OwnerID, storage.NewID()} {
			_, _, err := l.Edit(ctx, other, r.ID, a.ID, 1, annotate.Edit{Text: &text})
			wantKind(t, err, storage.Forbidden)
			_, _, err = l.Delete(ctx, other, r.ID, a.ID, 1)
			wantKind(t, err, storage.Forbidden)
			_, _, err = l.EditReply(ctx, other, r.ID, reply.ID, 1, text)
			wantKind(t, err, storage.Forbidden)
			_, _, err = l.DeleteReply(ctx, other, r.ID, reply.ID, 1)
			wantKind(t, err, storage.Forbidden)
		}
		elsewhere := at.Lesson(t, db)
		_, _, err := l.Edit(ctx, author, elsewhere.ID, a.ID, 1, annotate.Edit{Text: &text})
		wantKind(t, err, storage.NotFound)
		_, _, err = l.Reply(ctx, author, annotate.ReplyDraft{ID: storage.NewID(),
			RecordingID: elsewhere.ID, AnnotationID: a.ID, Text: text})
		wantKind(t, err, storage.NotFound)
	})
}

func TestConcurrentWritersLeaveNoGap(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		const writers, each = 8, 10
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				me := storage.NewID()
				for i := range each {
					draft := at.Draft(r, func(d *annotate.Draft) { d.Text = fmt.Sprint(w, i) })
					var twice sync.WaitGroup
					for range 2 { // the same draft, at the same time
						twice.Go(func() {
							if _, _, err := l.Create(ctx, me, draft); err != nil {
								t.Errorf("create: %v", err)
							}
						})
					}
					twice.Wait()
				}
			})
		}
		all.Wait()
		events := eventsOf(t, l, r.OwnerID, r.ID, 0)
		if len(events) != writers*each {
			t.Fatalf("%d events, want %d", len(events), writers*each)
		}
		for i, e := range events {
			if e.Seq != int64(i+1) {
				t.Fatalf("event %d has seq %d", i+1, e.Seq)
			}
		}
	})
}

func TestDeletedRecordingsTakeAndTellNothing(t *testing.T) {
	db := dbtest.SQLite(t)
	l, r, me := newLog(db), at.Lesson(t, db), storage.NewID()
	must[annotate.Annotation](t)(l.Create(ctx, me, at.Draft(r)))
	if _, err := db.Exec(ctx, `UPDATE recordings SET deleted_at = ? WHERE id = ?`,
		storage.Now(), r.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := l.Create(ctx, me, at.Draft(r))
	wantKind(t, err, storage.NotFound)
	_, _, err = l.List(ctx, me, r.ID)
	wantKind(t, err, storage.NotFound)
	_, _, err = l.Events(ctx, me, r.ID, 0, 0)
	wantKind(t, err, storage.NotFound)
	_, err = l.Subscribe(ctx, r.ID)
	wantKind(t, err, storage.NotFound)
}
