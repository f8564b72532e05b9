package playlist_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"backrow/capture/playlist"
	"backrow/storage"
	"backrow/storage/ledger"
)

var begun = storage.At(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))

func take(id storage.ID, route storage.Route, offset int64, segments ...storage.Segment) ledger.Take {
	for i := range segments {
		segments[i].TakeID, segments[i].Number = id, int64(i+1)
	}
	return ledger.Take{Segments: segments, Take: storage.Take{ID: id, OffsetMS: offset, Route: route,
		Source: ledger.Camera, State: "ended",
		StartedAt: storage.At(begun.Add(time.Duration(offset) * time.Millisecond))}}
}

func seg(init int64, start, length storage.Ticks) storage.Segment {
	return storage.Segment{InitNumber: init, Start: start, Length: length}
}

func TestWrite(t *testing.T) {
	got := playlist.Write(playlist.VOD, ledger.Best([]ledger.Take{
		take("a", storage.RouteLive, 0, seg(1, 0, 180000), seg(1, 180000, 183003), seg(2, 363003, 90000)),
		take("b", storage.RouteLive, 9000, seg(1, 0, 180001), seg(1, 450000, 90000)),
		take("c", storage.RouteLocal, 14500, seg(1, 0, 180000)),
	}, ledger.Camera))
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:3
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T09:00:00.000Z
#EXT-X-MAP:URI="takes/a/init-1.mp4"
#EXTINF:2.000000,
takes/a/1.m4s
#EXTINF:2.033367,
takes/a/2.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T09:00:04.033Z
#EXT-X-MAP:URI="takes/a/init-2.mp4"
#EXTINF:1.000000,
takes/a/3.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T09:00:09.000Z
#EXT-X-MAP:URI="takes/b/init-1.mp4"
#EXTINF:2.000011,
takes/b/1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T09:00:14.000Z
#EXTINF:0.500000,
takes/b/2.m4s?until=495000
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T09:00:14.500Z
#EXT-X-MAP:URI="takes/c/init-1.mp4"
#EXTINF:2.000000,
takes/c/1.m4s
#EXT-X-ENDLIST
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("playlist (-want +got):\n%s", diff)
	}
}

func TestEmpty(t *testing.T) {
	if got := playlist.Write(playlist.Event, nil); got != "" {
		t.Errorf("a playlist without segments: %q", got)
	}
}

// TestEvent: it has no end, says how long its segments are at most, and where to follow it.
func TestEvent(t *testing.T) {
	got := playlist.Write(playlist.Event, ledger.Growing([]ledger.Take{
		take("a", storage.RouteLive, 0, seg(1, 0, 450000))}, ledger.Camera))
	if strings.Contains(got, "ENDLIST") || !strings.Contains(got, "TYPE:EVENT") ||
		!strings.Contains(got, "TARGETDURATION:5") {
		t.Errorf("playlist:\n%s", got)
	}
	_, start, _ := strings.Cut(got, "#EXT-X-START:TIME-OFFSET=")
	var behind float64
	if _, err := fmt.Sscan(start, &behind); err != nil || behind < -5 || behind > -3 {
		t.Errorf("it is followed %f s from its end: %v", behind, err)
	}
}

// lesson draws takes that overlap, with holes and new init segments.
func lesson(t *rapid.T) (takes []ledger.Take) {
	offset, arrived := int64(0), int64(0)
	for i := range rapid.IntRange(1, 5).Draw(t, "takes") {
		one := take(storage.ID(fmt.Sprint(i)),
			rapid.SampledFrom([]storage.Route{storage.RouteLive, storage.RouteLocal}).Draw(t, "route"), offset)
		at, init := storage.Ticks(0), int64(1)
		for range rapid.IntRange(0, 12).Draw(t, "segments") {
			length := storage.Ticks(rapid.Int64Range(1000, 400000).Draw(t, "length"))
			s := seg(init, at, length)
			arrived++
			s.TakeID, s.Number, s.Arrived = one.ID, int64(len(one.Segments)+1), arrived
			one.Segments = append(one.Segments, s)
			at += length
			at += storage.Ticks(rapid.SampledFrom([]int64{0, 0, 0, 5, 900, 901, 600000}).Draw(t, "missing"))
			init += rapid.SampledFrom([]int64{0, 0, 1}).Draw(t, "init")
		}
		takes = append(takes, one)
		offset += rapid.Int64Range(0, 60000).Draw(t, "next")
	}
	return takes
}

// covers are both covers of takes, with by how much their pieces may overlap.
func covers(takes []ledger.Take) map[time.Duration]ledger.Cover {
	return map[time.Duration]ledger.Cover{
		0:                      ledger.Best(takes, ledger.Camera),
		500 * time.Millisecond: ledger.Growing(takes, ledger.Camera),
	}
}

// TestTimesGoForward reads playlists of takes that overlap: what is listed never goes back, of a
// growing one by half a second at most, and no segment is longer than is said.
func TestTimesGoForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for back, cover := range covers(lesson(t)) {
			var now, until time.Time
			var run, target float64
			for line := range strings.Lines(playlist.Write(playlist.VOD, cover)) {
				line = strings.TrimSpace(line)
				if value, ok := strings.CutPrefix(line, "#EXT-X-TARGETDURATION:"); ok {
					fmt.Sscan(value, &target)
				}
				if value, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
					next, err := time.Parse(time.RFC3339Nano, value)
					if err != nil {
						t.Fatal(err)
					}
					if next.Before(until.Add(-back - 2*time.Millisecond)) {
						t.Fatalf("%s comes after %s", next, until)
					}
					now, run = next, 0
				}
				if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
					var seconds float64
					fmt.Sscanf(value, "%f,", &seconds)
					if math.Round(seconds) > target || seconds <= 0 {
						t.Fatalf("a segment of %f s under a target of %f s", seconds, target)
					}
					run += seconds
					if end := now.Add(time.Duration(run * 1e9)); end.After(until) {
						until = end
					}
				}
			}
		}
	})
}

// TestSpansAreWhereThePlaylistIs reads playlists as a player does that adds up lengths: at each
// date the spans say the same of the player's clock as the date does.
func TestSpansAreWhereThePlaylistIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, cover := range covers(lesson(t)) {
			spans := cover.Spans()
			var zero time.Time
			var clock float64 // the player's, in seconds
			for line := range strings.Lines(playlist.Write(playlist.VOD, cover)) {
				line = strings.TrimSpace(line)
				if value, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
					date, err := time.Parse(time.RFC3339Nano, value)
					if err != nil {
						t.Fatal(err)
					}
					if zero.IsZero() {
						zero = date.Add(-spans[0].Timeline.Duration())
					}
					// 0.1 ms: the playlist's lengths are rounded.
					got := spans.Timeline(storage.Ticks((clock + 0.0001) * storage.TicksPerSecond)).Duration()
					if off := got - date.Sub(zero); off > 2*time.Millisecond || off < -2*time.Millisecond {
						t.Fatalf("at %f s of the player: spans say %s, the playlist %s", clock, got, date.Sub(zero))
					}
				}
				if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
					var length float64
					fmt.Sscanf(value, "%f,", &length)
					clock += length
				}
			}
			if n := len(spans); n > 0 {
				if all := (spans[n-1].Media + spans[n-1].Length).Duration().Seconds(); math.Abs(all-clock) > 0.001 {
					t.Fatalf("spans of %f s for a playlist of %f s", all, clock)
				}
			}
		}
	})
}
