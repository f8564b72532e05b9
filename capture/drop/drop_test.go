package drop_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"backrow/capture/drop"
	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, objectstest.GatewayLeaks()...) }

type bench struct {
	*testing.T
	ctx       context.Context
	db        *storage.DB
	catalogue *storage.Catalogue
	store     objects.Store
	metrics   *prometheus.Registry
}

func newBench(t *testing.T, db *storage.DB) *bench {
	return &bench{T: t, ctx: t.Context(), db: db, catalogue: storage.NewCatalogue(db),
		store: objectstest.Embedded(t)}
}

// run tidies once.
func (b *bench) run(store objects.Store) error {
	b.Helper()
	b.metrics = prometheus.NewRegistry()
	d, err := drop.New(drop.Options{Catalogue: b.catalogue, Objects: store, Metrics: b.metrics,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	return d.Run(b.ctx)
}

func (b *bench) exec(query string, args ...any) {
	b.Helper()
	if _, err := b.db.Exec(b.ctx, query, args...); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) recording() (r storage.Recording) {
	b.Helper()
	if err := b.db.InTx(b.ctx, func(tx *storage.Tx) (err error) {
		r, err = b.catalogue.CreateRecording(b.ctx, tx, storage.Recording{ID: storage.NewID(),
			ProgramID: storage.NewID(), OwnerID: storage.NewID(), Title: "Fractions"})
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return r
}

// take adds one that has media from…to, in ms of the timeline, in segments of a second.
func (b *bench) take(r storage.Recording, route storage.Route, from, to int64) storage.Take {
	b.Helper()
	take, err := b.catalogue.BeginTake(b.ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID,
		Route: route, OffsetMS: from})
	if err != nil {
		b.Fatal(err)
	}
	where := fmt.Sprintf("recordings/%s/takes/%s/", r.ID, take.ID)
	size, sum := b.put(where + "init-1.mp4")
	if err := b.catalogue.AddInit(b.ctx, storage.Init{TakeID: take.ID, Number: 1,
		ObjectKey: where + "init-1.mp4", Bytes: size, SHA256: sum}); err != nil {
		b.Fatal(err)
	}
	for n := int64(0); from+n*1000 < to; n++ {
		key := fmt.Sprintf("%s%d.m4s", where, n+1)
		size, sum := b.put(key)
		if err := b.catalogue.AddSegment(b.ctx, storage.Segment{TakeID: take.ID, Number: n + 1,
			InitNumber: 1, Start: storage.Ticks(n * 90000),
			Length:    storage.Ticks(min(1000, to-from-n*1000) * 90),
			ObjectKey: key, Bytes: size, SHA256: sum}); err != nil {
			b.Fatal(err)
		}
	}
	if err := b.catalogue.EndTake(b.ctx, take.ID, "stopped"); err != nil {
		b.Fatal(err)
	}
	if route == storage.RouteLocal {
		b.exec(`UPDATE takes SET completed_at = ? WHERE id = ?`, storage.Now(), take.ID)
	}
	return take
}

func (b *bench) put(key string) (size int64, sum string) {
	b.Helper()
	hash := sha256.Sum256([]byte(key))
	sum = hex.EncodeToString(hash[:])
	if err := b.store.Put(b.ctx, key, strings.NewReader(key), int64(len(key)),
		objects.PutOptions{SHA256: sum}); err != nil {
		b.Fatal(err)
	}
	return int64(len(key)), sum
}

func (b *bench) settle(r storage.Recording, ago time.Duration) {
	b.Helper()
	b.exec(`UPDATE recordings SET state = 'ready', settled_at = ? WHERE id = ?`,
		storage.At(time.Now().Add(-ago)), r.ID)
}

// is holds what is there of a take: its state, its rows, and its objects.
func (b *bench) is(take storage.Take, state string, there bool) {
	b.Helper()
	now, err := b.catalogue.Take(b.ctx, take.ID)
	if err != nil || now.State != state {
		b.Errorf("%s take: state %s (%v), want %s", take.Route, now.State, err, state)
	}
	segments, err := b.catalogue.Segments(b.ctx, take.ID, 0, 1000)
	if err != nil || (len(segments) > 0) != there {
		b.Errorf("%s take: %d segments are listed: %v", take.Route, len(segments), err)
	}
	for _, s := range segments {
		if _, err := b.store.Stat(b.ctx, s.ObjectKey); err != nil {
			b.Errorf("listed, but missing: %v", err)
		}
	}
	if n := b.objects(take); (n > 0) != there {
		b.Errorf("%s take: %d objects", take.Route, n)
	}
}

func (b *bench) objects(take storage.Take) int {
	b.Helper()
	found, err := b.store.List(b.ctx, fmt.Sprintf("recordings/%s/takes/%s/", take.RecordingID, take.ID), "", 1000)
	if err != nil {
		b.Fatal(err)
	}
	return len(found)
}

func (b *bench) tidied(r storage.Recording) bool {
	b.Helper()
	now, err := b.catalogue.Recording(b.ctx, r.ID)
	if err != nil {
		b.Fatal(err)
	}
	return !now.TidiedAt.Before(now.SettledAt.Time)
}

// counted is how many takes the last run says that it dropped.
func (b *bench) counted() float64 {
	b.Helper()
	families, err := b.metrics.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "backrow_capture_takes_dropped_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	b.Fatal("no such metric")
	return 0
}

const long = 25 * time.Hour

func TestWhatIsDropped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		for _, c := range []struct {
			name  string
			local [][2]int64 // complete
			live  [2]int64
			gone  bool
		}{
			{"all of it is there", [][2]int64{{0, 9000}}, [2]int64{200, 8800}, true},
			{"its fringe is not", [][2]int64{{400, 8600}}, [2]int64{0, 9000}, true},
			{"its end is not", [][2]int64{{0, 9000}}, [2]int64{100, 9600}, false},
			{"its beginning is not", [][2]int64{{1000, 9000}}, [2]int64{300, 9000}, false},
			{"takes that follow each other", [][2]int64{{0, 4000}, {4010, 9000}}, [2]int64{0, 9000}, true},
			{"a hole in the middle", [][2]int64{{0, 4000}, {4200, 9000}}, [2]int64{0, 9000}, false},
			{"a hole elsewhere", [][2]int64{{0, 4000}, {4200, 9000}}, [2]int64{5000, 9000}, true},
			{"nothing but live", nil, [2]int64{0, 9000}, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := newBench(t, db)
				r := b.recording()
				live := b.take(r, storage.RouteLive, c.live[0], c.live[1])
				var locals []storage.Take
				for _, l := range c.local {
					locals = append(locals, b.take(r, storage.RouteLocal, l[0], l[1]))
				}
				b.settle(r, long)
				if err := b.run(b.store); err != nil {
					t.Fatal(err)
				}
				state := "ended"
				if c.gone {
					state = "dropped"
				}
				b.is(live, state, !c.gone)
				for _, l := range locals {
					b.is(l, "ended", true)
				}
				if !b.tidied(r) {
					t.Error("the recording is looked at again and again")
				}
				if n := b.counted(); (n == 1) != c.gone {
					t.Errorf("%v takes counted", n)
				}
			})
		}
	})
}

