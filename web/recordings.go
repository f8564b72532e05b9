package web

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// The limits of what is said about a recording, in characters and counts.
const (
	maxTitle       = 200
	maxClass       = 100
	maxFirstShares = 20 // with whom a recording is shared as it begins
	// How far the clock of a laptop that registers a lesson afterwards may be ahead.
	aheadOfUs = 5 * time.Minute
)

// Recording is one lesson, as the API tells of it.
type Recording struct {
	ID         storage.ID    `json:"id"`
	ProgramID  storage.ID    `json:"program_id"`
	OwnerID    storage.ID    `json:"owner_id"`
	Title      string        `json:"title"`
	Class      string        `json:"class"`
	State      string        `json:"state" enum:"recording,finishing,ready" doc:"It is playable in every state."`
	StartedAt  storage.Time  `json:"started_at"`
	EndedAt    *storage.Time `json:"ended_at,omitempty"`
	DurationMS int64         `json:"duration_ms" doc:"The length of what is stored of its timeline."`
	TaughtMS   int64         `json:"taught_ms" doc:"How long the lesson was by the recorder's clock; -1: it has not said."`
	CoveredMS  int64         `json:"covered_ms" doc:"How much of the timeline is stored, as of when it was stopped or a take was complete."`
	Settled    bool          `json:"settled" doc:"It has been stopped, and no better take is expected of a laptop."`
	Version    int64         `json:"version" doc:"To be named by edits."`
}

func recordingOf(r storage.Recording) Recording {
	out := Recording{
		ID: r.ID, ProgramID: r.ProgramID, OwnerID: r.OwnerID, Title: r.Title, Class: r.Class,
		State: string(r.State), StartedAt: r.StartedAt, DurationMS: r.DurationMS, Version: r.Version,
		TaughtMS: r.TaughtMS, CoveredMS: r.CoveredMS, Settled: !r.SettledAt.IsZero(),
	}
	if !r.EndedAt.IsZero() {
		out.EndedAt = &r.EndedAt
	}
	return out
}

// NewRecording is what a recording is begun with.
type NewRecording struct {
	ID            storage.ID   `json:"id" doc:"A UUIDv7 made by the client: repeating the create is harmless."`
	ProgramID     storage.ID   `json:"program_id"`
	Title         string       `json:"title" doc:"At most 200 characters."`
	Class         string       `json:"class,omitempty" doc:"At most 100 characters."`
	TargetAreaIDs []storage.ID `json:"target_area_ids,omitempty" doc:"Target areas of the teacher, in the same program."`
	ShareWith     []storage.ID `json:"share_with,omitempty" doc:"Members of the program who may see it and give feedback."`
	// A lesson that begins without a network is registered when there is one again.
	StartedAt *storage.Time `json:"started_at,omitempty" format:"date-time" doc:"When the lesson began, of one that is registered afterwards: at most 30 days ago. Absent: now."`
}

// RecordingEdit is what can be changed of a recording.
type RecordingEdit struct {
	Version int64  `json:"version"`
	Title   string `json:"title"`
	Class   string `json:"class,omitempty"`
}

// Saved says how far a recording is safe.
type Saved struct {
	UntilMS   int64  `json:"until_ms" doc:"On the timeline: everything before it is stored, but for breaks shorter than 0.5 s."`
	ReachedMS int64  `json:"reached_ms" doc:"How far on the timeline anything is stored."`
	Live      bool   `json:"live" doc:"A take is being received."`
	Pending   int    `json:"pending" doc:"Segments received and not yet stored."`
	Problem   string `json:"problem,omitempty" doc:"What is in the way, for the person."`
	Settled   bool   `json:"settled" doc:"It has been stopped, and no better take is expected of a laptop."`
	CoveredMS int64  `json:"covered_ms" doc:"How much of the timeline is stored."`
	TaughtMS  int64  `json:"taught_ms" doc:"How long the lesson was by the recorder's clock; -1: it has not said."`
}

// Finish is how a recorder ends a lesson.
type Finish struct {
	TaughtMS *int64 `json:"taught_ms,omitempty" doc:"How long the lesson was by the recorder's clock: at most a day."`
}

type (
	recordingInput  struct{ RecordingPath }
	recordingOutput struct {
		ETag string `header:"ETag"`
		Body Recording
	}
	// RecordingPath is exported because huma fills in nothing of embedded types that are not.
	RecordingPath struct {
		ID storage.ID `path:"id"`
	}
)

func recordingAnswer(r storage.Recording) *recordingOutput {
	return &recordingOutput{ETag: versionTag(r.Version), Body: recordingOf(r)}
}

