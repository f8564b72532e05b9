package ledger

import (
	"cmp"
	"slices"

	"backrow/storage"
)

const (
	// patience is how far the lesson goes on before a worse take is shown where a better one, which
	// was there a moment ago, has nothing yet: the local route may be quicker than the live one by
	// the time that a lost packet is waited for and a segment's length. 6 s of the timeline.
	patience = 6 * storage.TicksPerSecond
	// overlap is by how much a segment may begin before the last one ends: what is listed is not
	// cut any more, and a few frames twice are better than two seconds missing. 0.5 s.
	overlap = storage.TicksPerSecond / 2
)

// Growing is the cover of a source as a viewer follows it: segments in the order in which they
// arrived, live before local before upload while there is a choice. What later arrivals add is
// added at its end: the cover of fewer arrivals is always a beginning of it. Its pieces are whole,
// and may overlap by half a second.
func Growing(takes []Take, source string) Cover {
	var g growth
	all := ranked(takes, source, storage.RouteLive, storage.RouteLocal, storage.RouteUpload)
	for rank, t := range all {
		for i := range t.Segments {
			g.arrivals = append(g.arrivals, arrival{rank: rank, take: t, segment: i})
		}
	}
	slices.SortStableFunc(g.arrivals, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.row().Arrived, b.row().Arrived), cmp.Compare(a.begin(), b.begin()))
	})
	g.reached = make([]storage.Ticks, len(all))
	for i := range g.reached {
		g.reached[i] = -patience - 1
	}
	for _, a := range g.arrivals {
		g.arrive(a)
	}
	return g.cover
}

// arrival is a segment that came.
type arrival struct {
	rank    int // of its take
	take    *Take
	segment int
}

func (a arrival) row() *storage.Segment { return &a.take.Segments[a.segment] }
func (a arrival) begin() storage.Ticks  { return a.take.begin(a.segment) }
func (a arrival) end() storage.Ticks    { return a.take.end(a.segment) }

// growth is a cover that grows.
type growth struct {
	arrivals []arrival
	cover    Cover
	until    storage.Ticks   // where the cover ends
	front    storage.Ticks   // how far anything has come
	reached  []storage.Ticks // how far each take has come, by rank
	waiting  []arrival       // for a better take, in the order of the timeline
}

func (g *growth) arrive(a arrival) {
	g.front = max(g.front, a.end())
	g.reached[a.rank] = max(g.reached[a.rank], a.end())
	at, _ := slices.BinarySearchFunc(g.waiting, a, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.begin(), b.begin()), cmp.Compare(a.rank, b.rank))
	})
	g.waiting = slices.Insert(g.waiting, at, a)
	due := 0
	for i, w := range g.waiting {
		if !g.due(w) {
			continue
		}
		for _, before := range g.waiting[due:i] {
			// It would come too late afterwards: now it may fill a gap.
			if before.end() <= w.begin()+overlap && w.begin() >= g.until+frame {
				g.append(before)
			}
		}
		g.append(w)
		due = i + 1
	}
	g.waiting = slices.Delete(g.waiting, 0, due)
}

// due tells whether a segment waits no longer: nothing better can be expected in its place.
func (g *growth) due(a arrival) bool {
	if g.front >= a.end()+patience {
		return true
	}
	for _, reached := range g.reached[:a.rank] {
		if reached >= g.front-patience {
			return false
		}
	}
	return true
}

// append adds a segment, if it reaches further and does not begin too early.
func (g *growth) append(a arrival) {
	if a.end() < g.until+frame || len(g.cover) > 0 && a.begin() < g.until-overlap {
		return
	}
	g.until = a.end()
	row := *a.row()
	g.cover = append(g.cover, Piece{Take: a.take.Take, Segment: row, Until: row.Start + row.Length})
}
