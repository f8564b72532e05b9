package ledger

import "backrow/storage"

// Run is a stretch of a cover: segments of one take under one init segment that follow each other
// without a break.
type Run struct {
	Take   storage.Take
	Init   int64
	Pieces []Piece
}

// Runs are the runs of a cover, in its order.
func (c Cover) Runs() []Run {
	var runs []Run
	for i, p := range c {
		if n := len(runs); n > 0 && runs[n-1].goesOn(p) {
			first := i - len(runs[n-1].Pieces)
			runs[n-1].Pieces = c[first : i+1]
			continue
		}
		runs = append(runs, Run{Take: p.Take, Init: p.Segment.InitNumber, Pieces: c[i : i+1]})
	}
	return runs
}

func (r Run) goesOn(p Piece) bool {
	last := r.Pieces[len(r.Pieces)-1]
	off := p.Segment.Start - last.Until
	return p.Take.ID == r.Take.ID && p.Segment.InitNumber == r.Init &&
		off <= seam && off >= -seam && p.Segment.Start > last.Segment.Start
}

// Begin is where on the timeline the run begins.
func (r Run) Begin() storage.Ticks { return r.Pieces[0].Begin() }

// Until is where piece i ends: where the next one of the run begins.
func (r Run) Until(i int) storage.Ticks {
	if i+1 < len(r.Pieces) {
		return r.Pieces[i+1].Segment.Start
	}
	return r.Pieces[i].Until
}

// Cut reports whether piece i must be asked for without its end: it is the last of its run, and
// something else is shown where it would go on.
func (r Run) Cut(i int) bool { return i+1 == len(r.Pieces) && !r.Pieces[i].Whole() }

// Length is the length of the run.
func (r Run) Length() storage.Ticks {
	return r.Until(len(r.Pieces)-1) - r.Pieces[0].Segment.Start
}

// Span is a stretch of the recording that is shown without a gap.
type Span struct {
	Timeline storage.Ticks // where on the timeline it begins
	Media    storage.Ticks // where it begins for a player that adds up what is shown
	Length   storage.Ticks
}

// Spans are where a cover lies on the timeline, in order and as few as can be. Most players close
// gaps up: their clock begins at 0 and only counts what is shown.
type Spans []Span

// Spans says where the cover lies on the timeline. What is between one and the next is not there;
// in a growing cover the next may begin before the last one ends.
func (c Cover) Spans() Spans {
	var spans Spans
	var media storage.Ticks
	for _, r := range c.Runs() {
		begin, length := r.Begin(), r.Length()
		if n := len(spans); n > 0 && spans[n-1].Timeline+spans[n-1].Length == begin {
			spans[n-1].Length += length
		} else {
			spans = append(spans, Span{Timeline: begin, Media: media, Length: length})
		}
		media += length
	}
	return spans
}

// Media is the time of a player's clock at which a moment of the timeline is shown. In a gap it is
// where the next span begins, and after the last one where that ends.
func (s Spans) Media(timeline storage.Ticks) storage.Ticks {
	var end storage.Ticks
	for _, span := range s {
		if timeline < span.Timeline+span.Length {
			return span.Media + max(timeline-span.Timeline, 0)
		}
		end = span.Media + span.Length
	}
	return end
}

// Timeline is the moment that is shown at a time of a player's clock; after the last span, its end.
func (s Spans) Timeline(media storage.Ticks) storage.Ticks {
	var at storage.Ticks
	for _, span := range s {
		if media < span.Media {
			break
		}
		at = span.Timeline + min(media-span.Media, span.Length)
	}
	return at
}

// End is where on the timeline the cover ends; 0 when it is empty.
func (c Cover) End() storage.Ticks {
	var end storage.Ticks
	for _, p := range c {
		end = max(end, p.End())
	}
	return end
}
