package encoder_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"backrow/capture/encoder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func clip(t *testing.T) *encoder.Clip {
	t.Helper()
	c, err := encoder.Render(t.Context(), encoder.ClipOptions{FFmpeg: "ffmpeg", Width: 320, Height: 180,
		BitsPerSecond: 200_000, Length: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRender(t *testing.T) {
	c := clip(t)
	if c.Pictures() != 90 {
		t.Errorf("%d pictures in 3 s, want 90", c.Pictures())
	}
	// Opus adds its delay, which encoders pad to whole packets.
	if n := c.Sounds(); n < 150 || n > 152 {
		t.Errorf("%d packets of sound in 3 s, want about 150", n)
	}
}

func TestRenderWithoutFFmpeg(t *testing.T) {
	_, err := encoder.Render(t.Context(), encoder.ClipOptions{FFmpeg: "/nowhere/ffmpeg", Width: 320,
		Height: 180, BitsPerSecond: 200_000, Length: time.Second})
	if err == nil {
		t.Error("a clip was made without ffmpeg")
	}
}

// TestSend sends to a receiver that only counts.
func TestSend(t *testing.T) {
	e, err := encoder.New(clip(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close() //nolint:errcheck // the test is over
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close() //nolint:errcheck // the test is over
	var pictures, sounds atomic.Int64
	peer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			switch {
			case track.Kind() == webrtc.RTPCodecTypeAudio:
				sounds.Add(1)
			case packet.Marker:
				pictures.Add(1)
			}
		}
	})
	if err := e.Answer(t.Context(), answer(t, peer, e.Offer())); err != nil {
		t.Fatal(err)
	}
	sent := e.Send(t.Context(), 2*time.Second)
	if sent.Pictures != 60 || sent.Sounds != 100 {
		t.Errorf("sent %d pictures and %d packets of sound in 2 s, want 60 and 100", sent.Pictures, sent.Sounds)
	}
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for pictures.Load() < 60 || sounds.Load() < 100 {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%d pictures and %d packets of sound came", pictures.Load(), sounds.Load())
		}
	}
}

// TestEnds says that sending ends with its context.
func TestEnds(t *testing.T) {
	e, err := encoder.New(clip(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close() //nolint:errcheck // the test is over
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if sent := e.Send(ctx, time.Hour); sent.Pictures > 1 {
		t.Errorf("%d pictures were sent after the end", sent.Pictures)
	}
	if err := e.Answer(ctx, "no SDP"); err == nil {
		t.Error("an answer that is none was taken")
	}
}

func answer(t *testing.T, peer *webrtc.PeerConnection, offer string) string {
	t.Helper()
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer,
		SDP: offer}); err != nil {
		t.Fatal(err)
	}
	description, err := peer.CreateAnswer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(description); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return peer.LocalDescription().SDP
}
