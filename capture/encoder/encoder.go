package encoder

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// connectTime is how long a connection may take to be made.
const connectTime = 20 * time.Second

// Encoder is one sender. It is for one goroutine at a time, but for Close.
type Encoder struct {
	clip  *Clip
	peer  *webrtc.PeerConnection
	video *webrtc.TrackLocalStaticRTP
	audio *webrtc.TrackLocalStaticRTP
	offer string
	keys  atomic.Bool // a key frame is asked for
	up    chan struct{}
	work  sync.WaitGroup
}

// Sent is what an encoder has sent.
type Sent struct {
	Pictures, Sounds int
	// Late is the worst delay of a picture behind its time: a machine that cannot keep up.
	Late time.Duration
}

var (
	h264 = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"},
			{Type: "transport-cc"}}}
	opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
		SDPFmtpLine:  "minptime=10;useinbandfec=1",
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "transport-cc"}}}
)

// New makes an encoder of a clip, with its offer. Close it.
func New(clip *Clip) (_ *Encoder, err error) {
	e := &Encoder{clip: clip, up: make(chan struct{})}
	api, err := api()
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	if e.peer, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	var once sync.Once
	e.peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(e.up) })
		}
	})
	if e.video, err = e.add(h264, "video"); err != nil {
		return nil, err
	}
	if e.audio, err = e.add(opus, "audio"); err != nil {
		return nil, err
	}
	offer, err := e.peer.CreateOffer(nil)
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(e.peer)
	if err := e.peer.SetLocalDescription(offer); err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	<-gathered
	e.offer = e.peer.LocalDescription().SDP
	return e, nil
}

// api is WebRTC as a browser has it: repeats what it is asked for, reports its clocks.
func api() (*webrtc.API, error) {
	engine := &webrtc.MediaEngine{}
	for _, codec := range []struct {
		kind   webrtc.RTPCodecType
		number webrtc.PayloadType
		is     webrtc.RTPCodecCapability
	}{
		{webrtc.RTPCodecTypeVideo, 102, h264},
		{webrtc.RTPCodecTypeVideo, 103, webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX,
			ClockRate: 90000, SDPFmtpLine: "apt=102"}},
		{webrtc.RTPCodecTypeAudio, 111, opus},
	} {
		if err := engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: codec.number,
			RTPCodecCapability: codec.is}, codec.kind); err != nil {
			return nil, err
		}
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(engine, registry); err != nil {
		return nil, err
	}
	responder, err := nack.NewResponderInterceptor()
	if err != nil {
		return nil, err
	}
	reports, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(responder)
	registry.Add(reports)
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings)), nil
}

func (e *Encoder) add(codec webrtc.RTPCodecCapability, id string) (*webrtc.TrackLocalStaticRTP, error) {
	track, err := webrtc.NewTrackLocalStaticRTP(codec, id, "lesson")
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	sender, err := e.peer.AddTrack(track)
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	e.work.Go(func() {
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, packet := range packets {
				if _, ok := packet.(*rtcp.PictureLossIndication); ok {
					e.keys.Store(true)
				}
			}
		}
	})
	return track, nil
}

// Offer is the SDP to be posted to a WHIP endpoint.
func (e *Encoder) Offer() string { return e.offer }

// Answer takes the endpoint's answer and returns when the connection is made.
func (e *Encoder) Answer(ctx context.Context, answer string) error {
	if err := e.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer,
		SDP: answer}); err != nil {
		return fmt.Errorf("encoder: the answer cannot be used: %w", err)
	}
	limit := time.NewTimer(connectTime)
	defer limit.Stop()
	select {
	case <-e.up:
		return nil
	case <-limit.C:
		return errors.New("encoder: no packet gets through to the media port")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Send sends for length in real time, beginning with a key frame, or until ctx ends.
func (e *Encoder) Send(ctx context.Context, length time.Duration) (sent Sent) {
	video := &line{track: e.video, clock: 90000, base: rand.Uint32(), sequencer: rtp.NewRandomSequencer()}
	audio := &line{track: e.audio, clock: 48000, base: rand.Uint32(), sequencer: rtp.NewRandomSequencer()}
	e.keys.Store(false) // the clip begins with one
	begun := time.Now()
	at := 0 // in the clip
	for ctx.Err() == nil {
		picture := time.Duration(sent.Pictures) * time.Second / fps
		sound := time.Duration(sent.Sounds) * packetTime
		next := min(picture, sound)
		if next >= length || !until(ctx, begun.Add(next)) {
			break
		}
		if sound <= picture {
			n := sent.Sounds % len(e.clip.sounds)
			audio.write(sound, e.clip.sounds[n:n+1])
			sent.Sounds++
			continue
		}
		at = e.next(at)
		sent.Late = max(sent.Late, time.Since(begun.Add(picture)))
		video.write(picture, e.clip.pictures[at].payloads)
		at++
		sent.Pictures++
	}
	return sent
}

// next is the place in the clip of the picture to be sent: the next key frame when one is asked for.
func (e *Encoder) next(at int) int {
	at %= len(e.clip.pictures)
	if !e.keys.Load() {
		return at
	}
	for range e.clip.pictures {
		if e.clip.pictures[at].key {
			e.keys.Store(false)
			return at
		}
		at = (at + 1) % len(e.clip.pictures)
	}
	return at
}

// line is one track on the wire.
type line struct {
	track     *webrtc.TrackLocalStaticRTP
	clock     int64
	base      uint32
	sequencer rtp.Sequencer
}

// write sends what belongs to one moment; the last packet of a picture carries the marker.
func (l *line) write(at time.Duration, payloads [][]byte) {
	for i, payload := range payloads {
		// An error is a connection that is closed, which the receiver tells of.
		_ = l.track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2,
			Marker:         i == len(payloads)-1 && l.clock == 90000,
			SequenceNumber: l.sequencer.NextSequenceNumber(),
			Timestamp:      l.base + uint32(int64(at)/1000*l.clock/1_000_000)}, Payload: payload})
	}
}

// until waits for a moment; false when ctx ends first.
func until(ctx context.Context, moment time.Time) bool {
	wait := time.Until(moment)
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close ends the connection.
func (e *Encoder) Close() error {
	err := e.peer.Close()
	e.work.Wait()
	return err
}
