package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"backrow/storage"
	"backrow/storage/dbtest"
)

// taughtLesson is a recording that has been stopped, with a live take of 2 s.
func taughtLesson(t *testing.T, c *storage.Catalogue) (storage.Recording, storage.Take) {
	t.Helper()
	ctx := context.Background()
	r := newRecording(t, c)
	take, err := c.BeginTake(ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID, Route: storage.RouteLive})
	if err != nil {
		t.Fatal(err)
	}
	addTwoSeconds(t, c, take.ID, 1)
	return r, take
}

func addTwoSeconds(t *testing.T, c *storage.Catalogue, take storage.ID, number int64) {
	t.Helper()
	if err := c.AddSegment(context.Background(), storage.Segment{TakeID: take, Number: number, InitNumber: 1,
		Start: storage.Ticks(number-1) * 180000, Length: 180000, ObjectKey: "k", Bytes: 1, SHA256: "aa"}); err != nil {
		t.Fatal(err)
	}
}

// beginLocal begins a local take of a recording.
func beginLocal(t *testing.T, c *storage.Catalogue, recording storage.ID) storage.Take {
	t.Helper()
	take, _, err := c.BeginLocalTake(context.Background(), storage.Take{ID: storage.NewID(), RecordingID: recording,
		Route: storage.RouteLocal, Source: "camera", Direct: true, StartedAt: storage.Now(), MediaType: "video/mp4"})
	if err != nil {
		t.Fatal(err)
	}
	return take
}

// settle settles a recording as it is now, and tells how often the hook ran.
func settle(t *testing.T, c *storage.Catalogue, id storage.ID, coveredMS int64) (settled bool, ran int) {
	t.Helper()
	ctx := context.Background()
	r, err := c.Recording(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	settled, err = c.SettleIfComplete(ctx, id, storage.Coverage{Arrivals: r.Arrivals, CoveredMS: coveredMS},
		func(context.Context, *storage.Tx, storage.Recording) error { ran++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	have, err := c.Recording(ctx, id)
	if err != nil || have.SettledAt.IsZero() == settled || have.CoveredMS != coveredMS {
		t.Errorf("settled: %v: %+v, %v", settled, have, err)
	}
	return settled, ran
}

func makeReady(t *testing.T, c *storage.Catalogue, id storage.ID, taughtMS int64) {
	t.Helper()
	ctx := context.Background()
	if err := c.StopRecording(ctx, id, taughtMS); err != nil {
		t.Fatal(err)
	}
	if err := c.FinishRecording(ctx, id, nil); err != nil {
		t.Fatal(err)
	}
}

func TestSettle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		r, _ := taughtLesson(t, c)
		if settled, _ := settle(t, c, r.ID, 1000); settled {
			t.Error("settled while it is recorded")
		}
		away := beginLocal(t, c, r.ID)
		makeReady(t, c, r.ID, 4000)
		if have, _ := c.Take(t.Context(), away.ID); have.State != "open" {
			t.Errorf("a local take is %s when the recording has been stopped", have.State)
		}
		if settled, _ := settle(t, c, r.ID, 2000); settled {
			t.Error("settled while a laptop has more")
		}
		addTwoSeconds(t, c, away.ID, 1)
		addTwoSeconds(t, c, away.ID, 2)
		if _, err := c.EndLocalTake(t.Context(), r.ID, away.ID, 0, 4000, "stopped", nil); err != nil {
			t.Fatal(err)
		}
		if settled, ran := settle(t, c, r.ID, 4000); !settled || ran != 1 {
			t.Errorf("settled: %v, with work: %d", settled, ran)
		}
		if settled, ran := settle(t, c, r.ID, 4000); !settled || ran != 0 {
			t.Errorf("once more: %v, with work: %d", settled, ran)
		}
		have, _ := c.Recording(t.Context(), r.ID)
		if have.Completeness() != 1 || have.TaughtMS != 4000 {
			t.Errorf("%+v", have)
		}
		// Another laptop turns up.
		beginLocal(t, c, r.ID)
		if settled, _ := settle(t, c, r.ID, 4000); settled {
			t.Error("settled although another laptop has more")
		}
	})
}

// TestSettleWithoutChange has nothing to do for the work that was queued when it was ready.
func TestSettleWithoutChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		r, take := taughtLesson(t, c)
		makeReady(t, c, r.ID, -1)
		addTwoSeconds(t, c, take.ID, 1) // the same again
		if settled, ran := settle(t, c, r.ID, 2000); !settled || ran != 0 {
			t.Errorf("settled: %v, with work: %d", settled, ran)
		}
	})
}

// TestSettleBringsForward has the work begin that waited for a laptop whose last word brings nothing
// but the end.
func TestSettleBringsForward(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		r, _ := taughtLesson(t, c)
		local := beginLocal(t, c, r.ID)
		addTwoSeconds(t, c, local.ID, 1)
		makeReady(t, c, r.ID, 2000)
		if _, err := c.EndLocalTake(t.Context(), r.ID, local.ID, 0, 2000, "stopped", nil); err != nil {
			t.Fatal(err)
		}
		if settled, ran := settle(t, c, r.ID, 2000); !settled || ran != 1 {
			t.Errorf("settled: %v, with work: %d", settled, ran)
		}
	})
}

