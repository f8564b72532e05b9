package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// maxCoaches bounds whom the recorder offers a lesson to; the review room finds everybody.
const maxCoaches = 200

// recorderRoutes are the page on which a lesson is recorded.
func (s *Server) recorderRoutes() []route {
	return []route{{method: http.MethodGet, pattern: "/record", who: signedIn(), handle: s.recorder}}
}

// recorderPage is what the recorder is told of the person who opens it.
type recorderPage struct{ Boot recorderBoot }

type recorderBoot struct {
	Me          storage.ID        `json:"me"`
	MeName      string            `json:"me_name"`    // laptops are shared: whose lesson one keeps is said
	ProgramID   storage.ID        `json:"program_id"` // the lesson's, unless another is chosen
	Programs    []recorderProgram `json:"programs"`
	TargetAreas []recorderTarget  `json:"target_areas"`
	People      []recorderPerson  `json:"people"`
}

type recorderProgram struct {
	ID   storage.ID `json:"id"`
	Name string     `json:"name"`
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
	programs, err := s.options.Review.Programs(ctx, me)
	if err != nil {
		return nil, err
	}
	boot := recorderBoot{Me: me, MeName: viewer(r).Name, Programs: []recorderProgram{}, TargetAreas: []recorderTarget{}}
	if boot.ProgramID, err = programToRecordIn(programs, r.URL.Query().Get("program")); err != nil {
		return nil, err
	}
	if err := s.options.Policy.May(ctx, me, access.Record, boot.ProgramID); err != nil {
		return nil, err
	}
	for _, m := range programs {
		boot.Programs = append(boot.Programs, recorderProgram{ID: m.ProgramID, Name: m.ProgramName})
	}
	targets, err := s.options.Review.TargetAreas(ctx, boot.ProgramID, me)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if t.Status == review.Active {
			boot.TargetAreas = append(boot.TargetAreas,
				recorderTarget{ID: t.ID, Name: t.AreaName, Goal: t.Goal, Hue: t.Hue})
		}
	}
	if boot.People, err = s.coaches(ctx, boot.ProgramID, me); err != nil {
		return nil, err
	}
	return &recorderPage{Boot: boot}, nil
}

// programToRecordIn is the program asked for, or else the first.
func programToRecordIn(programs []review.Member, asked string) (storage.ID, error) {
	for _, m := range programs {
		if asked == "" || asked == string(m.ProgramID) {
			return m.ProgramID, nil
		}
	}
	if asked == "" {
		return "", storage.Errorf(storage.Forbidden,
			"You are not a member of a program yet. Lessons belong to one: ask its lead for an invitation.")
	}
	return "", storage.Errorf(storage.NotFound, "That does not exist, or you may not see it.")
}

// coaches are the instructors and leads of a program who can sign in, those first who work with
// the teacher now.
func (s *Server) coaches(ctx context.Context, program, teacher storage.ID) ([]recorderPerson, error) {
	cycles, err := s.options.Review.InstructorsOf(ctx, teacher)
	if err != nil {
		return nil, err
	}
	paired := map[storage.ID]bool{}
	for _, c := range cycles {
		if c.ProgramID == program {
			paired[c.InstructorID] = true
		}
	}
	found := []recorderPerson{}
	for page := (review.Page{Limit: 200}); ; {
		members, err := s.options.Review.Members(ctx, program, page)
		if err != nil {
			return nil, err
		}
		for _, m := range members.Items {
			coaches := m.Role == review.Instructor || m.Role == review.Lead
			if m.UserID != teacher && coaches && m.DisabledAt.IsZero() {
				found = append(found,
					recorderPerson{ID: m.UserID, Name: m.Name, Role: m.Role, Paired: paired[m.UserID]})
			}
		}
		if page.After = members.Next; page.After == "" || len(found) >= maxCoaches {
			break
		}
	}
	slices.SortFunc(found, func(a, b recorderPerson) int {
		if a.Paired != b.Paired {
			if a.Paired {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return found, nil
}
