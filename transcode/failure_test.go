package transcode_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/transcode"
)

// short is a recording of two seconds, settled.
func (k *kit) short(p *transcode.Pool) storage.Recording {
	k.t.Helper()
	r := k.recording()
	k.take(r, 0, clip{video: "libx264", audio: true, width: 320, height: 180, seconds: 2}.make(k.t))
	k.settle(p, r)
	return r
}

// failed waits until a job has failed and returns the reason.
func (k *kit) failed(p *transcode.Pool, r storage.Recording) string {
	k.t.Helper()
	var now transcode.Progress
	k.eventually("the job has failed", func() bool {
		var err error
		if now, err = p.Progress(context.Background(), r.ID); err != nil {
			k.t.Fatal(err)
		}
		return now.State == transcode.StateFailed
	})
	return now.Reason
}

func (k *kit) eventually(what string, holds func() bool) {
	k.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			k.t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// script is a program in the place of ffmpeg.
func (k *kit) script(text string) (path, folder string) {
	k.t.Helper()
	folder = k.t.TempDir()
	path = filepath.Join(folder, "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nD="+folder+"\n"+text), 0o700); err != nil {
		k.t.Fatal(err)
	}
	return path, folder
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// attempts is how often River has begun the only job.
func (k *kit) attempts() (n int) {
	k.t.Helper()
	if err := k.db.Get(context.Background(), &n, `SELECT attempt FROM river_job`); err != nil {
		k.t.Fatal(err)
	}
	return n
}

func (k *kit) scratchIsEmpty() {
	k.t.Helper()
	left, err := os.ReadDir(k.options.Scratch)
	if err != nil || len(left) != 0 {
		k.t.Errorf("left in scratch: %v %v", left, err)
	}
}

func (k *kit) keys(r storage.Recording) (keys []string) {
	k.t.Helper()
	found, err := k.store.List(context.Background(), fmt.Sprintf("recordings/%s/renditions/", r.ID), "", 1000)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, object := range found {
		keys = append(keys, object.Key)
	}
	return keys
}

func TestKilledFFmpegIsTriedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		// It dies in the middle of writing, once.
		k.options.FFmpeg, _ = k.script(`if mkdir $D/once 2>/dev/null; then
	echo half > picture-0000.mp4; kill -KILL $$; fi
exec ffmpeg "$@"`)
		p := k.pool()
		r := k.short(p)
		k.until(p, r, transcode.StateDone)
		if n := k.attempts(); n != 2 {
			t.Errorf("%d attempts, want 2", n)
		}
		if n := len(k.keys(r)); n != 5 {
			t.Errorf("%d objects, want 5: %v", n, k.keys(r))
		}
		k.scratchIsEmpty()
	})
}

func TestFFmpegThatAlwaysFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		k.options.FFmpeg, _ = k.script("echo something is very wrong >&2; exit 1")
		p := k.pool()
		r := k.short(p)
		why := k.failed(p, r)
		if !strings.Contains(why, "could not be made") || strings.Contains(why, "very wrong") {
			t.Errorf("reason %q", why)
		}
		if n := k.attempts(); n != 2 {
			t.Errorf("%d attempts, want 2", n)
		}
		k.scratchIsEmpty()

		// At the very moment that it is shown as failed it can be tried again.
		if err := p.Retry(context.Background(), r.ID); err != nil {
			t.Fatal(err)
		}
		if now, _ := p.Progress(context.Background(), r.ID); now.State == transcode.StateFailed && k.jobs() != 2 {
			t.Errorf("retried: %+v, %d jobs", now, k.jobs())
		}
		k.failed(p, r)
	})
}

func TestMissingFFmpegFailsOnceAndClearly(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	k.options.FFmpeg = "/nowhere/ffmpeg"
	p := k.pool()
	r := k.short(p)
	if why := k.failed(p, r); !strings.Contains(why, "ffmpeg is missing on the server") ||
		strings.Contains(why, "/nowhere") || !strings.Contains(why, "safe and plays") {
		t.Errorf("reason %q", why)
	}
	if n := k.attempts(); n != 1 {
		t.Errorf("%d attempts, want 1", n)
	}
	k.stop(p)

	k.options.FFmpeg = "" // the operator has installed it
	p = k.pool()
	if err := p.Retry(context.Background(), r.ID); err != nil {
		t.Fatal(err)
	}
	k.until(p, r, transcode.StateDone)
}

func TestFullDisk(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small disk can only be made by root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	})
	k.options.Scratch = small
	for _, seconds := range []float64{1, 8} { // full while ffmpeg writes; while it is fetched
		t.Run(fmt.Sprint(seconds), func(t *testing.T) {
			k := *k
			k.t = t
			p := k.pool()
			r := k.recording()
			k.take(r, 0, clip{video: "libx264", audio: true, width: 640, height: 360, seconds: seconds}.make(t))
			k.settle(p, r)
			if why := k.failed(p, r); !strings.Contains(why, "disk is full") {
				t.Errorf("reason %q", why)
			}
			k.scratchIsEmpty()
			if keys := k.keys(r); len(keys) != 0 {
				t.Errorf("objects left: %v", keys)
			}
			k.stop(p)
		})
	}
}

