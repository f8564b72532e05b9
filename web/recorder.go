package web

import (
	"net/http"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// recorderRoutes are the page on which a lesson is recorded.
func (s *Server) recorderRoutes() []route {
	return []route{{method: http.MethodGet, pattern: "/record", who: signedIn(), handle: s.recorder}}
}

// recorderPage is what the recorder is told of the person who opens it.
type recorderPage struct {
	Program review.Member
	Boot    recorderBoot
}

type recorderBoot struct {
	ProgramID   storage.ID       `json:"program_id"`
	TargetAreas []recorderTarget `json:"target_areas"`
	People      []recorderPerson `json:"people"`
}

type recorderTarget struct {
	ID   storage.ID `json:"id"`
	Name string     `json:"name"`
	Goal string     `json:"goal"`
	Hue  int        `json:"hue"`
}

// recorderPerson is somebody whom a lesson may be shared with. Paired ones are chosen to begin with.
type recorderPerson struct {
	ID     storage.ID  `json:"id"`
	Name   string      `json:"name"`
	Role   review.Role `json:"role"`
	Paired bool        `json:"paired"`
}

func (s *Server) recorder(w http.ResponseWriter, r *http.Request) error {
	page, err := s.recorderFor(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "record", page)
}

func (s *Server) recorderFor(r *http.Request) (*recorderPage, error) {
	ctx, me := r.Context(), viewer(r).ID
	program, err := s.programToRecordIn(r)
	if err != nil {
		return nil, err
	}
	page := &recorderPage{Program: program, Boot: recorderBoot{ProgramID: program.ProgramID,
		TargetAreas: []recorderTarget{}, People: []recorderPerson{}}}
	targets, err := s.options.Review.TargetAreas(ctx, program.ProgramID, me)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if t.Status == review.Active {
			page.Boot.TargetAreas = append(page.Boot.TargetAreas,
				recorderTarget{ID: t.ID, Name: t.AreaName, Goal: t.Goal, Hue: t.Hue})
		}
	}
	paired := map[storage.ID]bool{}
	cycles, err := s.options.Review.InstructorsOf(ctx, me)
	if err != nil {
		return nil, err
	}
	for _, c := range cycles {
		paired[c.InstructorID] = c.ProgramID == program.ProgramID
	}
	members, err := s.options.Review.Members(ctx, program.ProgramID, review.Page{Limit: 200})
	if err != nil {
		return nil, err
	}
	for _, m := range members.Items {
		coaches := m.Role == review.Instructor || m.Role == review.Lead
		if m.UserID != me && coaches && m.DisabledAt.IsZero() {
			page.Boot.People = append(page.Boot.People,
				recorderPerson{ID: m.UserID, Name: m.Name, Role: m.Role, Paired: paired[m.UserID]})
		}
	}
	return page, nil
}

// programToRecordIn is the program that ?program= names, or the viewer's first.
func (s *Server) programToRecordIn(r *http.Request) (review.Member, error) {
	ctx, me := r.Context(), viewer(r).ID
	programs, err := s.options.Review.Programs(ctx, me)
	if err != nil {
		return review.Member{}, err
	}
	asked := r.URL.Query().Get("program")
	for _, m := range programs {
		if asked == "" || asked == string(m.ProgramID) {
			return m, s.options.Policy.May(ctx, me, access.Record, m.ProgramID)
		}
	}
	if asked == "" {
		return review.Member{}, storage.Errorf(storage.Forbidden,
			"You are not a member of a program yet. Lessons belong to one: ask its lead for an invitation.")
	}
	return review.Member{}, storage.Errorf(storage.NotFound, "That does not exist, or you may not see it.")
}