func TestWhatIsNotDroppedYet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db)
		r := b.recording()
		live := b.take(r, storage.RouteLive, 0, 5000)
		local := b.take(r, storage.RouteLocal, 0, 5000)
		for name, set := range map[string]func(){
			"not settled":         func() {},
			"settled an hour ago": func() { b.settle(r, time.Hour) },
			"deleted": func() {
				b.settle(r, long)
				b.exec(`UPDATE recordings SET deleted_at = ? WHERE id = ?`, storage.Now(), r.ID)
			},
		} {
			b.exec(`UPDATE recordings SET settled_at = '' WHERE id = ?`, r.ID)
			set()
			if err := b.run(b.store); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			b.exec(`UPDATE recordings SET deleted_at = '' WHERE id = ?`, r.ID)
			if b.is(live, "ended", true); b.tidied(r) && name != "not settled" {
				t.Errorf("%s: tidied", name)
			}
		}

		// A take that is not complete counts for nothing, whatever it has.
		b.settle(r, long)
		b.exec(`UPDATE takes SET completed_at = '' WHERE id = ?`, local.ID)
		if err := b.run(b.store); err != nil {
			t.Fatal(err)
		}
		b.is(live, "ended", true)

		// It is looked at again when it has settled anew.
		b.exec(`UPDATE takes SET completed_at = ? WHERE id = ?`, storage.Now(), local.ID)
		b.exec(`UPDATE recordings SET tidied_at = ? WHERE id = ?`, storage.At(time.Now().Add(-2*long)), r.ID)
		b.settle(r, long)
		if err := b.run(b.store); err != nil {
			t.Fatal(err)
		}
		b.is(live, "dropped", false)
	})
}

func TestLocalObjectThatIsMissing(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	r := b.recording()
	live := b.take(r, storage.RouteLive, 0, 5000)
	local := b.take(r, storage.RouteLocal, 0, 5000)
	if err := b.store.Delete(b.ctx, fmt.Sprintf("recordings/%s/takes/%s/3.m4s", r.ID, local.ID)); err != nil {
		t.Fatal(err)
	}
	b.settle(r, long)
	if err := b.run(b.store); err != nil {
		t.Fatal(err)
	}
	b.is(live, "ended", true)
}

// failing is a store that deletes some objects and then fails, as a crash in the middle does.
type failing struct {
	objects.Store
	left int
}

var errCrash = errors.New("crash")

func (f *failing) Delete(ctx context.Context, key string) error {
	if f.left--; f.left < 0 {
		return errCrash
	}
	return f.Store.Delete(ctx, key)
}

func TestCrashInTheMiddle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db)
		r, other := b.recording(), b.recording()
		live, second := b.take(r, storage.RouteLive, 0, 5000), b.take(other, storage.RouteLive, 0, 5000)
		b.take(r, storage.RouteLocal, 0, 5000)
		b.take(other, storage.RouteLocal, 0, 5000)
		b.settle(r, 2*long)
		b.settle(other, long)
		if err := b.run(&failing{b.store, 2}); !errors.Is(err, errCrash) {
			t.Fatalf("a store that fails: %v", err)
		}
		if now, err := b.catalogue.Take(b.ctx, live.ID); now.State != "dropped" || err != nil {
			t.Errorf("after the crash: %s %v", now.State, err)
		}
		segments, err := b.catalogue.Segments(b.ctx, live.ID, 0, 10)
		if len(segments) > 0 || err != nil || b.objects(live) == 0 || b.tidied(r) {
			t.Errorf("after the crash: %d segments listed, %d objects: %v", len(segments), b.objects(live), err)
		}
		if err := b.run(b.store); err != nil {
			t.Fatal(err)
		}
		b.is(live, "dropped", false)
		b.is(second, "dropped", false)
		if !b.tidied(r) || !b.tidied(other) {
			t.Error("not tidied")
		}
	})
}
