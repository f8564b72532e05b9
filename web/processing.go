package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"backrow/review/access"
	"backrow/storage"
	"backrow/transcode"
)

// Work is what the server asks of package transcode.
type Work interface {
	Progress(ctx context.Context, recording storage.ID) (transcode.Progress, error)
	Retry(ctx context.Context, recording storage.ID) error
}

// Processing says how far a recording, and the work on what is made of it, has come.
type Processing struct {
	transcode.Progress
	RecordingState storage.RecordingState  `json:"recording_state" enum:"recording,finishing,ready"`
	DurationMS     int64                   `json:"duration_ms"`
	Renditions     []storage.RenditionKind `json:"renditions" nullable:"false" doc:"What there is already."`
}

func (s *Server) processingOperations() {
	tags := []string{"recordings"}
	operation(s, may(access.SeeRecording, "id"), huma.Operation{OperationID: "processing",
		Method: "GET", Path: "/api/recordings/{id}/processing", Tags: tags,
		Summary: "How far the work on a recording has come",
	}, func(ctx context.Context, in *recordingInput) (*struct{ Body Processing }, error) {
		recording, err := s.options.Catalogue.Recording(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		now, err := s.processingOf(ctx, recording)
		if err != nil {
			return nil, err
		}
		return &struct{ Body Processing }{now}, nil
	})
	operation(s, may(access.EditRecording, "id"), huma.Operation{OperationID: "retry-processing",
		Method: "POST", Path: "/api/recordings/{id}/processing/retry", Tags: tags,
		Summary: "Begin the work again after it failed", DefaultStatus: http.StatusNoContent,
	}, func(ctx context.Context, in *recordingInput) (*struct{}, error) {
		return nil, s.options.Work.Retry(ctx, in.ID)
	})
}

func (s *Server) processingOf(ctx context.Context, recording storage.Recording) (Processing, error) {
	// Progress before renditions: what is done by then is listed.
	progress, err := s.options.Work.Progress(ctx, recording.ID)
	if err != nil {
		return Processing{}, err
	}
	made, err := s.options.Catalogue.Renditions(ctx, recording.ID)
	if err != nil {
		return Processing{}, err
	}
	return Processing{Progress: progress, RecordingState: recording.State,
		DurationMS: recording.DurationMS,
		Renditions: each(made, func(r storage.Rendition) storage.RenditionKind { return r.Kind })}, nil
}
