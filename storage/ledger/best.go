package ledger

import (
	"slices"
	"sort"

	"backrow/storage"
)

// Best is the cover of a source by the best takes that have come. Its pieces never overlap. Each
// moment that some take has is in it, but for holes shorter than a frame (40 ms), for what lies
// before the timeline's zero, and for the fringe of a live take around a lesson whose local takes
// are complete.
//
// A segment of a worse take is laid where it fills a hole, from its own beginning: a better piece
// in which it begins is cut there, and one that it holds wholly before the hole is left out.
func Best(takes []Take, source string) Cover {
	var l layer
	all := ranked(takes, source, storage.RouteLocal, storage.RouteUpload, storage.RouteLive)
	for i, t := range all {
		if t.Route == storage.RouteLive && (i == 0 || all[i-1].Route != storage.RouteLive) &&
			!incomplete(takes, source) {
			l.edges(all[i:])
		}
		for i := range t.Segments {
			l.fill(t, i)
		}
	}
	cover := make(Cover, len(l.laid))
	for i, p := range l.laid {
		cover[i] = Piece{Take: p.take.Take, Segment: p.take.Segments[p.segment],
			Until: p.until - offset(p.take.Take)}
	}
	return cover
}

// Spare lists the takes of a source that Best does without: all that they have is there in better
// takes.
func Spare(takes []Take, source string) []storage.ID {
	used := map[storage.ID]bool{}
	for _, p := range Best(takes, source) {
		used[p.Take.ID] = true
	}
	var spare []storage.ID
	for _, t := range ranked(takes, source) {
		if !used[t.ID] {
			spare = append(spare, t.ID)
		}
	}
	return spare
}

// laid is a segment on the timeline.
type laid struct {
	take         *Take
	segment      int
	begin, until storage.Ticks
}

// layer is what has been laid so far: in order, without overlaps.
type layer struct {
	laid []laid

	// Where complete better takes begin and end the lesson, and live takes add but a fringe to it.
	first, last       storage.Ticks
	hasFirst, hasLast bool
}

// edges notes where what has been laid begins and ends the lesson, unless live takes go beyond.
func (l *layer) edges(live []*Take) {
	if len(l.laid) == 0 {
		return
	}
	l.first, l.last = l.laid[0].begin, l.laid[len(l.laid)-1].until
	l.hasFirst, l.hasLast = true, true
	for _, t := range live {
		l.hasFirst = l.hasFirst && t.begin(0) > l.first-fringe
		l.hasLast = l.hasLast && t.end(len(t.Segments)-1) < l.last+fringe
	}
}

// fill lays segment i of t if there is a hole that it fills.
func (l *layer) fill(t *Take, i int) {
	begin, end := t.begin(i), t.end(i)
	if end <= 0 {
		return
	}
	from := sort.Search(len(l.laid), func(n int) bool { return l.laid[n].until > begin })
	to := from + sort.Search(len(l.laid)-from, func(n int) bool { return l.laid[from+n].begin >= end })
	until, upTo, ok := l.hole(begin, end, from, to)
	if !ok {
		return
	}
	if from < upTo && l.laid[from].begin < begin { // it begins in a better piece
		l.laid[from].until = begin
		if begin-l.laid[from].begin >= frame {
			from++
		}
	}
	l.laid = slices.Replace(l.laid, from, upTo, laid{take: t, segment: i, begin: begin, until: until})
}

// hole finds the last hole that a segment fills among the pieces from…to, which are those that it
// overlaps: the segment is to be shown until the hole's end, where piece upTo begins.
func (l *layer) hole(begin, end storage.Ticks, from, to int) (
	until storage.Ticks, upTo int, ok bool,
) {
	if from == to {
		return end, to, l.worth(begin, end)
	}
	covered := begin
	for n := from; n < to; n++ {
		if next := l.laid[n].begin; next-covered >= frame && l.worth(covered, next) {
			until, upTo, ok = next, n, true
		}
		covered = l.laid[n].until
	}
	if end-covered >= frame && l.worth(covered, end) {
		until, upTo, ok = end, to, true
	}
	return until, upTo, ok
}

// worth tells whether a hole is to be filled: not where it is a fringe of the lesson.
func (l *layer) worth(from, to storage.Ticks) bool {
	return !(l.hasFirst && to <= l.first) && !(l.hasLast && from >= l.last)
}
