// Package segmenter lays the frames of a take on one timeline and cuts it into segments.
//
// The timeline counts 1/90000 s from the first frame of the take, picture or sound. Pictures keep
// the distances of their RTP timestamps to the tick. Sound is placed by RTCP sender reports, which
// give both clocks in the sender's NTP time (RFC 3550, section 6.4.1): anew for each segment,
// because the microphone's clock and the computer's part by some 50 ppm, 180 ms in an hour. The
// first reports come some seconds into a take, so its beginning is held until they are there;
// packets' arrival times stand in for reports that do not come.
//
// A segment begins with a key frame wherever the sender makes one in time, and sound is cut at the
// packet nearest to it. Where sound was lost, silence of the same length takes its place, so that
// players which only count samples stay in step. A Segmenter holds a few seconds of frames, starts
// nothing, and is for one goroutine at a time.
package segmenter

import (
	"time"

	"backrow/capture/cmaf"
	"backrow/capture/depacket"
	"backrow/storage"
)

const (
	second = storage.TicksPerSecond
	// shortest: a key frame that comes earlier after a cut makes no segment of its own.
	shortest = 3 * second / 2
	// longest bounds a segment, and the memory it takes, when the sender makes no key frame.
	longest = 10 * second
	// patience is how far pictures may be ahead before a segment is closed without its sound, unless
	// sound is awaited.
	patience = 7 * second / 2
	// stall is how far sound may be ahead before it is cut without pictures, unless they are awaited.
	stall = 4 * second
	// gap is how long both may be away before the time between is left out as a gap.
	gap = 3 * second
	// usual stands in for the length of a last frame that has no other before it: 1/30 s.
	usual = 3000
	// align is how long the beginning of a take is held for sender reports. Chromium sends the
	// first one for sound after about 2.5 s, half of its interval of 5 s.
	align = 4 * time.Second
)

// Segment is a piece of a take.
type Segment struct {
	Start  storage.Ticks
	Length storage.Ticks
	Tracks cmaf.Tracks
	Video  cmaf.Run
	Audio  cmaf.Run
}

// Options configure a Segmenter.
type Options struct {
	Video  bool          // pictures are expected
	Audio  bool          // sound is expected
	Length time.Duration // of a segment without pictures; with them the key frames decide
	// Reports holds the beginning for sender reports even where there is but one track: somebody
	// wants to know the sender's time of it.
	Reports bool
}

// picture and sound are frames that are not in a segment yet.
type picture struct {
	decode int64 // on the timeline
	offset int32 // of its showing
	frame  depacket.Frame
}

type sound struct {
	time  int64 // RTP, 1/48000 s
	ticks int64
	data  []byte
}

// Segmenter cuts one take.
type Segmenter struct {
	options  Options
	begun    time.Time // arrival of the first frame
	aligned  bool
	early    []depacket.Frame // before that, pictures
	earlyA   []depacket.Frame // and sound
	video    clock
	audio    clock
	start    int64 // of the present segment
	pictures []picture
	sounds   []sound
	scanned  int   // pictures known not to begin the next segment
	next     int64 // where sound goes on, 1/48000 s; none: not begun since the last gap
	hushed   bool  // the last run of sound was silence alone: what follows need not join it
	tracks   cmaf.Tracks
	shown    cmaf.Tracks // tracks of the last segment
	done     []Segment

	awaitVideo, awaitAudio bool
}

const none = -1 << 62

// New makes a Segmenter.
func New(options Options) *Segmenter {
	return &Segmenter{options: options, next: none, video: clock{num: 1, den: 1},
		audio: clock{num: 15, den: 8}}
}

// Video takes the next picture. The first one, and the first after a loss, must be a key frame.
func (s *Segmenter) Video(f depacket.Frame) {
	s.arrived(&s.video, f)
	if !s.aligned {
		s.early = append(s.early, f)
		s.tryAlign(f.Arrived, false)
		return
	}
	s.picture(f)
	s.cut(false)
}

// Audio takes the next packet of sound.
func (s *Segmenter) Audio(f depacket.Frame) {
	s.arrived(&s.audio, f)
	if !s.aligned {
		s.earlyA = append(s.earlyA, f)
		s.tryAlign(f.Arrived, false)
		return
	}
	s.sound(f)
	s.cut(false)
}

