package capture

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"backrow/capture/depacket"
	"backrow/capture/segmenter"
	"backrow/storage"
)

const (
	// tick is how often a take looks after what is missing and what is due. It bounds the delay of
	// a request for a lost packet.
	tick = 20 * time.Millisecond
	// connectTime is how long a session may take to bring its first packet.
	connectTime = 30 * time.Second
	// quiet is how long nothing must have come for the sender to be done, and linger how long that
	// is waited for when a take is ended while the sender still sends: its pacer may hold frames
	// that it has counted as sent, and lost packets may be on their way again. On a busy laptop
	// 60 ms lost the last two frames of one lesson in five.
	quiet  = 150 * time.Millisecond
	linger = 600 * time.Millisecond
	// unsegmented bounds the bytes of a take that are in no segment yet, and so its memory: 10 s, the
	// longest segment, of 50 Mbit/s.
	unsegmented = 64 << 20
	// A take may make so many segments in so long: one in two seconds is usual, one for each change
	// of its format or leap of its times is made as well. Each costs the disk some syncs, and those
	// of one take must not be the trouble of the others.
	manySegments = 100
	manyIn       = 20 * time.Second
)

// take is one session while it is received: a peer connection, up to two streams, a segmenter and
// the keeper that stores what comes out.
type take struct {
	server    *Server
	id        storage.ID
	recording storage.ID
	offset    offset
	session   string
	etag      string
	codecs    accepted
	peer      *webrtc.PeerConnection
	keeper    *keeper
	log       *slog.Logger

	mu        sync.Mutex
	streams   [2]*stream // video, audio; guarded by mu
	segmenter *segmenter.Segmenter
	held      int       // bytes received since the last segment was done; guarded by mu
	made      int       // segments since counting; guarded by mu
	counting  time.Time // guarded by mu
	placed    bool      // the keeper knows where the take lies; guarded by mu
	over      bool      // nothing more is taken; guarded by mu

	ready  chan struct{} // closed when the take is among the server's
	ending sync.Once
	quit   chan struct{} // closed when the take begins to end
	ended  chan struct{} // closed when all of it is in the spool
	work   sync.WaitGroup
}

// track begins to receive a track.
func (t *take) track(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	at, codec := 0, t.codecs.video
	if remote.Kind() == webrtc.RTPCodecTypeAudio {
		at, codec = 1, t.codecs.audio
	}
	select {
	case <-t.ready: // media may be faster than the catalogue
	case <-t.quit:
		return
	}
	t.mu.Lock()
	if t.over || t.streams[at] != nil || codec == "" {
		t.mu.Unlock()
		return // a second track of a kind is not recorded
	}
	s := newStream(remote, codec, t.server.options.Hold)
	t.streams[at] = s
	t.work.Go(func() { t.readMedia(s, remote) })
	t.work.Go(func() { t.readReports(s, receiver) })
	t.mu.Unlock()
	t.log.Debug("capture: track", "kind", s.kind, "codec", codec, "nack", s.nack)
}

// readMedia takes packets until the connection closes.
func (t *take) readMedia(s *stream, track *webrtc.TrackRemote) {
	buffer := make([]byte, 1<<16)
	due, bounded := false, false
	for {
		// Retransmissions come by a stream of their own, which pion looks at between two reads: while
		// some are due a read must not wait for the next packet of the stream itself.
		if due || bounded {
			var deadline time.Time
			if due {
				deadline = time.Now().Add(tick)
			}
			if track.SetReadDeadline(deadline) != nil {
				return
			}
			bounded = due
		}
		n, _, err := track.Read(buffer)
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			due = t.waiting(s)
			continue
		}
		if err != nil {
			return
		}
		var packet rtp.Packet
		if packet.Unmarshal(append([]byte(nil), buffer[:n]...)) != nil {
			continue
		}
		due = t.push(s, &packet, time.Now())
	}
}

func (t *take) waiting(s *stream) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.nack && s.buffer.Waiting()
}

// push takes a packet. It reports whether packets are missing that are asked for.
func (t *take) push(s *stream, p *rtp.Packet, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	if s.first.IsZero() {
		s.first = now
	}
	if s.buffer.Push(now, p.SequenceNumber, p.Timestamp, p.Marker, p.Payload) && len(p.Payload) > 0 {
		s.last = now
	}
	if t.held += len(p.Payload); t.held > unsegmented {
		t.refuse("more was sent than can be recorded")
		return false
	}
	t.advance(s, now)
	return s.nack && s.buffer.Waiting()
}

// advance moves what is complete from the buffer of a stream to the segmenter.
func (t *take) advance(s *stream, now time.Time) {
	for _, frame := range s.pop(now) {
		t.feed(s, frame)
	}
	t.segmenter.Await(t.stuck(0, now), t.stuck(1, now))
}

// stuck tells whether packets of a stream wait for one that is missing.
func (t *take) stuck(at int, now time.Time) bool {
	return t.streams[at] != nil && t.streams[at].buffer.Stuck(now) > 0
}

func (t *take) feed(s *stream, frame depacket.Frame) {
	if s == t.streams[0] {
		t.segmenter.Video(frame)
	} else {
		t.segmenter.Audio(frame)
	}
}

// readReports takes sender reports until the connection closes.
func (t *take) readReports(s *stream, receiver *webrtc.RTPReceiver) {
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		t.reported(s, packets)
	}
}

