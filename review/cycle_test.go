package review_test

import (
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
)

func TestPairing(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		maya, teacher := w.user("maya", review.Instructor), w.user("teacher", review.Teacher)
		want := review.Cycle{ID: storage.NewID(), ProgramID: w.program, InstructorID: maya, TeacherID: teacher}
		c, err := w.Pair(ctx, "", want)
		w.must(err)
		if c.StartsOn != "2026-11-17" || c.EndsOn != "2027-01-18" || c.InstructorName != "maya" {
			w.t.Errorf("nine weeks are %+v", c)
		}
		again, err := w.Pair(ctx, "", want)
		w.must(err)
		if again != c {
			w.t.Errorf("%+v and %+v", c, again)
		}
		for name, bad := range map[string]struct {
			cycle review.Cycle
			want  storage.Kind
		}{
			"overlap": {review.Cycle{InstructorID: maya, TeacherID: teacher, StartsOn: "2027-01-18"}, storage.Conflict},
			"alone":   {review.Cycle{InstructorID: maya, TeacherID: maya}, storage.Invalid},
			"reverse": {review.Cycle{InstructorID: teacher, TeacherID: maya}, storage.Invalid},
			"ends before it starts": {review.Cycle{InstructorID: maya, TeacherID: teacher,
				StartsOn: "2027-03-02", EndsOn: "2027-03-01"}, storage.Invalid},
			"for ever": {review.Cycle{InstructorID: maya, TeacherID: teacher,
				StartsOn: "2027-03-02", EndsOn: "2047-03-01"}, storage.Invalid},
			"no day":    {review.Cycle{InstructorID: maya, TeacherID: teacher, StartsOn: "soon"}, storage.Invalid},
			"no member": {review.Cycle{InstructorID: maya, TeacherID: w.user("x", "")}, storage.NotFound},
		} {
			bad.cycle.ProgramID = w.program
			_, err := w.Pair(ctx, "", bad.cycle)
			if storage.KindOf(err) != bad.want {
				w.t.Errorf("%s: %v, want %s", name, err, bad.want)
			}
		}
		later, err := w.Pair(ctx, "", review.Cycle{
			ProgramID: w.program, InstructorID: maya, TeacherID: teacher, StartsOn: "2027-01-19",
		})
		w.must(err)

		pairs, err := w.InstructorsOf(ctx, teacher)
		w.must(err)
		if len(pairs) != 1 || pairs[0].ID != c.ID {
			w.t.Errorf("running: %+v", pairs)
		}
		w.pass(24 * time.Hour)
		w.must(w.EndCycle(ctx, "", storage.NewID(), c.ID)) // another program's
		w.must(w.EndCycle(ctx, "", w.program, c.ID))
		w.must(w.EndCycle(ctx, "", w.program, c.ID))
		w.must(w.EndCycle(ctx, "", w.program, later.ID))
		if pairs, err = w.InstructorsOf(ctx, teacher); err != nil || len(pairs) != 0 {
			w.t.Errorf("running: %+v, %v", pairs, err)
		}
	})
}
