package web

import (
	"net/http"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

func (s *Server) frameworkRoutes() []route {
	manage := may(access.ManageProgram, "id")
	again := func(which string) func(http.ResponseWriter, *http.Request, error) error {
		return func(w http.ResponseWriter, r *http.Request, err error) error {
			return s.showFramework(w, r, refused(r, which, err))
		}
	}
	return []route{
		{method: "GET", pattern: "/programs/{id}/framework", who: may(access.SeeProgram, "id"),
			handle: s.framework},
		{method: "POST", pattern: "/programs/{id}/frameworks", who: manage,
			handle: s.action(s.addFramework, again("framework"))},
		{method: "POST", pattern: "/programs/{id}/areas", who: manage,
			handle: s.action(s.addArea, again("area"))},
		{method: "POST", pattern: "/programs/{id}/areas/{area}", who: manage,
			handle: s.action(s.editArea, again("edit"))},
		{method: "POST", pattern: "/programs/{id}/areas/{area}/remove", who: manage,
			handle: s.action(s.removeArea, again("edit"))},
	}
}

type frameworkPage struct {
	programFrame
	Frameworks []frameworkWithAreas
	Editing    string // the id of the area whose form is open
}

type frameworkWithAreas struct {
	review.Framework
	Areas []review.Area
}

func (s *Server) framework(w http.ResponseWriter, r *http.Request) error {
	return s.showFramework(w, r, form{})
}

func (s *Server) showFramework(w http.ResponseWriter, r *http.Request, f form) error {
	ctx := r.Context()
	frame, err := s.programFrame(r, f, "framework")
	if err != nil {
		return err
	}
	page := frameworkPage{programFrame: frame, Editing: r.URL.Query().Get("edit")}
	if f.which == "edit" {
		page.Editing = r.PathValue("area")
	}
	frameworks, err := s.options.Review.Frameworks(ctx, frame.Program.ID)
	if err != nil {
		return err
	}
	areas, err := s.options.Review.Areas(ctx, frame.Program.ID)
	if err != nil {
		return err
	}
	for _, fw := range frameworks {
		with := frameworkWithAreas{Framework: fw}
		for _, a := range areas {
			if a.FrameworkID == fw.ID {
				with.Areas = append(with.Areas, a)
			}
		}
		page.Frameworks = append(page.Frameworks, with)
	}
	return s.show(w, r, f, "framework", page)
}

func (s *Server) addFramework(w http.ResponseWriter, r *http.Request) error {
	program, err := pathID(r, "id")
	if err != nil {
		return err
	}
	id, err := postedID(r)
	if err != nil {
		return err
	}
	if _, err := s.options.Review.CreateFramework(r.Context(), viewer(r).ID,
		review.Framework{ID: id, ProgramID: program, Name: r.PostForm.Get("name")}); err != nil {
		return err
	}
	return redirect(w, r, programPath(program)+"/framework")
}

func (s *Server) addArea(w http.ResponseWriter, r *http.Request) error {
	program, err := pathID(r, "id")
	if err != nil {
		return err
	}
	a, err := areaOf(r)
	if err != nil {
		return err
	}
	if a, err = s.options.Review.AddArea(r.Context(), viewer(r).ID, program, a); err != nil {
		return err
	}
	s.notice(r, "framework.added", "name", a.Name)
	return redirect(w, r, programPath(program)+"/framework#framework-"+string(a.FrameworkID))
}

func (s *Server) editArea(w http.ResponseWriter, r *http.Request) error {
	program, area, err := twoIDs(r, "id", "area")
	if err != nil {
		return err
	}
	if _, err := s.options.Review.EditArea(r.Context(), viewer(r).ID, program, review.Area{
		ID: area, Name: r.PostForm.Get("name"), Description: r.PostForm.Get("description"),
	}); err != nil {
		return err
	}
	s.notice(r, "framework.saved")
	return redirect(w, r, programPath(program)+"/framework#area-"+string(area))
}

func (s *Server) removeArea(w http.ResponseWriter, r *http.Request) error {
	program, area, err := twoIDs(r, "id", "area")
	if err != nil {
		return err
	}
	if err := s.options.Review.RemoveArea(r.Context(), viewer(r).ID, program, area); err != nil {
		return err
	}
	s.notice(r, "framework.removed")
	return redirect(w, r, programPath(program)+"/framework")
}

// areaOf reads a new area from a form.
func areaOf(r *http.Request) (review.Area, error) {
	var err error
	a := review.Area{Name: r.PostForm.Get("name"), Description: r.PostForm.Get("description")}
	if a.ID, err = postedID(r); err != nil {
		return a, err
	}
	if a.FrameworkID, err = chosen(r, "framework", "Choose a framework."); err != nil {
		return a, err
	}
	if parent := r.PostForm.Get("parent"); parent != "" {
		a.ParentID, err = storage.ParseID(parent)
	}
	return a, err
}
