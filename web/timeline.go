package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"backrow/capture"
	"backrow/review/access"
	"backrow/storage"
	"backrow/storage/ledger"
)

// Span is a stretch of the timeline that is there without a gap. Its times are exact to
// 1/90000 s, so they have fractions.
type Span struct {
	TimelineMS float64 `json:"timeline_ms" doc:"Where it begins on the recording's timeline."`
	MediaMS    float64 `json:"media_ms" doc:"Where it begins for a player of playlist.m3u8, whose clock leaves gaps out."`
	LengthMS   float64 `json:"length_ms"`
}

// Stretch is a part of the timeline.
type Stretch struct {
	TimelineMS float64 `json:"timeline_ms"`
	LengthMS   float64 `json:"length_ms"`
}

// SourceTimeline is what of the timeline is there of one source.
type SourceTimeline struct {
	Source   string    `json:"source" enum:"camera,screen" doc:"As playlist.m3u8?source= names it."`
	Spans    []Span    `json:"spans" nullable:"false"`
	Expected []Stretch `json:"expected" nullable:"false"`
}

// Timeline says what of a recording's timeline is there. The times of feedback, of the MP4 and of
// all else that is made of a recording are the timeline's; only the playlist's leave gaps out.
type Timeline struct {
	State      storage.RecordingState `json:"state" enum:"recording,finishing,ready"`
	DurationMS int64                  `json:"duration_ms" doc:"How far anything of it is stored."`
	TaughtMS   int64                  `json:"taught_ms" doc:"How long the lesson was by the recorder's clock; -1: it has not said."`
	CoveredMS  int64                  `json:"covered_ms" doc:"How much of the timeline is stored."`
	Settled    bool                   `json:"settled" doc:"It has been stopped, and no better take is expected of a laptop."`
	Spans      []Span                 `json:"spans" nullable:"false" doc:"Of playlist.m3u8, in order. What is between one and the next is not there; while it is recorded, where takes overlap, the next begins before the last one ends."`
	Expected   []Stretch              `json:"expected" nullable:"false" doc:"What of the rest may still come: a laptop has recorded it and not sent all of it."`
	Main       string                 `json:"main" enum:"camera,screen" doc:"The source that playlist.m3u8 shows when none is asked for, of which spans and expected are."`
	Sources    []SourceTimeline       `json:"sources" nullable:"false" doc:"The same of each source."`
}

func (s *Server) timelineOperations() {
	operation(s, may(access.SeeRecording, "id"), huma.Operation{OperationID: "timeline",
		Method: "GET", Path: "/api/recordings/{id}/timeline", Tags: []string{"recordings"},
		Summary: "Where what is stored of a recording lies on its timeline",
	}, func(ctx context.Context, in *recordingInput) (*struct{ Body Timeline }, error) {
		timeline, err := s.timelineOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &struct{ Body Timeline }{timeline}, nil
	})
}

func (s *Server) timelineOf(ctx context.Context, recording storage.ID) (Timeline, error) {
	have, err := s.options.Capture.Timeline(ctx, recording)
	if err != nil {
		return Timeline{}, err
	}
	r := have.Recording
	out := Timeline{State: r.State, DurationMS: r.DurationMS, TaughtMS: r.TaughtMS,
		CoveredMS: r.CoveredMS, Settled: !r.SettledAt.IsZero(), Spans: []Span{}, Expected: []Stretch{},
		Main: have.Main, Sources: each(have.Sources, sourceTimelineOf)}
	for _, source := range out.Sources {
		if source.Source == have.Main {
			out.Spans, out.Expected = source.Spans, source.Expected
		}
	}
	return out, nil
}

func sourceTimelineOf(s capture.SourceTimeline) SourceTimeline {
	return SourceTimeline{Source: s.Source,
		Spans: each(s.Spans, func(span ledger.Span) Span {
			return Span{TimelineMS: milli(span.Timeline), MediaMS: milli(span.Media),
				LengthMS: milli(span.Length)}
		}),
		Expected: each(s.Expected, func(gap ledger.Stretch) Stretch {
			return Stretch{TimelineMS: milli(gap.Begin), LengthMS: milli(gap.End - gap.Begin)}
		})}
}

func milli(t storage.Ticks) float64 { return float64(t) * 1000 / storage.TicksPerSecond }
