package playlist

import "backrow/storage"

// Span is a stretch of the recording that is listed without a gap.
type Span struct {
	Timeline storage.Ticks // where on the timeline it begins
	Media    storage.Ticks // where it begins for a player that adds up what is listed
	Length   storage.Ticks
}

// Spans says where the playlist of parts lies on the timeline: in order, and as few as can be. What
// is between one and the next was not recorded; where takes overlap, the next begins before the
// last one ends. The playlist's own times are within 1 µs for each of its discontinuities.
func Spans(parts []Part) []Span {
	var spans []Span
	var media storage.Ticks
	for _, r := range lay(parts) {
		begin, length := r.begin(), r.total()
		if n := len(spans); n > 0 && spans[n-1].Timeline+spans[n-1].Length == begin {
			spans[n-1].Length += length
		} else {
			spans = append(spans, Span{Timeline: begin, Media: media, Length: length})
		}
		media += length
	}
	return spans
}