func TestSettleHoldsToWhatItSaw(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		c := storage.NewCatalogue(db)
		r, take := taughtLesson(t, c)
		makeReady(t, c, r.ID, -1)
		addTwoSeconds(t, c, take.ID, 2)
		_, err := c.SettleIfComplete(ctx, r.ID, storage.Coverage{Arrivals: 1, CoveredMS: 2000}, nil)
		wantKind(t, err, storage.Conflict)
		_, err = c.SettleIfComplete(ctx, storage.NewID(), storage.Coverage{}, nil)
		wantKind(t, err, storage.NotFound)
		boom := errors.New("the queue is away")
		_, err = c.SettleIfComplete(ctx, r.ID, storage.Coverage{Arrivals: 2, CoveredMS: 4000},
			func(context.Context, *storage.Tx, storage.Recording) error { return boom })
		if have, _ := c.Recording(ctx, r.ID); !errors.Is(err, boom) || !have.SettledAt.IsZero() || have.CoveredMS != 0 {
			t.Errorf("%v: %+v", err, have)
		}
	})
}

func TestUnsettled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		c := storage.NewCatalogue(db)
		left, _ := taughtLesson(t, c)
		makeReady(t, c, left.ID, -1)
		waiting, _ := taughtLesson(t, c)
		beginLocal(t, c, waiting.ID)
		makeReady(t, c, waiting.ID, -1)
		stolen, _ := taughtLesson(t, c)
		beginLocal(t, c, stolen.ID)
		makeReady(t, c, stolen.ID, -1)
		long := storage.At(time.Now().Add(-storage.LocalFor - time.Hour))
		if _, err := db.Exec(ctx, `UPDATE recordings SET started_at = ? WHERE id = ?`, long, stolen.ID); err != nil {
			t.Fatal(err)
		}
		done, _ := taughtLesson(t, c)
		makeReady(t, c, done.ID, -1)
		settle(t, c, done.ID, 2000)
		taughtLesson(t, c) // is still recorded
		found, err := c.Unsettled(ctx, "", 10)
		if err != nil || len(found) != 2 || found[0].ID != left.ID || found[1].ID != stolen.ID {
			t.Errorf("%+v, %v", found, err)
		}
		if settled, _ := settle(t, c, stolen.ID, 2000); !settled {
			t.Error("a laptop that does not come back for a month is waited for")
		}
		if found, err := c.Unsettled(ctx, left.ID, 1); err != nil || len(found) != 0 {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// TestTaught: of several pages the longest counts, and one may say it late.
func TestTaught(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		r, _ := taughtLesson(t, c)
		for _, say := range []struct{ taught, want int64 }{{-1, -1}, {3000, 3000}, {2000, 3000}, {-1, 3000}, {5000, 5000}} {
			if err := c.StopRecording(t.Context(), r.ID, say.taught); err != nil {
				t.Fatal(err)
			}
			if have, _ := c.Recording(t.Context(), r.ID); have.TaughtMS != say.want || have.State != storage.StateFinishing {
				t.Errorf("%d was said: %+v", say.taught, have)
			}
		}
	})
}

func TestCompleteness(t *testing.T) {
	for _, c := range []struct {
		taught, covered, duration int64
		want                      float64
	}{{-1, 0, 0, 1}, {0, 0, 0, 1}, {4000, 1000, 9000, 0.25}, {-1, 1000, 4000, 0.25}, {1000, 1100, 1100, 1}} {
		r := storage.Recording{TaughtMS: c.taught, CoveredMS: c.covered, DurationMS: c.duration}
		if got := r.Completeness(); got != c.want {
			t.Errorf("%+v: %f, want %f", c, got, c.want)
		}
	}
}

// TestArrivals are told in the order in which they came, over takes, with what they follow.
func TestArrivals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		r, first := taughtLesson(t, c)
		second := beginLocal(t, c, r.ID)
		addTwoSeconds(t, c, second.ID, 1)
		addTwoSeconds(t, c, first.ID, 2)
		addTwoSeconds(t, c, first.ID, 2) // again: no arrival
		addTwoSeconds(t, c, second.ID, 2)
		got, err := c.Arrivals(t.Context(), r.ID, 1, 10)
		if err != nil || len(got) != 3 {
			t.Fatalf("%+v, %v", got, err)
		}
		for i, want := range []storage.Arrival{
			{Source: "camera", Start: 0, Length: 180000, Arrived: 2},
			{Source: "camera", Start: 180000, Length: 180000, BeforeLength: 180000, Arrived: 3},
			{Source: "camera", Start: 180000, Length: 180000, BeforeLength: 180000, Arrived: 4},
		} {
			if got[i] != want {
				t.Errorf("arrival %d is %+v, want %+v", i, got[i], want)
			}
		}
		var segments []storage.Segment
		for after := (storage.Segment{}); ; after = segments[len(segments)-1] {
			page, err := c.SegmentsOf(t.Context(), r.ID, after.TakeID, after.Number, 3)
			if err != nil {
				t.Fatal(err)
			}
			segments = append(segments, page...)
			if len(page) < 3 {
				break
			}
		}
		if len(segments) != 4 || segments[0].TakeID != segments[1].TakeID || segments[3].Number != 2 {
			t.Errorf("segments %+v", segments)
		}
	})
}

// TestDeletedTakesNoMore: what arrives for a recording that was deleted is refused for good.
func TestDeletedTakesNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c := storage.NewCatalogue(db)
		r, take := taughtLesson(t, c)
		if err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			return c.DeleteRecording(t.Context(), tx, r.ID)
		}); err != nil {
			t.Fatal(err)
		}
		err := c.AddSegment(t.Context(), storage.Segment{TakeID: take.ID, Number: 2, InitNumber: 1, Length: 1,
			ObjectKey: "k", Bytes: 1, SHA256: "aa"})
		wantKind(t, err, storage.NotFound)
	})
}
