package segmenter

import "backrow/capture/cmaf"

const (
	// jump is by how much sound may be off before silence is put in front of it: 100 ms. Less is
	// made good by and by.
	jump = 4800
	// slack is the error that is left alone: 2 ms, the noise of sender reports.
	slack = 96
	// slew is the most that a segment's sound is stretched or shrunk, as a fraction: 0.5 %, 10 ms
	// in 2 s. It changes when packets are to be heard, not what is in them.
	slew = 200
	// hush bounds the silence in one place: the longest segment. Only times that make no sense ask
	// for more.
	hush = longest * 8 / 15
)

// audioRun takes the sound that begins before end, and lays it from where the last run ended.
// Its length is corrected towards where sender reports say that it ends.
func (s *Segmenter) audioRun(end int64) cmaf.Run {
	count := 0
	for count < len(s.sounds) && s.audio.at(s.sounds[count].time) < end {
		count++
	}
	sounds := s.sounds[:count]
	s.sounds = append([]sound(nil), s.sounds[count:]...)
	place := func(rtp int64) int64 { return s.audio.at(rtp) * 8 / 15 }

	from := s.next
	begin := s.start * 8 / 15
	if from == none {
		if from = begin; len(sounds) > 0 {
			from = max(place(sounds[0].time), 0)
			if s.shown.HasVideo() || s.shown.HasAudio() {
				from = max(from, begin)
			}
		}
	}
	out := cmaf.Run{Start: from}
	if len(sounds) == 0 {
		missing := end*8/15 - from
		if missing > 2*hush { // no segment is that long whose times make sense
			s.next = none
			return cmaf.Run{}
		}
		if missing >= frame {
			out.Samples = silence(out.Samples, missing/frame*frame)
		}
		s.next, s.hushed = from+length(out.Samples), true
		return out
	}
	if late := place(sounds[0].time) - from; late > jump || s.hushed {
		out.Samples = silence(out.Samples, min(late, hush))
	}
	s.hushed = false
	expected := sounds[0].time
	for _, packet := range sounds {
		if lost := packet.time - expected; lost > 0 {
			out.Samples = silence(out.Samples, min(lost, hush))
		}
		out.Samples = append(out.Samples,
			cmaf.Sample{Duration: uint32(packet.ticks), Key: true, Data: packet.data})
		expected = packet.time + packet.ticks
	}
	total := length(out.Samples)
	stretch(out.Samples, total, place(expected)-from-total)
	s.next = from + length(out.Samples)
	return out
}

func length(samples []cmaf.Sample) (ticks int64) {
	for _, sample := range samples {
		ticks += int64(sample.Duration)
	}
	return ticks
}

// stretch spreads a correction over samples, evenly.
func stretch(samples []cmaf.Sample, total, by int64) {
	if by < slack && by > -slack {
		return
	}
	by = min(max(by, -total/slew), total/slew)
	for i := range samples {
		n := int64(len(samples))
		samples[i].Duration += uint32(by*int64(i+1)/n - by*int64(i)/n)
	}
}

// frame is the usual Opus frame: 20 ms.
const frame = 960

// silence appends Opus packets of digital silence, in all as long as ticks, to 2.5 ms (RFC 6716,
// table 2: fullband CELT of 20, 10, 5 and 2.5 ms, stereo).
func silence(samples []cmaf.Sample, ticks int64) []cmaf.Sample {
	for _, size := range []struct {
		ticks  int64
		packet byte
	}{{960, 31 << 3}, {480, 30 << 3}, {240, 29 << 3}, {120, 28 << 3}} {
		for ; ticks >= size.ticks; ticks -= size.ticks {
			samples = append(samples, cmaf.Sample{Duration: uint32(size.ticks), Key: true,
				Data: []byte{size.packet | 4, 0xff, 0xfe}})
		}
	}
	return samples
}
