package capture_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/prometheus/client_golang/prometheus"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

// bench is a server with all that it stands on.
type bench struct {
	t       *testing.T
	db      *storage.DB
	cat     *storage.Catalogue
	store   *moody
	spool   string
	ready   atomic.Int64 // how often Jobs was told
	settled atomic.Int64
	server  *capture.Server
	options capture.Options
	last    storage.ID // the recording made last

	logged sync.Mutex
	lines  []string // of the log; guarded by logged
}

// moody is a store that can be away.
type moody struct {
	objects.Store
	away  atomic.Bool
	hangs atomic.Bool // a Put ends only with its context
}

func (m *moody) Put(ctx context.Context, key string, body io.ReadSeeker, size int64,
	o objects.PutOptions,
) error {
	if m.away.Load() {
		return storage.Errorf(storage.Unavailable, "The store does not answer.")
	}
	if m.hangs.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return m.Store.Put(ctx, key, body, size, o)
}

func (b *bench) RecordingReady(context.Context, *storage.Tx, storage.Recording) error {
	b.ready.Add(1)
	return nil
}

func (b *bench) RecordingSettled(context.Context, *storage.Tx, storage.Recording) error {
	b.settled.Add(1)
	return nil
}

func (b *bench) TakeArrived(context.Context, *storage.Tx, storage.Take) error { return nil }

func newBench(t *testing.T, db *storage.DB, change func(*capture.Options)) *bench {
	t.Helper()
	return benchOn(t, db, objectstest.Embedded(t), change)
}

// beside is another node on the same database and store.
func (b *bench) beside(change func(*capture.Options)) *bench {
	b.t.Helper()
	return benchOn(b.t, b.db, b.store.Store, change)
}

