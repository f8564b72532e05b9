package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"backrow/annotate"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// Share says who may see a recording, and until when.
type Share struct {
	User   annotate.Person `json:"user"`
	Access review.Access   `json:"access" enum:"viewer,reviewer" doc:"A viewer sees and replies; a reviewer also gives feedback."`
	Until  *storage.Time   `json:"until,omitempty" doc:"Absent: until it is taken back."`
}

func shareOf(sh review.Share) Share {
	out := Share{User: annotate.Person{ID: sh.UserID, Name: sh.UserName}, Access: sh.Access}
	if !sh.Until.IsZero() {
		out.Until = &sh.Until
	}
	return out
}

// NewShare is what a share is made of.
type NewShare struct {
	UserID storage.ID    `json:"user_id" doc:"A member of the recording's program."`
	Access review.Access `json:"access" doc:"viewer or reviewer."`
	Until  *storage.Time `json:"until,omitempty" doc:"In the future; absent: until it is taken back."`
}

// Review is an instructor's work on a recording.
type Review struct {
	ID          storage.ID      `json:"id"`
	Instructor  annotate.Person `json:"instructor"`
	State       review.State    `json:"state" enum:"requested,in_progress,returned,answered"`
	RequestedAt storage.Time    `json:"requested_at"`
	PromisedFor review.Day      `json:"promised_for" doc:"YYYY-MM-DD"`
	ReturnedAt  *storage.Time   `json:"returned_at,omitempty"`
	Summary     string          `json:"summary"`
	Version     int64           `json:"version" doc:"To be named when it is returned or answered."`
}

func reviewOf(v review.Review) Review {
	out := Review{ID: v.ID, State: v.State, RequestedAt: v.RequestedAt, PromisedFor: v.PromisedFor,
		Instructor: annotate.Person{ID: v.InstructorID, Name: v.InstructorName},
		Summary:    v.Summary, Version: v.Version}
	if !v.ReturnedAt.IsZero() {
		out.ReturnedAt = &v.ReturnedAt
	}
	return out
}

// NewReview is what a request for a review is made of.
type NewReview struct {
	ID           storage.ID `json:"id,omitempty" doc:"A UUIDv7 made by the client: repeating the request is harmless."`
	InstructorID storage.ID `json:"instructor_id" doc:"An instructor or a lead of the recording's program."`
	PromisedFor  review.Day `json:"promised_for,omitempty" doc:"YYYY-MM-DD; absent: in a week."`
}

// ReviewReturn is what a review is returned with.
type ReviewReturn struct {
	Version int64  `json:"version"`
	Summary string `json:"summary,omitempty"`
}

type (
	// ReviewPath names a review.
	ReviewPath struct {
		ID     storage.ID `path:"id"`
		Review storage.ID `path:"review"`
	}
	reviewOutput struct{ Body Review }
)

func (s *Server) shareOperations() {
	const shares = "/api/recordings/{id}/shares"
	const reviews = "/api/recordings/{id}/reviews"
	tags := []string{"sharing"}
	share := may(access.Share, "id")
	operation(s, share, huma.Operation{OperationID: "list-shares", Method: "GET", Path: shares,
		Summary: "Who may see a recording", Tags: tags}, s.listShares)
	operation(s, share, huma.Operation{OperationID: "share", Method: "POST", Path: shares,
		Summary: "Let a member of the program see a recording", Tags: tags,
		DefaultStatus: http.StatusCreated}, s.share)
	operation(s, share, huma.Operation{OperationID: "unshare", Method: "DELETE", Path: shares + "/{user}",
		Summary: "Take a share back", Tags: tags, DefaultStatus: http.StatusNoContent}, s.unshare)

	operation(s, may(access.SeeRecording, "id"), huma.Operation{OperationID: "list-reviews",
		Method: "GET", Path: reviews, Summary: "The reviews of a recording", Tags: tags}, s.listReviews)
	operation(s, may(access.RequestReview, "id"), huma.Operation{OperationID: "request-review",
		Method: "POST", Path: reviews, Summary: "Ask an instructor for a review", Tags: tags,
		DefaultStatus: http.StatusCreated}, s.requestReview)
	operation(s, may(access.ReturnReview, "id"), huma.Operation{OperationID: "return-review",
		Method: "POST", Path: reviews + "/{review}/return",
		Summary: "Return one's own review with a summary", Tags: tags}, s.returnReview)
	operation(s, may(access.AnswerReview, "id"), huma.Operation{OperationID: "answer-review",
		Method: "POST", Path: reviews + "/{review}/answer",
		Summary: "Say that a returned review has been answered", Tags: tags}, s.answerReview)
}

