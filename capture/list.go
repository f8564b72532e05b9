package capture

import (
	"context"

	"backrow/capture/playlist"
	"backrow/storage"
)

// Playlist is the HLS media playlist of what is stored of a recording: complete when it is ready,
// otherwise growing at its end. Before the first segment is stored it is NotFound.
func (s *Server) Playlist(ctx context.Context, recording storage.ID) (string, error) {
	c := s.options.Catalogue
	r, err := c.Recording(ctx, recording)
	if err != nil {
		return "", err
	}
	takes, err := c.Takes(ctx, recording)
	if err != nil {
		return "", err
	}
	parts := make([]playlist.Part, 0, len(takes))
	for _, take := range takes {
		part := playlist.Part{Take: take}
		for {
			segments, err := c.Segments(ctx, take.ID, last(part.Segments), page)
			if err != nil {
				return "", err
			}
			part.Segments = append(part.Segments, segments...)
			if len(segments) < page {
				break
			}
		}
		parts = append(parts, part)
	}
	kind := playlist.Event
	if r.State == storage.StateReady {
		kind = playlist.VOD
	}
	text := playlist.Write(kind, parts)
	if text == "" {
		return "", storage.Errorf(storage.NotFound, "Nothing of this recording is stored yet.")
	}
	return text, nil
}

// page is how many segments one query reads: half an hour.
const page = 1000

func last(segments []storage.Segment) int64 {
	if len(segments) == 0 {
		return 0
	}
	return segments[len(segments)-1].Number
}
