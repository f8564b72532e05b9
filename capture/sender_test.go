package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/h264reader"
)

// group is how many frames there are from one key frame to the next.
const group = 90

// clip is a few seconds of H.264 of 0.8 Mbit/s as access units, a key frame every three seconds,
// made once; small is one of a sixth of that.
var (
	clip  = sync.OnceValues(func() ([][][]byte, error) { return encode("320x180", "23") })
	small = sync.OnceValues(func() ([][][]byte, error) { return encode("128x72", "36") })
)

func encode(size, quality string) ([][][]byte, error) {
	var out, said bytes.Buffer
	encode := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi",
		"-i", "testsrc2=s="+size+":r=30", "-frames:v", "360", "-c:v", "libx264", "-profile:v", "baseline",
		"-crf", quality,
		"-preset", "ultrafast", "-tune", "zerolatency", "-g", "90", "-keyint_min", "90",
		"-sc_threshold", "0", "-x264-params", "sliced-threads=0:slices=1", "-threads", "1",
		"-pix_fmt", "yuv420p", "-f", "h264", "-")
	encode.Stdout, encode.Stderr = &out, &said
	if err := encode.Run(); err != nil {
		return nil, errors.New(said.String())
	}
	reader, err := h264reader.NewReader(&out)
	if err != nil {
		return nil, err
	}
	var units [][][]byte
	var open [][]byte
	for {
		nal, err := reader.NextNAL()
		if err == io.EOF {
			return units, nil
		}
		if err != nil {
			return nil, err
		}
		if nal.UnitType == h264reader.NalUnitTypeSEI {
			continue
		}
		open = append(open, nal.Data)
		if nal.UnitType <= h264reader.NalUnitTypeCodedSliceIdr {
			units, open = append(units, open), nil
		}
	}
}

// numbered is an access unit with its number in it, as user data (H.264, section D.1.6), which
// decoders pass over. The number is written without zero bytes, which would be start codes.
func numbered(unit [][]byte, n uint32) []byte {
	sei := []byte{0x06, 0x05, 16 + 4}
	sei = append(sei, "backrow test lsn"...)
	for shift := 0; shift < 28; shift += 7 {
		sei = append(sei, byte(n>>shift)|0x80)
	}
	sei = append(sei, 0x80)
	var out []byte
	for i, nal := range unit {
		if i == len(unit)-1 {
			out = append(append(out, 0, 0, 0, 1), sei...)
		}
		out = append(append(out, 0, 0, 0, 1), nal...)
	}
	return out
}

// numberOf finds the number in an MP4 sample; -1 when there is none.
func numberOf(sample []byte) int {
	at := bytes.Index(sample, []byte("backrow test lsn"))
	if at < 0 {
		return -1
	}
	n := 0
	for i, b := range sample[at+16 : at+20] {
		n |= int(b&0x7f) << (7 * i)
	}
	return n
}

// lossy drops outgoing media packets at random, repeats as well.
type lossy struct {
	interceptor.NoOp
	percent float64
	seed    uint64
}

func (l *lossy) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

func (l *lossy) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter,
) interceptor.RTPWriter {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(l.seed, uint64(info.PayloadType)))
	return interceptor.RTPWriterFunc(
		func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
			mu.Lock()
			drop := dice.Float64()*100 < l.percent
			mu.Unlock()
			if drop {
				return len(payload), nil
			}
			return next.Write(h, payload, a)
		})
}

// browser is a sender as a browser is one: it numbers its frames, makes a key frame when it is
// asked to, repeats what it is asked for, and reports its clocks.
type browser struct {
	t          *testing.T
	peer       *webrtc.PeerConnection
	video      *webrtc.TrackLocalStaticRTP
	audio      *webrtc.TrackLocalStaticRTP
	keys       atomic.Bool // a key frame is asked for
	plis       atomic.Int64
	clip       func() ([][][]byte, error) // nil: clip
	shifts     []int                      // by how many frames each of the clip is shown later than sent
	from       int                        // the number of the first frame
	frames     int                        // sent
	packets    int
	videoSeq   rtp.Sequencer // nil: nothing has been sent
	audioSeq   rtp.Sequencer
	videoBase  uint32
	audioBase  uint32
	videoBegan time.Time
	audioBegan time.Time
	work       sync.WaitGroup
	done       sync.Once
}

// line is how a sender is connected.
type line struct {
	loss float64 // in percent, of what leaves
	seed uint64
	net  transport.Net // nil: the machine's own
	tcp  bool          // by ICE-TCP alone
	more interceptor.Factory
}

// newBrowser makes a sender and its offer. loss is in percent.
func newBrowser(t *testing.T, loss float64, seed uint64) (*browser, string) {
	t.Helper()
	return newBrowserOn(t, line{loss: loss, seed: seed})
}

