package capture_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/prometheus/client_golang/prometheus"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/dbtest"
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
	server  *capture.Server
	options capture.Options
}

// moody is a store that can be away.
type moody struct {
	objects.Store
	away atomic.Bool
}

func (m *moody) Put(ctx context.Context, key string, body io.ReadSeeker, size int64,
	o objects.PutOptions,
) error {
	if m.away.Load() {
		return storage.Errorf(storage.Unavailable, "The store does not answer.")
	}
	return m.Store.Put(ctx, key, body, size, o)
}

func (b *bench) RecordingReady(context.Context, *storage.Tx, storage.Recording) error {
	b.ready.Add(1)
	return nil
}

func newBench(t *testing.T, db *storage.DB, change func(*capture.Options)) *bench {
	t.Helper()
	b := &bench{t: t, db: db, cat: storage.NewCatalogue(db), spool: filepath.Join(t.TempDir(), "spool"),
		store: &moody{Store: objectstest.Embedded(t)}}
	b.options = capture.Options{Catalogue: b.cat, Objects: b.store, Jobs: b, Spool: b.spool,
		ListenIPs: []string{"127.0.0.1"},
		Log:       slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	if change != nil {
		change(&b.options)
	}
	b.open()
	t.Cleanup(func() { b.close(10 * time.Second) })
	return b
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
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
	return r.ID
}

// publish connects a sender to a new take.
func (b *bench) publish(recording storage.ID, loss float64) (*browser, whip.Offer, whip.Session) {
	b.t.Helper()
	sender, sdp := newBrowser(b.t, loss, 7)
	offer := whip.Offer{Recording: recording, Take: storage.NewID(), SDP: sdp}
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
	r, err := b.server.Stop(b.t.Context(), recording)
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
	numbers  []int // of the frames
	keyless  int   // segments that do not begin with a key frame
	video    int64 // decode time of the first frame, 1/90000 s
	audio    int64 // and of the first packet of sound, 1/48000 s
	packets  int   // of sound
	file     []byte
	playlist string
}

// read follows the playlist as a player does.
func (b *bench) read(recording storage.ID) stored {
	b.t.Helper()
	text, err := b.server.Playlist(b.t.Context(), recording)
	if err != nil {
		b.t.Fatal(err)
	}
	s := stored{playlist: text, video: -1, audio: -1}
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
		s.segment(b.t, b.object(prefix+line))
	}
	return s
}

