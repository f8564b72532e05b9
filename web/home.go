package web

import (
	"context"
	"net/http"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

func (s *Server) homeRoutes() []route {
	return []route{
		{method: "GET", pattern: "/{$}", who: signedIn(), handle: s.home},
	}
}

// homePage is the first page of a person in one of their programs; what it shows follows the role
// that they have there.
type homePage struct {
	Programs []review.Member // all of the viewer's
	Program  review.Member   // the one shown; zero for who is in none
	More     string          // what the next part of the main list comes after

	// Of a teacher.
	Lessons     []lesson
	ToAnswer    []lesson
	TargetAreas []review.TargetArea
	Instructors []review.Cycle

	// Of an instructor.
	Inbox    []review.Waiting
	Caseload []review.Coached
	Shared   []review.SharedRecording

	// Of a lead.
	Coverage []review.Covered
}

// lesson is a recording in a list, with its still if there is one.
type lesson struct {
	review.Lesson
	Poster bool
}

// homeRows is how many rows of the main list fit a page.
const homeRows = 20

func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	ctx, person := r.Context(), viewer(r)
	programs, err := s.options.Review.Programs(ctx, person.ID)
	if err != nil {
		return err
	}
	page := homePage{Programs: programs}
	if len(programs) > 0 {
		page.Program = programs[0]
	}
	if asked := r.URL.Query().Get("program"); asked != "" {
		found := false
		for _, m := range programs {
			if string(m.ProgramID) == asked {
				page.Program, found = m, true
			}
		}
		if !found {
			return storage.Errorf(storage.NotFound, "That does not exist, or you may not see it.")
		}
	}
	after := review.Page{After: r.URL.Query().Get("after"), Limit: homeRows}
	switch page.Program.Role {
	case review.Teacher:
		err = s.teacherHome(ctx, person.ID, after, &page)
	case review.Instructor:
		err = s.instructorHome(ctx, person.ID, after, &page)
	case review.Lead:
		err = s.leadHome(ctx, person.ID, after, &page)
	}
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "home", page)
}

func (s *Server) teacherHome(ctx context.Context, person storage.ID, after review.Page, page *homePage) error {
	mine, err := s.options.Review.MyRecordings(ctx, person, after)
	if err != nil {
		return err
	}
	page.More = mine.Next
	if page.Lessons, err = s.withPosters(ctx, mine.Items); err != nil {
		return err
	}
	for _, l := range page.Lessons {
		if l.Unanswered > 0 {
			page.ToAnswer = append(page.ToAnswer, l)
		}
	}
	if page.TargetAreas, err = s.options.Review.TargetAreas(ctx, page.Program.ProgramID, person); err != nil {
		return err
	}
	page.Instructors, err = s.options.Review.InstructorsOf(ctx, person)
	return err
}

// withPosters says of each recording whether there is a still to show, so that a page never asks
// for one that is not there.
func (s *Server) withPosters(ctx context.Context, lessons []review.Lesson) ([]lesson, error) {
	ids := make([]storage.ID, len(lessons))
	for i, l := range lessons {
		ids[i] = l.ID
	}
	have, err := s.options.Catalogue.WithRendition(ctx, storage.RenditionPoster, ids)
	if err != nil {
		return nil, err
	}
	out := make([]lesson, len(lessons))
	for i, l := range lessons {
		out[i] = lesson{Lesson: l, Poster: have[l.ID]}
	}
	return out, nil
}

func (s *Server) instructorHome(ctx context.Context, person storage.ID, after review.Page, page *homePage) error {
	inbox, err := s.options.Review.Inbox(ctx, person, after)
	if err != nil {
		return err
	}
	page.Inbox, page.More = inbox.Items, inbox.Next
	caseload, err := s.options.Review.Caseload(ctx, person, review.Page{})
	if err != nil {
		return err
	}
	page.Caseload = caseload.Items
	shared, err := s.options.Review.SharedWith(ctx, person, review.Page{Limit: homeRows})
	page.Shared = shared.Items
	return err
}

func (s *Server) leadHome(ctx context.Context, person storage.ID, after review.Page, page *homePage) error {
	program := page.Program.ProgramID
	if err := s.options.Policy.May(ctx, person, access.SeeCoverage, program); err != nil {
		return err
	}
	coverage, err := s.options.Review.Coverage(ctx, program, after)
	if err != nil {
		return err
	}
	page.Coverage, page.More = coverage.Items, coverage.Next
	shared, err := s.options.Review.SharedWith(ctx, person, review.Page{Limit: homeRows})
	page.Shared = shared.Items
	return err
}

// Several says whether the viewer can switch between programs.
func (p homePage) Several() bool { return len(p.Programs) > 1 }

// Active are the target areas that are worked on now.
func (p homePage) Active() []review.TargetArea {
	var out []review.TargetArea
	for _, t := range p.TargetAreas {
		if t.Status == review.Active {
			out = append(out, t)
		}
	}
	return out
}
