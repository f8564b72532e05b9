package capture

import (
	"context"

	"backrow/capture/playlist"
	"backrow/storage"
)

// Playlist is the HLS media playlist of what is stored of a recording: complete when it is ready,
// otherwise growing at its end. Before the first segment is stored it is NotFound.
func (s *Server) Playlist(ctx context.Context, recording storage.ID) (string, error) {
	r, err := s.options.Catalogue.Recording(ctx, recording)
	if err != nil {
		return "", err
	}
	parts, err := s.parts(ctx, recording)
	if err != nil {
		return "", err
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

// Spans says where what the playlist of a recording lists lies on the recording's timeline.
func (s *Server) Spans(ctx context.Context, recording storage.ID) ([]playlist.Span, error) {
	parts, err := s.parts(ctx, recording)
	if err != nil {
		return nil, err
	}
	return playlist.Spans(parts), nil
}

// page is how many segments one query reads: half an hour.
const page = 1000

// parts are the takes of a recording with what is stored of each.
func (s *Server) parts(ctx context.Context, recording storage.ID) ([]playlist.Part, error) {
	takes, err := s.options.Catalogue.Takes(ctx, recording)
	if err != nil {
		return nil, err
	}
	parts := make([]playlist.Part, 0, len(takes))
	for _, take := range takes {
		part := playlist.Part{Take: take}
		for {
			segments, err := s.options.Catalogue.Segments(ctx, take.ID, last(part.Segments), page)
			if err != nil {
				return nil, err
			}
			part.Segments = append(part.Segments, segments...)
			if len(segments) < page {
				break
			}
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func last(segments []storage.Segment) int64 {
	if len(segments) == 0 {
		return 0
	}
	return segments[len(segments)-1].Number
}
