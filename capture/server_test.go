package capture_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"backrow/capture"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestLesson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		recording := b.recording()
		sender, offer, _ := b.publish(recording, 0)
		sender.send(t.Context(), 7*time.Second, 300*time.Millisecond)
		if saved, err := b.server.Saved(t.Context(), recording); err != nil || !saved.LiveTake || saved.UntilMS < 3000 {
			t.Errorf("while recording: %+v, %v", saved, err)
		}
		if text, err := b.server.Playlist(t.Context(), recording, capture.View{}); err != nil || !strings.Contains(text, "EVENT") {
			t.Errorf("while recording: %v\n%s", err, text)
		}
		r := b.stop(recording)
		if r.State != storage.StateReady || r.DurationMS < 6900 || r.DurationMS > 7200 {
			t.Errorf("stopped: %s, %d ms", r.State, r.DurationMS)
		}
		s := b.read(recording)
		s.complete(t, sender.frames, 1)
		s.decode(t)
		if s.packets < sender.packets {
			t.Errorf("%d packets of sound, want %d", s.packets, sender.packets)
		}
		want := sender.audioBegan.Sub(sender.videoBegan).Milliseconds()
		if got := s.audio/48 - s.video/90; got < want-40 || got > want+40 {
			t.Errorf("sound begins %d ms after pictures, want %d", got, want)
		}
		if !strings.Contains(s.playlist, "VOD") || !strings.Contains(s.playlist, "ENDLIST") {
			t.Errorf("playlist:\n%s", s.playlist)
		}
		if n := sender.plis.Load(); n < 2 || n > 5 {
			t.Errorf("%d key frames were asked for in 7 s", n)
		}
		if again := b.stop(recording); again.State != storage.StateReady || b.ready.Load() != 1 {
			t.Errorf("stopped again: %s, told %d times", again.State, b.ready.Load())
		}
		offer.Take = storage.NewID()
		if _, err := b.server.Publish(t.Context(), offer); storage.KindOf(err) != storage.Conflict {
			t.Errorf("a take of a stopped recording: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(b.spool, "*.item")); len(left) > 0 {
			t.Errorf("left in the spool: %v", left)
		}
	})
}

// TestLoss loses every twentieth packet, repeats as well.
func TestLoss(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	sender, _, _ := b.publish(recording, 5)
	sender.send(t.Context(), 8*time.Second, 0)
	b.stop(recording)
	s := b.read(recording)
	s.complete(t, sender.frames, 0.995)
	s.decode(t)
	if s.packets < sender.packets {
		t.Errorf("%d packets of sound, want %d", s.packets, sender.packets)
	}
}

// TestKilled has a server end with everything still in its spool, as a crash leaves it, and
// another one take up from there.
func TestKilled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		recording := b.recording()
		b.store.away.Store(true)
		sender, offer, _ := b.publish(recording, 0)
		sender.send(t.Context(), 5*time.Second, 0)
		b.eventually("a word that the store is away", 5*time.Second, func() bool {
			saved, err := b.server.Saved(t.Context(), recording)
			return err == nil && saved.Problem != "" && saved.Pending > 0
		})
		b.close(time.Millisecond)
		sender.close()
		if _, err := b.server.Playlist(t.Context(), recording, capture.View{}); storage.KindOf(err) != storage.NotFound {
			t.Errorf("a playlist of nothing: %v", err)
		}
		b.store.away.Store(false)
		b.options.Idle = time.Minute
		b.open()
		b.eventually("the spool is sent on", 10*time.Second, func() bool {
			left, _ := filepath.Glob(filepath.Join(b.spool, "*.item"))
			return len(left) == 0
		})
		if state := b.state(recording); state != storage.StateRecording {
			t.Errorf("after the restart it is %s", state)
		}
		s := b.read(recording)
		s.complete(t, sender.frames, 1)

		// It can be joined again, not into the same take.
		sender2, sdp := newBrowser(t, 0, 8)
		offer.SDP = sdp
		if _, err := b.server.Publish(t.Context(), offer); storage.KindOf(err) != storage.Conflict {
			t.Errorf("the take of before: %v", err)
		}
		offer.Take = storage.NewID()
		session, err := b.server.Publish(t.Context(), offer)
		if err != nil {
			t.Fatal(err)
		}
		sender2.answer(session.Answer)
		sender2.send(t.Context(), time.Second, 0)
		if err := b.server.EndSession(t.Context(), offer.Take, session.ID); err != nil {
			t.Error(err)
		}
		b.close(10 * time.Second)

		// Nobody comes back: it finishes by itself.
		b.options.Idle = time.Millisecond
		b.open()
		b.eventually("it finishes by itself", 10*time.Second,
			func() bool { return b.state(recording) == storage.StateReady })
		s = b.read(recording)
		if want := sender.frames + sender2.frames; len(s.numbers) != want {
			t.Errorf("%d frames, want %d", len(s.numbers), want)
		}
		if !strings.Contains(s.playlist, "#EXT-X-DISCONTINUITY\n") {
			t.Errorf("playlist:\n%s", s.playlist)
		}
	})
}

// TestStoppedWhileTheStoreIsAway finishes when it is back.
func TestStoppedWhileTheStoreIsAway(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	sender, _, _ := b.publish(recording, 0)
	b.store.away.Store(true)
	sender.send(t.Context(), time.Second, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	// The request that stops it gives up; the recording does not.
	_, err := b.server.Stop(ctx, recording, -1)
	if state := b.state(recording); state != storage.StateFinishing {
		t.Fatalf("it is %s: %v", state, err)
	}
	b.store.away.Store(false)
	b.eventually("it becomes ready", 20*time.Second,
		func() bool { return b.state(recording) == storage.StateReady })
	b.read(recording).complete(t, sender.frames, 1)
}

// TestSpoolIsFull stores from memory, and says so.
func TestSpoolIsFull(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.SpoolBytes = 1 })
	recording := b.recording()
	sender, _, session := b.publish(recording, 0)
	sender.send(t.Context(), time.Second, 0)
	takes, err := b.cat.Takes(t.Context(), recording)
	if err != nil || len(takes) != 1 {
		t.Fatalf("%d takes: %v", len(takes), err)
	}
	if err := b.server.EndSession(t.Context(), takes[0].ID, session.ID); err != nil {
		t.Fatal(err)
	}
	if saved, err := b.server.Saved(t.Context(), recording); err != nil || !strings.Contains(saved.Problem, "operator") {
		t.Errorf("saved: %+v, %v", saved, err)
	}
	if r := b.stop(recording); r.State != storage.StateReady {
		t.Errorf("it is %s", r.State)
	}
	b.read(recording).complete(t, sender.frames, 1)
}