func (s *Server) recordingOperations() {
	tags := []string{"recordings"}
	operation(s, signedIn(), huma.Operation{
		OperationID: "list-recordings", Method: http.MethodGet, Path: "/api/recordings", Tags: tags,
		Summary: "One's own recordings, latest first",
	}, s.listRecordings)
	operation(s, signedIn(), huma.Operation{
		OperationID: "begin-recording", Method: http.MethodPost, Path: "/api/recordings", Tags: tags,
		Summary: "Begin a recording", DefaultStatus: http.StatusCreated,
	}, s.beginRecording)
	operation(s, may(access.SeeRecording, "id"), huma.Operation{
		OperationID: "get-recording", Method: http.MethodGet, Path: "/api/recordings/{id}", Tags: tags,
		Summary: "One recording",
	}, func(ctx context.Context, in *recordingInput) (*recordingOutput, error) {
		r, err := s.options.Catalogue.Recording(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return recordingAnswer(r), nil
	})
	operation(s, may(access.EditRecording, "id"), huma.Operation{
		OperationID: "edit-recording", Method: http.MethodPatch, Path: "/api/recordings/{id}", Tags: tags,
		Summary: "Change title and class",
	}, s.editRecording)
	operation(s, may(access.DeleteRecording, "id"), huma.Operation{
		OperationID: "delete-recording", Method: http.MethodDelete, Path: "/api/recordings/{id}", Tags: tags,
		Summary: "Hide a recording from everyone", DefaultStatus: http.StatusNoContent,
	}, s.deleteRecording)
	operation(s, sends("id"), huma.Operation{
		OperationID: "finish-recording", Method: http.MethodPost, Path: "/api/recordings/{id}/finish", Tags: tags,
		Summary: "Stop and save: its takes end and what they hold is stored",
	}, s.finishRecording)
	operation(s, sends("id"), huma.Operation{
		OperationID: "saved", Method: http.MethodGet, Path: "/api/recordings/{id}/saved", Tags: tags,
		Summary: "How far a recording is safe on the server",
	}, s.savedRecording)
}

type listRecordingsInput struct {
	After string `query:"after" doc:"The next of the part before."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listRecordingsOutput struct {
	Body struct {
		Items []Recording `json:"items" nullable:"false"`
		Next  string      `json:"next,omitempty"`
	}
}

func (s *Server) listRecordings(ctx context.Context, in *listRecordingsInput) (*listRecordingsOutput, error) {
	v, _ := viewerOf(ctx)
	list, err := s.options.Review.MyRecordings(ctx, v.ID, review.Page{After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &listRecordingsOutput{}
	out.Body.Items = make([]Recording, len(list.Items))
	for i, lesson := range list.Items {
		out.Body.Items[i] = recordingOf(lesson.Recording)
	}
	out.Body.Next = list.Next
	return out, nil
}

// BegunRecording is a recording that has just begun, with what its laptop sends it by.
type BegunRecording struct {
	Recording
	CaptureToken string `json:"capture_token" doc:"For Authorization: Bearer. It sends takes to this recording, for 60 days, without a session."`
}

type begunOutput struct {
	ETag string `header:"ETag"`
	Body BegunRecording
}

func (s *Server) beginRecording(ctx context.Context, in *struct{ Body NewRecording }) (*begunOutput, error) {
	v, _ := viewerOf(ctx)
	n := in.Body
	var err error
	if n.ID, err = storage.ParseID(string(n.ID)); err != nil {
		return nil, err
	}
	if n.Title, n.Class, err = describeLesson(n.Title, n.Class); err != nil {
		return nil, err
	}
	started, err := s.begunAt(n.StartedAt)
	if err != nil {
		return nil, err
	}
	if err := s.options.Policy.May(ctx, v.ID, access.Record, n.ProgramID); err != nil {
		return nil, err
	}
	// Who it goes to first: a name that is wrong must not leave a recording behind.
	if err := s.mayShareWith(ctx, v.ID, n.ProgramID, n.ShareWith); err != nil {
		return nil, err
	}
	var made storage.Recording
	err = s.options.DB.InTx(ctx, func(tx *storage.Tx) error {
		made, err = s.options.Catalogue.CreateRecording(ctx, tx, storage.Recording{
			ID: n.ID, ProgramID: n.ProgramID, OwnerID: v.ID, Title: n.Title, Class: n.Class,
			StartedAt: started,
		})
		if err != nil {
			return err
		}
		return s.options.Review.SetRecordingTargetAreas(ctx, tx, n.ID, n.TargetAreaIDs)
	})
	if err != nil {
		return nil, err
	}
	for _, person := range n.ShareWith {
		if _, err := s.options.Review.Share(ctx, v.ID, review.Share{
			RecordingID: n.ID, UserID: person, Access: review.Reviewer,
		}); err != nil {
			return nil, err
		}
	}
	token, err := s.options.Catalogue.NewCaptureToken(ctx, n.ID, v.ID, s.options.Now())
	if err != nil {
		return nil, err
	}
	return &begunOutput{ETag: versionTag(made.Version),
		Body: BegunRecording{Recording: recordingOf(made), CaptureToken: token.Secret}}, nil
}

// begunAt checks when a lesson is said to have begun; the zero time when nothing is said of it.
func (s *Server) begunAt(said *storage.Time) (storage.Time, error) {
	if said == nil {
		return storage.Time{}, nil
	}
	now := s.options.Now()
	switch {
	case said.After(now.Add(aheadOfUs)):
		return storage.Time{}, storage.Errorf(storage.Invalid,
			"This lesson would begin in the future: is the clock of the laptop right?")
	case said.Before(now.Add(-storage.LocalFor)):
		return storage.Time{}, storage.Errorf(storage.Invalid,
			"A lesson is registered within %d days of its beginning.", int(storage.LocalFor.Hours()/24))
	case said.After(now):
		return storage.At(now), nil // a clock that is a little ahead
	}
	return storage.At(said.Time), nil
}

// mayShareWith says what stands against sharing a teacher's lesson with people as it begins.
func (s *Server) mayShareWith(ctx context.Context, teacher, program storage.ID, people []storage.ID) error {
	if len(people) > maxFirstShares {
		return storage.Errorf(storage.Invalid,
			"A recording is shared with %d people at most as it begins.", maxFirstShares)
	}
	for _, person := range people {
		m, err := s.options.Review.Member(ctx, program, person)
		switch {
		case storage.KindOf(err) == storage.NotFound:
			return storage.Errorf(storage.Invalid,
				"A lesson can be shared with members of its program only. %w", err)
		case err != nil:
			return err
		case person == teacher:
			return storage.Errorf(storage.Invalid, "The lesson is yours: you see it already.")
		case !m.DisabledAt.IsZero():
			return storage.Errorf(storage.Invalid, "%s cannot sign in any more.", m.Name)
		}
	}
	return nil
}

// describeLesson tidies and checks a title and a class.
func describeLesson(title, class string) (string, string, error) {
	title, class = strings.TrimSpace(title), strings.TrimSpace(class)
	switch {
	case title == "":
		return "", "", storage.Errorf(storage.Invalid, "Please give the lesson a title.")
	case utf8.RuneCountInString(title) > maxTitle:
		return "", "", storage.Errorf(storage.Invalid, "A title has %d characters at most.", maxTitle)
	case utf8.RuneCountInString(class) > maxClass:
		return "", "", storage.Errorf(storage.Invalid, "A class has %d characters at most.", maxClass)
	case strings.ContainsFunc(title+class, isControl):
		return "", "", storage.Errorf(storage.Invalid, "Title and class are one line of text each.")
	}
	return title, class, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }

type editRecordingInput struct {
	RecordingPath
	Body RecordingEdit
}

func (s *Server) editRecording(ctx context.Context, in *editRecordingInput) (*recordingOutput, error) {
	title, class, err := describeLesson(in.Body.Title, in.Body.Class)
	if err != nil {
		return nil, err
	}
	r, err := s.options.Catalogue.EditRecording(ctx, in.ID, in.Body.Version, title, class)
	if storage.KindOf(err) == storage.Conflict {
		return nil, withCurrent(err, recordingOf(r))
	}
	if err != nil {
		return nil, err
	}
	return recordingAnswer(r), nil
}

func (s *Server) deleteRecording(ctx context.Context, in *recordingInput) (*struct{}, error) {
	return nil, s.forgetRecording(ctx, in.ID)
}

// forgetRecording stops a recording and hides it from everyone.
func (s *Server) forgetRecording(ctx context.Context, id storage.ID) error {
	v, _ := viewerOf(ctx)
	if _, err := s.options.Capture.Stop(ctx, id, -1); err != nil {
		return err
	}
	err := s.options.DB.InTx(ctx, func(tx *storage.Tx) error {
		if err := s.options.Catalogue.DeleteRecording(ctx, tx, id); err != nil {
			return err
		}
		return s.options.Review.Audit(ctx, tx, review.Entry{
			ActorID: v.ID, Action: "recording.deleted", Subject: "recording:" + string(id),
		})
	})
	if err == nil {
		s.Revoke(context.WithoutCancel(ctx), "", id)
	}
	return err
}

type finishInput struct {
	RecordingPath
	Body *Finish
}

func (s *Server) finishRecording(ctx context.Context, in *finishInput) (*recordingOutput, error) {
	taught := int64(-1)
	if in.Body != nil && in.Body.TaughtMS != nil {
		taught = *in.Body.TaughtMS
		if taught < 0 || taught > storage.MaxTimeline.Milliseconds() {
			return nil, storage.Errorf(storage.Invalid, "A lesson is a day long at most.")
		}
	}
	r, err := s.options.Capture.Stop(ctx, in.ID, taught)
	if err != nil {
		return nil, err
	}
	return recordingAnswer(r), nil
}

func (s *Server) savedRecording(ctx context.Context, in *recordingInput) (*struct{ Body Saved }, error) {
	saved, err := s.options.Capture.Saved(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Saved }{Saved{
		UntilMS: saved.UntilMS, ReachedMS: saved.Reached, Live: saved.LiveTake,
		Pending: saved.Pending, Problem: saved.Problem,
		Settled: saved.Settled, CoveredMS: saved.Covered, TaughtMS: saved.TaughtMS,
	}}, nil
}
