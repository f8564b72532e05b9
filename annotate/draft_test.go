package annotate_test

import (
	"strings"
	"testing"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestDraftLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r, me := newLog(db), at.Lesson(t, db), storage.NewID()
		var areas []storage.ID
		for range annotate.MaxTargetAreas + 1 {
			areas = append(areas, at.TargetArea(t, db, r))
		}
		strange := at.TargetArea(t, db, at.Lesson(t, db))
		elsewhere := r
		elsewhere.ProgramID = storage.NewID()
		other := at.TargetArea(t, db, elsewhere) // the same teacher's, in another program
		end := int64(at.DurationMS + annotate.EndToleranceMS)
		for _, test := range []struct {
			name string
			edit func(d *annotate.Draft)
			want storage.Kind
		}{
			{"one character", func(d *annotate.Draft) { d.Text = "x" }, ""},
			{"no text", func(d *annotate.Draft) { d.Text = "" }, storage.Invalid},
			{"only space", func(d *annotate.Draft) { d.Text = " \n\t " }, storage.Invalid},
			{"longest", func(d *annotate.Draft) { d.Text = strings.Repeat("語", annotate.MaxText) }, ""},
			{"too long", func(d *annotate.Draft) { d.Text = strings.Repeat("x", annotate.MaxText+1) },
				storage.TooLarge},
			{"line feed and tab", func(d *annotate.Draft) { d.Text = "a\n\tb" }, ""},
			{"CR LF", func(d *annotate.Draft) { d.Text = "a\r\nb" }, ""},
			{"CR", func(d *annotate.Draft) { d.Text = "a\rb" }, storage.Invalid},
			{"NUL", func(d *annotate.Draft) { d.Text = "a\x00b" }, storage.Invalid},
			{"escape", func(d *annotate.Draft) { d.Text = "a\x1bb" }, storage.Invalid},
			{"delete", func(d *annotate.Draft) { d.Text = "a\x7fb" }, storage.Invalid},
			{"C1", func(d *annotate.Draft) { d.Text = "a\u0085b" }, storage.Invalid},
			{"joined emoji, right to left", func(d *annotate.Draft) { d.Text = "👩‍🏫 \u202bשלום\u202c" }, ""},
			{"not UTF-8", func(d *annotate.Draft) { d.Text = "a\xffb" }, storage.Invalid},
			{"at zero", func(d *annotate.Draft) { d.StartMS = 0 }, ""},
			{"before zero", func(d *annotate.Draft) { d.StartMS = -1 }, storage.Invalid},
			{"to the end", func(d *annotate.Draft) { d.EndMS = end }, ""},
			{"past the end", func(d *annotate.Draft) { d.EndMS = end + 1 }, storage.Invalid},
			{"backwards", func(d *annotate.Draft) { d.EndMS = d.StartMS - 1 }, storage.Invalid},
			{"unknown kind", func(d *annotate.Draft) { d.Kind = "praise" }, storage.Invalid},
			{"no kind", func(d *annotate.Draft) { d.Kind = "" }, storage.Invalid},
			{"private", func(d *annotate.Draft) { d.Visibility = annotate.Private }, ""},
			{"unknown visibility", func(d *annotate.Draft) { d.Visibility = "public" }, storage.Invalid},
			{"nine areas", func(d *annotate.Draft) { d.TargetAreaIDs = areas[:annotate.MaxTargetAreas] }, ""},
			{"ten areas", func(d *annotate.Draft) { d.TargetAreaIDs = areas }, storage.Invalid},
			{"an area twice", func(d *annotate.Draft) {
				d.TargetAreaIDs = []storage.ID{areas[0], areas[0]}
			}, storage.Invalid},
			{"another teacher's area", func(d *annotate.Draft) {
				d.TargetAreaIDs = []storage.ID{areas[0], strange}
			}, storage.Invalid},
			{"another program's area", func(d *annotate.Draft) {
				d.TargetAreaIDs = []storage.ID{other}
			}, storage.Invalid},
			{"an area that is none", func(d *annotate.Draft) {
				d.TargetAreaIDs = []storage.ID{"x"}
			}, storage.Invalid},
			{"no id", func(d *annotate.Draft) { d.ID = "" }, storage.Invalid},
		} {
			t.Run(test.name, func(t *testing.T) {
				before, _ := l.LastSeq(ctx, r.ID)
				a, _, err := l.Create(ctx, me, at.Draft(r, test.edit))
				wantKind(t, err, test.want)
				after, _ := l.LastSeq(ctx, r.ID)
				if err != nil && after != before {
					t.Fatal("a refused draft took a number")
				}
				if err == nil && strings.Contains(a.Text, "\r") {
					t.Fatalf("text kept as %q", a.Text)
				}
			})
		}
	})
}

