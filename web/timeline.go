package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"backrow/capture/playlist"
	"backrow/review/access"
	"backrow/storage"
)

// Span is a stretch of the timeline that was recorded without a gap. Its times are exact to
// 1/90000 s, so they have fractions.
type Span struct {
	TimelineMS float64 `json:"timeline_ms" doc:"Where it begins on the recording's timeline."`
	MediaMS    float64 `json:"media_ms" doc:"Where it begins for a player of playlist.m3u8, whose clock leaves gaps out."`
	LengthMS   float64 `json:"length_ms"`
}

// Timeline says what of a recording's timeline is there. The times of feedback, of the MP4 and of
// all else that is made of a recording are the timeline's; only the playlist's leave gaps out.
type Timeline struct {
	State      storage.RecordingState `json:"state" enum:"recording,finishing,ready"`
	DurationMS int64                  `json:"duration_ms"`
	Spans      []Span                 `json:"spans" nullable:"false" doc:"In order. What is between one and the next was not recorded; where takes overlap, the next begins before the last one ends."`
}

func (s *Server) timelineOperations() {
	operation(s, may(access.SeeRecording, "id"), huma.Operation{OperationID: "timeline",
		Method: "GET", Path: "/api/recordings/{id}/timeline", Tags: []string{"recordings"},
		Summary: "Where what is stored of a recording lies on its timeline",
	}, func(ctx context.Context, in *recordingInput) (*struct{ Body Timeline }, error) {
		recording, err := s.options.Catalogue.Recording(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		spans, err := s.spansOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &struct{ Body Timeline }{Timeline{State: recording.State,
			DurationMS: recording.DurationMS, Spans: spans}}, nil
	})
}

func (s *Server) spansOf(ctx context.Context, recording storage.ID) ([]Span, error) {
	spans, err := s.options.Capture.Spans(ctx, recording)
	if err != nil {
		return nil, err
	}
	return each(spans, func(span playlist.Span) Span {
		return Span{TimelineMS: milli(span.Timeline), MediaMS: milli(span.Media),
			LengthMS: milli(span.Length)}
	}), nil
}

func milli(t storage.Ticks) float64 { return float64(t) * 1000 / storage.TicksPerSecond }
