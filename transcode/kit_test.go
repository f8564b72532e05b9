package transcode_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"
	"go.uber.org/goleak"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
	"backrow/transcode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, objectstest.GatewayLeaks()...) }

// kit is what a test of the whole needs.
type kit struct {
	t         *testing.T
	db        *storage.DB
	catalogue *storage.Catalogue
	store     objects.Store
	options   transcode.Options
}

func newKit(t *testing.T, db *storage.DB) *kit {
	t.Helper()
	if err := transcode.Migrate(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	k := &kit{t: t, db: db, catalogue: storage.NewCatalogue(db), store: objectstest.Embedded(t)}
	level := slog.LevelWarn
	if testing.Verbose() {
		level = slog.LevelInfo
	}
	k.options = transcode.Options{DB: db, Catalogue: k.catalogue, Objects: k.store,
		Scratch: filepath.Join(t.TempDir(), "scratch"),
		Log:     slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: level})),
		Limits: transcode.Limits{Attempts: 2,
			RetryAfter: func(int) time.Duration { return time.Millisecond }},
	}
	return k
}

// pool is a pool that works until the test ends.
func (k *kit) pool() *transcode.Pool {
	k.t.Helper()
	p := k.idle()
	if err := p.Start(context.Background()); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { k.stop(p) })
	return p
}

func (k *kit) idle() *transcode.Pool {
	k.t.Helper()
	p, err := transcode.New(k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	return p
}

func (k *kit) stop(p *transcode.Pool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		k.t.Errorf("stop: %v", err)
	}
}

func (k *kit) recording() storage.Recording {
	k.t.Helper()
	var r storage.Recording
	k.tx(func(ctx context.Context, tx *storage.Tx) (err error) {
		r, err = k.catalogue.CreateRecording(ctx, tx, storage.Recording{ID: storage.NewID(),
			ProgramID: storage.NewID(), OwnerID: storage.NewID(), Title: "Fractions"})
		return err
	})
	return r
}

func (k *kit) tx(work func(ctx context.Context, tx *storage.Tx) error) {
	k.t.Helper()
	ctx := context.Background()
	if err := k.db.InTx(ctx, func(tx *storage.Tx) error { return work(ctx, tx) }); err != nil {
		k.t.Fatal(err)
	}
}

// settle stops a recording and queues its job, as capture does.
func (k *kit) settle(p *transcode.Pool, r storage.Recording) {
	k.t.Helper()
	ctx := context.Background()
	if err := k.catalogue.StopRecording(ctx, r.ID, -1); err != nil {
		k.t.Fatal(err)
	}
	if err := k.catalogue.FinishRecording(ctx, r.ID, p.RecordingReady); err != nil {
		k.t.Fatal(err)
	}
}

// until waits for a state, and returns all progress seen on the way.
func (k *kit) until(p *transcode.Pool, r storage.Recording, state string) []transcode.Progress {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var seen []transcode.Progress
	for {
		now, err := p.Progress(ctx, r.ID)
		if err != nil {
			k.t.Fatalf("waiting for %s: %v; seen %+v", state, err, seen)
		}
		if len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		switch {
		case now.State == state:
			return seen
		case now.State == transcode.StateFailed:
			k.t.Fatalf("failed: %s", now.Reason)
		}
		<-tick.C
	}
}

// clip is what ffmpeg is asked to make: testsrc2, white for the first 100 ms of each second, and
// a beep for as long.
type clip struct {
	video         string // libx264, libvpx-vp9; "": none
	audio         bool
	width, height int
	seconds       float64
	late          int64 // seconds by which take time is ahead of 0
	uneven        bool  // every third frame left out
}

func (c clip) make(t testing.TB) []byte {
	t.Helper()
	args := []string{"-v", "error", "-y"}
	length := fmt.Sprint(c.seconds)
	if c.video != "" {
		source := fmt.Sprintf("testsrc2=s=%dx%d:r=30,drawbox=c=white:t=fill:enable='lt(mod(t,1),0.0999)'",
			c.width, c.height)
		if c.uneven {
			source += ",select='not(eq(mod(n,3),1))'"
		}
		args = append(args, "-f", "lavfi", "-t", length, "-i", source)
	}
	if c.audio {
		args = append(args, "-f", "lavfi", "-t", length, "-i",
			`aevalsrc='if(lt(mod(t,1),0.1),sin(2*PI*1000*t),0)':s=48000`)
	}
	file := filepath.Join(t.TempDir(), "clip.mp4")
	args = append(args, "-c:v", c.video, "-force_key_frames", "expr:gte(t,n_forced*2)", "-bf", "0",
		"-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-pix_fmt", "yuv420p",
		"-deadline", "realtime", "-cpu-used", "8", "-preset", "ultrafast",
		"-c:a", "libopus", "-ac", "2", "-video_track_timescale", "90000", "-use_editlist", "0",
		// The encoder's 312 samples of pre-skip would move the picture too.
		"-bsf:a", "setts=ts=TS+312",
		"-movflags", "frag_keyframe+empty_moov+default_base_moof")
	if c.video == "" {
		args = append(args, "-vn", "-frag_duration", "2000000")
	}
	args = append(args, file)
	if c.video == "" {
		args = drop(args, "-c:v", "-force_key_frames", "-bf", "-fps_mode", "-enc_time_base", "-pix_fmt",
			"-deadline", "-cpu-used", "-preset", "-video_track_timescale", "-bsf:a")
	}
	if c.video == "libx264" {
		args = drop(args, "-deadline", "-cpu-used")
	}
	if c.video == "libvpx-vp9" {
		args = drop(args, "-preset", "-bf")
	}
	tool(t, "ffmpeg", args...)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if c.late > 0 {
		delay(data, c.late)
	}
	return data
}

