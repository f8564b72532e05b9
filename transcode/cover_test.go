package transcode_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/transcode"
)

// TestBestCover has a live take of eight seconds, and of its middle a local one, which flashes and
// beeps 100 ms off the full second: the download shows each stretch by the best take, and no frame
// is missing or there twice.
func TestBestCover(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		p := k.pool()
		r := k.recording()
		k.takeBy(storage.RouteLive, r, 0, clip{video: "libx264", audio: true, width: 320, height: 180, seconds: 8}.make(t))
		k.takeBy(storage.RouteLocal, r, 2600, clip{video: "libx264", audio: true, width: 320, height: 180, seconds: 3}.make(t))
		k.settle(p, r)
		k.until(p, r, transcode.StateDone)
		path, _ := k.rendition(r, storage.RenditionMP4)
		at := times(t, path, "v")
		if len(at) != 240 { // 2.6 s live, 3 s local less a seam, 2.4 s live
			t.Errorf("%d frames, want 240", len(at))
		}
		for i := 1; i < len(at); i++ {
			if step := at[i] - at[i-1]; step <= 0 || step > 0.067 {
				t.Errorf("from a frame at %.3f to one at %.3f", at[i-1], at[i])
			}
		}
		// A live segment begins at 4 s only: there the local take goes on until its end, 5.6 s, and the
		// segment that begins in it, with the flash at 5.6, from there on.
		want := []float64{0, 1, 2, 2.6, 3.6, 4, 5, 6, 7}
		if got := flashes(t, path); !near(got, want, 0.034) {
			t.Errorf("flashes at %.3f, want %.3f", got, want)
		}
		if got := onsets(t, path); !near(got, want, 0.02) {
			t.Errorf("beeps at %.3f, want %.3f", got, want)
		}
	})
}

// direct stores what Chromium recorded as a local take: its fragments are segments as they are,
// stretches of one object.
func (k *kit) direct(r storage.Recording, offsetMS int64, data []byte) {
	k.t.Helper()
	ctx := context.Background()
	take, err := k.catalogue.BeginTake(ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID,
		Route: storage.RouteLocal, OffsetMS: offsetMS})
	if err != nil {
		k.t.Fatal(err)
	}
	where := fmt.Sprintf("recordings/%s/takes/%s/", r.ID, take.ID)
	start, fragments := cut(k.t, data)
	sum := k.put(where+"init-1.mp4", start)
	if err := k.catalogue.AddInit(ctx, storage.Init{TakeID: take.ID, Number: 1, Codecs: "avc1",
		ObjectKey: where + "init-1.mp4", Bytes: int64(len(start)), SHA256: sum}); err != nil {
		k.t.Fatal(err)
	}
	k.put(where+"blobs/1", data)
	at := int64(len(start))
	for i, f := range fragments {
		from, length := span(k.t, start, f)
		if i+1 < len(fragments) { // it guesses how long the last frame is shown
			next, _ := span(k.t, start, fragments[i+1])
			length = next - from
		}
		if err := k.catalogue.AddSegment(ctx, storage.Segment{TakeID: take.ID, Number: int64(i + 1),
			InitNumber: 1, Start: from, Length: length, ObjectKey: where + "blobs/1", ObjectFrom: at,
			Bytes: int64(len(f)), SHA256: hashOf(f)}); err != nil {
			k.t.Fatal(err)
		}
		at += int64(len(f))
	}
	if _, err := k.db.Exec(ctx, `UPDATE takes SET state = 'ended', completed_at = ? WHERE id = ?`,
		storage.Now(), take.ID); err != nil {
		k.t.Fatal(err)
	}
}

// TestTakesOfChromium makes a download of what Chromium recorded, twice, as around a pause: the two
// differ in the date of their init segments and in nothing that a decoder must know, so no frame is
// encoded anew.
func TestTakesOfChromium(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	r := k.recording()
	source, data := fixture(t, "chromium.mp4")
	again := bytes.Clone(data)
	mvhd := bytes.Index(again, []byte("mvhd"))
	binary.BigEndian.PutUint64(again[mvhd+8:], binary.BigEndian.Uint64(again[mvhd+8:])+3600)
	k.direct(r, 0, data)
	k.direct(r, 10_000, again)
	k.settle(p, r)
	k.until(p, r, transcode.StateDone)
	path, _ := k.rendition(r, storage.RenditionMP4)
	twice := func(at []float64) (all []float64) {
		all = append(all, at...)
		for _, s := range at {
			all = append(all, s+10)
		}
		return all
	}
	if got, want := times(t, path, "v"), twice(times(t, source, "v")); !near(got, want, 0.001) {
		t.Errorf("%d frames, want %d", len(got), len(want))
	}
	if got, want := flashes(t, path), twice(flashes(t, source)); !near(got, want, 0.002) || len(want) < 10 {
		t.Errorf("flashes at %.3f, want %.3f", got, want)
	}
	// The laptop was busy: what the file says of its packets of sound is up to 130 ms late. Each flash
	// switched the sound on, from one buffer of it to the next.
	if got, want := onsets(t, path), flashes(t, path); !near(got, want, 0.04) {
		t.Errorf("beeps at %.3f, flashes at %.3f", got, want)
	}
	want := packets(t, source)
	if got := packets(t, path); fmt.Sprint(got) != fmt.Sprint(append(want, want...)) {
		t.Error("the frames of the download are not those that came in")
	}
}