func TestPlaylistInThePlaceOfMedia(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	secret := filepath.Join(t.TempDir(), "secret.ts")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	playlist := []byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://" + secret + "\n#EXT-X-ENDLIST\n")
	whole := clip{video: "libx264", audio: true, width: 320, height: 180, seconds: 6}.make(t)
	start, fragments := cut(t, whole)

	t.Run("segment", func(t *testing.T) {
		p := k.pool()
		r := k.recording()
		take := k.take(r, 0, append(append(append([]byte(nil), start...), fragments[0]...), fragments[2]...))
		k.segment(storage.Segment{TakeID: take.ID, Number: 9, InitNumber: 1, Start: 6 * 90000,
			Length: 180000, ObjectKey: "recordings/" + string(r.ID) + "/hostile.m4s"}, playlist)
		k.settle(p, r)
		k.until(p, r, transcode.StateDone)
		path, _ := k.rendition(r, storage.RenditionMP4)
		got := ask(t, path)
		got.lasts(t, 6) // with a hole where the second fragment is missing
		if n := got.frames(t); n != 120 {
			t.Errorf("%d frames, want 120", n)
		}
		k.stop(p)
	})
	t.Run("everything", func(t *testing.T) {
		p := k.pool()
		r := k.recording()
		take, err := k.catalogue.BeginTake(context.Background(), storage.Take{ID: storage.NewID(),
			RecordingID: r.ID, Route: storage.RouteLive})
		if err != nil {
			t.Fatal(err)
		}
		key := "recordings/" + string(r.ID) + "/init.mp4"
		if err := k.catalogue.AddInit(context.Background(), storage.Init{TakeID: take.ID, Number: 1,
			ObjectKey: key, Bytes: int64(len(playlist)), SHA256: k.put(key, playlist)}); err != nil {
			t.Fatal(err)
		}
		k.segment(storage.Segment{TakeID: take.ID, Number: 1, InitNumber: 1, Length: 180000,
			ObjectKey: "recordings/" + string(r.ID) + "/1.m4s"}, playlist)
		k.settle(p, r)
		if why := k.failed(p, r); !strings.Contains(why, "No picture and no sound") {
			t.Errorf("reason %q", why)
		}
		k.stop(p)
	})
}

// hanging notes that it was started and that it was told to end, and does nothing between.
const hanging = `trap 'touch $D/told; exit 255' TERM
touch $D/started
while :; do read line < $D/fifo; done`

func TestStopHandsTheJobBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		k.options.Limits.Attempts = 1 // being stopped is not counted
		path, folder := k.script(hanging)
		if err := syscall.Mkfifo(filepath.Join(folder, "fifo"), 0o600); err != nil {
			t.Fatal(err)
		}
		k.options.FFmpeg = path
		p := k.pool()
		r := k.short(p)
		k.eventually("ffmpeg runs", func() bool { return exists(filepath.Join(folder, "started")) })
		k.stop(p)
		if !exists(filepath.Join(folder, "told")) {
			t.Error("ffmpeg was not told to end")
		}
		if now, err := p.Progress(context.Background(), r.ID); now.State != transcode.StateQueued || err != nil {
			t.Errorf("stopped: %+v %v, want queued", now, err)
		}
		k.scratchIsEmpty()

		k.options.FFmpeg = ""
		p = k.pool()
		k.until(p, r, transcode.StateDone)
	})
}

func TestJobOfADeadNodeIsTakenOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		k := newKit(t, db)
		p := k.idle()
		r := k.short(p)
		// As a node leaves it that is killed at work: long ago, with its folder.
		long := storage.At(time.Now().Add(-time.Hour))
		for _, query := range []string{
			`UPDATE river_job SET state = 'running', attempt = 1, attempted_at = ?`,
			`UPDATE processing SET state = 'running', run = 'dead', updated_at = ?`,
		} {
			if _, err := db.Exec(ctx, query, long); err != nil {
				t.Fatal(err)
			}
		}
		folder := filepath.Join(k.options.Scratch, "job-dead-1")
		other := filepath.Join(k.options.Scratch, "somebody-elses")
		for _, f := range []string{folder, other} {
			if err := os.MkdirAll(f, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		p = k.pool()
		if exists(folder) || !exists(other) {
			t.Error("scratch: the dead job's folder must go, another's must stay")
		}
		k.until(p, r, transcode.StateDone)
	})
}

func TestMadeAgainTheOldObjectsGo(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	r := k.short(p)
	k.until(p, r, transcode.StateDone)
	k.put(fmt.Sprintf("recordings/%s/renditions/mp4-of-a-crash.mp4", r.ID), []byte("half"))
	before := k.keys(r)
	if err := p.Retry(context.Background(), r.ID); err != nil {
		t.Fatal(err)
	}
	k.eventually("the old objects are gone", func() bool {
		now := k.keys(r)
		for _, key := range now {
			for _, old := range before {
				if key == old {
					return false
				}
			}
		}
		return len(now) == 5
	})
	k.until(p, r, transcode.StateDone)
	k.rendition(r, storage.RenditionMP4)
}

func TestDeletedRecordingIsLeftAlone(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.idle()
	r := k.short(p)
	k.tx(func(ctx context.Context, tx *storage.Tx) error { return k.catalogue.DeleteRecording(ctx, tx, r.ID) })
	k.pool()
	k.eventually("the job is over", func() bool {
		var state string
		if err := k.db.Get(context.Background(), &state, `SELECT state FROM river_job`); err != nil {
			t.Fatal(err)
		}
		return state == "completed"
	})
	if keys := k.keys(r); len(keys) != 0 {
		t.Errorf("made all the same: %v", keys)
	}
}
