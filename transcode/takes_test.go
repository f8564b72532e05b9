package transcode_test

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"math"
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

// told counts what Options.TakeMade is told.
func (k *kit) told() <-chan storage.ID {
	told := make(chan storage.ID, 100)
	k.options.TakeMade = func(_ context.Context, recording storage.ID) { told <- recording }
	return told
}

// browser stores what a browser recorded, in blobs of size bytes, as one that does not play as it
// is, and says that that is all.
func (k *kit) browser(p *transcode.Pool, r storage.Recording, offsetMS int64, data []byte, size int,
) storage.Take {
	k.t.Helper()
	ctx := context.Background()
	take, _, err := k.catalogue.BeginLocalTake(ctx, storage.Take{ID: storage.NewID(),
		RecordingID: r.ID, Source: "camera", OffsetMS: offsetMS, StartedAt: storage.Now(),
		MediaType: "video/webm;codecs=vp8,opus"})
	if err != nil {
		k.t.Fatal(err)
	}
	count := int64(0)
	for ; len(data) > 0; data = data[min(size, len(data)):] {
		count++
		part := data[:min(size, len(data))]
		b := storage.Blob{TakeID: take.ID, Number: count, Bytes: int64(len(part)),
			ObjectKey: fmt.Sprintf("recordings/%s/takes/%s/blobs/%d", r.ID, take.ID, count)}
		b.SHA256 = k.put(b.ObjectKey, part)
		b.Contents.V.Why = "it is WebM"
		if _, err := k.catalogue.AddBlob(ctx, r.ID, b, p.TakeArrived); err != nil {
			k.t.Fatal(err)
		}
	}
	if _, err := k.catalogue.EndLocalTake(ctx, r.ID, take.ID, count, 6000, "stopped", p.TakeArrived); err != nil {
		k.t.Fatal(err)
	}
	return take
}

// made waits until a take is complete, and puts its segments together again.
func (k *kit) made(take storage.Take) (path string, segments []storage.Segment) {
	k.t.Helper()
	ctx := context.Background()
	k.eventually("the take is complete", func() bool {
		now, err := k.catalogue.Take(ctx, take.ID)
		if err != nil {
			k.t.Fatal(err)
		}
		return !now.CompletedAt.IsZero()
	})
	segments, err := k.catalogue.Segments(ctx, take.ID, 0, 1000)
	if err != nil {
		k.t.Fatal(err)
	}
	if len(segments) == 0 {
		return "", nil
	}
	inits, err := k.catalogue.Inits(ctx, take.ID)
	if err != nil || len(inits) != 1 {
		k.t.Fatalf("%d init segments: %v", len(inits), err)
	}
	var whole bytes.Buffer
	k.copy(&whole, inits[0].ObjectKey, 0, inits[0].Bytes)
	for i, s := range segments {
		k.copy(&whole, s.ObjectKey, s.ObjectFrom, s.Bytes)
		if i > 0 && s.Start != segments[i-1].Start+segments[i-1].Length {
			k.t.Errorf("segment %d begins at %d, the one before ends at %d", s.Number, s.Start,
				segments[i-1].Start+segments[i-1].Length)
		}
	}
	path = filepath.Join(k.t.TempDir(), "made.mp4")
	if err := os.WriteFile(path, whole.Bytes(), 0o600); err != nil {
		k.t.Fatal(err)
	}
	return path, segments
}

func (k *kit) copy(to io.Writer, key string, from, size int64) {
	k.t.Helper()
	body, _, err := k.store.Get(context.Background(), key, from, size)
	if err != nil {
		k.t.Fatal(err)
	}
	defer body.Close()
	if n, err := io.Copy(to, body); n != size || err != nil {
		k.t.Fatalf("%s: %d bytes: %v", key, n, err)
	}
}

// times are when the packets of one kind are shown, in seconds.
func times(t *testing.T, path, kind string) (at []float64) {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-select_streams", kind, "-show_entries",
		"packet=pts_time", "-of", "csv=p=0", path)
	for _, line := range strings.Fields(string(out)) {
		at = append(at, seconds(t, strings.Trim(line, ",")))
	}
	return at
}

