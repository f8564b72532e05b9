package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"backrow/annotate"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// phoneMoments is how many moments of one lesson phones may mark in a quarter of an hour.
const phoneMoments = 120

// marks lets in who records the lesson that the path value of that name identifies, and a phone
// that holds a token of that lesson, as long as it goes on.
func marks(recording string) who {
	return who{action: access.Capture, subject: recording, phone: true}
}

// phoneKey is in the context of a request that a phone's token let in.
type phoneKey struct{}

// admitPhone serves a request that brings a phone's token. The token alone decides: no session is
// read.
func (s *Server) admitPhone(w http.ResponseWriter, r *http.Request, rt route, secret string) error {
	ctx := r.Context()
	recording, err := pathID(r, rt.who.subject)
	if err != nil {
		return err
	}
	user, err := s.options.Marks.MomentTokenUser(ctx, secret, recording)
	if err != nil {
		return err
	}
	if err := s.options.Policy.May(ctx, user, rt.who.action, recording); err != nil {
		return err
	}
	trace := traceOf(ctx)
	trace.user, trace.admitted = user, true
	ctx = context.WithValue(ctx, phoneKey{}, true)
	ctx = context.WithValue(ctx, viewerKey{}, Viewer{review.User{ID: user}})
	return rt.handle(w, r.WithContext(ctx))
}

// NewMoment says which moment of the lesson is marked: by its clock, or by how long ago it was.
type NewMoment struct {
	AtMS  *int64 `json:"at_ms,omitempty" doc:"On the lesson's own clock. For the page that records it."`
	AgoMS *int64 `json:"ago_ms,omitempty" minimum:"0" doc:"For a phone, whose clock is another: how long before this request. At most 600,000."`
	Text  string `json:"text,omitempty" doc:"Absent: a sentence in the language of the request."`
}

// Moment is a moment that was marked.
type Moment struct {
	ID      storage.ID `json:"id"`
	AtMS    int64      `json:"at_ms" doc:"On the lesson's clock."`
	StartMS int64      `json:"start_ms" doc:"Where the note begins: ten seconds before."`
}

// LessonClock is what the clock of a lesson says.
type LessonClock struct {
	ElapsedMS int64 `json:"elapsed_ms" minimum:"0"`
	Running   bool  `json:"running"`
}

// MomentLink is what a phone opens to mark moments.
type MomentLink struct {
	URL       string       `json:"url" doc:"On this server. Its fragment holds the token, which is shown only here."`
	ExpiresAt storage.Time `json:"expires_at" doc:"At the latest; it ends with the lesson."`
}

// MomentPath is exported because huma fills in nothing of embedded types that are not.
type MomentPath struct {
	ID     storage.ID `path:"id"`
	Moment storage.ID `path:"moment" doc:"A UUIDv7 made by the client: it alone tells moments apart."`
}

func (s *Server) momentOperations() {
	const base = "/api/recordings/{id}"
	tags := []string{"moments"}
	describe := func(id, method, path, summary string, status int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: base + path, Summary: summary,
			Tags: tags, DefaultStatus: status}
	}
	operation(s, marks("id"), describe("mark-moment", http.MethodPut, "/moments/{moment}",
		"Mark a moment in class: it becomes a private note", http.StatusCreated), s.markMoment)
	operation(s, marks("id"), describe("unmark-moment", http.MethodDelete, "/moments/{moment}",
		"Undo a mark, within 20 s", http.StatusNoContent), s.unmarkMoment)
	operation(s, marks("id"), describe("lesson-clock", http.MethodGet, "/lesson-clock",
		"What the lesson's clock says", http.StatusOK), s.lessonClock)
	operation(s, may(access.Capture, "id"), describe("tell-lesson-clock", http.MethodPut, "/lesson-clock",
		"Tell what the lesson's clock says", http.StatusNoContent), s.tellClock)
	operation(s, may(access.Capture, "id"), describe("make-moment-link", http.MethodPost, "/moment-links",
		"Make a link by which a phone marks moments of this lesson", http.StatusCreated), s.momentLink)
}

