package ledger_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"backrow/storage"
	"backrow/storage/ledger"
)

// TestMarksKeepTheirMoment: a mark that is made on the live view shows the same picture when the
// local take has replaced the live one, and the other way round, within 50 ms.
func TestMarksKeepTheirMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// The picture of each moment is that moment. Takes say where they lie, not quite rightly.
		pictureAt := func(c ledger.Cover, off map[storage.ID]storage.Ticks, timeline storage.Ticks) storage.Ticks {
			media := c.Spans().Media(timeline)
			for _, r := range c.Runs() {
				if media < r.Length() {
					return r.Begin() + media + off[r.Take.ID]
				}
				media -= r.Length()
			}
			return -1
		}
		off := map[storage.ID]storage.Ticks{}
		var live, local []ledger.Take
		lay := func(to *[]ledger.Take, route storage.Route, at, until, error int64) {
			id := storage.ID(fmt.Sprint(route, len(*to)))
			one := ledger.Take{Take: storage.Take{ID: id, Route: route, Source: ledger.Camera, State: "ended",
				OffsetMS: at, CompletedAt: storage.Now()}}
			off[id] = storage.Ticks(error) * ms
			for start := int64(0); start < until-at; start += 2000 {
				one.Segments = append(one.Segments, storage.Segment{Number: int64(len(one.Segments) + 1),
					InitNumber: 1, Start: storage.Ticks(start) * ms, Length: storage.Ticks(min(2000, until-at-start)) * ms})
			}
			*to = append(*to, one)
		}
		for at := int64(0); at < 60_000; {
			until := at + rapid.Int64Range(3000, 30_000).Draw(t, "local")
			lay(&local, storage.RouteLocal, at, until, rapid.Int64Range(-10, 10).Draw(t, "its clock"))
			for from := at + rapid.Int64Range(0, 900).Draw(t, "connects"); from < until-1000; {
				to := min(until, from+rapid.Int64Range(1000, 20_000).Draw(t, "live"))
				lay(&live, storage.RouteLive, from, to, rapid.Int64Range(-15, 15).Draw(t, "its clock"))
				from = to + rapid.Int64Range(0, 3000).Draw(t, "cut")
			}
			at = until
		}
		before := ledger.Growing(live, ledger.Camera)
		some := append([]ledger.Take(nil), live...)
		for _, one := range local {
			if rapid.Bool().Draw(t, "has come") {
				some = append(some, one)
			}
		}
		covers := []ledger.Cover{before, ledger.Best(some, ledger.Camera),
			ledger.Best(append(live, local...), ledger.Camera), ledger.Best(local, ledger.Camera)}
		for range 20 {
			// What somebody sees and marks is where the live view has something.
			pieces := before
			p := rapid.SampledFrom(pieces).Draw(t, "piece")
			mark := p.Begin() + storage.Ticks(rapid.Int64Range(0, int64(p.Segment.Length)-1).Draw(t, "mark"))
			saw := pictureAt(before, off, mark)
			for i, cover := range covers {
				shows := pictureAt(cover, off, mark)
				if d := shows - saw; d > 50*ms || d < -50*ms {
					t.Fatalf("cover %d shows %d ms, at %d ms %d ms was marked", i, shows/ms, mark/ms, saw/ms)
				}
			}
		}
	})
}
