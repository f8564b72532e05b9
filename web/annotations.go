package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"backrow/annotate"
	"backrow/review/access"
	"backrow/storage"
)

type (
	// AnnotationPath and the others that are embedded are exported for huma, which looks into no
	// others.
	AnnotationPath struct {
		ID         storage.ID `path:"id"`
		Annotation storage.ID `path:"annotation"`
	}
	// ReplyPath names a reply.
	ReplyPath struct {
		ID    storage.ID `path:"id"`
		Reply storage.ID `path:"reply"`
	}
	// VersionQuery is the version that the person saw.
	VersionQuery struct {
		Version int64 `query:"version" required:"true" minimum:"1"`
	}
	// Versioned names the version that an edit is of.
	Versioned struct {
		Version int64 `json:"version" minimum:"1" doc:"The version that the person saw."`
	}
	annotationOutput struct{ Body annotate.Annotation }
	replyOutput      struct{ Body annotate.Reply }
)

// NewAnnotation is what a mark is made of; the same fields as the live feed's create.
type NewAnnotation struct {
	ID            storage.ID          `json:"id" doc:"A UUIDv7 made by the client: repeating the create is harmless."`
	StartMS       int64               `json:"start_ms"`
	EndMS         *int64              `json:"end_ms,omitempty" doc:"Absent: a point."`
	Kind          annotate.Kind       `json:"kind" doc:"strength, suggestion, question or note."`
	TargetAreaIDs []storage.ID        `json:"target_area_ids,omitempty"`
	Text          string              `json:"text"`
	Visibility    annotate.Visibility `json:"visibility,omitempty" doc:"shared, private or draft; absent: shared."`
}

// AnnotationEdit carries what is to change of a mark, and the version that it is an edit of.
type AnnotationEdit struct {
	Versioned
	annotate.Edit
}

// NewReply is what a reply is made of.
type NewReply struct {
	ID   storage.ID `json:"id" doc:"A UUIDv7 made by the client: repeating the create is harmless."`
	Text string     `json:"text"`
}

// ReplyEdit is a reply's new text.
type ReplyEdit struct {
	Versioned
	Text string `json:"text"`
}

// Annotations are all marks of a recording that the viewer may see.
type Annotations struct {
	Annotations []annotate.Annotation `json:"annotations" nullable:"false"`
	Seq         int64                 `json:"seq" doc:"Join the live feed with since = seq."`
}

// annotationOperations are the writes of the live feed over REST: the same bodies, limits and
// answers.
func (s *Server) annotationOperations() {
	const base = "/api/recordings/{id}"
	const one, thread = base + "/annotations/{annotation}", base + "/replies/{reply}"
	describe := func(id, method, path, summary string, status int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary,
			Tags: []string{"annotations"}, DefaultStatus: status}
	}
	see, mark, reply := may(access.SeeRecording, "id"), may(access.Annotate, "id"), may(access.Reply, "id")

	operation(s, see, describe("list-annotations", "GET", base+"/annotations",
		"All marks with their replies, by their place on the timeline", http.StatusOK), s.listAnnotations)
	operation(s, mark, describe("create-annotation", "POST", base+"/annotations",
		"Give feedback", http.StatusCreated), s.createAnnotation)
	operation(s, mark, describe("edit-annotation", "PATCH", one,
		"Change one's own feedback", http.StatusOK), s.editAnnotation)
	operation(s, mark, describe("delete-annotation", "DELETE", one,
		"Delete one's own feedback; it can be restored", http.StatusOK), s.deleteAnnotation)
	operation(s, mark, describe("restore-annotation", "POST", one+"/restore",
		"Undo a delete", http.StatusOK), s.restoreAnnotation)
	operation(s, reply, describe("create-reply", "POST", one+"/replies",
		"Answer feedback", http.StatusCreated), s.createReply)
	operation(s, reply, describe("edit-reply", "PATCH", thread,
		"Change one's own reply", http.StatusOK), s.editReply)
	operation(s, reply, describe("delete-reply", "DELETE", thread,
		"Delete one's own reply; it can be restored", http.StatusOK), s.deleteReply)
	operation(s, reply, describe("restore-reply", "POST", thread+"/restore",
		"Undo the delete of a reply", http.StatusOK), s.restoreReply)
}

