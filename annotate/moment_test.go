package annotate_test

import (
	"testing"
	"time"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestMomentBeyondTheEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		mark := func(atMS int64) annotate.Annotation {
			t.Helper()
			a, err := l.MarkMoment(ctx, r.OwnerID, r.ID, storage.NewID(), atMS, "Here")
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		// What is stored is a minute; the rest is still on the laptop.
		if a := mark(300_000); a.StartMS != 290_000 || a.EndMS != 300_000 {
			t.Errorf("ahead of what is stored it lies at %d–%d", a.StartMS, a.EndMS)
		}
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := db.Exec(ctx, query, append(args, r.ID)...); err != nil {
				t.Fatal(err)
			}
		}
		exec(`UPDATE recordings SET taught_ms = 200000 WHERE id = ?`)
		if a := mark(300_000); a.StartMS != 190_000 || a.EndMS != 200_000 {
			t.Errorf("after the end of the lesson it lies at %d–%d", a.StartMS, a.EndMS)
		}
		exec(`UPDATE recordings SET settled_at = ? WHERE id = ?`, storage.Now())
		if a := mark(300_000); a.StartMS != 50_000 || a.EndMS != at.DurationMS {
			t.Errorf("after the end of what will ever be there it lies at %d–%d", a.StartMS, a.EndMS)
		}
	})
}

func TestUnmarkMoment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		a, err := l.MarkMoment(ctx, r.OwnerID, r.ID, storage.NewID(), 5000, "Here")
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, l.UnmarkMoment(ctx, storage.NewID(), r.ID, a.ID), storage.NotFound)
		wantKind(t, l.UnmarkMoment(ctx, r.OwnerID, storage.NewID(), a.ID), storage.NotFound)
		text := "Two words"
		if _, _, err := l.Edit(ctx, r.OwnerID, r.ID, a.ID, 1, annotate.Edit{Text: &text}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, l.UnmarkMoment(ctx, r.OwnerID, r.ID, a.ID), storage.Conflict)
		b, err := l.MarkMoment(ctx, r.OwnerID, r.ID, storage.NewID(), 5000, "Here")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `UPDATE annotations SET created_at = ? WHERE id = ?`,
			storage.At(time.Now().Add(-annotate.UndoWithin-time.Second)), b.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, l.UnmarkMoment(ctx, r.OwnerID, r.ID, b.ID), storage.Conflict)
	})
}

func TestClock(t *testing.T) {
	told := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		running bool
		since   time.Duration
		want    int64
	}{
		{true, 0, 60_000}, {true, 5 * time.Second, 65_000}, {true, -5 * time.Second, 55_000},
		{true, -2 * time.Minute, 0}, {true, 48 * time.Hour, 24 * 3600 * 1000},
		{false, 5 * time.Second, 60_000}, {false, -5 * time.Second, 55_000},
	} {
		clock := annotate.Clock{ElapsedMS: 60_000, Running: c.running, ToldAt: storage.At(told)}
		if got := clock.At(told.Add(c.since)); got != c.want {
			t.Errorf("running %v, %v later: %d, want %d", c.running, c.since, got, c.want)
		}
	}
}
