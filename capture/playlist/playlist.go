// Package playlist writes HLS media playlists (RFC 8216) of what a ledger.Cover shows. It is text;
// it decides nothing and reads nothing.
//
// A playlist lists the cover's pieces in their order. Between runs there is a discontinuity with the
// date and time of what follows, by which a player's clock is brought to the timeline: the time
// since the first line's date is the timeline's time. A segment that is to end early is asked for
// with the media time that it is shown until, in 1/90000 s: takes/T/N.m4s?until=U.
//
// Most players close gaps up: their clock begins at 0 and only counts what is listed, as
// ledger.Spans say.
package playlist

import (
	"fmt"
	"strings"
	"time"

	"backrow/storage"
	"backrow/storage/ledger"
)

// Type is the promise that a playlist makes.
type Type string

// The types.
const (
	Event Type = "EVENT" // it may grow at its end
	VOD   Type = "VOD"   // it is complete
)

const (
	// target is the least EXT-X-TARGETDURATION. It should not change while a playlist grows (section
	// 6.2.1), so it leaves room for segments that are longer than the usual 2 s; players ask for the
	// playlist anew that often, and hls.js stays at least that far behind its end.
	target = 3
	// behind is how far behind its end a growing playlist is followed, in seconds: two segments and
	// a little. Players would stay three targets behind, which is for broadcasts over worse roads.
	behind = 4.5
)

// Write writes the playlist of a cover. It is empty when the cover is.
func Write(kind Type, cover ledger.Cover) string {
	runs := cover.Runs()
	if len(runs) == 0 {
		return ""
	}
	var longest storage.Ticks
	for _, r := range runs {
		for i := range r.Pieces {
			longest = max(longest, length(r, i))
		}
	}
	var out strings.Builder
	out.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	// Each EXTINF, rounded to the nearest integer, must not exceed it (section 4.3.3.1).
	fmt.Fprintf(&out, "#EXT-X-TARGETDURATION:%d\n",
		max(target, int64(longest+storage.TicksPerSecond/2)/storage.TicksPerSecond))
	fmt.Fprintf(&out, "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:%s\n", kind)
	if kind == Event {
		fmt.Fprintf(&out, "#EXT-X-START:TIME-OFFSET=-%.1f\n", behind)
	}
	first := runs[0].Take
	zero := first.StartedAt.Add(-time.Duration(first.OffsetMS) * time.Millisecond)
	for i, r := range runs {
		if i > 0 {
			out.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		at := zero.Add(r.Begin().Duration())
		fmt.Fprintf(&out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", at.UTC().Format("2006-01-02T15:04:05.000Z"))
		if i == 0 || mapOf(r) != mapOf(runs[i-1]) {
			fmt.Fprintf(&out, "#EXT-X-MAP:URI=\"%s\"\n", mapOf(r))
		}
		for n, p := range r.Pieces {
			// Differences of rounded ends, so that roundings do not add up over a lesson.
			length := micros(r.Until(n)) - micros(p.Segment.Start)
			fmt.Fprintf(&out, "#EXTINF:%d.%06d,\ntakes/%s/%d.m4s",
				length/1e6, length%1e6, p.Take.ID, p.Segment.Number)
			if r.Cut(n) {
				fmt.Fprintf(&out, "?until=%d", p.Until)
			}
			out.WriteByte('\n')
		}
	}
	if kind == VOD {
		out.WriteString("#EXT-X-ENDLIST\n")
	}
	return out.String()
}

// mapOf is the URI of a run's init segment.
func mapOf(r ledger.Run) string { return fmt.Sprintf("takes/%s/init-%d.mp4", r.Take.ID, r.Init) }

// length is how long piece i of a run is shown.
func length(r ledger.Run, i int) storage.Ticks { return r.Until(i) - r.Pieces[i].Segment.Start }

// micros is t in microseconds, rounded to the nearest.
func micros(t storage.Ticks) int64 { return (int64(t)*100 + 4) / 9 }
