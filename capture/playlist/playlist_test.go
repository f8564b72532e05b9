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
)

var begun = storage.At(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))

func part(id storage.ID, offset int64, segments ...storage.Segment) playlist.Part {
	for i := range segments {
		segments[i].Number = int64(i + 1)
	}
	return playlist.Part{Segments: segments, Take: storage.Take{ID: id, OffsetMS: offset,
		StartedAt: storage.At(begun.Add(time.Duration(offset) * time.Millisecond))}}
}

func seg(init int64, start, length storage.Ticks) storage.Segment {
	return storage.Segment{InitNumber: init, Start: start, Length: length}
}

func TestWrite(t *testing.T) {
	got := playlist.Write(playlist.VOD, []playlist.Part{
		part("a", 0, seg(1, 0, 180000), seg(1, 180000, 183003), seg(2, 363003, 90000)),
		part("b", 9000, seg(1, 0, 180001), seg(1, 450000, 90000)),
	})
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
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
#EXTINF:1.000000,
takes/b/2.m4s
#EXT-X-ENDLIST
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("playlist (-want +got):\n%s", diff)
	}
}

func TestEmpty(t *testing.T) {
	if got := playlist.Write(playlist.Event, []playlist.Part{part("a", 0)}); got != "" {
		t.Errorf("a playlist without segments: %q", got)
	}
}

func TestEventHasNoEnd(t *testing.T) {
	got := playlist.Write(playlist.Event, []playlist.Part{part("a", 0, seg(1, 0, 450000))})
	if strings.Contains(got, "ENDLIST") || !strings.Contains(got, "TYPE:EVENT") ||
		!strings.Contains(got, "TARGETDURATION:5") {
		t.Errorf("playlist:\n%s", got)
	}
}

// TestTimesGoForward reads playlists of takes that overlap: what is listed never goes back by
// more than half a second, and lengths add up exactly.
func TestTimesGoForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []playlist.Part
		offset := int64(0)
		for i := range rapid.IntRange(1, 4).Draw(t, "takes") {
			p := part(storage.ID(fmt.Sprint(i)), offset)
			at := storage.Ticks(0)
			for range rapid.IntRange(0, 20).Draw(t, "segments") {
				length := storage.Ticks(rapid.Int64Range(1, 400000).Draw(t, "length"))
				s := seg(1, at, length)
				s.Number = int64(len(p.Segments) + 1)
				p.Segments = append(p.Segments, s)
				at += length
			}
			parts = append(parts, p)
			offset += rapid.Int64Range(0, 30000).Draw(t, "next")
		}
		text := playlist.Write(playlist.VOD, parts)
		var now, until time.Time
		var run, target float64
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if value, ok := strings.CutPrefix(line, "#EXT-X-TARGETDURATION:"); ok {
				fmt.Sscan(value, &target)
			}
			if value, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
				next, err := time.Parse(time.RFC3339Nano, value)
				if err != nil {
					t.Fatal(err)
				}
				if next.Before(until.Add(-502 * time.Millisecond)) {
					t.Fatalf("%s comes after %s", next, until)
				}
				now, run = next, 0
			}
			if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
				var seconds float64
				fmt.Sscanf(value, "%f,", &seconds)
				if math.Round(seconds) > target {
					t.Fatalf("a segment of %f s under a target of %f s", seconds, target)
				}
				run += seconds
				if end := now.Add(time.Duration(run * 1e9)); end.After(until) {
					until = end
				}
			}
		}
	})
}