func (t *take) reported(s *stream, packets []rtcp.Packet) {
	for _, packet := range packets {
		report, ok := packet.(*rtcp.SenderReport)
		if !ok || report.SSRC != s.ssrc {
			continue
		}
		t.mu.Lock()
		if rtpTime := s.buffer.Near(report.RTPTime); s == t.streams[0] {
			t.segmenter.VideoReport(report.NTPTime, rtpTime)
		} else {
			t.segmenter.AudioReport(report.NTPTime, rtpTime)
		}
		t.mu.Unlock()
	}
}

// run looks after the take until it ends.
func (t *take) run() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	begun := time.Now()
	for {
		select {
		case <-t.quit:
			return
		case now := <-ticker.C:
			requests, heard := t.service(now)
			if len(requests) > 0 {
				// An error is a connection that is going: its state tells what to do.
				_ = t.peer.WriteRTCP(requests)
			}
			if !heard && now.Sub(begun) > connectTime {
				t.endLater("nothing came")
			}
		}
	}
}

// service does what is due at now. heard says whether any packet has come yet.
func (t *take) service(now time.Time) (requests []rtcp.Packet, heard bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil, true
	}
	o := t.server.options
	for _, s := range t.streams {
		if s == nil {
			continue
		}
		heard = heard || !s.first.IsZero()
		t.advance(s, now)
		requests = append(requests, s.requests(now, o.SegmentLength, o.Hold)...)
		t.count(s, requests)
	}
	t.keep(t.segmenter.Done(now))
	return requests, heard
}

func (t *take) count(s *stream, requests []rtcp.Packet) {
	j, d := s.buffer.Counts(), s.frames.Counts()
	t.server.metrics.add(s.kind, j, s.counted, d, s.countedIn)
	s.counted, s.countedIn = j, d
	if n := len(requests); n > 0 {
		if _, ok := requests[n-1].(*rtcp.PictureLossIndication); ok {
			t.server.metrics.keys.Inc()
		}
	}
}

// endLater ends the take from one of its own goroutines, or from pion's.
func (t *take) endLater(reason string) {
	select {
	case <-t.ready:
		t.server.spawn(func() { t.end(reason, false) })
	default: // it has not begun, and whoever is opening it sees that it cannot
	}
}

// end ends the take: it waits a moment for what is under way when wait is true, closes the
// connection, and returns when everything that came is in the spool. It may be called by several
// at once; the first one's reason stands.
func (t *take) end(reason string, wait bool) {
	t.ending.Do(func() {
		if wait {
			t.settle()
		}
		close(t.quit)
		t.finish()
		if err := t.peer.Close(); err != nil {
			t.log.Debug("capture: close", "error", err)
		}
		t.work.Wait()
		t.keeper.close()
		t.server.forget(t)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := t.server.options.Catalogue.EndTake(ctx, t.id, reason); err != nil {
			// The end of the recording ends what takes are open.
			t.log.Warn("capture: the end of a take could not be noted", "error", err)
		}
		t.server.delivered(t.recording, t.id)
		t.summary(reason)
		close(t.ended)
	})
	<-t.ended
}

// settle waits until nothing comes any more and nothing is missing, or it has been long enough.
func (t *take) settle() {
	ticker := time.NewTicker(tick / 2)
	defer ticker.Stop()
	limit := time.Now().Add(linger)
	for now := range ticker.C {
		if t.still(now) || now.After(limit) {
			return
		}
	}
}

func (t *take) still(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.streams {
		if s != nil && (now.Sub(s.last) < quiet || s.nack && s.buffer.Waiting() || s.frames.Open()) {
			return false
		}
	}
	return true
}

// finish empties the buffers into the last segments.
func (t *take) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	now := time.Now()
	for _, s := range t.streams {
		if s == nil {
			continue
		}
		s.buffer.Flush()
		t.advance(s, now)
		for _, frame := range s.frames.Flush() {
			t.feed(s, frame)
		}
		t.count(s, nil)
	}
	t.keep(t.segmenter.Flush())
}

// refuse takes no more of a sender that cannot be teaching.
func (t *take) refuse(reason string) {
	t.over = true
	t.endLater(reason)
}

// keep hands segments on, with the first of them the place of the take.
func (t *take) keep(segments []segmenter.Segment) {
	now := time.Now()
	for _, segment := range segments {
		t.held = 0
		if now.Sub(t.counting) > manyIn {
			t.made, t.counting = 0, now
		}
		if t.made++; t.made > manySegments {
			if !t.over {
				t.refuse("its times make no sense")
			}
			return
		}
		if !t.placed {
			t.placed = true
			t.keeper.place = t.server.placeOf(t.offset, t.segmenter)
		}
		t.keeper.keep(segment)
	}
}

func (t *take) summary(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	attributes := []any{"reason", reason}
	for _, s := range t.streams {
		if s == nil {
			continue
		}
		attributes = append(attributes, slog.Group(s.kind, "packets", s.counted.Packets,
			"repaired", s.counted.Repaired, "lost", s.counted.Lost, "doubled", s.counted.Doubled,
			"frames", s.countedIn.Frames, "dropped", s.countedIn.Dropped))
	}
	t.log.Info("capture: take ended", attributes...)
}
