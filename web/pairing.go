package web

import (
	"net/http"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

func (s *Server) pairingRoutes() []route {
	manage := may(access.ManageProgram, "id")
	again := func(w http.ResponseWriter, r *http.Request, err error) error {
		return s.showPairing(w, r, refused(r, "pair", err))
	}
	return []route{
		{method: "GET", pattern: "/programs/{id}/pairing", who: manage, handle: s.pairing},
		{method: "POST", pattern: "/programs/{id}/cycles", who: manage, handle: s.action(s.pair, again)},
		{method: "POST", pattern: "/programs/{id}/cycles/{cycle}/end", who: manage,
			handle: s.action(s.endCycle, again)},
	}
}

type pairingPage struct {
	programFrame
	Cycles      []review.Cycle
	More        string
	Instructors []review.Member
	Teachers    []review.Member
	Today       review.Day
	Ends        review.Day // of a cycle that begins today
}

// cycleDays is the usual length of a cycle: nine weeks.
const cycleDays = 9 * 7

// Over says whether a cycle has ended.
func (p pairingPage) Over(c review.Cycle) bool { return c.EndsOn < p.Today }

func (s *Server) pairing(w http.ResponseWriter, r *http.Request) error {
	return s.showPairing(w, r, form{})
}

func (s *Server) showPairing(w http.ResponseWriter, r *http.Request, f form) error {
	ctx := r.Context()
	frame, err := s.programFrame(r, f, "pairing")
	if err != nil {
		return err
	}
	today := review.DayOf(s.options.Now().In(zone(r)))
	page := pairingPage{programFrame: frame, Today: today, Ends: today.Add(cycleDays - 1)}
	cycles, err := s.options.Review.Cycles(ctx, frame.Program.ID,
		review.Page{After: r.URL.Query().Get("after"), Limit: memberRows})
	if err != nil {
		return err
	}
	page.Cycles, page.More = cycles.Items, cycles.Next
	var after string
	for {
		members, err := s.options.Review.Members(ctx, frame.Program.ID, review.Page{After: after, Limit: 200})
		if err != nil {
			return err
		}
		for _, m := range members.Items {
			switch {
			case !m.DisabledAt.IsZero():
			case m.Role == review.Teacher:
				page.Teachers = append(page.Teachers, m)
			default:
				page.Instructors = append(page.Instructors, m)
			}
		}
		if after = members.Next; after == "" || len(page.Teachers) >= maxChoices {
			break
		}
	}
	return s.show(w, r, f, "pairing", page)
}

// maxChoices is the most people that a select can sensibly hold.
const maxChoices = 2000

func (s *Server) pair(w http.ResponseWriter, r *http.Request) error {
	program, err := pathID(r, "id")
	if err != nil {
		return err
	}
	c := review.Cycle{ProgramID: program}
	if c.ID, err = postedID(r); err != nil {
		return err
	}
	if c.InstructorID, err = chosen(r, "instructor", "Choose an instructor."); err != nil {
		return err
	}
	if c.TeacherID, err = chosen(r, "teacher", "Choose a teacher."); err != nil {
		return err
	}
	if c.StartsOn, err = review.ParseDay(r.PostForm.Get("starts")); err != nil {
		return err
	}
	if c.EndsOn, err = review.ParseDay(r.PostForm.Get("ends")); err != nil {
		return err
	}
	if c, err = s.options.Review.Pair(r.Context(), viewer(r).ID, c); err != nil {
		return err
	}
	s.notice(r, "pairing.paired", "instructor", c.InstructorName, "teacher", c.TeacherName)
	return redirect(w, r, programPath(program)+"/pairing")
}

func (s *Server) endCycle(w http.ResponseWriter, r *http.Request) error {
	program, cycle, err := twoIDs(r, "id", "cycle")
	if err != nil {
		return err
	}
	if err := s.options.Review.EndCycle(r.Context(), viewer(r).ID, program, cycle); err != nil {
		return err
	}
	s.notice(r, "pairing.ended")
	return redirect(w, r, programPath(program)+"/pairing")
}

// chosen is the id that was chosen in a select.
func chosen(r *http.Request, field, missing string) (storage.ID, error) {
	text := r.PostForm.Get(field)
	if text == "" {
		return "", storage.Errorf(storage.Invalid, "%s", missing)
	}
	return storage.ParseID(text)
}