func benchOn(t *testing.T, db *storage.DB, store objects.Store, change func(*capture.Options)) *bench {
	t.Helper()
	b := &bench{t: t, db: db, cat: storage.NewCatalogue(db), spool: filepath.Join(t.TempDir(), "spool"),
		store: &moody{Store: store}}
	b.options = capture.Options{Catalogue: b.cat, Objects: b.store, Jobs: b, Spool: b.spool,
		ListenIPs: []string{"127.0.0.1"},
		Log:       slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	if change != nil {
		change(&b.options)
	}
	b.open()
	t.Cleanup(func() { b.close(10 * time.Second) })
	return b
}

// Write takes a line of the server's log.
func (b *bench) Write(line []byte) (int, error) {
	b.t.Log(strings.TrimSpace(string(line)))
	b.logged.Lock()
	defer b.logged.Unlock()
	b.lines = append(b.lines, string(line))
	return len(line), nil
}

// said counts the lines of the log that hold a text.
func (b *bench) said(text string) (n int) {
	b.logged.Lock()
	defer b.logged.Unlock()
	for _, line := range b.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	b.options.Metrics = prometheus.NewRegistry()
	if b.server, err = capture.New(b.options); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) close(patience time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.server.Close(ctx); err != nil {
		b.t.Errorf("close the server: %v", err)
	}
}

func (b *bench) recording() storage.ID {
	b.t.Helper()
	r := storage.Recording{ID: storage.NewID(), ProgramID: storage.NewID(), OwnerID: storage.NewID(),
		Title: "Fractions"}
	if err := b.db.InTx(b.t.Context(), func(tx *storage.Tx) error {
		_, err := b.cat.CreateRecording(b.t.Context(), tx, r)
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
	b.last = r.ID
	return r.ID
}

// publish connects a sender to a new take.
func (b *bench) publish(recording storage.ID, loss float64) (*browser, whip.Offer, whip.Session) {
	b.t.Helper()
	return b.publishOn(recording, line{loss: loss, seed: 7}, whip.Offer{})
}

// publishOn is publish on another line, and with more in the offer.
func (b *bench) publishOn(recording storage.ID, l line, offer whip.Offer,
) (*browser, whip.Offer, whip.Session) {
	b.t.Helper()
	sender, sdp := newBrowserOn(b.t, l)
	offer.Recording, offer.Take, offer.SDP = recording, storage.NewID(), sdp
	session, err := b.server.Publish(b.t.Context(), offer)
	if err != nil {
		b.t.Fatal(err)
	}
	sender.answer(session.Answer)
	return sender, offer, session
}

// stop stops a recording and holds it to the second.
func (b *bench) stop(recording storage.ID) storage.Recording {
	b.t.Helper()
	begun := time.Now()
	r, err := b.server.Stop(b.t.Context(), recording, -1)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("stopped in %v", time.Since(begun))
	return r
}

func (b *bench) eventually(what string, limit time.Duration, ok func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			b.t.Fatalf("not within %v: %s", limit, what)
		}
		until(b.t.Context(), time.Now().Add(20*time.Millisecond))
	}
}

func (b *bench) state(recording storage.ID) storage.RecordingState {
	b.t.Helper()
	r, err := b.cat.Recording(b.t.Context(), recording)
	if err != nil {
		b.t.Fatal(err)
	}
	return r.State
}

func (b *bench) object(key string) []byte {
	b.t.Helper()
	body, _, err := b.store.Get(b.t.Context(), key, 0, -1)
	if err != nil {
		b.t.Fatalf("%s: %v", key, err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// stored is what is read back of a recording.
type stored struct {
	numbers  []int           // of the frames
	keyless  int             // segments that do not begin with a key frame
	video    int64           // decode time of the first frame, 1/90000 s
	audio    int64           // and of the first packet of sound, 1/48000 s
	packets  int             // of sound
	times    map[int]float64 // where each frame lies on the timeline, ms
	file     []byte
	playlist string
}

// read follows the playlist as a player does.
func (b *bench) read(recording storage.ID) stored {
	b.t.Helper()
	text, err := b.server.Playlist(b.t.Context(), recording, capture.View{})
	if err != nil {
		b.t.Fatal(err)
	}
	s := stored{playlist: text, video: -1, audio: -1, times: map[int]float64{}}
	offsets := map[string]int64{}
	takes, err := b.cat.Takes(b.t.Context(), recording)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, take := range takes {
		offsets[string(take.ID)] = take.OffsetMS
	}
	prefix := "recordings/" + string(recording) + "/"
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, `#EXT-X-MAP:URI="`); ok {
			s.file = append(s.file, b.object(prefix+strings.TrimSuffix(rest, `"`))...)
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		s.segment(b.t, b.object(prefix+line), offsets[strings.Split(line, "/")[1]])
	}
	return s
}

func (s *stored) segment(t *testing.T, data []byte, offset int64) {
	t.Helper()
	s.file = append(s.file, data...)
	file, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, traf := range file.Segments[0].Fragments[0].Moof.Trafs {
		samples, err := file.Segments[0].Fragments[0].GetFullSamples(&mp4.TrexBox{TrackID: traf.Tfhd.TrackID})
		if err != nil {
			t.Fatal(err)
		}
		if traf.Tfhd.TrackID == 2 {
			if s.audio < 0 {
				s.audio = int64(samples[0].DecodeTime)
			}
			s.packets += len(samples)
			continue
		}
		if s.video < 0 {
			s.video = int64(samples[0].DecodeTime)
		}
		if samples[0].Flags != 0 {
			s.keyless++
		}
		for _, sample := range samples {
			n := numberOf(sample.Data)
			s.numbers = append(s.numbers, n)
			s.times[n] = float64(offset) + float64(sample.PresentationTime())/90
		}
	}
}

// decode has ffmpeg decode everything, and wants not a word from it.
func (s stored) decode(t *testing.T) {
	t.Helper()
	var said bytes.Buffer
	decode := exec.Command("ffmpeg", "-nostdin", "-v", "warning", "-i", "pipe:0", "-f", "null", "-")
	decode.Stdin, decode.Stderr = bytes.NewReader(s.file), &said
	if err := decode.Run(); err != nil || said.Len() > 0 {
		t.Errorf("ffmpeg: %v: %s", err, said.String())
	}
}

// complete wants at least a share of the frames that were sent, each once and in order.
func (s stored) complete(t *testing.T, sent int, share float64) {
	t.Helper()
	for i := 1; i < len(s.numbers); i++ {
		if s.numbers[i] <= s.numbers[i-1] {
			t.Fatalf("frame %d comes after frame %d", s.numbers[i], s.numbers[i-1])
		}
	}
	if got := float64(len(s.numbers)) / float64(sent); got < share {
		t.Errorf("%d of %d frames are there, %.2f %%", len(s.numbers), sent, 100*got)
	}
	if s.keyless > 0 {
		t.Errorf("%d segments do not begin with a key frame", s.keyless)
	}
}
