package capture_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// outages takes a lesson through trouble: it begins after a second and a half of the lesson, ends
// some seconds later, and everything is there in the end.
func outages(t *testing.T, b *bench, begin, end func()) {
	t.Helper()
	recording := b.recording()
	sender, _, _ := b.publish(recording, 0)
	sender.send(t.Context(), 1500*time.Millisecond, 0)
	begin()
	sender.send(t.Context(), 6*time.Second, 0)
	b.eventually("a word that something is wrong", 10*time.Second, func() bool {
		saved, err := b.server.Saved(t.Context(), recording)
		return err != nil || saved.Problem != ""
	})
	end()
	b.stop(recording)
	b.eventually("it becomes ready", 20*time.Second,
		func() bool { return b.state(recording) == storage.StateReady })
	b.read(recording).complete(t, sender.frames, 1)
}

// once wants one line in the log for the beginning of an outage, and one for its end.
func (b *bench) once(begins, ends string) {
	b.t.Helper()
	for _, text := range []string{begins, ends} {
		if n := b.said(text); n != 1 {
			b.t.Errorf("%d lines say %q, want 1", n, text)
		}
	}
	if n := b.said("LOST"); n > 0 {
		b.t.Errorf("%d lines say that something is lost", n)
	}
}

const (
	notStored   = "segments cannot be stored"
	storedAgain = "segments are stored again"
)

func TestStoreRefuses(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.Hasten() })
	outages(t, b, func() { b.store.away.Store(true) }, func() { b.store.away.Store(false) })
	b.once(notStored, storedAgain)
}

func TestStoreHangs(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.Hasten() })
	outages(t, b, func() { b.store.hangs.Store(true) }, func() { b.store.hangs.Store(false) })
	b.once(notStored, storedAgain)
}

// TestDatabaseLocked has somebody else hold the database's lock for some seconds.
func TestDatabaseLocked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, func(o *capture.Options) { o.Hasten() })
		free, done := make(chan struct{}), make(chan error, 1)
		outages(t, b, func() {
			held := make(chan struct{})
			go func() {
				done <- db.InTx(context.Background(), func(tx *storage.Tx) error {
					if tx.Dialect() == storage.Postgres {
						if _, err := tx.Exec(context.Background(),
							`LOCK TABLE takes, segments, inits IN EXCLUSIVE MODE`); err != nil {
							return err
						}
					}
					close(held)
					<-free
					return nil
				})
			}()
			<-held
		}, func() {
			close(free)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		b.once(notStored, storedAgain)
	})
}

// TestSpoolGone takes the spool's folder away: segments are sent from memory.
func TestSpoolGone(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.Hasten() })
	aside := b.spool + ".aside"
	outages(t, b, func() {
		if err := os.Rename(b.spool, aside); err != nil {
			t.Fatal(err)
		}
	}, func() {
		if err := os.Rename(aside, b.spool); err != nil {
			t.Fatal(err)
		}
	})
	if n := b.said("cannot be written to the spool"); n != 1 {
		t.Errorf("%d lines say so", n)
	}
}

// TestDiskFull fills the disk of the spool while the store is away, and gives back the room.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk; TestSpoolGone has a disk that takes nothing")
	}
	disk := t.TempDir()
	if err := syscall.Mount("backrow-test", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) {
		o.Hasten()
		o.Spool = filepath.Join(disk, "spool")
	})
	ballast := filepath.Join(disk, "ballast")
	outages(t, b, func() {
		b.store.away.Store(true)
		_ = os.WriteFile(ballast, make([]byte, 1<<20), 0o600) // as much as there is room for
	}, func() {
		saved, err := b.server.Saved(t.Context(), b.last)
		if err != nil || !strings.Contains(saved.Problem, "full") {
			t.Errorf("what is said: %+v, %v", saved, err)
		}
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
		b.store.away.Store(false)
	})
	if n := b.said("cannot be written to the spool"); n != 1 {
		t.Errorf("%d lines say that the disk is full", n)
	}
}

