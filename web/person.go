package web

import (
	"net/http"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

func (s *Server) personRoutes() []route {
	return []route{
		{method: "GET", pattern: "/people/{id}", who: may(access.SeePerson, "id"), handle: s.person},
		{method: "POST", pattern: "/people/{id}/target-areas", who: may(access.AddTargetArea, "id"),
			handle: s.action(s.addTargetArea, func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showPerson(w, r, refused(r, "target", err))
			})},
		{method: "GET", pattern: "/target-areas/{target}", who: may(access.EditTargetArea, "target"),
			handle: s.targetArea},
		{method: "POST", pattern: "/target-areas/{target}", who: may(access.EditTargetArea, "target"),
			handle: s.action(s.editTargetArea, func(w http.ResponseWriter, r *http.Request, err error) error {
				return s.showTargetArea(w, r, refused(r, "target", err))
			})},
	}
}

// personPage is a teacher's target areas over time, and those recordings that the viewer may see.
type personPage struct {
	Form        form
	Person      review.User
	Self        bool
	TargetAreas []review.TargetArea
	Places      []place // where the viewer may add a target area
	Lessons     []lesson
	Shared      []review.SharedRecording
	More        string
}

// place is a program that a target area can be added in, with the areas to choose from.
type place struct {
	Program review.Member
	Areas   []review.Area
}

func (s *Server) person(w http.ResponseWriter, r *http.Request) error {
	return s.showPerson(w, r, form{})
}

func (s *Server) showPerson(w http.ResponseWriter, r *http.Request, f form) error {
	ctx, me := r.Context(), viewer(r).ID
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	page := personPage{Form: f, Self: id == me}
	if page.Person, err = s.options.Review.User(ctx, id); err != nil {
		return err
	}
	if page.TargetAreas, err = s.options.Review.TargetAreasSeen(ctx, me, id); err != nil {
		return err
	}
	if page.Places, err = s.places(r, id); err != nil {
		return err
	}
	after := review.Page{After: r.URL.Query().Get("after"), Limit: homeRows}
	if page.Self {
		mine, err := s.options.Review.MyRecordings(ctx, me, after)
		if err != nil {
			return err
		}
		page.More = mine.Next
		if page.Lessons, err = s.withPosters(ctx, mine.Items); err != nil {
			return err
		}
	} else {
		shared, err := s.options.Review.SharedBy(ctx, me, id, after)
		if err != nil {
			return err
		}
		page.Shared, page.More = shared.Items, shared.Next
	}
	return s.show(w, r, f, "person", page)
}

// places are the programs in which the viewer may add a target area for a teacher.
func (s *Server) places(r *http.Request, teacher storage.ID) ([]place, error) {
	ctx := r.Context()
	programs, err := s.options.Review.Programs(ctx, teacher)
	if err != nil {
		return nil, err
	}
	var out []place
	for _, m := range programs {
		if m.Role != review.Teacher ||
			s.options.Policy.MayIn(ctx, viewer(r).ID, access.AddTargetArea, m.ProgramID, teacher) != nil {
			continue
		}
		areas, err := s.options.Review.Areas(ctx, m.ProgramID)
		if err != nil {
			return nil, err
		}
		out = append(out, place{Program: m, Areas: areas})
	}
	return out, nil
}

func (s *Server) addTargetArea(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	teacher, err := pathID(r, "id")
	if err != nil {
		return err
	}
	t := review.TargetArea{TeacherID: teacher, Goal: r.PostForm.Get("goal"),
		Measure: r.PostForm.Get("measure"), Status: review.Active}
	if t.ID, err = postedID(r); err != nil {
		return err
	}
	if t.ProgramID, err = chosen(r, "program", "Choose a program."); err != nil {
		return err
	}
	if t.AreaID, err = chosen(r, "area", "Choose an area of the framework."); err != nil {
		return err
	}
	if t.DueOn, err = review.ParseDay(r.PostForm.Get("due")); err != nil {
		return err
	}
	if err := s.options.Policy.MayIn(ctx, viewer(r).ID, access.AddTargetArea, t.ProgramID, teacher); err != nil {
		return err
	}
	if t, err = s.options.Review.AddTargetArea(ctx, viewer(r).ID, t); err != nil {
		return err
	}
	s.notice(r, "target.added", "area", t.AreaName)
	return redirect(w, r, personPath(teacher))
}

func personPath(id storage.ID) string { return "/people/" + string(id) }

// targetPage is one target area's form.
type targetPage struct {
	Form   form
	Target review.TargetArea
	Person review.User
}

func (s *Server) targetArea(w http.ResponseWriter, r *http.Request) error {
	return s.showTargetArea(w, r, form{})
}

func (s *Server) showTargetArea(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := pathID(r, "target")
	if err != nil {
		return err
	}
	page := targetPage{Form: f}
	if page.Target, err = s.options.Review.TargetArea(r.Context(), id); err != nil {
		return err
	}
	if page.Person, err = s.options.Review.User(r.Context(), page.Target.TeacherID); err != nil {
		return err
	}
	return s.show(w, r, f, "target", page)
}

func (s *Server) editTargetArea(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "target")
	if err != nil {
		return err
	}
	version, err := versionOf(r.PostForm.Get("version"))
	if err != nil {
		return err
	}
	edit := review.TargetEdit{Goal: r.PostForm.Get("goal"), Measure: r.PostForm.Get("measure"),
		Status: review.TargetStatus(r.PostForm.Get("status"))}
	if edit.DueOn, err = review.ParseDay(r.PostForm.Get("due")); err != nil {
		return err
	}
	t, err := s.options.Review.EditTargetArea(r.Context(), viewer(r).ID, id, version, edit)
	if err != nil {
		return err
	}
	s.notice(r, "target.saved", "area", t.AreaName)
	return redirect(w, r, personPath(t.TeacherID))
}
