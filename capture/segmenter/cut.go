package segmenter

import (
	"slices"

	"backrow/capture/cmaf"
	"backrow/capture/depacket"
	"backrow/storage"
)

// picture puts a frame on the timeline.
func (s *Segmenter) picture(f depacket.Frame) {
	if !s.video.placed {
		s.video.follow(&s.audio)
	}
	at := s.video.at(f.Time)
	s.leap(at)
	decode := at
	if n := len(s.pictures); n > 0 {
		// Encoders that reorder send RTP times that go back; decode times never do.
		decode = max(decode, s.pictures[n-1].decode+1)
	}
	decode = max(decode, s.start) // a picture that is later than stall
	offset := int32(max(at, s.start) - decode)
	s.pictures = append(s.pictures, picture{decode: decode, offset: offset, frame: f})
	s.tracks.Video = f.Format
}

// sound puts a packet on the timeline.
func (s *Segmenter) sound(f depacket.Frame) {
	if !s.audio.placed || s.video.placed {
		s.audio.follow(&s.video)
	}
	s.leap(s.audio.at(f.Time))
	s.sounds = append(s.sounds, sound{time: f.Time, ticks: depacket.OpusTicks(f.Data), data: f.Data})
	s.tracks.Audio = f.Format
}

// leap leaves a gap when nothing at all has come for a while before at, and nothing is awaited: no
// sender repeats what was lost so long ago as the longest segment.
func (s *Segmenter) leap(at int64) {
	end := max(s.pictureEnd(), s.soundEnd())
	if (s.awaitVideo || s.awaitAudio) && at < max(end, s.start)+longest {
		return
	}
	if end == none && at < s.start+gap || end != none && at < end+gap {
		return
	}
	s.rest()
	s.start, s.next = max(at, s.start), none
}

// pictureEnd is where the last picture ends, as far as is known.
func (s *Segmenter) pictureEnd() int64 {
	n := len(s.pictures)
	if n == 0 {
		return none
	}
	length := int64(usual)
	if n > 1 {
		length = min(s.pictures[n-1].decode-s.pictures[n-2].decode, 3*usual)
	}
	return s.pictures[n-1].decode + length
}

func (s *Segmenter) soundEnd() int64 {
	if len(s.sounds) == 0 {
		return none
	}
	last := s.sounds[len(s.sounds)-1]
	return s.audio.at(last.time + last.ticks)
}

// cut closes segments that are complete; when the take is over, all but the last one.
func (s *Segmenter) cut(over bool) {
	for {
		pictures, end, ok := s.boundary()
		if !ok {
			break
		}
		waiting := s.tracks.HasAudio() && s.soundEnd() < end &&
			(s.awaitAudio || s.pictureEnd() < end+patience)
		if waiting && !over {
			break
		}
		s.emit(pictures, end)
	}
	sound := s.soundEnd()
	length := int64(s.options.Length.Seconds() * second)
	for !s.awaitVideo && sound-max(s.pictureEnd(), s.start) >= stall ||
		!s.hadVideo() && sound-s.start >= length {
		if len(s.pictures) == 0 && len(s.sounds) > 0 &&
			s.audio.at(s.sounds[0].time) >= s.start+longest {
			// Reports have moved the sound's clock by more than any clock can be wrong.
			s.start, s.next = s.audio.at(s.sounds[0].time), none
			continue
		}
		end := max(s.start+length, s.pictureEnd())
		if sound < end {
			break
		}
		s.emit(len(s.pictures), end)
	}
}

// hadVideo reports whether the present segment, or the one before it, has pictures.
func (s *Segmenter) hadVideo() bool { return len(s.pictures) > 0 || s.shown.HasVideo() }

// boundary finds the first picture that begins another segment: its index and time.
func (s *Segmenter) boundary() (int, int64, bool) {
	for i := s.scanned; i < len(s.pictures); i++ {
		p := s.pictures[i]
		long := p.decode - s.start
		switch {
		case i == 0 && !(p.frame.Key && long > 0 && s.shown.HasAudio() && !s.shown.HasVideo()):
		case p.frame.Key && long >= shortest, long >= longest,
			i == 0, // the first picture of a take that began with sound alone
			p.frame.Format != s.pictures[0].frame.Format:
			return i, p.decode, true
		}
		s.scanned = i + 1
	}
	return 0, 0, false
}

// rest closes the present segment with all that is there.
func (s *Segmenter) rest() {
	end := max(s.pictureEnd(), s.soundEnd())
	if end > s.start {
		s.emit(len(s.pictures), end)
	}
}

// emit closes the present segment at end, with the first pictures given and the sound up to end.
func (s *Segmenter) emit(pictures int, end int64) {
	segment := Segment{Start: storage.Ticks(s.start), Length: storage.Ticks(end - s.start)}
	segment.Tracks.Audio = s.tracks.Audio
	segment.Tracks.Video = s.shown.Video
	if pictures > 0 {
		segment.Tracks.Video = s.pictures[0].frame.Format
		segment.Video = run(s.pictures[:pictures], end)
	}
	if s.tracks.HasAudio() {
		segment.Audio = s.audioRun(end)
	}
	s.pictures = append([]picture(nil), s.pictures[pictures:]...)
	s.start, s.scanned = end, 0
	if len(segment.Video.Samples) == 0 && len(segment.Audio.Samples) == 0 {
		return
	}
	s.shown = segment.Tracks
	s.done = append(s.done, segment)
}

// run gives each picture the time to the next one, and the last one the time to the end.
func run(pictures []picture, end int64) cmaf.Run {
	decodeInStep(pictures)
	out := cmaf.Run{Start: pictures[0].decode, Samples: make([]cmaf.Sample, len(pictures))}
	for i, p := range pictures {
		next := end
		if i+1 < len(pictures) {
			next = pictures[i+1].decode
		}
		out.Samples[i] = cmaf.Sample{Duration: uint32(max(next-p.decode, 1)), Offset: p.offset,
			Key: p.frame.Key, Data: p.frame.Data}
	}
	return out
}

// decodeInStep gives pictures that an encoder has reordered the times of showing, in their order,
// as times of decoding. RTP tells none, and players want them to go evenly.
func decodeInStep(pictures []picture) {
	if !slices.ContainsFunc(pictures, func(p picture) bool { return p.offset != 0 }) {
		return
	}
	shown := make([]int64, len(pictures))
	for i, p := range pictures {
		shown[i] = p.decode + int64(p.offset)
	}
	sorted := slices.Clone(shown)
	slices.Sort(sorted)
	for i := range pictures {
		if i > 0 {
			sorted[i] = max(sorted[i], sorted[i-1]+1)
		}
		pictures[i].decode, pictures[i].offset = sorted[i], int32(shown[i]-sorted[i])
	}
}