func TestRangeWhileRecording(t *testing.T) {
	db := dbtest.SQLite(t)
	l, r, me := newLog(db), at.Lesson(t, db), storage.NewID()
	if _, err := db.Exec(ctx, `UPDATE recordings SET state = 'recording' WHERE id = ?`, r.ID); err != nil {
		t.Fatal(err)
	}
	end := int64(at.DurationMS + annotate.LiveToleranceMS)
	a, _ := must[annotate.Annotation](t)(l.Create(ctx, me,
		at.Draft(r, func(d *annotate.Draft) { d.EndMS = end })))
	_, _, err := l.Create(ctx, me, at.Draft(r, func(d *annotate.Draft) { d.EndMS = end + 1 }))
	wantKind(t, err, storage.Invalid)
	past := end + 1
	_, _, err = l.Edit(ctx, me, r.ID, a.ID, 1, annotate.Edit{EndMS: &past})
	wantKind(t, err, storage.Invalid)
	before := int64(-1)
	_, _, err = l.Edit(ctx, me, r.ID, a.ID, 1, annotate.Edit{StartMS: &before})
	wantKind(t, err, storage.Invalid)
	_, _, err = l.Edit(ctx, me, r.ID, a.ID, 1, annotate.Edit{})
	wantKind(t, err, storage.Invalid)
}

func TestFullRecordingsTakeNoMore(t *testing.T) {
	db := dbtest.SQLite(t)
	l, r, me := newLog(db), at.Lesson(t, db), storage.NewID()
	a, _ := must[annotate.Annotation](t)(l.Create(ctx, me, at.Draft(r)))
	fill := func(query string, to int, args ...any) {
		t.Helper()
		if _, err := db.Exec(ctx, `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n
WHERE i < ?) `+query, append([]any{to}, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	reply := func(of storage.ID) error {
		_, _, err := l.Reply(ctx, me, annotate.ReplyDraft{ID: storage.NewID(), RecordingID: r.ID,
			AnnotationID: of, Text: "Yes."})
		return err
	}
	fill(`INSERT INTO annotations (id, recording_id, author_id, start_ms, end_ms, kind, text,
    visibility, created_at, updated_at)
SELECT 'a' || i, ?, ?, 0, 0, 'note', 'x', 'shared', '', '' FROM n`, annotate.MaxAnnotations-1,
		r.ID, me)
	must[annotate.Annotation](t)(l.Create(ctx, me, at.Draft(r)))
	_, _, err := l.Create(ctx, me, at.Draft(r))
	wantKind(t, err, storage.TooMany)

	const insert = `INSERT INTO replies (id, annotation_id, recording_id, author_id, text,
    created_at, updated_at) SELECT ? || i, ?, ?, ?, 'x', '', '' FROM n`
	fill(insert, annotate.MaxThread, "t", a.ID, r.ID, me)
	wantKind(t, reply(a.ID), "")
	wantKind(t, reply(a.ID), storage.TooMany)
	fill(insert, annotate.MaxReplies-annotate.MaxThread, "r", "a2", r.ID, me)
	list, _, err := l.List(ctx, me, r.ID)
	if err != nil || len(list) != annotate.MaxAnnotations {
		t.Fatalf("%d listed, %v", len(list), err)
	}
	b, _ := must[annotate.Annotation](t)(l.Delete(ctx, me, r.ID, a.ID, 1))
	must[annotate.Annotation](t)(l.Restore(ctx, me, r.ID, b.ID, 2))
	wantKind(t, reply(list[len(list)-1].ID), "")
	wantKind(t, reply(list[len(list)-1].ID), storage.TooMany)
}