// delay adds seconds to the decode time of each fragment: video is the first of two tracks.
func delay(data []byte, seconds int64) {
	name := []byte("tfdt\x01\x00\x00\x00") // version 1: 64 bits
	scale := []int64{90000, 48000}
	for n, at := 0, bytes.Index(data, name); at >= 0; n++ {
		field := data[at+len(name):]
		binary.BigEndian.PutUint64(field, binary.BigEndian.Uint64(field)+uint64(seconds*scale[n%2]))
		next := bytes.Index(field, name)
		if next < 0 {
			return
		}
		at += len(name) + next
	}
}

func drop(args []string, names ...string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		if strings.Contains(" "+strings.Join(names, " ")+" ", " "+args[i]+" ") {
			i++
			continue
		}
		kept = append(kept, args[i])
	}
	return kept
}

func tool(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return out
}

// cut takes a fragmented file apart: the init segment and the fragments.
func cut(t testing.TB, data []byte) (start []byte, fragments [][]byte) {
	t.Helper()
	var now []byte
	for len(data) > 0 {
		size, kind := binary.BigEndian.Uint32(data), string(data[4:8])
		switch kind {
		case "mfra":
		case "ftyp", "moov":
			start = append(start, data[:size]...)
		default:
			now = append(now, data[:size]...)
			if kind == "mdat" {
				fragments, now = append(fragments, now), nil
			}
		}
		data = data[size:]
	}
	return start, fragments
}

// take stores a clip as capture would: the init segment and one object for each fragment.
func (k *kit) take(r storage.Recording, offsetMS int64, data []byte) storage.Take {
	k.t.Helper()
	return k.takeBy(storage.RouteLive, r, offsetMS, data)
}

func (k *kit) takeBy(route storage.Route, r storage.Recording, offsetMS int64, data []byte) storage.Take {
	k.t.Helper()
	ctx := context.Background()
	take, err := k.catalogue.BeginTake(ctx, storage.Take{ID: storage.NewID(), RecordingID: r.ID,
		Route: route, OffsetMS: offsetMS})
	if err != nil {
		k.t.Fatal(err)
	}
	start, fragments := cut(k.t, data)
	where := fmt.Sprintf("recordings/%s/takes/%s/", r.ID, take.ID)
	sum := k.put(where+"init-1.mp4", start)
	if err := k.catalogue.AddInit(ctx, storage.Init{TakeID: take.ID, Number: 1, Codecs: "avc1",
		ObjectKey: where + "init-1.mp4", Bytes: int64(len(start)), SHA256: sum}); err != nil {
		k.t.Fatal(err)
	}
	for i, fragment := range fragments {
		from, length := span(k.t, start, fragment)
		k.segment(storage.Segment{TakeID: take.ID, Number: int64(i + 1), InitNumber: 1, Start: from,
			Length: length, ObjectKey: fmt.Sprintf("%s%d.m4s", where, i+1)}, fragment)
	}
	if err := k.catalogue.EndTake(ctx, take.ID, "test"); err != nil {
		k.t.Fatal(err)
	}
	if _, err := k.db.Exec(ctx, `UPDATE takes SET completed_at = ? WHERE id = ?`, storage.Now(), take.ID); err != nil {
		k.t.Fatal(err)
	}
	return take
}

func (k *kit) segment(s storage.Segment, data []byte) {
	k.t.Helper()
	s.Bytes, s.SHA256 = int64(len(data)), k.put(s.ObjectKey, data)
	if err := k.catalogue.AddSegment(context.Background(), s); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) put(key string, data []byte) (sum string) {
	k.t.Helper()
	sum = hashOf(data)
	if err := k.store.Put(context.Background(), key, bytes.NewReader(data), int64(len(data)),
		objects.PutOptions{SHA256: sum}); err != nil {
		k.t.Fatal(err)
	}
	return sum
}

func hashOf(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// span is where a fragment's first track lies.
func span(t testing.TB, start, fragment []byte) (from, length storage.Ticks) {
	t.Helper()
	all := append(append([]byte(nil), start...), fragment...)
	file, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(all))
	if err != nil {
		t.Fatal(err)
	}
	traf := file.Segments[0].Fragments[0].Moof.Trafs[0]
	scale := int64(file.Init.Moov.Traks[0].Mdia.Mdhd.Timescale)
	trex, _ := file.Init.Moov.Mvex.GetTrex(traf.Tfhd.TrackID)
	total := uint64(0)
	for _, run := range traf.Truns {
		total += run.AddSampleDefaultValues(traf.Tfhd, trex)
	}
	return storage.Ticks(int64(traf.Tfdt.BaseMediaDecodeTime()) * 90000 / scale),
		storage.Ticks(int64(total) * 90000 / scale)
}

// rendition reads a rendition into a file and holds it to its size and hash.
func (k *kit) rendition(r storage.Recording, kind storage.RenditionKind) (path string, data []byte) {
	k.t.Helper()
	ctx := context.Background()
	have, err := k.catalogue.Rendition(ctx, r.ID, kind)
	if err != nil {
		k.t.Fatalf("%s: %v", kind, err)
	}
	body, _, err := k.store.Get(ctx, have.ObjectKey, 0, -1)
	if err != nil {
		k.t.Fatalf("%s: %v", kind, err)
	}
	defer body.Close()
	data, err = io.ReadAll(body)
	if err != nil {
		k.t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != have.SHA256 || int64(len(data)) != have.Bytes {
		k.t.Errorf("%s: size or hash is not what the catalogue says", kind)
	}
	path = filepath.Join(k.t.TempDir(), string(kind)+filepath.Ext(have.ObjectKey))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		k.t.Fatal(err)
	}
	return path, data
}
