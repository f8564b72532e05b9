package playlist

import (
	"fmt"

	"backrow/storage"
)

const (
	// overlap is by how much a segment may begin before the last one ends: takes are laid by the
	// sender's clock, and a few frames twice are better than two seconds missing. 0.5 s.
	overlap = storage.TicksPerSecond / 2
	// seam is how much may be missing, or be there twice, between two segments of a take without a
	// discontinuity: 10 ms.
	seam = storage.TicksPerSecond / 100
)

// run is segments of one take, under one init segment, that follow each other without a break.
type run struct {
	take     storage.Take
	segments []storage.Segment
}

// lay puts parts, in the order of their offsets, on the timeline.
func lay(parts []Part) []run {
	var runs []run
	var until storage.Ticks // covered so far
	for _, p := range parts {
		for _, s := range p.Segments {
			begin := offset(p.Take) + s.Start
			if begin < until-overlap {
				continue
			}
			until = max(until, begin+s.Length)
			if n := len(runs); n > 0 && runs[n-1].goesOn(p.Take, s) {
				runs[n-1].segments = append(runs[n-1].segments, s)
				continue
			}
			runs = append(runs, run{take: p.Take, segments: []storage.Segment{s}})
		}
	}
	return runs
}

// offset is where a take begins on the timeline.
func offset(t storage.Take) storage.Ticks {
	return storage.Ticks(t.OffsetMS * (storage.TicksPerSecond / 1000))
}

func (r run) goesOn(take storage.Take, s storage.Segment) bool {
	last := r.segments[len(r.segments)-1]
	off := s.Start - (last.Start + last.Length)
	return take.ID == r.take.ID && s.InitNumber == last.InitNumber &&
		off <= seam && off >= -seam && s.Start > last.Start
}

// init is the URI of the init segment.
func (r run) init() string {
	return fmt.Sprintf("takes/%s/init-%d.mp4", r.take.ID, r.segments[0].InitNumber)
}

// begin is where the run begins on the timeline.
func (r run) begin() storage.Ticks { return offset(r.take) + r.segments[0].Start }

// length is how long a segment is shown: until the next one of the run begins.
func (r run) length(i int) storage.Ticks {
	if i+1 < len(r.segments) {
		return r.segments[i+1].Start - r.segments[i].Start
	}
	return r.segments[i].Length
}

// total is the length of the run.
func (r run) total() storage.Ticks {
	last := r.segments[len(r.segments)-1]
	return last.Start + last.Length - r.segments[0].Start
}