func (s *stored) segment(t *testing.T, data []byte) {
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
			s.numbers = append(s.numbers, numberOf(sample.Data))
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

func TestLesson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		b := newBench(t, db, nil)
		recording := b.recording()
		sender, offer, _ := b.publish(recording, 0)
		sender.send(t.Context(), 7*time.Second, 300*time.Millisecond)
		if saved, err := b.server.Saved(t.Context(), recording); err != nil || !saved.LiveTake || saved.UntilMS < 3000 {
			t.Errorf("while recording: %+v, %v", saved, err)
		}
		if text, err := b.server.Playlist(t.Context(), recording); err != nil || !strings.Contains(text, "EVENT") {
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
		if _, err := b.server.Playlist(t.Context(), recording); storage.KindOf(err) != storage.NotFound {
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
	_, err := b.server.Stop(ctx, recording)
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

func TestRefused(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.MaxStreams = 1 })
	recording := b.recording()
	publish := func(o whip.Offer) error { _, err := b.server.Publish(t.Context(), o); return err }
	_, sdp := newBrowser(t, 0, 1)
	offer := whip.Offer{Recording: recording, Take: storage.NewID(), SDP: sdp}

	garbled := offer
	garbled.SDP = "v=0 and so on"
	if err := publish(garbled); storage.KindOf(err) != storage.Invalid || errors.Is(err, whip.ErrNotAcceptable) {
		t.Errorf("garbled SDP: %v", err)
	}
	foreign := offer
	foreign.SDP = strings.ReplaceAll(sdp, "H264/90000", "H266/90000")
	if err := publish(foreign); !errors.Is(err, whip.ErrNotAcceptable) || !strings.Contains(storage.MessageOf(err), "VP9") {
		t.Errorf("unknown codec: %v", err)
	}
	nowhere := offer
	nowhere.Recording = storage.NewID()
	if err := publish(nowhere); storage.KindOf(err) != storage.NotFound {
		t.Errorf("no such recording: %v", err)
	}
	session, err := b.server.Publish(t.Context(), offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := publish(offer); storage.KindOf(err) != storage.Conflict {
		t.Errorf("the same take: %v", err)
	}
	second := offer
	second.Take = storage.NewID()
	if err := publish(second); storage.KindOf(err) != storage.TooMany {
		t.Errorf("over the cap: %v", err)
	}
	ctx := t.Context()
	if err := b.server.Trickle(ctx, offer.Take, session.ID, `"x"`, ""); !errors.Is(err, whip.ErrPrecondition) {
		t.Errorf("another ETag: %v", err)
	}
	if err := b.server.Trickle(ctx, offer.Take, session.ID, "*", ""); !errors.Is(err, whip.ErrICERestart) {
		t.Errorf("ICE restart: %v", err)
	}
	if err := b.server.Trickle(ctx, offer.Take, session.ID, session.ETag,
		"a=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"); err != nil {
		t.Errorf("a candidate: %v", err)
	}
	if err := b.server.EndSession(ctx, offer.Take, "guess"); storage.KindOf(err) != storage.NotFound {
		t.Errorf("a guessed session: %v", err)
	}
	if err := b.server.EndSession(ctx, offer.Take, session.ID); err != nil {
		t.Error(err)
	}
	if err := b.server.EndSession(ctx, offer.Take, session.ID); storage.KindOf(err) != storage.NotFound {
		t.Errorf("ended again: %v", err)
	}
	if _, err := b.server.Stop(ctx, storage.NewID()); storage.KindOf(err) != storage.NotFound {
		t.Errorf("stop of nothing: %v", err)
	}
	if r := b.stop(recording); r.State != storage.StateReady { // it never had a frame
		t.Errorf("an empty recording is %s", r.State)
	}
}

func TestTakenPort(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := capture.Options{Spool: t.TempDir(), ListenIPs: []string{"127.0.0.1"},
		UDPPort: taken.LocalAddr().(*net.UDPAddr).Port}
	_, err = capture.New(o)
	if said := storage.MessageOf(err); !strings.Contains(said, "--media-udp-port") || !strings.Contains(said, "taken") {
		t.Errorf("said: %q (%v)", said, err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o.UDPPort, o.TCPPort = 0, listener.Addr().(*net.TCPAddr).Port
	_, err = capture.New(o)
	if said := storage.MessageOf(err); !strings.Contains(said, "--media-tcp-port") {
		t.Errorf("said: %q (%v)", said, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Spool = file
	if _, err = capture.New(o); !strings.Contains(storage.MessageOf(err), "--data") {
		t.Errorf("a spool that is a file: %v", err)
	}
}

func FuzzOffer(f *testing.F) {
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=sendonly\r\n")
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n")
	f.Fuzz(func(t *testing.T, offer string) {
		video, audio, err := capture.Negotiate(offer)
		if err == nil && video == "" && audio == "" {
			t.Error("nothing was chosen, without an error")
		}
		if err != nil && storage.KindOf(err) != storage.Invalid {
			t.Errorf("kind %s", storage.KindOf(err))
		}
	})
}

func TestCodecOrder(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	video := func(lines ...string) string {
		var numbers []string
		for _, line := range lines {
			number, _, _ := strings.Cut(strings.TrimPrefix(line, "a=rtpmap:"), " ")
			if strings.HasPrefix(line, "a=rtpmap:") {
				numbers = append(numbers, number)
			}
		}
		return head + "m=video 9 UDP/TLS/RTP/SAVPF " + strings.Join(numbers, " ") + "\r\n" +
			strings.Join(lines, "\r\n") + "\r\n"
	}
	vp8, vp9, av1 := "a=rtpmap:96 VP8/90000", "a=rtpmap:98 VP9/90000", "a=rtpmap:45 AV1/90000"
	h264 := "a=rtpmap:102 H264/90000"
	mode1 := "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f"
	mode0 := "a=fmtp:102 packetization-mode=0;profile-level-id=42e01f"
	tests := []struct{ name, offer, want string }{
		{"all", video(vp8, vp9, h264, mode1, av1), "h264"},
		{"H.264 in another mode", video(vp8, vp9, h264, mode0), "vp9"},
		{"Firefox without H.264", video(vp8, vp9), "vp9"},
		{"VP9 of 10 bits", video(vp8, vp9, "a=fmtp:98 profile-id=2"), "vp8"},
		{"VP8 alone", video(vp8), "vp8"},
		{"AV1 alone", video(av1), ""},
		{"not sending", video(h264, mode1, "a=recvonly"), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, err := capture.Negotiate(test.offer)
			if got != test.want || (err != nil) != (test.want == "") {
				t.Errorf("chose %q, want %q: %v", got, test.want, err)
			}
		})
	}
}