// momentRoutes are the page that a phone opens. It is the same for every recording, there or not:
// what may be marked is told by the token in its address, which never reaches the server by it.
func (s *Server) momentRoutes() []route {
	return []route{{method: http.MethodGet, pattern: "/recordings/{id}/moments", who: anyone(),
		handle: func(w http.ResponseWriter, r *http.Request) error {
			id, err := pathID(r, "id")
			if err != nil {
				return err
			}
			return s.render(w, r, http.StatusOK, "moments", id)
		}}}
}

func (s *Server) markMoment(ctx context.Context, in *struct {
	MomentPath
	Language string `header:"Accept-Language"`
	Body     NewMoment
}) (*struct{ Body Moment }, error) {
	v, _ := viewerOf(ctx)
	_, phone := ctx.Value(phoneKey{}).(bool)
	if phone {
		if err := s.attempts.spend("moment\x00"+string(in.ID), phoneMoments); err != nil {
			return nil, err
		}
	}
	at, err := s.momentAt(ctx, in.ID, in.Body, phone)
	if err != nil {
		return nil, err
	}
	text := in.Body.Text
	if text == "" || phone { // a phone's token is for marks, not for words
		if text, err = s.messages.Text(s.messages.Match("", in.Language), "moments.text"); err != nil {
			return nil, err
		}
	}
	made, err := s.options.Marks.MarkMoment(ctx, v.ID, in.ID, in.Moment, at, text)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Moment }{Moment{ID: made.ID, AtMS: made.EndMS, StartMS: made.StartMS}}, nil
}

// momentAt is where on the lesson's clock a moment lies.
func (s *Server) momentAt(ctx context.Context, recording storage.ID, m NewMoment, phone bool) (int64, error) {
	switch {
	case (m.AtMS == nil) == (m.AgoMS == nil), phone && m.AgoMS == nil:
		return 0, storage.Errorf(storage.Invalid,
			"A moment is named by the lesson's clock or by how long ago it was; by a phone, by the latter.")
	case m.AtMS != nil:
		return *m.AtMS, nil
	}
	ago := time.Duration(*m.AgoMS) * time.Millisecond
	if *m.AgoMS > annotate.MaxAgo.Milliseconds() {
		return 0, storage.Errorf(storage.Invalid,
			"That was too long ago to be marked from here. Mark it on the recording afterwards.")
	}
	clock, err := s.options.Marks.LessonClock(ctx, recording)
	if err != nil {
		return 0, err
	}
	return clock.At(time.Now().Add(-ago)), nil
}

func (s *Server) unmarkMoment(ctx context.Context, in *struct{ MomentPath }) (*struct{}, error) {
	v, _ := viewerOf(ctx)
	return nil, s.options.Marks.UnmarkMoment(ctx, v.ID, in.ID, in.Moment)
}

func (s *Server) lessonClock(ctx context.Context, in *recordingInput) (*struct{ Body LessonClock }, error) {
	clock, err := s.options.Marks.LessonClock(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body LessonClock }{
		LessonClock{ElapsedMS: clock.At(time.Now()), Running: clock.Running}}, nil
}

func (s *Server) tellClock(ctx context.Context, in *struct {
	RecordingPath
	Body LessonClock
}) (*struct{}, error) {
	return nil, s.options.Marks.TellClock(ctx, in.ID, in.Body.ElapsedMS, in.Body.Running)
}

func (s *Server) momentLink(ctx context.Context, in *struct {
	RecordingPath
	Body LessonClock
}) (*struct{ Body MomentLink }, error) {
	r, err := s.options.Catalogue.Recording(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if r.State != storage.StateRecording {
		return nil, storage.Errorf(storage.Conflict, "This lesson is over: add feedback to it instead.")
	}
	if err := s.options.Marks.TellClock(ctx, in.ID, in.Body.ElapsedMS, in.Body.Running); err != nil {
		return nil, err
	}
	v, _ := viewerOf(ctx)
	token, until, err := s.options.Marks.NewMomentToken(ctx, in.ID, v.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body MomentLink }{MomentLink{ExpiresAt: until,
		URL: "/recordings/" + string(in.ID) + "/moments#" + token}}, nil
}
