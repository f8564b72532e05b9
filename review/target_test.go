package review_test

import (
	"fmt"
	"strings"
	"testing"

	"backrow/review"
	"backrow/storage"
)

func (w *world) area(name string) storage.ID {
	w.t.Helper()
	frameworks, err := w.Frameworks(w.t.Context(), w.program)
	w.must(err)
	if len(frameworks) == 0 {
		f, err := w.CreateFramework(w.t.Context(), "", review.Framework{ProgramID: w.program, Name: "F"})
		w.must(err)
		frameworks = append(frameworks, f)
	}
	a, err := w.AddArea(w.t.Context(), "", w.program, review.Area{FrameworkID: frameworks[0].ID, Name: name})
	w.must(err)
	return a.ID
}

func TestAreasAreATree(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		f, err := w.CreateFramework(ctx, "", review.Framework{ProgramID: w.program, Name: "Danielson"})
		w.must(err)
		add := func(parent storage.ID, name string) review.Area {
			a, err := w.AddArea(ctx, "", w.program, review.Area{FrameworkID: f.ID, ParentID: parent, Name: name})
			w.must(err)
			return a
		}
		one, two := add("", "1"), add("", "2")
		add(two.ID, "2.1")
		oneOne := add(one.ID, "1.1")
		add(one.ID, "1.2")
		add(oneOne.ID, "1.1.1")
		areas, err := w.Areas(ctx, w.program)
		w.must(err)
		var seen []string
		for _, a := range areas {
			seen = append(seen, fmt.Sprintf("%d:%s", a.Depth, a.Name))
		}
		if got := strings.Join(seen, " "); got != "0:1 1:1.1 2:1.1.1 1:1.2 0:2 1:2.1" {
			w.t.Errorf("got %s", got)
		}

		again, err := w.AddArea(ctx, "", w.program, one)
		w.must(err)
		if again != one {
			w.t.Errorf("%+v and %+v", one, again)
		}
		deep := one.ID
		for range 5 {
			deep = add(deep, "deeper").ID
		}
		_, err = w.AddArea(ctx, "", w.program, review.Area{FrameworkID: f.ID, ParentID: deep, Name: "too deep"})
		w.refused(err, storage.Invalid)

		other, err := w.CreateProgram(ctx, "", review.Program{Name: "Other"})
		w.must(err)
		_, err = w.AddArea(ctx, "", other.ID, review.Area{FrameworkID: f.ID, Name: "smuggled"})
		w.refused(err, storage.NotFound)
		_, err = w.EditArea(ctx, "", other.ID, review.Area{ID: one.ID, Name: "smuggled"})
		w.refused(err, storage.NotFound)
		edited, err := w.EditArea(ctx, "", w.program, review.Area{ID: one.ID, Name: "Eins", Description: "日本\nzwei"})
		w.must(err)
		if edited.Name != "Eins" || edited.Description != "日本\nzwei" || edited.Position != one.Position {
			w.t.Errorf("got %+v", edited)
		}
		w.refused(w.RemoveArea(ctx, "", w.program, one.ID), storage.Conflict)
		w.must(w.RemoveArea(ctx, "", other.ID, two.ID+"x"))
		leaf := add("", "leaf")
		w.must(w.RemoveArea(ctx, "", w.program, leaf.ID))
		w.must(w.RemoveArea(ctx, "", w.program, leaf.ID))
	})
}

func TestHuesDoNotRepeat(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		teacher, area := w.user("teacher", review.Teacher), w.area("Wait time")
		add := func() (review.TargetArea, error) {
			return w.AddTargetArea(ctx, "", review.TargetArea{
				ProgramID: w.program, TeacherID: teacher, AreaID: area, Goal: "Count to five",
			})
		}
		// All at once: the hues are handed out one after the other all the same.
		made := make(chan review.TargetArea, 9)
		for range 9 {
			go func() {
				t, err := add()
				if err != nil {
					w.t.Error(err)
				}
				made <- t
			}()
		}
		taken := map[int]review.TargetArea{}
		for range 9 {
			t := <-made
			taken[t.Hue] = t
		}
		for hue := 1; hue <= 9; hue++ {
			if _, ok := taken[hue]; !ok {
				w.t.Errorf("no target area has hue %d", hue)
			}
		}
		_, err := add()
		w.refused(err, storage.TooMany)

		reached := taken[4]
		edit := review.TargetEdit{Goal: reached.Goal, Status: review.Reached}
		reached, err = w.EditTargetArea(ctx, "", reached.ID, reached.Version, edit)
		w.must(err)
		next, err := add()
		w.must(err)
		if next.Hue != 4 || next.AreaName != "Wait time" || next.Status != review.Active {
			w.t.Errorf("got %+v", next)
		}
		edit.Status = review.Active
		_, err = w.EditTargetArea(ctx, "", reached.ID, reached.Version, edit)
		w.refused(err, storage.TooMany)
		_, err = w.EditTargetArea(ctx, "", taken[7].ID, taken[7].Version, review.TargetEdit{Goal: "x", Status: review.Dropped})
		w.must(err)
		back, err := w.EditTargetArea(ctx, "", reached.ID, reached.Version, edit)
		w.must(err)
		if back.Hue != 7 {
			w.t.Errorf("active again with hue %d, another's", back.Hue)
		}
		_, err = w.EditTargetArea(ctx, "", reached.ID, reached.Version, edit)
		w.refused(err, storage.Conflict)
	})
}

