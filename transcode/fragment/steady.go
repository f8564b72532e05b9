package fragment

import (
	"bytes"
	"fmt"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"
)

// Steady puts the sound of a browser's own recording where it belongs. Chromium dates each packet of
// Opus by when it got round to it: on a busy laptop up to some 100 ms late, and the next one right
// behind. The packets themselves are whole and follow each other without a break, so that the
// earliest of some tell where all of them lie. What is late for long is late in truth: there sound
// is missing. One Steady is for one run of segments, in order.
type Steady struct {
	init  Init
	begun bool
	next  int64 // where sound goes on, in the track's timescale
}

// NewSteady is for segments of init.
func NewSteady(init Init) *Steady { return &Steady{init: init} }

const (
	// silence is how much must be missing to be left out; below, sound is brought to its place bit by
	// bit: 40 ms, two packets as most senders make them.
	silencePerSecond = 25
	// sure is how many packets must agree that sound is missing.
	sure = 8
	// drift is by which part of its length a packet is moved at most: 1 %, which nobody hears.
	drift = 100
)

// Segment is data with the times of its sound made steady; nothing else is changed. What it cannot
// make better it returns as it is.
func (s *Steady) Segment(data []byte) (_ []byte, err error) {
	defer guard(&err)
	file, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	for _, segment := range file.Segments {
		for _, f := range segment.Fragments {
			size := f.Moof.Size()
			if !s.fragment(f) {
				continue
			}
			var moof bytes.Buffer
			if err := f.Moof.Encode(&moof); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
			}
			at := int(f.Moof.StartPos)
			if at < 0 || at+moof.Len() > len(data) || uint64(moof.Len()) != size {
				return data, nil
			}
			data = append(append(append([]byte(nil), data[:at]...), moof.Bytes()...), data[at+moof.Len():]...)
		}
	}
	return data, nil
}

// fragment moves the sound of one fragment, and reports whether it did.
func (s *Steady) fragment(f *mp4.Fragment) bool {
	for _, traf := range f.Moof.Trafs {
		t, known := s.init[traf.Tfhd.TrackID]
		if !known || t.Codec != "Opus" || len(traf.Truns) != 1 || !traf.Truns[0].HasSampleDuration() {
			continue
		}
		run := traf.Truns[0]
		samples, err := f.GetFullSamples(t.defaults)
		if err != nil || len(samples) == 0 || len(samples) != len(run.Samples) {
			continue
		}
		s.run(t, traf, run, samples)
		return true
	}
	return false
}

func (s *Steady) run(t Track, traf *mp4.TrafBox, run *mp4.TrunBox, samples []mp4.FullSample) {
	lengths := make([]int64, len(samples))
	late := make([]int64, len(samples)) // against packets that follow each other
	at := int64(traf.Tfdt.BaseMediaDecodeTime())
	if !s.begun {
		s.begun, s.next = true, at
	}
	place := s.next
	for i, sample := range samples {
		lengths[i] = opusSamples(sample.Data) * t.Timescale / 48000
		late[i] = at - place
		at += int64(sample.Dur)
		place += lengths[i]
	}
	for i := len(late) - 2; i >= 0; i-- { // the least of this and all that follow
		late[i] = min(late[i], late[i+1])
	}
	var moved int64
	places := make([]int64, 0, len(samples)+1)
	for i := range samples {
		switch off := late[i] - moved; {
		case off > t.Timescale/silencePerSecond && len(samples)-i >= sure:
			moved += off
			s.next += off
		default:
			step := min(max(off, -lengths[i]/drift), lengths[i]/drift)
			moved += step
			s.next += step
		}
		s.next = max(s.next, 0)
		places = append(places, s.next)
		s.next += lengths[i]
	}
	places = append(places, s.next)
	version := traf.Tfdt.Version
	traf.Tfdt.SetBaseMediaDecodeTime(uint64(places[0]))
	traf.Tfdt.Version = version // and with it the box's size
	for i := range samples {
		run.Samples[i].Dur = uint32(max(places[i+1]-places[i], 0))
	}
}

// opusSamples is how long a packet of Opus is, in 1/48000 s (RFC 6716, section 3.1).
func opusSamples(packet []byte) int64 {
	if len(packet) == 0 {
		return 0
	}
	frame := [32]int64{480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 480,
		960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960}[packet[0]>>3]
	switch packet[0] & 3 {
	case 0:
		return frame
	case 1, 2:
		return 2 * frame
	}
	if len(packet) < 2 {
		return 0
	}
	return min(int64(packet[1]&63)*frame, 5760) // no packet is longer than 120 ms
}
