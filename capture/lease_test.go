package capture_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// nodes are two servers on one database and one store.
func nodes(t *testing.T, db *storage.DB, urls ...string) (a, b *bench) {
	t.Helper()
	a = newBench(t, db, func(o *capture.Options) { o.Hasten(); o.NodeURL = urls[0] })
	b = a.beside(func(o *capture.Options) { o.Hasten(); o.NodeURL = urls[1] })
	return a, b
}

// TestStoppedAtAnotherNode has a recording stopped at a node that receives none of it: what the
// other one holds is in it.
func TestStoppedAtAnotherNode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		a, b := nodes(t, db, "", "")
		recording := a.recording()
		sender, offer, _ := a.publish(recording, 0)
		sender.send(t.Context(), 3*time.Second, 0)
		if saved, err := b.server.Saved(t.Context(), recording); err != nil || !saved.LiveTake {
			t.Errorf("at the other node: %+v, %v", saved, err)
		}
		if r := b.stop(recording); r.State != storage.StateReady || r.DurationMS < 2900 {
			t.Errorf("stopped: %s, %d ms", r.State, r.DurationMS)
		}
		b.read(recording).complete(t, sender.frames, 1)
		take, err := a.cat.Take(t.Context(), offer.Take)
		if err != nil || take.State != "ended" || !take.LeaseUntil.IsZero() || take.Node != a.server.Node() {
			t.Errorf("the take: %+v, %v", take, err)
		}
	})
}

// TestSessionAtAnotherNode sends a client on to the node that has its session, or ends it there.
func TestSessionAtAnotherNode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		a, b := nodes(t, db, "https://a.example/", "")
		recording := a.recording()
		sender, offer, session := a.publish(recording, 0)
		sender.send(t.Context(), time.Second, 0)
		ctx := t.Context()
		var to *whip.Elsewhere
		err := b.server.Trickle(ctx, offer.Take, session.ID, session.ETag, "a=mid:0\r\n")
		if !errors.As(err, &to) || to.URL != "https://a.example" {
			t.Errorf("a candidate: %v", err)
		}
		if err := b.server.Trickle(ctx, offer.Take, "guess", session.ETag, ""); storage.KindOf(err) != storage.NotFound {
			t.Errorf("a candidate of a guessed session: %v", err)
		}
		if err := b.server.EndSession(ctx, offer.Take, "guess"); storage.KindOf(err) != storage.NotFound {
			t.Errorf("the end of a guessed session: %v", err)
		}
		if err := b.server.EndSession(ctx, offer.Take, session.ID); err != nil {
			t.Error(err)
		}
		if err := b.server.EndSession(ctx, offer.Take, session.ID); storage.KindOf(err) != storage.NotFound {
			t.Errorf("ended again: %v", err)
		}
		if saved, err := a.server.Saved(ctx, recording); err != nil || saved.LiveTake || saved.Pending > 0 {
			t.Errorf("once it has ended: %+v, %v", saved, err)
		}
		b.read(recording).complete(t, sender.frames, 1)

		sender, offer, session = b.publish(recording, 0)
		sender.send(ctx, time.Second/2, 0)
		err = a.server.Trickle(ctx, offer.Take, session.ID, session.ETag, "")
		if storage.KindOf(err) != storage.Unavailable || errors.As(err, &to) {
			t.Errorf("at a node without an address: %v", err)
		}
		b.stop(recording)
	})
}