func keyTimes(t *testing.T, path string) (at []float64) {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
		"packet=pts_time,flags", "-of", "csv=p=0", path)
	for _, line := range strings.Fields(string(out)) {
		if time, flags, _ := strings.Cut(line, ","); strings.HasPrefix(flags, "K") {
			at = append(at, seconds(t, time))
		}
	}
	return at
}

// sameMedia holds what was made to its source: each frame and each packet of sound once and at its
// own time, to the millisecond that WebM keeps; flashes and beeps where they were.
func sameMedia(t *testing.T, source, made string) {
	t.Helper()
	for _, kind := range []string{"v", "a"} {
		want, got := times(t, source, kind), times(t, made, kind)
		for i := range want {
			want[i] = max(want[i], 0)
		}
		if !near(got, want, 0.0011) {
			t.Errorf("%s: %d packets at %.3f…, the source has %d at %.3f…", kind, len(got),
				got[:min(len(got), 8)], len(want), want[:min(len(want), 8)])
		}
	}
	if got, want := flashes(t, made), flashes(t, source); !near(got, want, 0.002) || len(want) < 2 {
		t.Errorf("flashes at %.3f, in the source at %.3f", got, want)
	}
	if got, want := onsets(t, made), onsets(t, source); !near(got, want, 0.010) || len(want) < 2 {
		t.Errorf("beeps at %.3f, in the source at %.3f", got, want)
	}
	last := math.Inf(-1)
	keys := keyTimes(t, made)
	for _, at := range append(keys, math.MaxFloat64) {
		if at != math.MaxFloat64 && at-last > 2.5 && !math.IsInf(last, -1) {
			t.Errorf("key frames at %.3f", keys)
		}
		last = at
	}
}

// recorded are files that real browsers recorded (testdata/record.mjs).
//
//go:embed testdata/*.webm testdata/*.mp4
var recorded embed.FS

func fixture(t *testing.T, name string) (path string, data []byte) {
	t.Helper()
	data, err := recorded.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return clipFile(t, data), data
}

// TestTakeOfFirefox makes segments of what Firefox recorded and the download of them.
func TestTakeOfFirefox(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		told := k.told()
		p := k.pool()
		r := k.recording()
		source, data := fixture(t, "firefox.webm")
		take := k.browser(p, r, 1500, data, 4000)
		path, segments := k.made(take)
		sameMedia(t, source, path)
		if len(segments) != 3 {
			t.Errorf("%d segments of 6 s", len(segments))
		}
		if keys := keyTimes(t, path); len(keys) != len(segments) {
			t.Errorf("key frames at %.3f in %d segments", keys, len(segments))
		}
		if got := <-told; got != r.ID {
			t.Errorf("told of %s, want %s", got, r.ID)
		}
		tracks, err := k.catalogue.Tracks(context.Background(), take.ID)
		if err != nil || len(tracks) != 2 || tracks[0].Codec != "h264" || tracks[1].Codec != "opus" {
			t.Errorf("tracks %+v: %v", tracks, err)
		}
		k.scratchIsEmpty()

		k.settle(p, r)
		k.until(p, r, transcode.StateDone)
		download, _ := k.rendition(r, storage.RenditionMP4)
		later := func(at []float64) []float64 {
			for i := range at {
				at[i] += 1.5
			}
			return at
		}
		if got, want := times(t, download, "v"), later(times(t, source, "v")); !near(got, want, 0.0011) {
			t.Errorf("frames of the download at %.3f…, want %.3f…", got[:4], want[:4])
		}
		if got, want := flashes(t, download), later(flashes(t, source)); !near(got, want, 0.002) {
			t.Errorf("flashes at %.3f, want %.3f", got, want)
		}
		if got, want := onsets(t, download), later(onsets(t, source)); !near(got, want, 0.020) {
			t.Errorf("beeps at %.3f, want %.3f", got, want)
		}
	})
}

