// Package playlist writes HLS media playlists (RFC 8216) of recordings from what the catalogue
// knows of their takes. It is arithmetic and text; it reads nothing.
//
// A playlist lists segments in the order of the recording's timeline. Between takes, at a new init
// segment and at a gap there is a discontinuity with the date and time of what follows, by which a
// player's clock is brought to the timeline: the time since the first line's date is the timeline's
// time. Where takes overlap, what came first is kept.
//
// Most players close gaps up: their clock begins at 0 and only counts what is listed. Spans say
// where on the timeline each stretch of that clock lies.
package playlist

import (
	"fmt"
	"strings"
	"time"

	"backrow/storage"
)

// Type is the promise that a playlist makes.
type Type string

// The types.
const (
	Event Type = "EVENT" // it may grow at its end
	VOD   Type = "VOD"   // it is complete
)

// Part is a take with its segments, in order.
type Part struct {
	Take     storage.Take
	Segments []storage.Segment
}

// target is the least EXT-X-TARGETDURATION. It must not change while a playlist grows (section
// 6.2.1), so it leaves room for segments that are longer than the usual 2 s.
const target = 4

// Write writes the playlist of parts, which are in the order of their offsets. It is empty when
// there are no segments.
func Write(kind Type, parts []Part) string {
	runs := lay(parts)
	if len(runs) == 0 {
		return ""
	}
	var longest storage.Ticks
	for _, r := range runs {
		for i := range r.segments {
			longest = max(longest, r.length(i))
		}
	}
	var out strings.Builder
	out.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	// Each EXTINF, rounded to the nearest integer, must not exceed it (section 4.3.3.1).
	fmt.Fprintf(&out, "#EXT-X-TARGETDURATION:%d\n",
		max(target, int64(longest+storage.TicksPerSecond/2)/storage.TicksPerSecond))
	fmt.Fprintf(&out, "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:%s\n", kind)
	zero := runs[0].take.StartedAt.Add(-time.Duration(runs[0].take.OffsetMS) * time.Millisecond)
	for i, r := range runs {
		if i > 0 {
			out.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		at := zero.Add(r.begin().Duration())
		fmt.Fprintf(&out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", at.UTC().Format("2006-01-02T15:04:05.000Z"))
		if i == 0 || r.init() != runs[i-1].init() {
			fmt.Fprintf(&out, "#EXT-X-MAP:URI=\"%s\"\n", r.init())
		}
		for n, s := range r.segments {
			// Differences of rounded ends, so that roundings do not add up over a lesson.
			length := micros(s.Start+r.length(n)) - micros(s.Start)
			fmt.Fprintf(&out, "#EXTINF:%d.%06d,\ntakes/%s/%d.m4s\n",
				length/1e6, length%1e6, r.take.ID, s.Number)
		}
	}
	if kind == VOD {
		out.WriteString("#EXT-X-ENDLIST\n")
	}
	return out.String()
}

// micros is t in microseconds, rounded to the nearest.
func micros(t storage.Ticks) int64 { return (int64(t)*100 + 4) / 9 }
