package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// TargetArea is an area that a teacher works on.
type TargetArea struct {
	ID        storage.ID          `json:"id"`
	ProgramID storage.ID          `json:"program_id"`
	TeacherID storage.ID          `json:"teacher_id"`
	AreaID    storage.ID          `json:"area_id"`
	Name      string              `json:"name" doc:"Of the area."`
	Hue       int                 `json:"hue" minimum:"1" maximum:"9" doc:"Which of the nine area colours."`
	Goal      string              `json:"goal" doc:"In the teacher's words."`
	Measure   string              `json:"measure" doc:"How it would look in the room."`
	DueOn     review.Day          `json:"due_on,omitempty" doc:"YYYY-MM-DD"`
	Status    review.TargetStatus `json:"status" enum:"active,reached,dropped"`
	Version   int64               `json:"version" doc:"To be named by edits."`
	CreatedAt storage.Time        `json:"created_at"`
}

// TargetAreas are those of a teacher that the viewer may see.
type TargetAreas struct {
	Items []TargetArea `json:"items"`
}

// NewTargetArea is what a target area is made of.
type NewTargetArea struct {
	ID        storage.ID `json:"id" doc:"A UUIDv7 made by the client."`
	ProgramID storage.ID `json:"program_id"`
	AreaID    storage.ID `json:"area_id"`
	Goal      string     `json:"goal"`
	Measure   string     `json:"measure,omitempty"`
	DueOn     string     `json:"due_on,omitempty" doc:"YYYY-MM-DD"`
}

// TargetAreaEdit is a target area as it should become.
type TargetAreaEdit struct {
	Version int64               `json:"version" doc:"The version that the edit is of."`
	Goal    string              `json:"goal"`
	Measure string              `json:"measure,omitempty"`
	DueOn   string              `json:"due_on,omitempty" doc:"YYYY-MM-DD"`
	Status  review.TargetStatus `json:"status" enum:"active,reached,dropped"`
}

type targetOutput struct {
	ETag string `header:"ETag"`
	Body TargetArea
}

func targetAreaOf(t review.TargetArea) TargetArea {
	return TargetArea{ID: t.ID, ProgramID: t.ProgramID, TeacherID: t.TeacherID, AreaID: t.AreaID,
		Name: t.AreaName, Hue: t.Hue, Goal: t.Goal, Measure: t.Measure, DueOn: t.DueOn,
		Status: t.Status, Version: t.Version, CreatedAt: t.CreatedAt}
}

func targetAnswer(t review.TargetArea) *targetOutput {
	return &targetOutput{ETag: versionTag(t.Version), Body: targetAreaOf(t)}
}

func (s *Server) targetAreaOperations() {
	operation(s, may(access.SeePerson, "id"), huma.Operation{
		OperationID: "list-target-areas", Method: http.MethodGet, Path: "/api/people/{id}/target-areas",
		Summary: "What a teacher works on", Tags: []string{"people"},
	}, s.apiTargetAreas)
	operation(s, may(access.AddTargetArea, "id"), huma.Operation{
		OperationID: "add-target-area", Method: http.MethodPost, Path: "/api/people/{id}/target-areas",
		Summary: "Give a teacher an area to work on", Tags: []string{"people"},
		DefaultStatus: http.StatusCreated,
	}, s.apiAddTargetArea)
	operation(s, may(access.EditTargetArea, "target"), huma.Operation{
		OperationID: "edit-target-area", Method: http.MethodPatch, Path: "/api/target-areas/{target}",
		Summary: "Change a target area", Tags: []string{"people"},
	}, s.apiEditTargetArea)
}

func (s *Server) apiTargetAreas(ctx context.Context, in *struct {
	ID storage.ID `path:"id"`
},
) (*struct{ Body TargetAreas }, error) {
	v, _ := viewerOf(ctx)
	found, err := s.options.Review.TargetAreasSeen(ctx, v.ID, in.ID)
	if err != nil {
		return nil, err
	}
	out := TargetAreas{Items: []TargetArea{}}
	for _, t := range found {
		out.Items = append(out.Items, targetAreaOf(t))
	}
	return &struct{ Body TargetAreas }{out}, nil
}

func (s *Server) apiAddTargetArea(ctx context.Context, in *struct {
	ID   storage.ID `path:"id"`
	Body NewTargetArea
},
) (*targetOutput, error) {
	v, _ := viewerOf(ctx)
	t := review.TargetArea{ProgramID: in.Body.ProgramID, TeacherID: in.ID, AreaID: in.Body.AreaID,
		Goal: in.Body.Goal, Measure: in.Body.Measure, Status: review.Active}
	var err error
	if t.ID, err = storage.ParseID(string(in.Body.ID)); err != nil {
		return nil, err
	}
	if t.DueOn, err = review.ParseDay(in.Body.DueOn); err != nil {
		return nil, err
	}
	if err := s.options.Policy.MayIn(ctx, v.ID, access.AddTargetArea, t.ProgramID, in.ID); err != nil {
		return nil, err
	}
	if t, err = s.options.Review.AddTargetArea(ctx, v.ID, t); err != nil {
		return nil, err
	}
	return targetAnswer(t), nil
}

func (s *Server) apiEditTargetArea(ctx context.Context, in *struct {
	Target storage.ID `path:"target"`
	Body   TargetAreaEdit
},
) (*targetOutput, error) {
	v, _ := viewerOf(ctx)
	due, err := review.ParseDay(in.Body.DueOn)
	if err != nil {
		return nil, err
	}
	t, err := s.options.Review.EditTargetArea(ctx, v.ID, in.Target, in.Body.Version, review.TargetEdit{
		Goal: in.Body.Goal, Measure: in.Body.Measure, DueOn: due, Status: in.Body.Status})
	if storage.KindOf(err) == storage.Conflict {
		if now, readErr := s.options.Review.TargetArea(ctx, in.Target); readErr == nil {
			err = withCurrent(err, targetAreaOf(now))
		}
	}
	if err != nil {
		return nil, err
	}
	return targetAnswer(t), nil
}