// TestNowhereToKeep has neither disk nor store: what does not fit into memory is lost, which is said
// once, and what comes afterwards is kept.
func TestNowhereToKeep(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) {
		o.Hasten()
		o.Cramp(500_000)
		o.SpoolBytes = 1
	})
	recording := b.recording()
	b.store.away.Store(true)
	sender, _, _ := b.publish(recording, 0)
	sender.send(t.Context(), 8*time.Second, 0)
	b.eventually("it is said that some is lost", 5*time.Second, func() bool {
		saved, err := b.server.Saved(t.Context(), recording)
		return err == nil && strings.Contains(saved.Problem, "could not be kept")
	})
	b.store.away.Store(false)
	before := sender.frames
	sender.send(t.Context(), 4*time.Second, 0)
	b.stop(recording)
	b.eventually("it becomes ready", 20*time.Second,
		func() bool { return b.state(recording) == storage.StateReady })
	s := b.read(recording)
	if n := b.said("LOST"); n != 1 {
		t.Errorf("%d lines say that segments are lost", n)
	}
	if len(s.times) < 60 || len(s.times) >= sender.frames {
		t.Errorf("%d of %d frames", len(s.times), sender.frames)
	}
	for n := before + 90; n < sender.frames; n++ {
		if _, ok := s.times[n]; !ok {
			t.Fatalf("frame %d is missing, and the store was back at %d", n, before)
		}
	}
}

// TestClockJumps sets the wall clock five hours forward, and ten back, while a lesson is recorded.
func TestClockJumps(t *testing.T) {
	var ahead atomic.Int64 // of the wall clock
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) {
		o.Hasten()
		o.Idle = 20 * time.Second
		o.Wall = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	recording := b.recording()
	offer := zeroOf(0)
	zero := offer.ZeroUnixMS
	sender, _, _ := b.publishOn(recording, line{}, offer)
	jump := time.AfterFunc(1500*time.Millisecond, func() { ahead.Store(int64(5 * time.Hour)) })
	defer jump.Stop()
	back := time.AfterFunc(4*time.Second, func() { ahead.Store(-int64(5 * time.Hour)) })
	defer back.Stop()
	sender.send(t.Context(), 6*time.Second, 0)
	frames := sender.frames

	// An encoder that says nothing of time joins: it is laid behind, not hours away.
	encoder, _, session := b.publishOn(recording, line{}, whip.Offer{Source: "screen"})
	encoder.send(t.Context(), time.Second, 0)
	takes, err := b.cat.Takes(t.Context(), recording)
	if err != nil || len(takes) != 2 {
		t.Fatalf("%d takes: %v", len(takes), err)
	}
	for _, take := range takes {
		if take.Source == "screen" {
			if err := b.server.EndSession(t.Context(), take.ID, session.ID); err != nil {
				t.Error(err)
			}
		}
	}
	if state := b.state(recording); state != storage.StateRecording {
		t.Errorf("it is %s", state)
	}
	r := b.stop(recording)
	if r.State != storage.StateReady || r.DurationMS > 60_000 {
		t.Errorf("stopped: %s, %d ms", r.State, r.DurationMS)
	}
	s := b.read(recording)
	s.complete(t, frames, 1)
	s.placed(t, sender, zero, 0)
}

// TestRestartWithAFullSpool starts with more in the spool than it may hold: what is there is sent,
// and what comes meanwhile goes by memory.
func TestRestartWithAFullSpool(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.Hasten() })
	recording := b.recording()
	b.store.away.Store(true)
	first, _, _ := b.publish(recording, 0)
	first.send(t.Context(), 3*time.Second, 0)
	b.close(time.Millisecond)
	b.options.SpoolBytes = 1
	b.open()
	at := int64(5000)
	second, _, _ := b.publishOn(recording, line{}, whip.Offer{OffsetMS: &at})
	second.from = first.frames
	second.send(t.Context(), 2*time.Second, 0)
	b.store.away.Store(false)
	b.stop(recording)
	b.eventually("it becomes ready", 20*time.Second,
		func() bool { return b.state(recording) == storage.StateReady })
	b.read(recording).complete(t, first.frames+second.frames, 1)
}

// TestMemoryOfAnOutage feeds one take for as long as an outage of twenty minutes lasts: what waits
// is on the disk, not in memory.
func TestMemoryOfAnOutage(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	take, err := b.cat.BeginTake(t.Context(), storage.Take{ID: storage.NewID(), RecordingID: recording,
		Route: storage.RouteLive})
	if err != nil {
		t.Fatal(err)
	}
	b.store.away.Store(true)
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	const n, size = 600, 100_000 // 400 kbit/s, which is enough to see
	before := heap()
	b.server.Feed(recording, take.ID, n, size)
	grown := heap() - before
	t.Logf("%d kB of media wait, %d kB of memory", n*size/1000, grown/1000)
	if grown > n*size/10 {
		t.Errorf("%d kB of memory for %d kB of media", grown/1000, n*size/1000)
	}
	saved, err := b.server.Saved(t.Context(), recording)
	if err != nil || saved.Pending != n+1 {
		t.Errorf("pending: %+v, %v", saved, err)
	}
	b.store.away.Store(false)
	b.eventually("all of it is stored", time.Minute, func() bool {
		saved, err := b.server.Saved(t.Context(), recording)
		return err == nil && saved.Pending == 0
	})
}