func (k *kit) settleAnew(p *transcode.Pool, r storage.Recording) {
	k.t.Helper()
	k.tx(func(ctx context.Context, tx *storage.Tx) error { return p.RecordingSettled(ctx, tx, r) })
}

// TestBetterTakesAreTakenUp: a job is at work on what was there at the end of the lesson when the
// rest arrives.
func TestBetterTakesAreTakenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		k.options.Workers = 2
		// The first attempt waits before its last work on the download until it is told to go on, and
		// is deaf to being told to end.
		path, folder := k.script(`trap '' TERM
case "$*" in *download.mp4) if mkdir $D/once 2>/dev/null; then
	touch $D/started; read line < $D/fifo; fi;; esac
exec ffmpeg "$@"`)
		fifo := filepath.Join(folder, "fifo")
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		k.options.FFmpeg = path
		k.options.Limits.Drain = time.Millisecond
		p := k.pool()
		r := k.recording()
		k.take(r, 0, clip{video: "libx264", width: 320, height: 180, seconds: 2}.make(t))
		k.settle(p, r)
		k.eventually("the first job is at work", func() bool { return exists(filepath.Join(folder, "started")) })

		if _, err := db.Exec(context.Background(), `UPDATE recordings SET state = 'recording' WHERE id = ?`, r.ID); err != nil {
			t.Fatal(err)
		}
		k.take(r, 2000, clip{video: "libx264", width: 320, height: 180, seconds: 2}.make(t))
		k.settleAnew(p, r)
		k.until(p, r, transcode.StateDone)
		k.eventually("the first job is over", func() bool { return k.unfinished() == 0 })
		download, _ := k.rendition(r, storage.RenditionMP4)
		if n := ask(t, download).frames(t); n != 120 {
			t.Errorf("%d frames in the download, want 120", n)
		}
		if now, err := p.Progress(context.Background(), r.ID); now.State != transcode.StateDone || err != nil {
			t.Errorf("in the end: %+v %v", now, err)
		}
		if n := len(k.keys(r)); n != 4 {
			t.Errorf("%d objects, want 4: %v", n, k.keys(r))
		}
		k.scratchIsEmpty()
	})
}

func (k *kit) unfinished() (n int) {
	k.t.Helper()
	if err := k.db.Get(context.Background(), &n, `SELECT COUNT(*) FROM river_job
WHERE state NOT IN ('completed', 'cancelled', 'discarded')`); err != nil {
		k.t.Fatal(err)
	}
	return n
}

// TestWorkWaitsForWhatIsExpected: of a lesson whose laptop still has some of it.
func TestWorkWaitsForWhatIsExpected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		k := newKit(t, db)
		p := k.idle()
		r := k.recording()
		k.take(r, 0, clip{video: "libx264", width: 320, height: 180, seconds: 1}.make(t))
		local, _, err := k.catalogue.BeginLocalTake(ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID,
			Source: "camera", StartedAt: storage.Now(), MediaType: "video/mp4", Direct: true})
		if err != nil {
			t.Fatal(err)
		}
		k.settle(p, r)
		var at []string
		if err := db.Select(ctx, &at, `SELECT state FROM river_job ORDER BY id`); err != nil || fmt.Sprint(at) != "[scheduled]" {
			t.Errorf("while more is expected: jobs %v: %v", at, err)
		}
		if now, _ := p.Progress(ctx, r.ID); now.State != transcode.StateQueued {
			t.Errorf("while more is expected: %+v", now)
		}

		if _, err := k.catalogue.EndLocalTake(ctx, r.ID, local.ID, 0, 0, "stopped", p.TakeArrived); err != nil {
			t.Fatal(err)
		}
		k.settleAnew(p, r)
		at = nil
		if err := db.Select(ctx, &at, `SELECT state FROM river_job ORDER BY id`); err != nil || fmt.Sprint(at) != "[scheduled available]" {
			t.Errorf("settled: jobs %v: %v", at, err)
		}
		k.pool()
		k.until(p, r, transcode.StateDone)

		// When its time comes, the first job has nothing to do and changes nothing.
		before := strings.Join(k.keys(r), " ")
		if _, err := db.Exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = created_at
WHERE state = 'scheduled'`); err != nil {
			t.Fatal(err)
		}
		k.eventually("the first job is over", func() bool { return k.unfinished() == 0 })
		if after := strings.Join(k.keys(r), " "); after != before {
			t.Errorf("made again: %s, before %s", after, before)
		}
	})
}
