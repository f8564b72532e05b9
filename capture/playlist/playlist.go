// Package playlist writes HLS media playlists (RFC 8216) of recordings from what the catalogue
// knows of their takes. It is arithmetic and text; it reads nothing.
//
// A playlist lists segments in the order of the recording's timeline. Between takes, at a new init
// segment and at a gap there is a discontinuity with the date and time of what follows, by which a
// player's clock is brought to the timeline: the time since the first line's date is the timeline's
// time. Where takes overlap, what came first is kept.
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

const (
	// target is the least EXT-X-TARGETDURATION. It must not change while a playlist grows (section
	// 6.2.1), so it leaves room for segments that are longer than the usual 2 s.
	target = 4
	// overlap is by how many milliseconds a segment may begin before the last one ends: takes are
	// laid by the sender's clock, and a few frames twice are better than two seconds missing.
	overlap = 500
	// seam is how many ticks may be missing between two segments of a take without a discontinuity:
	// 10 ms.
	seam = storage.TicksPerSecond / 100
)

// Write writes the playlist of parts, which are in the order of their offsets. It is empty when
// there are no segments.
func Write(kind Type, parts []Part) string {
	w := writer{}
	for _, part := range parts {
		w.part(part)
	}
	if w.count == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	fmt.Fprintf(&out, "#EXT-X-TARGETDURATION:%d\n", w.target())
	fmt.Fprintf(&out, "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:%s\n", kind)
	out.WriteString(w.body.String())
	if kind == VOD {
		out.WriteString("#EXT-X-ENDLIST\n")
	}
	return out.String()
}

// writer is a playlist being written.
type writer struct {
	body    strings.Builder
	count   int
	longest storage.Ticks
	zero    time.Time // when the timeline's 0 was
	until   int64     // on the timeline, ms: covered so far
	take    storage.ID
	init    int64
	end     storage.Ticks // of the last segment, in its take
}

func (w *writer) target() int64 {
	// Each EXTINF, rounded to the nearest integer, must not exceed it (section 4.3.3.1).
	return max(target, int64(w.longest+storage.TicksPerSecond/2)/storage.TicksPerSecond)
}

func (w *writer) part(p Part) {
	if w.zero.IsZero() && len(p.Segments) > 0 {
		w.zero = p.Take.StartedAt.Add(-time.Duration(p.Take.OffsetMS) * time.Millisecond)
	}
	for _, s := range p.Segments {
		begin := p.Take.OffsetMS + s.Start.Milliseconds()
		if begin < w.until-overlap {
			continue
		}
		w.segment(p.Take, s)
		w.until = max(w.until, p.Take.OffsetMS+(s.Start+s.Length).Milliseconds())
	}
}

func (w *writer) segment(take storage.Take, s storage.Segment) {
	fresh := take.ID != w.take || s.InitNumber != w.init
	if fresh || s.Start > w.end+seam || s.Start < w.end-seam {
		if w.count > 0 {
			w.body.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		at := w.zero.Add(time.Duration(take.OffsetMS)*time.Millisecond + s.Start.Duration())
		fmt.Fprintf(&w.body, "#EXT-X-PROGRAM-DATE-TIME:%s\n", at.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	if fresh {
		fmt.Fprintf(&w.body, "#EXT-X-MAP:URI=\"takes/%s/init-%d.mp4\"\n", take.ID, s.InitNumber)
	}
	// Differences of rounded ends, so that roundings do not add up over a lesson.
	length := micros(s.Start+s.Length) - micros(s.Start)
	fmt.Fprintf(&w.body, "#EXTINF:%d.%06d,\ntakes/%s/%d.m4s\n",
		length/1e6, length%1e6, take.ID, s.Number)
	w.count++
	w.longest = max(w.longest, s.Length)
	w.take, w.init, w.end = take.ID, s.InitNumber, s.Start+s.Length
}

// micros is t in microseconds, rounded to the nearest.
func micros(t storage.Ticks) int64 { return (int64(t)*100 + 4) / 9 }