// TestTakesOfOtherKinds makes segments of what browsers could record.
func TestTakesOfOtherKinds(t *testing.T) {
	flash := `testsrc2=s=321x181:r=30,drawbox=c=white:t=fill:enable='lt(mod(t,1),0.0999)',select='not(eq(mod(n,3),1))'`
	beep := `aevalsrc='if(lt(mod(t,1),0.1),sin(2*PI*1000*t),0)':s=48000`
	vp8 := []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-g", "9999",
		"-fps_mode", "passthrough", "-pix_fmt", "yuv420p"}
	both := []string{"-f", "lavfi", "-t", "5", "-i", flash, "-f", "lavfi", "-t", "5", "-i", beep}
	for _, c := range []struct {
		name, file string
		args       []string
	}{
		{"times that do not begin at 0", "a.webm", append(append([]string{}, both...), append(vp8,
			"-c:a", "libopus", "-output_ts_offset", "7.3")...)},
		{"sound that begins later", "a.webm", append([]string{"-f", "lavfi", "-t", "5", "-i", flash,
			"-itsoffset", "1.7", "-f", "lavfi", "-t", "3", "-i", beep}, append(vp8, "-c:a", "libopus")...)},
		{"a picture that begins later", "a.webm", append([]string{"-itsoffset", "2.2", "-f", "lavfi", "-t", "3",
			"-i", flash, "-f", "lavfi", "-t", "5", "-i", beep}, append(vp8, "-c:a", "libopus")...)},
		{"Vorbis", "a.webm", append(append([]string{}, both...), append(vp8, "-c:a", "libvorbis")...)},
		{"H.264 and AAC in plain MP4", "a.mp4", append(append([]string{}, both...), "-vf",
			"crop=320:180", "-c:v", "libx264", "-preset", "ultrafast", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p",
			"-c:a", "aac")},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t, dbtest.SQLite(t))
			p := k.pool()
			source := filepath.Join(t.TempDir(), c.file)
			tool(t, "ffmpeg", append(append([]string{"-v", "error"}, c.args...), source)...)
			data, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			path, segments := k.made(k.browser(p, k.recording(), 0, data, 1<<20))
			if want, got := times(t, source, "v"), times(t, path, "v"); !near(got, want, 0.0011) {
				t.Errorf("%d frames at %.3f…, the source has %d at %.3f…", len(got), got[:4], len(want), want[:4])
			}
			if got, want := flashes(t, path), flashes(t, source); !near(got, want, 0.002) {
				t.Errorf("flashes at %.3f, in the source at %.3f", got, want)
			}
			if got, want := onsets(t, path), onsets(t, source); !near(got, want, 0.010) || len(got) < 3 {
				t.Errorf("beeps at %.3f, in the source at %.3f", got, want)
			}
			if first := segments[0].Start.Duration().Seconds(); math.Abs(first-
				min(times(t, path, "v")[0], times(t, path, "a")[0])) > 0.001 {
				t.Errorf("the first segment begins at %.3f", first)
			}
		})
	}
}

func TestTakeThatBreaksOff(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	_, data := fixture(t, "firefox.webm")
	source := clipFile(t, data[:len(data)*3/5]) // in the middle of a block, as a kill leaves it
	path, _ := k.made(k.browser(p, k.recording(), 0, data[:len(data)*3/5], 1000))
	want := times(t, source, "v")
	if got := times(t, path, "v"); len(got) < len(want)-1 || !near(got, want[:len(got)], 0.0011) || len(got) < 50 {
		t.Errorf("%d frames, %d can be decoded", len(got), len(want))
	}
}