func (s *Server) listShares(ctx context.Context, in *recordingInput) (*struct {
	Body struct {
		Items []Share `json:"items" nullable:"false"`
	}
}, error) {
	found, err := s.options.Review.Shares(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var out struct {
		Body struct {
			Items []Share `json:"items" nullable:"false"`
		}
	}
	out.Body.Items = each(found, shareOf)
	return &out, nil
}

func (s *Server) share(ctx context.Context, in *struct {
	RecordingPath
	Body NewShare
}) (*struct{ Body Share }, error) {
	v, _ := viewerOf(ctx)
	n := review.Share{RecordingID: in.ID, UserID: in.Body.UserID, Access: in.Body.Access}
	if in.Body.Until != nil {
		n.Until = storage.At(in.Body.Until.Time)
	}
	made, err := s.options.Review.Share(ctx, v.ID, n)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Share }{shareOf(made)}, nil
}

func (s *Server) unshare(ctx context.Context, in *struct {
	RecordingPath
	User storage.ID `path:"user"`
}) (*struct{}, error) {
	v, _ := viewerOf(ctx)
	return nil, s.options.Review.Unshare(ctx, v.ID, in.ID, in.User)
}

func (s *Server) listReviews(ctx context.Context, in *recordingInput) (*struct {
	Body struct {
		Items []Review `json:"items" nullable:"false"`
	}
}, error) {
	found, err := s.options.Review.Reviews(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var out struct {
		Body struct {
			Items []Review `json:"items" nullable:"false"`
		}
	}
	out.Body.Items = each(found, reviewOf)
	return &out, nil
}

func (s *Server) requestReview(ctx context.Context, in *struct {
	RecordingPath
	Body NewReview
}) (*reviewOutput, error) {
	v, _ := viewerOf(ctx)
	made, err := s.options.Review.RequestReview(ctx, v.ID, review.NewReview{ID: in.Body.ID,
		RecordingID: in.ID, InstructorID: in.Body.InstructorID, PromisedFor: in.Body.PromisedFor})
	return reviewed(made, err)
}

func (s *Server) returnReview(ctx context.Context, in *struct {
	ReviewPath
	Body ReviewReturn
}) (*reviewOutput, error) {
	v, _ := viewerOf(ctx)
	returned, err := s.options.Review.ReturnReview(ctx, v.ID, in.ID, in.Review, in.Body.Version, in.Body.Summary)
	return reviewed(returned, err)
}

func (s *Server) answerReview(ctx context.Context, in *struct {
	ReviewPath
	Body Versioned
}) (*reviewOutput, error) {
	v, _ := viewerOf(ctx)
	answered, err := s.options.Review.AnswerReview(ctx, v.ID, in.ID, in.Review, in.Body.Version)
	return reviewed(answered, err)
}

func reviewed(v review.Review, err error) (*reviewOutput, error) {
	switch {
	case err == nil:
		return &reviewOutput{Body: reviewOf(v)}, nil
	case v.ID != "":
		return nil, withCurrent(err, reviewOf(v))
	}
	return nil, err
}

// each is the list of what of makes of every item; empty, not nil, for none.
func each[A, B any](items []A, of func(A) B) []B {
	out := make([]B, len(items))
	for i, item := range items {
		out[i] = of(item)
	}
	return out
}