// TestNodeDies has a node end with everything in its spool, while the teacher goes on at another
// one; what it had comes when it does.
func TestNodeDies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		a, b := nodes(t, db, "", "")
		recording := a.recording()
		a.store.away.Store(true)
		first, _, _ := a.publish(recording, 0)
		first.send(t.Context(), 3*time.Second, 0)
		a.close(time.Millisecond)

		at := int64(6000)
		second, sdp := newBrowser(t, 0, 8)
		offer := whip.Offer{Recording: recording, Take: storage.NewID(), SDP: sdp, OffsetMS: &at}
		session, err := b.server.Publish(t.Context(), offer)
		if err != nil {
			t.Fatal(err)
		}
		second.answer(session.Answer)
		second.send(t.Context(), time.Second, 0)
		if r := b.stop(recording); r.State != storage.StateReady { // when the lease has run out
			b.eventually("it becomes ready without the dead node", 10*time.Second,
				func() bool { return b.state(recording) == storage.StateReady })
		}
		b.read(recording).complete(t, second.frames, 1)

		a.store.away.Store(false)
		a.open()
		a.eventually("the spool is sent on", 10*time.Second, func() bool {
			left, _ := filepath.Glob(filepath.Join(a.spool, "*.item"))
			return len(left) == 0
		})
		s := b.read(recording)
		if want := first.frames + second.frames; len(s.numbers) != want {
			t.Errorf("%d frames, want %d", len(s.numbers), want)
		}
		a.eventually("what came late is taken into account, and worked on", 10*time.Second, func() bool {
			r, err := a.cat.Recording(t.Context(), recording)
			return err == nil && r.CoveredMS > 3900 && !r.SettledAt.IsZero() && a.settled.Load() == 1
		})
		takes, err := a.cat.Takes(t.Context(), recording)
		if err != nil || len(takes) != 2 || takes[0].OffsetMS >= takes[1].OffsetMS {
			t.Fatalf("takes: %+v, %v", takes, err)
		}
	})
}

// TestLeaseRunsOut gives up a take of a node that is not heard of, and takes it back when the node
// was only cut off.
func TestLeaseRunsOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, func(o *capture.Options) { o.Hasten() })
		ctx := t.Context()
		recording := b.recording()
		lost := storage.Take{ID: storage.NewID(), RecordingID: recording, Route: storage.RouteLive,
			Node: storage.NewID(), LeaseUntil: storage.At(time.Now().Add(-time.Minute))}
		if _, err := b.cat.BeginTake(ctx, lost); err != nil {
			t.Fatal(err)
		}
		state := func() string {
			take, err := b.cat.Take(ctx, lost.ID)
			if err != nil {
				t.Fatal(err)
			}
			return take.State + " " + take.EndReason
		}
		b.eventually("the take is given up", 10*time.Second,
			func() bool { return state() == "ended "+storage.EndedLease })
		until := storage.At(time.Now().Add(time.Minute))
		if err := b.cat.RenewLeases(ctx, lost.Node, []storage.ID{lost.ID}, until); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != "open "+storage.EndedLease {
			t.Errorf("taken back: %s", got)
		}
		// A clock that was an hour ahead when the lease was written is not waited for that long.
		far := storage.At(time.Now().Add(time.Hour))
		if err := b.cat.RenewLeases(ctx, lost.Node, []storage.ID{lost.ID}, far); err != nil {
			t.Fatal(err)
		}
		if r := b.stop(recording); r.State != storage.StateReady {
			t.Errorf("it is %s", r.State)
		}
	})
}

// TestEndOf ends what a person sends, at whichever node, at once.
func TestEndOf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		a, b := nodes(t, db, "", "")
		recording := a.recording()
		r, err := a.cat.Recording(t.Context(), recording)
		if err != nil {
			t.Fatal(err)
		}
		here, _, _ := a.publish(recording, 0)
		there, _, _ := b.publish(recording, 0)
		other, _, _ := b.publish(b.recording(), 0)
		sending, stop := context.WithCancel(t.Context())
		defer stop()
		for _, sender := range []*browser{here, there, other} {
			sender.work.Go(func() { sender.send(sending, time.Minute, 0) })
		}
		if err := a.server.EndOf(t.Context(), r.OwnerID); err != nil {
			t.Fatal(err)
		}
		live := func(b *bench) bool {
			saved, err := b.server.Saved(t.Context(), recording)
			return err != nil || saved.LiveTake
		}
		a.eventually("nothing is received of them", 5*time.Second,
			func() bool { return !live(a) && !live(b) })
		if got := b.state(recording); got != storage.StateRecording {
			t.Errorf("the recording is %s", got)
		}
		b.eventually("the other one goes on", 5*time.Second, func() bool { return other.frames > 0 })
		if len(b.server.Serving()) != 1 {
			t.Errorf("%d takes are received at the other node, want 1", len(b.server.Serving()))
		}
		stop()
	})
}
