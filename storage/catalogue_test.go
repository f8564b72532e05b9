package storage_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestTicks(t *testing.T) {
	for _, test := range []struct {
		ticks    storage.Ticks
		ms       int64
		duration time.Duration
	}{
		{0, 0, 0},
		{89, 0, 988888 * time.Nanosecond},
		{90, 1, time.Millisecond},
		{90000, 1000, time.Second},
		{90000 * 3600 * 24 * 365, 1000 * 3600 * 24 * 365, 365 * 24 * time.Hour},
	} {
		if got := test.ticks.Milliseconds(); got != test.ms {
			t.Errorf("%d ticks are %d ms, want %d", test.ticks, got, test.ms)
		}
		if got := test.ticks.Duration(); got != test.duration {
			t.Errorf("%d ticks last %v, want %v", test.ticks, got, test.duration)
		}
	}
}

func newRecording(t *testing.T, c *storage.Catalogue) storage.Recording {
	t.Helper()
	r := storage.Recording{
		ID: storage.NewID(), ProgramID: storage.NewID(), OwnerID: storage.NewID(),
		Title: "Fractions — période 3", Class: "5b",
	}
	made, err := create(c, r)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func create(c *storage.Catalogue, r storage.Recording) (made storage.Recording, err error) {
	err = c.DB().InTx(context.Background(), func(tx *storage.Tx) error {
		made, err = c.CreateRecording(context.Background(), tx, r)
		return err
	})
	return made, err
}

func wantKind(t *testing.T, err error, kind storage.Kind) {
	t.Helper()
	if got := storage.KindOf(err); got != kind {
		t.Errorf("error is %q (%v), want %q", got, err, kind)
	}
}

func TestRecordingLife(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		c := storage.NewCatalogue(db)
		r := newRecording(t, c)

		again, err := create(c, r)
		if err != nil {
			t.Fatalf("creating again: %v", err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("creating again changed something (-first +again):\n%s", diff)
		}
		stolen := r
		stolen.OwnerID = storage.NewID()
		_, err = create(c, stolen)
		wantKind(t, err, storage.Conflict)

		edited, err := c.EditRecording(ctx, r.ID, r.Version, "Ratios", "6a")
		if err != nil || edited.Title != "Ratios" || edited.Version != r.Version+1 {
			t.Errorf("edit: %+v, %v", edited, err)
		}
		_, err = c.EditRecording(ctx, r.ID, r.Version, "Lost update", "")
		wantKind(t, err, storage.Conflict)

		take, err := c.BeginTake(ctx, storage.Take{
			ID: storage.NewID(), RecordingID: r.ID, Route: storage.RouteLive, OffsetMS: 1500,
		})
		if err != nil {
			t.Fatalf("begin take: %v", err)
		}
		if _, err := c.BeginTake(ctx, take); err != nil {
			t.Errorf("beginning again: %v", err)
		}
		other := newRecording(t, c)
		_, err = c.BeginTake(ctx, storage.Take{ID: take.ID, RecordingID: other.ID, Route: storage.RouteLive})
		wantKind(t, err, storage.Conflict)

		segment := storage.Segment{
			TakeID: take.ID, Number: 1, InitNumber: 1, Start: 0, Length: 180000,
			ObjectKey: "k", Bytes: 10, SHA256: "aa",
		}
		for range 2 {
			if err := c.AddSegment(ctx, segment); err != nil {
				t.Fatalf("add segment: %v", err)
			}
		}
		segment.SHA256 = "bb"
		wantKind(t, c.AddSegment(ctx, segment), storage.Conflict)
		have, err := c.Recording(ctx, r.ID)
		if err != nil || have.DurationMS != 3500 {
			t.Errorf("duration %d ms, want the take's offset and its segment: 3500 (%v)", have.DurationMS, err)
		}

		if err := c.StopRecording(ctx, r.ID, -1); err != nil {
			t.Fatal(err)
		}
		_, err = c.BeginTake(ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID, Route: storage.RouteLive})
		wantKind(t, err, storage.Conflict)

		ran := 0
		for range 2 {
			err := c.FinishRecording(ctx, r.ID,
				func(context.Context, *storage.Tx, storage.Recording) error { ran++; return nil })
			if err != nil {
				t.Fatalf("settle: %v", err)
			}
		}
		have, _ = c.Recording(ctx, r.ID)
		if ran != 1 || have.State != storage.StateReady || have.EndedAt.IsZero() {
			t.Errorf("settled %d times into %+v", ran, have)
		}
		ended, _ := c.Take(ctx, take.ID)
		if ended.State != "ended" || ended.EndedAt.IsZero() {
			t.Errorf("take after settling: %+v", ended)
		}

		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			return c.DeleteRecording(ctx, tx, r.ID)
		}); err != nil {
			t.Fatal(err)
		}
		_, err = c.Recording(ctx, r.ID)
		wantKind(t, err, storage.NotFound)
		_, err = create(c, r)
		wantKind(t, err, storage.Conflict)
	})
}

func TestSettleIsUndoneWithItsHook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		c := storage.NewCatalogue(db)
		r := newRecording(t, c)
		boom := errors.New("the queue is away")
		err := c.FinishRecording(ctx, r.ID,
			func(context.Context, *storage.Tx, storage.Recording) error { return boom })
		if !errors.Is(err, boom) {
			t.Fatalf("settle: %v", err)
		}
		if have, _ := c.Recording(ctx, r.ID); have.State != storage.StateRecording {
			t.Errorf("state is %s although the hook failed", have.State)
		}
	})
}

func TestSegmentsPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		c := storage.NewCatalogue(db)
		r := newRecording(t, c)
		take, err := c.BeginTake(ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID, Route: storage.RouteLive})
		if err != nil {
			t.Fatal(err)
		}
		const total = 25
		for n := int64(total); n > 0; n-- {
			if err := c.AddSegment(ctx, storage.Segment{
				TakeID: take.ID, Number: n, InitNumber: 1, Start: storage.Ticks(n-1) * 90000, Length: 90000,
				ObjectKey: "k", Bytes: 1, SHA256: "aa",
			}); err != nil {
				t.Fatal(err)
			}
		}
		var seen []int64
		for after := int64(0); ; {
			page, err := c.Segments(ctx, take.ID, after, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page {
				seen = append(seen, s.Number)
				after = s.Number
			}
			if len(page) < 10 {
				break
			}
		}
		if len(seen) != total || seen[0] != 1 || seen[total-1] != total {
			t.Errorf("pages gave %v", seen)
		}
		if _, err := c.Segment(ctx, newRecording(t, c).ID, take.ID, 1); storage.KindOf(err) != storage.NotFound {
			t.Errorf("a segment was found under another recording: %v", err)
		}
	})
}

// Writers in parallel on one row each see the other's change: nothing is lost on either database.
func TestTransactionsTakeTurns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		c := storage.NewCatalogue(db)
		r := newRecording(t, c)
		const writers, each = 8, 10
		var wait sync.WaitGroup
		failed := make(chan error, writers*each)
		for range writers {
			wait.Go(func() {
				for range each {
					failed <- db.InTx(ctx, func(tx *storage.Tx) error {
						var seq int64
						return tx.Get(ctx, &seq,
							`UPDATE recordings SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq`, r.ID)
					})
				}
			})
		}
		wait.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				t.Error(err)
			}
		}
		if have, _ := c.Recording(ctx, r.ID); have.LastSeq != writers*each {
			t.Errorf("last_seq is %d, want %d", have.LastSeq, writers*each)
		}
	})
}

func TestAfterCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		called := 0
		undone := errors.New("undone")
		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			tx.AfterCommit(func() { called++ })
			return undone
		}); !errors.Is(err, undone) || called != 0 {
			t.Errorf("after a rollback: %v, called %d times", err, called)
		}
		if err := db.InTx(ctx, func(tx *storage.Tx) error {
			tx.AfterCommit(func() { called++ })
			return nil
		}); err != nil || called != 1 {
			t.Errorf("after a commit: %v, called %d times", err, called)
		}
	})
}

func TestMigrateTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ran, err := db.Migrate(context.Background())
		if err != nil || ran != 0 {
			t.Errorf("migrating again ran %d migrations, %v", ran, err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for dsn, kind := range map[string]storage.Kind{
		"":                               storage.Invalid,
		"sqlite:":                        storage.Invalid,
		"mysql://x":                      storage.Invalid,
		"postgres://127.0.0.1:1/backrow": storage.Unavailable,
		"sqlite:/proc/none/backrow.db":   storage.Unavailable,
	} {
		db, err := storage.Open(context.Background(), dsn)
		if err == nil {
			db.Close()
		}
		wantKind(t, err, kind)
	}
}

func TestErrorMessages(t *testing.T) {
	cause := errors.New("pq: secret host name")
	err := storage.Errorf(storage.Unavailable, "The store does not answer: %w", cause)
	if err.Message != "The store does not answer" {
		t.Errorf("message for a person is %q", err.Message)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got := storage.MessageOf(cause); got == cause.Error() {
		t.Error("a foreign error's text reached a person")
	}
}

func TestTimeKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Int64Range(0, 4102444800_000_000)
		a, b := time.UnixMicro(gen.Draw(t, "a")), time.UnixMicro(gen.Draw(t, "b"))
		textA, _ := storage.At(a).Value()
		textB, _ := storage.At(b).Value()
		if a.Before(b) != (textA.(string) < textB.(string)) {
			t.Fatalf("%v and %v sort differently as %v and %v", a, b, textA, textB)
		}
		var back storage.Time
		if err := back.Scan(textA); err != nil || !back.Equal(a) {
			t.Fatalf("%v came back as %v, %v", a, back, err)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("0192d3a4-0000-7000-8000-000000000000")
	f.Add("urn:uuid:0192d3a4-0000-7000-8000-000000000000")
	f.Add("{0192d3a4-0000-7000-8000-000000000000}")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := storage.ParseID(text)
		if err == nil {
			if again, err := storage.ParseID(string(id)); err != nil || again != id {
				t.Errorf("%q gave %q, which gives %q, %v", text, id, again, err)
			}
		}
	})
}

// A script that begins lessons without end is stopped; beginning one of them again is not.
func TestOpenRecordingsAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		first := newRecording(t, c)
		next := first
		for range 19 {
			next.ID = storage.NewID()
			if _, err := create(c, next); err != nil {
				t.Fatal(err)
			}
		}
		last := next
		next.ID = storage.NewID()
		_, err := create(c, next)
		wantKind(t, err, storage.TooMany)
		if _, err := create(c, last); err != nil {
			t.Errorf("repeated: %v", err)
		}
		if err := c.StopRecording(t.Context(), first.ID, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := create(c, next); err != nil {
			t.Errorf("after one was stopped: %v", err)
		}
	})
}