// newBrowserOn is newBrowser on another line.
func newBrowserOn(t *testing.T, l line) (*browser, string) {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	register := func(kind webrtc.RTPCodecType, number webrtc.PayloadType, c webrtc.RTPCodecCapability) {
		if err := engine.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: number,
			RTPCodecCapability: c}, kind); err != nil {
			t.Fatal(err)
		}
	}
	h264 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		RTCPFeedback: feedback}
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
		RTCPFeedback: feedback[:1]}
	register(webrtc.RTPCodecTypeVideo, 102, h264)
	register(webrtc.RTPCodecTypeVideo, 103, webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX,
		ClockRate: 90000, SDPFmtpLine: "apt=102"})
	register(webrtc.RTPCodecTypeAudio, 111, opus)
	registry := &interceptor.Registry{}
	registry.Add(&lossy{percent: l.loss, seed: l.seed}) // nearest to the wire
	if l.more != nil {
		registry.Add(l.more)
	}
	responder, err := nack.NewResponderInterceptor(nack.ResponderSize(4096))
	if err != nil {
		t.Fatal(err)
	}
	registry.Add(responder)
	reports, err := report.NewSenderInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	registry.Add(reports)
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if l.net != nil {
		settings.SetNet(l.net)
		settings.SetICETimeouts(iceQuiet, iceFailed, iceQuiet/4)
	}
	if l.tcp {
		settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	b := &browser{t: t}
	b.peer, err = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	b.video = b.add(h264, "video")
	b.audio = b.add(opus, "audio")
	offer, err := b.peer.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.peer)
	if err := b.peer.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return b, b.peer.LocalDescription().SDP
}

func (b *browser) add(codec webrtc.RTPCodecCapability, id string) *webrtc.TrackLocalStaticRTP {
	track, err := webrtc.NewTrackLocalStaticRTP(codec, id, "lesson")
	if err != nil {
		b.t.Fatal(err)
	}
	sender, err := b.peer.AddTrack(track)
	if err != nil {
		b.t.Fatal(err)
	}
	b.work.Go(func() {
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, packet := range packets {
				if _, ok := packet.(*rtcp.PictureLossIndication); ok {
					b.plis.Add(1)
					b.keys.Store(true)
				}
			}
		}
	})
	return track
}

// answer takes the server's answer and waits for the connection.
func (b *browser) answer(sdp string) {
	b.t.Helper()
	connected := make(chan struct{})
	var once sync.Once
	b.peer.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	if err := b.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer,
		SDP: sdp}); err != nil {
		b.t.Fatal(err)
	}
	select {
	case <-connected:
	case <-time.After(20 * time.Second):
		b.t.Fatal("the connection was not made in 20 s")
	}
}

// send sends for a while in real time, sound beginning late after pictures.
func (b *browser) send(ctx context.Context, length, late time.Duration) {
	b.t.Helper()
	if b.clip == nil {
		b.clip = clip
	}
	units, err := b.clip()
	if err != nil {
		b.t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Go(func() { b.sendVideo(ctx, units, length) })
	both.Go(func() {
		select {
		case <-time.After(late):
			b.sendAudio(ctx, length-late)
		case <-ctx.Done():
		}
	})
	both.Wait()
}

func (b *browser) sendVideo(ctx context.Context, units [][][]byte, length time.Duration) {
	payloader := &codecs.H264Payloader{}
	begun := time.Now()
	if b.videoSeq == nil {
		b.videoSeq, b.videoBase, b.videoBegan = rtp.NewRandomSequencer(), rand.Uint32(), begun
	}
	sequencer, base := b.videoSeq, b.videoBase+clockTime(begun.Sub(b.videoBegan), 90)
	next := 0
	for n := 0; ; n++ {
		at := time.Duration(n) * time.Second / 30
		if at >= length || !until(ctx, begun.Add(at)) {
			return
		}
		if b.shifts == nil && b.keys.Swap(false) && next%group != 0 { // encoders that reorder hear nothing
			next = (next/group + 1) * group
		}
		shift := 0
		if b.shifts != nil {
			shift = b.shifts[next%len(units)]
		}
		payloads := payloader.Payload(1200, numbered(units[next%len(units)], uint32(b.from+b.frames+shift)))
		next++
		b.frames++
		for i, payload := range payloads {
			// An error is a connection that is closed, which the test will notice.
			_ = b.video.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, Marker: i == len(payloads)-1,
				SequenceNumber: sequencer.NextSequenceNumber(),
				Timestamp:      base + uint32(int64(at)*9/100_000+int64(shift)*3000)}, Payload: payload})
		}
	}
}

func (b *browser) sendAudio(ctx context.Context, length time.Duration) {
	begun := time.Now()
	if b.audioSeq == nil {
		b.audioSeq, b.audioBase, b.audioBegan = rtp.NewRandomSequencer(), rand.Uint32(), begun
	}
	sequencer, base := b.audioSeq, b.audioBase+clockTime(begun.Sub(b.audioBegan), 48)
	for n := 0; ; n++ {
		at := time.Duration(n) * 20 * time.Millisecond
		if at >= length || !until(ctx, begun.Add(at)) {
			return
		}
		b.packets++
		packet := binary.BigEndian.AppendUint16([]byte{31<<3 | 4, 0xff, 0xfe}, 0)[:3]
		_ = b.audio.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2,
			SequenceNumber: sequencer.NextSequenceNumber(),
			Timestamp:      base + uint32(n*960)}, Payload: packet})
	}
}

// clockTime is a time in RTP's units, of which there are so many in a millisecond.
func clockTime(since time.Duration, rate int64) uint32 {
	return uint32(since.Microseconds() * rate / 1000)
}

// until waits for a moment; false when ctx ends first. Media has its own time: this is no waiting
// for something to have happened.
func until(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *browser) close() {
	b.done.Do(func() {
		if err := b.peer.GracefulClose(); err != nil {
			b.t.Errorf("close the sender: %v", err)
		}
		b.work.Wait()
	})
}