// VideoReport and AudioReport take a sender report: the NTP time (64-bit fixed point) of an RTP
// timestamp continued to 64 bits.
func (s *Segmenter) VideoReport(ntp uint64, rtp int64) { s.video.report(ntp, rtp) }

// AudioReport is VideoReport for sound.
func (s *Segmenter) AudioReport(ntp uint64, rtp int64) { s.audio.report(ntp, rtp) }

// Await says of pictures and of sound whether some have come that wait behind what is missing. As
// long as they do, nothing is cut without them.
func (s *Segmenter) Await(pictures, sounds bool) { s.awaitVideo, s.awaitAudio = pictures, sounds }

// Done returns the segments that are complete at now, and forgets them.
func (s *Segmenter) Done(now time.Time) []Segment {
	if !s.aligned && !s.begun.IsZero() {
		s.tryAlign(now, false)
	}
	done := s.done
	s.done = nil
	return done
}

// Flush ends the take and returns what is left of it.
func (s *Segmenter) Flush() []Segment {
	if !s.aligned && !s.begun.IsZero() {
		s.tryAlign(s.begun, true)
	}
	if s.aligned {
		s.cut(true)
		s.rest()
	}
	done := s.done
	s.done = nil
	return done
}

func (s *Segmenter) arrived(c *clock, f depacket.Frame) {
	if s.begun.IsZero() {
		s.begun = f.Arrived
	}
	c.arrival(f.Arrived.Sub(s.begun), f.Time)
}

// tryAlign begins the timeline when the place of sound among pictures is known, or is known as
// well as it will be.
func (s *Segmenter) tryAlign(now time.Time, force bool) {
	complete := (!s.options.Video || len(s.early) > 0) && (!s.options.Audio || len(s.earlyA) > 0)
	if !force && !(complete && s.known()) && now.Sub(s.begun) < align {
		return
	}
	s.aligned = true
	switch {
	case len(s.early) == 0 && len(s.earlyA) == 0:
		s.aligned = false
		return
	case len(s.early) == 0:
		s.audio.set(s.audio.ticks(s.earlyA[0].Time))
	default:
		s.video.set(s.video.ticks(s.early[0].Time))
		if len(s.earlyA) > 0 {
			s.audio.follow(&s.video)
			if lead := s.audio.at(s.earlyA[0].Time); lead < 0 {
				s.video.set(s.video.origin + lead)
				s.audio.follow(&s.video)
			}
		}
	}
	s.layEarly()
	s.cut(false)
}

// known tells whether the reports that are wanted have come, and can be held against arrival.
func (s *Segmenter) known() bool {
	video := !s.options.Video || s.video.reported() && s.video.settled()
	audio := !s.options.Audio || s.audio.reported() && s.audio.settled()
	return video && audio || !s.options.Reports && !(s.options.Video && s.options.Audio)
}

// Zero is when the timeline's zero was, once a segment is done: by arrival, which is late by the
// journey, and by the sender's own clock, as far as its reports have said. reported is false when
// they have not. The first segment's answer is the one to go by: later ones drift.
func (s *Segmenter) Zero() (arrived, sent time.Time, reported bool) {
	c := &s.audio
	if s.video.placed && (s.video.reported() || !s.audio.placed) {
		c = &s.video
	}
	arrived = s.begun.Add(ticksTime(c.origin + c.delay()))
	if !c.reported() {
		return arrived, time.Time{}, false
	}
	return arrived, ntpEpoch.Add(ticksTime(c.origin + c.median())), true
}

// layEarly puts what was held on the timeline, in order: a leap is no leap when the other track
// fills it.
func (s *Segmenter) layEarly() {
	for len(s.early)+len(s.earlyA) > 0 {
		if len(s.early) == 0 || len(s.earlyA) > 0 && s.video.placed &&
			s.audio.at(s.earlyA[0].Time) <= s.video.at(s.early[0].Time) {
			s.sound(s.earlyA[0])
			s.earlyA = s.earlyA[1:]
			continue
		}
		s.picture(s.early[0])
		s.early = s.early[1:]
	}
}