func TestTargetAreasAreChecked(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		teacher, area := w.user("teacher", review.Teacher), w.area("Wait time")
		good := review.TargetArea{
			ID: storage.NewID(), ProgramID: w.program, TeacherID: teacher, AreaID: area,
			Goal: "انتظر", Measure: "five\nseconds", DueOn: "2026-12-24",
		}
		first, err := w.AddTargetArea(ctx, "", good)
		w.must(err)
		again, err := w.AddTargetArea(ctx, "", good)
		w.must(err)
		if first != again {
			w.t.Errorf("%+v and %+v", first, again)
		}
		for name, c := range map[string]struct {
			change func(*review.TargetArea)
			want   storage.Kind
		}{
			"no goal":        {func(t *review.TargetArea) { t.Goal = " " }, storage.Invalid},
			"no date":        {func(t *review.TargetArea) { t.DueOn = "2026-02-30" }, storage.Invalid},
			"no status":      {func(t *review.TargetArea) { t.Status = "done" }, storage.Invalid},
			"long":           {func(t *review.TargetArea) { t.Measure = strings.Repeat("x", 2001) }, storage.TooLarge},
			"no member":      {func(t *review.TargetArea) { t.TeacherID = w.user("x", "") }, storage.NotFound},
			"no such area":   {func(t *review.TargetArea) { t.AreaID = storage.NewID() }, storage.NotFound},
			"other's id":     {func(t *review.TargetArea) { t.ID, t.TeacherID = good.ID, w.user("y", review.Teacher) }, storage.Conflict},
			"no such person": {func(t *review.TargetArea) { t.TeacherID = storage.NewID() }, storage.NotFound},
		} {
			bad := good
			bad.ID = storage.NewID()
			c.change(&bad)
			_, err := w.AddTargetArea(ctx, "", bad)
			if storage.KindOf(err) != c.want {
				w.t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		w.refused(w.RemoveArea(ctx, "", w.program, area), storage.Conflict)
	})
}

func TestTargetAreasOfARecording(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		teacher, other := w.user("teacher", review.Teacher), w.user("other", review.Teacher)
		area := w.area("Wait time")
		add := func(who storage.ID) storage.ID {
			t, err := w.AddTargetArea(ctx, "", review.TargetArea{
				ProgramID: w.program, TeacherID: who, AreaID: area, Goal: "g",
			})
			w.must(err)
			return t.ID
		}
		a, b, foreign := add(teacher), add(teacher), add(other)
		lesson := w.lesson(teacher, "Fractions")
		set := func(ids ...storage.ID) error {
			return w.db.InTx(ctx, func(tx *storage.Tx) error {
				return w.SetRecordingTargetAreas(ctx, tx, lesson, ids)
			})
		}
		w.must(set(a))
		w.must(set(b, a, b))
		w.refused(set(a, foreign), storage.Invalid)
		w.refused(set(make([]storage.ID, 10)...), storage.Invalid)
		found, err := w.RecordingTargetAreas(ctx, lesson)
		w.must(err)
		if len(found) != 2 || found[0].ID != b || found[1].ID != a {
			w.t.Errorf("got %+v", found)
		}
	})
}

func TestTargetAreasAreSeenProgramByProgram(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		teacher, lead := w.user("teacher", review.Teacher), w.user("lead", review.Lead)
		peer := w.user("peer", review.Teacher)
		second, err := w.CreateProgram(ctx, "", review.Program{Name: "Second"})
		w.must(err)
		_, err = w.AddMember(ctx, "", second.ID, teacher, review.Teacher)
		w.must(err)
		f, err := w.CreateFramework(ctx, "", review.Framework{ProgramID: second.ID, Name: "F"})
		w.must(err)
		elsewhere, err := w.AddArea(ctx, "", second.ID, review.Area{FrameworkID: f.ID, Name: "A"})
		w.must(err)
		for program, area := range map[storage.ID]storage.ID{w.program: w.area("Wait"), second.ID: elsewhere.ID} {
			_, err := w.AddTargetArea(ctx, "", review.TargetArea{
				ProgramID: program, TeacherID: teacher, AreaID: area, Goal: "g",
			})
			w.must(err)
		}
		for who, want := range map[storage.ID]int{teacher: 2, lead: 1, peer: 0} {
			seen, err := w.TargetAreasSeen(ctx, who, teacher)
			w.must(err)
			if len(seen) != want {
				w.t.Errorf("sees %d, want %d", len(seen), want)
			}
		}
	})
}