func TestTakeOfWhichNothingCanBeDecoded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		told := k.told()
		p := k.pool()
		for name, data := range map[string][]byte{
			"noise":      bytes.Repeat([]byte("noise"), 500),
			"a playlist": []byte("#EXTM3U\nfile:///etc/passwd\n"),
			"EBML alone": append([]byte{0x1a, 0x45, 0xdf, 0xa3}, make([]byte, 500)...),
			"MP4 alone":  append([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), make([]byte, 500)...),
		} {
			r := k.recording()
			take := k.browser(p, r, 0, data, 200)
			if path, _ := k.made(take); path != "" {
				t.Errorf("%s: something was made of it", name)
			}
			if got := <-told; got != r.ID {
				t.Errorf("%s: told of %s", name, got)
			}
			now, err := k.catalogue.Take(context.Background(), take.ID)
			if err != nil || now.State != "ended" || !strings.Contains(now.EndReason, "decoded") {
				t.Errorf("%s: %+v %v", name, now, err)
			}
			blobs, err := k.catalogue.Blobs(context.Background(), take.ID, 0, 100)
			if err != nil || len(blobs) == 0 {
				t.Errorf("%s: %d blobs: %v", name, len(blobs), err)
			}
			for _, b := range blobs {
				k.copy(io.Discard, b.ObjectKey, 0, b.Bytes)
			}
		}
		k.scratchIsEmpty()
	})
}

// TestMakingIsTriedAgain kills ffmpeg in its middle, once, and leaves an object as a crash does.
func TestMakingIsTriedAgain(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	k.options.FFmpeg, _ = k.script(`if mkdir $D/once 2>/dev/null; then
	echo half > made.mp4; kill -KILL $$; fi
exec ffmpeg "$@"`)
	p := k.idle()
	source, data := fixture(t, "firefox.webm")
	r := k.recording()
	take := k.browser(p, r, 0, data, 4000)
	left := fmt.Sprintf("recordings/%s/takes/%s/made-%s.mp4", r.ID, take.ID, storage.NewID())
	k.put(left, []byte("half"))
	k.pool()
	path, _ := k.made(take)
	sameMedia(t, source, path)
	k.eventually("what was left is swept", func() bool {
		_, err := k.store.Stat(context.Background(), left)
		return storage.KindOf(err) == storage.NotFound
	})
}

func TestStopHandsATakeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		k.options.Limits.Attempts = 1 // being stopped is not counted
		path, folder := k.script(hanging)
		if err := syscall.Mkfifo(filepath.Join(folder, "fifo"), 0o600); err != nil {
			t.Fatal(err)
		}
		k.options.FFmpeg = path
		p := k.pool()
		_, data := fixture(t, "firefox.webm")
		take := k.browser(p, k.recording(), 0, data, 4000)
		k.eventually("ffmpeg runs", func() bool { return exists(filepath.Join(folder, "started")) })
		k.stop(p)
		k.scratchIsEmpty()
		k.options.FFmpeg = ""
		k.pool()
		k.made(take)
	})
}

func TestTakeOfADeadNodeIsTakenOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		k := newKit(t, db)
		p := k.idle()
		_, data := fixture(t, "firefox.webm")
		take := k.browser(p, k.recording(), 0, data, 4000)
		long := storage.At(time.Now().Add(-time.Hour))
		if _, err := db.Exec(ctx, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = ?`, long); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `INSERT INTO making (take_id, run, updated_at) VALUES (?, 'dead', ?)`, take.ID, long); err != nil {
			t.Fatal(err)
		}
		k.pool()
		k.made(take)
	})
}

// TestTakeWithoutAJobIsFound: its job was tried in vain for as long as ffmpeg was missing.
func TestTakeWithoutAJobIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		k := newKit(t, db)
		k.options.FFmpeg = "/nowhere/ffmpeg"
		p := k.pool()
		_, data := fixture(t, "firefox.webm")
		take := k.browser(p, k.recording(), 0, data, 4000)
		k.eventually("the job is given up", func() bool {
			var state string
			if err := db.Get(context.Background(), &state, `SELECT state FROM river_job`); err != nil {
				t.Fatal(err)
			}
			return state == "cancelled"
		})
		k.stop(p)
		k.options.FFmpeg = ""
		k.pool()
		k.made(take)
	})
}
