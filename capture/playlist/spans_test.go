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

const second = storage.TicksPerSecond

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name  string
		parts []playlist.Part
		want  []playlist.Span
	}{
		{"nothing", []playlist.Part{part("a", 0)}, nil},
		{"one take", []playlist.Part{part("a", 0, seg(1, 0, 180000), seg(1, 180000, 183003))},
			[]playlist.Span{{Timeline: 0, Media: 0, Length: 363003}}},
		{"another init is no gap", []playlist.Part{part("a", 0, seg(1, 0, 180001), seg(2, 180001, 9))},
			[]playlist.Span{{Timeline: 0, Media: 0, Length: 180010}}},
		{"a seam is no gap", []playlist.Part{part("a", 0, seg(1, 0, 180000), seg(1, 180900, 90000))},
			[]playlist.Span{{Timeline: 0, Media: 0, Length: 270900}}},
		{"a take that follows at once", []playlist.Part{part("a", 0, seg(1, 0, 90000)), part("b", 1000, seg(1, 0, 90000))},
			[]playlist.Span{{Timeline: 0, Media: 0, Length: 180000}}},
		{"gaps between takes and inside one", []playlist.Part{
			part("a", 0, seg(1, 0, 180003)),
			part("b", 9000, seg(1, 0, 180000), seg(1, 450000, 90000)),
		}, []playlist.Span{
			{Timeline: 0, Media: 0, Length: 180003},
			{Timeline: 9 * second, Media: 180003, Length: 180000},
			{Timeline: 14 * second, Media: 360003, Length: 90000},
		}},
		{"takes that overlap a little", []playlist.Part{
			part("a", 0, seg(1, 0, 180000)), part("b", 1800, seg(1, 0, 180000)),
		}, []playlist.Span{
			{Timeline: 0, Media: 0, Length: 180000},
			{Timeline: 162000, Media: 180000, Length: 180000},
		}},
		{"a first take that begins later", []playlist.Part{part("a", 0), part("b", 2500, seg(1, 0, 90000))},
			[]playlist.Span{{Timeline: 225000, Media: 0, Length: 90000}}},
	} {
		if diff := cmp.Diff(c.want, playlist.Spans(c.parts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestSpansAreWhereThePlaylistIs reads playlists as a player does that adds up lengths: at each
// date the spans say the same of the player's clock as the date does.
func TestSpansAreWhereThePlaylistIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []playlist.Part
		offset := int64(0)
		for i := range rapid.IntRange(1, 5).Draw(t, "takes") {
			p := part(storage.ID(fmt.Sprint(i)), offset)
			at, init := storage.Ticks(0), int64(1)
			for range rapid.IntRange(0, 12).Draw(t, "segments") {
				length := storage.Ticks(rapid.Int64Range(1000, 400000).Draw(t, "length"))
				s := seg(init, at, length)
				s.Number = int64(len(p.Segments) + 1)
				p.Segments = append(p.Segments, s)
				at += length
				at += storage.Ticks(rapid.SampledFrom([]int64{0, 0, 0, 5, 900, 901, 600000}).Draw(t, "missing"))
				init += rapid.SampledFrom([]int64{0, 0, 1}).Draw(t, "init")
			}
			parts = append(parts, p)
			offset += rapid.Int64Range(0, 60000).Draw(t, "next")
		}
		spans := playlist.Spans(parts)
		for i := 1; i < len(spans); i++ {
			last := spans[i-1]
			if spans[i].Media != last.Media+last.Length || spans[i].Timeline == last.Timeline+last.Length {
				t.Fatalf("%+v after %+v", spans[i], last)
			}
		}
		var zero time.Time
		var clock float64 // the player's, in seconds
		for line := range strings.Lines(playlist.Write(playlist.VOD, parts)) {
			line = strings.TrimSpace(line)
			if value, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
				date, err := time.Parse(time.RFC3339Nano, value)
				if err != nil {
					t.Fatal(err)
				}
				if zero.IsZero() {
					zero = date.Add(-spans[0].Timeline.Duration())
				}
				if got := timelineAt(spans, clock); math.Abs(got-date.Sub(zero).Seconds()) > 0.002 {
					t.Fatalf("at %f s of the player: spans say %f s, the playlist %s", clock, got, date.Sub(zero))
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
	})
}

// timelineAt is the place on the timeline of the frame that a player shows at its time clock.
func timelineAt(spans []playlist.Span, clock float64) float64 {
	var at float64
	for _, s := range spans {
		// 0.1 ms: the playlist's lengths are rounded.
		if media := s.Media.Duration().Seconds(); media <= clock+0.0001 {
			at = s.Timeline.Duration().Seconds() + clock - media
		}
	}
	return at
}