func (s *Server) listAnnotations(ctx context.Context, in *recordingInput) (*struct{ Body Annotations }, error) {
	v, _ := viewerOf(ctx)
	list, seq, err := s.options.Marks.List(ctx, v.ID, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Annotations }{Annotations{Annotations: list, Seq: seq}}, nil
}

func (s *Server) createAnnotation(ctx context.Context, in *struct {
	RecordingPath
	Body NewAnnotation
}) (*annotationOutput, error) {
	v, _ := viewerOf(ctx)
	n := in.Body
	draft := annotate.Draft{ID: n.ID, RecordingID: in.ID, StartMS: n.StartMS, EndMS: n.StartMS,
		Kind: n.Kind, TargetAreaIDs: n.TargetAreaIDs, Text: n.Text, Visibility: n.Visibility}
	if n.EndMS != nil {
		draft.EndMS = *n.EndMS
	}
	a, _, err := s.options.Marks.Create(ctx, v.ID, draft)
	return annotated(a, err)
}

func (s *Server) editAnnotation(ctx context.Context, in *struct {
	AnnotationPath
	Body AnnotationEdit
}) (*annotationOutput, error) {
	v, _ := viewerOf(ctx)
	a, _, err := s.options.Marks.Edit(ctx, v.ID, in.ID, in.Annotation, in.Body.Version, in.Body.Edit)
	return annotated(a, err)
}

func (s *Server) deleteAnnotation(ctx context.Context, in *struct {
	AnnotationPath
	VersionQuery
}) (*annotationOutput, error) {
	v, _ := viewerOf(ctx)
	a, _, err := s.options.Marks.Delete(ctx, v.ID, in.ID, in.Annotation, in.Version)
	return annotated(a, err)
}

func (s *Server) restoreAnnotation(ctx context.Context, in *struct {
	AnnotationPath
	Body Versioned
}) (*annotationOutput, error) {
	v, _ := viewerOf(ctx)
	a, _, err := s.options.Marks.Restore(ctx, v.ID, in.ID, in.Annotation, in.Body.Version)
	return annotated(a, err)
}

func (s *Server) createReply(ctx context.Context, in *struct {
	AnnotationPath
	Body NewReply
}) (*replyOutput, error) {
	v, _ := viewerOf(ctx)
	r, _, err := s.options.Marks.Reply(ctx, v.ID, annotate.ReplyDraft{ID: in.Body.ID,
		RecordingID: in.ID, AnnotationID: in.Annotation, Text: in.Body.Text})
	return replied(r, err)
}

func (s *Server) editReply(ctx context.Context, in *struct {
	ReplyPath
	Body ReplyEdit
}) (*replyOutput, error) {
	v, _ := viewerOf(ctx)
	r, _, err := s.options.Marks.EditReply(ctx, v.ID, in.ID, in.Reply, in.Body.Version, in.Body.Text)
	return replied(r, err)
}

func (s *Server) deleteReply(ctx context.Context, in *struct {
	ReplyPath
	VersionQuery
}) (*replyOutput, error) {
	v, _ := viewerOf(ctx)
	r, _, err := s.options.Marks.DeleteReply(ctx, v.ID, in.ID, in.Reply, in.Version)
	return replied(r, err)
}

func (s *Server) restoreReply(ctx context.Context, in *struct {
	ReplyPath
	Body Versioned
}) (*replyOutput, error) {
	v, _ := viewerOf(ctx)
	r, _, err := s.options.Marks.RestoreReply(ctx, v.ID, in.ID, in.Reply, in.Body.Version)
	return replied(r, err)
}

// annotated answers with a mark; beside a conflict it is what the viewer edited an old version of.
func annotated(a annotate.Annotation, err error) (*annotationOutput, error) {
	switch {
	case err == nil:
		return &annotationOutput{Body: a}, nil
	case a.ID != "":
		return nil, withCurrent(err, a)
	}
	return nil, err
}

func replied(r annotate.Reply, err error) (*replyOutput, error) {
	switch {
	case err == nil:
		return &replyOutput{Body: r}, nil
	case r.ID != "":
		return nil, withCurrent(err, r)
	}
	return nil, err
}
