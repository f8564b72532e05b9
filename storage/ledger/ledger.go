// Package ledger says what is there of a lesson, and which take shows it: arithmetic over the takes
// of a recording and their segments. A lesson comes by two routes at once, in takes that overlap,
// begin anew and have holes; the ledger lays them on the one timeline.
//
// Best is the cover of the timeline by the best that has come: local over upload over live, and
// what begins earlier before what begins later. Growing is what a viewer follows while the lesson
// is taught: live first, and never changed but at its end. Both are pieces: a segment begins with
// a key frame and cannot begin in its middle, but it may end early, where a better piece begins.
//
// Times are integer ticks (1/90000 s). Where nothing is, a cover has a gap; nothing that came is
// missing from Best but what is shorter than a frame. Package ledger decides; it stores nothing and
// knows no media.
package ledger

import (
	"cmp"
	"slices"

	"backrow/storage"
)

// The sources of takes. Each has a cover of its own.
const (
	Camera = "camera"
	Screen = "screen"
)

// Take is a take with its segments, in the order of their numbers.
type Take struct {
	storage.Take
	Segments []storage.Segment
}

// Piece is a segment, or its beginning.
type Piece struct {
	Take    storage.Take
	Segment storage.Segment
	Until   storage.Ticks // in the take's time: samples at or after it are left out
}

// Whole reports whether all of the segment is shown.
func (p Piece) Whole() bool { return p.Until >= p.Segment.Start+p.Segment.Length }

// Begin is where on the timeline the piece begins.
func (p Piece) Begin() storage.Ticks { return offset(p.Take) + p.Segment.Start }

// End is where on the timeline the piece ends.
func (p Piece) End() storage.Ticks { return offset(p.Take) + p.Until }

// Cover is the pieces that show a source, in the order of the timeline.
type Cover []Piece

const (
	// frame is what is not worth a seam: a hole that is shorter is left, 40 ms (a picture at 25 a
	// second, two packets of sound).
	frame = storage.TicksPerSecond / 25
	// seam is how much may be missing, or be there twice, between two segments of a take without a
	// discontinuity: 10 ms.
	seam = storage.TicksPerSecond / 100
	// fringe is by how much the live route may begin before the local one, or end after it, without
	// being shown there: the page's own recorder says where the lesson begins and ends. 0.5 s.
	fringe = storage.TicksPerSecond / 2
)

// offset is where a take begins on the timeline.
func offset(t storage.Take) storage.Ticks {
	return storage.Ticks(t.OffsetMS) * (storage.TicksPerSecond / 1000)
}

func (t *Take) begin(i int) storage.Ticks { return offset(t.Take) + t.Segments[i].Start }

func (t *Take) end(i int) storage.Ticks { return t.begin(i) + t.Segments[i].Length }

// complete reports whether everything that was recorded of a take is here.
func (t *Take) complete() bool { return t.Route != storage.RouteLocal || !t.CompletedAt.IsZero() }

// incomplete reports whether more may come of some take of a source.
func incomplete(takes []Take, source string) bool {
	return slices.ContainsFunc(takes, func(t Take) bool {
		return t.Source == source && t.State != "dropped" && !t.complete()
	})
}

// ranked are the takes of a source that have something to show, the best first: by their routes,
// and within one by where they begin.
func ranked(takes []Take, source string, routes ...storage.Route) []*Take {
	var found []*Take
	for i := range takes {
		t := &takes[i]
		if t.Source == source && t.State != "dropped" && len(t.Segments) > 0 {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, func(a, b *Take) int {
		return cmp.Or(slices.Index(routes, a.Route)-slices.Index(routes, b.Route),
			cmp.Compare(a.begin(0), b.begin(0)), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// Main is the source that a lesson is shown by when nobody asks for one: its camera, or, where
// none was recorded, its screen.
func Main(takes []Take) string {
	if len(ranked(takes, Camera)) == 0 && len(ranked(takes, Screen)) > 0 {
		return Screen
	}
	return Camera
}
