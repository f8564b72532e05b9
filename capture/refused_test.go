package capture_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// One person does not take every place that there is.
func TestStreamsOfOnePerson(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	_, sdp := newBrowser(t, 0, 1)
	for i := range 9 {
		take := storage.NewID()
		session, err := b.server.Publish(t.Context(), whip.Offer{Recording: recording, Take: take, SDP: sdp})
		if want := map[bool]storage.Kind{true: storage.TooMany}[i == 8]; storage.KindOf(err) != want {
			t.Fatalf("take %d: %v", i, err)
		}
		if i == 7 { // what has ended makes room
			if err := b.server.EndSession(t.Context(), take, session.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := b.server.Publish(t.Context(), whip.Offer{
				Recording: recording, Take: storage.NewID(), SDP: sdp}); err != nil {
				t.Fatal(err)
			}
		}
	}
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
	if _, err := b.server.Stop(ctx, storage.NewID(), -1); storage.KindOf(err) != storage.NotFound {
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
