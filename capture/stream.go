package capture

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"backrow/capture/depacket"
	"backrow/capture/jitter"
)

const (
	// keyRetry is the time between two requests for a key frame that is needed. Chromium makes one
	// in 300 ms at the most.
	keyRetry = 500 * time.Millisecond
	// firstKey is how long a key frame is waited for before one is asked for: the first frame of an
	// encoder is one.
	firstKey = 300 * time.Millisecond
)

// stream is one track of a take, from packets to frames. It is guarded by the take's mutex.
type stream struct {
	kind      string // video or audio
	ssrc      uint32
	nack      bool // the sender repeats what it is asked for
	buffer    *jitter.Buffer
	frames    *depacket.Depacketizer
	first     time.Time // arrival of the first packet
	last      time.Time // and of the last one
	key       time.Time // arrival of the last key frame
	asked     time.Time // for a key frame
	counted   jitter.Counts
	countedIn depacket.Counts
}

func newStream(track *webrtc.TrackRemote, codec depacket.Codec, hold time.Duration) *stream {
	s := &stream{kind: track.Kind().String(), ssrc: uint32(track.SSRC()),
		frames: depacket.New(codec)}
	for _, feedback := range track.Codec().RTCPFeedback {
		s.nack = s.nack || feedback.Type == "nack" && feedback.Parameter == ""
	}
	s.buffer = jitter.New(jitter.Options{Hold: hold, Starts: s.frames.Starts})
	return s
}

// pop returns the frames that are complete at now.
func (s *stream) pop(now time.Time) (done []depacket.Frame) {
	for {
		packet, ok := s.buffer.Pop(now)
		if !ok {
			return done
		}
		for _, frame := range s.frames.Push(packet) {
			if frame.Key {
				s.key = frame.Arrived
			}
			done = append(done, frame)
		}
	}
}

// requests are the RTCP packets that the stream wants sent at now. A key frame is asked for where
// decoding has to begin again, and at segment time.
func (s *stream) requests(now time.Time, segment, hold time.Duration) (out []rtcp.Packet) {
	if s.nack {
		if missing := s.buffer.Requests(now); len(missing) > 0 {
			out = append(out, &rtcp.TransportLayerNack{MediaSSRC: s.ssrc,
				Nacks: rtcp.NackPairsFromSequenceNumbers(missing)})
		}
	}
	if s.kind == "video" && !s.first.IsZero() && s.wantsKey(now, segment, hold) {
		s.asked = now
		out = append(out, &rtcp.PictureLossIndication{MediaSSRC: s.ssrc})
	}
	return out
}

func (s *stream) wantsKey(now time.Time, segment, hold time.Duration) bool {
	since := now.Sub(s.asked)
	switch {
	case s.frames.NeedsKey():
		return since >= keyRetry && now.Sub(s.first) >= firstKey
	case s.buffer.Stuck(now) > hold/2: // likely to be given up: have a key frame ready behind it
		return since >= keyRetry
	}
	return since >= segment && now.Sub(s.key) >= segment
}
