package annotate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/storage"
	"backrow/storage/dbtest"
)

const secret = "What I would never say aloud."

var loud = "!"

// wantSilence fails when anything that viewer can read tells of the annotation's words; ever says
// whether viewer may know that there was one.
func wantSilence(t *testing.T, l *annotate.Log, viewer, recording, id storage.ID, ever bool) {
	t.Helper()
	list, _, err := l.List(ctx, viewer, recording)
	if err != nil {
		t.Fatal(err)
	}
	events := eventsOf(t, l, viewer, recording, 0)
	text, err := json.Marshal(map[string]any{"list": list, "events": events})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) {
		t.Fatalf("%s can read it: %s", viewer, text)
	}
	if !ever && strings.Contains(string(text), string(id)) {
		t.Fatalf("%s can know of it: %s", viewer, text)
	}
	_, err = l.Annotation(ctx, viewer, recording, id)
	wantKind(t, err, storage.NotFound)
	_, _, err = l.Reply(ctx, viewer, annotate.ReplyDraft{ID: storage.NewID(),
		RecordingID: recording, AnnotationID: id, Text: "?"})
	wantKind(t, err, storage.NotFound)
	for version := range int64(4) {
		_, _, err = l.Edit(ctx, viewer, recording, id, version, annotate.Edit{Text: &loud})
		wantKind(t, err, storage.NotFound)
		current, _, err := l.Delete(ctx, viewer, recording, id, version)
		wantKind(t, err, storage.NotFound)
		if current.ID != "" {
			t.Fatalf("the refusal shows %+v", current)
		}
	}
}

func TestPrivateIsTheAuthorsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		for _, v := range []annotate.Visibility{annotate.Private, annotate.Drafted} {
			l, r, author := newLog(db), at.Lesson(t, db), storage.NewID()
			a, _ := must[annotate.Annotation](t)(l.Create(ctx, author, at.Draft(r,
				func(d *annotate.Draft) { d.Text, d.Visibility = secret, v })))
			reply, _ := must[annotate.Reply](t)(l.Reply(ctx, author, annotate.ReplyDraft{
				ID: storage.NewID(), RecordingID: r.ID, AnnotationID: a.ID, Text: secret}))
			for _, other := range []storage.ID{r.OwnerID, storage.NewID(), ""} {
				wantSilence(t, l, other, r.ID, a.ID, false)
				_, _, err := l.EditReply(ctx, other, r.ID, reply.ID, 1, "!")
				wantKind(t, err, storage.NotFound)
				taken, _, err := l.Create(ctx, other, at.Draft(r,
					func(d *annotate.Draft) { d.ID = a.ID }))
				wantKind(t, err, storage.Conflict)
				if taken.ID != "" {
					t.Fatalf("the conflict shows %+v", taken)
				}
			}
			if list, _, _ := l.List(ctx, author, r.ID); len(list) != 1 || len(list[0].Replies) != 1 {
				t.Fatalf("the author sees %+v", list)
			}
			if events := eventsOf(t, l, author, r.ID, 0); len(events) != 2 {
				t.Fatalf("the author is told %+v", events)
			}
		}
	})
}

func TestVisibilityMayChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		author, other := storage.NewID(), storage.NewID()
		show := func(id storage.ID, version int64, v annotate.Visibility) {
			t.Helper()
			must[annotate.Annotation](t)(l.Edit(ctx, author, r.ID, id, version,
				annotate.Edit{Visibility: &v}))
		}
		a, _ := must[annotate.Annotation](t)(l.Create(ctx, author, at.Draft(r,
			func(d *annotate.Draft) { d.Text = secret })))
		must[annotate.Reply](t)(l.Reply(ctx, other, annotate.ReplyDraft{
			ID: storage.NewID(), RecordingID: r.ID, AnnotationID: a.ID, Text: "I see: " + secret}))
		show(a.ID, 1, annotate.Private)
		wantSilence(t, l, other, r.ID, a.ID, true)
		last := eventsOf(t, l, other, r.ID, 2)
		if len(last) != 1 || last[0].Change != annotate.AnnotationRemoved ||
			last[0].AnnotationID != a.ID || last[0].Annotation != nil || last[0].ActorID != "" {
			t.Fatalf("others are told %+v", last)
		}
		if own := eventsOf(t, l, author, r.ID, 2); own[0].Annotation.Text != secret {
			t.Fatalf("the author is told %+v", own)
		}

		show(a.ID, 2, annotate.Drafted) // nobody else's business
		if more := eventsOf(t, l, other, r.ID, 3); len(more) != 0 {
			t.Fatalf("others are told %+v", more)
		}
		show(a.ID, 3, annotate.Shared)
		more := eventsOf(t, l, other, r.ID, 3)
		if len(more) != 1 || more[0].Annotation == nil || more[0].Annotation.Text != secret ||
			len(more[0].Annotation.Replies) != 1 {
			t.Fatalf("others are told %+v", more)
		}
	})
}

func TestShareDrafts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		author, other := storage.NewID(), storage.NewID()
		for _, v := range []annotate.Visibility{annotate.Drafted, annotate.Private, annotate.Drafted} {
			must[annotate.Annotation](t)(l.Create(ctx, author, at.Draft(r,
				func(d *annotate.Draft) { d.Visibility = v })))
		}
		must[annotate.Annotation](t)(l.Create(ctx, other, at.Draft(r,
			func(d *annotate.Draft) { d.Visibility = annotate.Drafted })))
		sub, err := l.Subscribe(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		share := func() (n int) {
			t.Helper()
			if err := db.InTx(ctx, func(tx *storage.Tx) (err error) {
				n, err = l.ShareDrafts(ctx, tx, r.ID, author)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := share(); n != 2 {
			t.Fatalf("%d shared, want 2", n)
		}
		for seq := int64(5); seq <= 6; {
			events, err := sub.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Seq != seq || e.Annotation.Visibility != annotate.Shared {
					t.Fatalf("seq %d: told %+v", seq, e)
				}
				seq++
			}
		}
		if list, _, _ := l.List(ctx, r.OwnerID, r.ID); len(list) != 2 {
			t.Fatalf("the teacher sees %+v", list)
		}
		if n := share(); n != 0 {
			t.Fatalf("%d shared again", n)
		}
	})
}
