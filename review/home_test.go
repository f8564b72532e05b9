package review_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestMyRecordings(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		owner, maya := w.user("owner", review.Teacher), w.user("maya", review.Instructor)
		var lessons []storage.ID
		for i := range 5 {
			lessons = append(lessons, w.lesson(owner, fmt.Sprint("Lesson ", i)))
		}
		deleted := w.lesson(owner, "Deleted")
		w.exec(`UPDATE recordings SET deleted_at = ? WHERE id = ?`, storage.Now(), deleted)
		w.lesson(maya, "Another's")
		v, err := w.RequestReview(ctx, owner, review.NewReview{RecordingID: lessons[4], InstructorID: maya})
		w.must(err)

		answered := w.mark(lessons[4], maya, "shared")
		w.exec(`INSERT INTO replies (id, annotation_id, recording_id, author_id, text, created_at, updated_at)
VALUES (?, ?, ?, ?, 'x', '', '')`, storage.NewID(), answered, lessons[4], owner)
		w.mark(lessons[4], maya, "shared")
		w.mark(lessons[4], maya, "shared")
		w.mark(lessons[4], maya, "private")
		w.mark(lessons[4], maya, "draft")
		w.mark(lessons[4], owner, "shared")
		w.exec(`UPDATE annotations SET status = 'resolved' WHERE id = ?`, w.mark(lessons[4], maya, "shared"))
		w.exec(`UPDATE annotations SET deleted_at = 'x' WHERE id = ?`, w.mark(lessons[4], maya, "shared"))

		list, err := w.MyRecordings(ctx, owner, review.Page{Limit: 3})
		w.must(err)
		top := list.Items[0]
		if top.ID != lessons[4] || top.Unanswered != 2 || len(top.Reviews) != 1 || top.Reviews[0] != v {
			w.t.Errorf("got %+v", top)
		}
		rest, err := w.MyRecordings(ctx, owner, review.Page{After: list.Next, Limit: 3})
		w.must(err)
		var titles []string
		for _, l := range append(list.Items, rest.Items...) {
			titles = append(titles, l.Title)
		}
		if got := strings.Join(titles, ","); got != "Lesson 4,Lesson 3,Lesson 2,Lesson 1,Lesson 0" || rest.Next != "" {
			w.t.Errorf("got %s, then %q", got, rest.Next)
		}
	})
}

func TestCaseload(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		maya := w.user("maya", review.Instructor)
		fresh, stale := w.user("fresh", review.Teacher), w.user("stale", review.Teacher)
		former := w.user("former", review.Teacher)
		for _, teacher := range []storage.ID{fresh, stale, former} {
			_, err := w.Pair(ctx, "", review.Cycle{ProgramID: w.program, InstructorID: maya, TeacherID: teacher})
			w.must(err)
		}
		w.must(w.RemoveMember(ctx, "", w.program, former))
		lesson := w.lesson(fresh, "Fractions")
		_, err := w.RequestReview(ctx, fresh, review.NewReview{RecordingID: lesson, InstructorID: maya})
		w.must(err)
		w.pass(5 * 24 * time.Hour)
		w.mark(lesson, maya, "shared")
		w.pass(24 * time.Hour)
		w.mark(lesson, maya, "draft") // is none yet

		list, err := w.Caseload(ctx, maya, review.Page{})
		w.must(err)
		if len(list.Items) != 2 {
			w.t.Fatalf("got %+v", list.Items)
		}
		first, second := list.Items[0], list.Items[1]
		if first.TeacherID != stale || first.DaysSince != 6 || !first.LastFeedback.IsZero() || first.Waiting != 0 {
			w.t.Errorf("stale: %+v", first)
		}
		if second.TeacherID != fresh || second.DaysSince != 1 || second.Waiting != 1 {
			w.t.Errorf("fresh: %+v", second)
		}
		one, err := w.Caseload(ctx, maya, review.Page{Limit: 1})
		w.must(err)
		two, err := w.Caseload(ctx, maya, review.Page{Limit: 1, After: one.Next})
		w.must(err)
		if one.Items[0].TeacherID == two.Items[0].TeacherID || two.Next != "" {
			w.t.Errorf("pages %+v, %+v", one, two)
		}
	})
}

// What a teacher has shared with nobody does not show in the lead's coverage, not even by a date.
func TestCoverageTellsNothingUnshared(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		maya, lead := w.user("maya", review.Instructor), w.user("lead", review.Lead)
		secretive, open := w.user("secretive", review.Teacher), w.user("open", review.Teacher)
		_, err := w.Pair(ctx, "", review.Cycle{ProgramID: w.program, InstructorID: maya, TeacherID: open})
		w.must(err)
		w.pass(24 * time.Hour)
		w.mark(w.lesson(secretive, "Mine"), maya, "shared") // left from a share that was taken back
		lesson := w.lesson(open, "Fractions")
		begun := w.clock()
		_, err = w.RequestReview(ctx, open, review.NewReview{RecordingID: lesson, InstructorID: maya})
		w.must(err)
		asked := w.clock()
		w.pass(72 * time.Hour)
		w.lesson(open, "Not yet shared")
		w.mark(lesson, maya, "shared")
		told := w.clock()
		w.mark(lesson, open, "shared") // one's own is no feedback
		w.pass(36 * time.Hour)

		list, err := w.Coverage(ctx, w.program, review.Page{})
		w.must(err)
		if len(list.Items) != 2 || lead == "" {
			w.t.Fatalf("got %+v", list.Items)
		}
		s, o := list.Items[0], list.Items[1]
		if s.TeacherID != secretive || !s.LastShared.IsZero() || !s.LastFeedback.IsZero() || s.Waiting != 0 ||
			!s.WaitingSince.IsZero() || s.DaysSince != 5 {
			w.t.Errorf("secretive: %+v", s)
		}
		if o.TeacherID != open || !o.LastShared.Equal(begun) || !o.LastFeedback.Equal(told) ||
			o.Waiting != 1 || !o.WaitingSince.Equal(asked) || o.DaysSince != 1 ||
			len(o.Instructors) != 1 || o.Instructors[0].InstructorName != "maya" {
			w.t.Errorf("open: %+v", o)
		}
	})
}

func TestCounts(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		owner, maya := w.user("owner", review.Teacher), w.user("maya", review.Instructor)
		lesson := w.lesson(owner, "Fractions")
		w.exec(`UPDATE recordings SET state = 'recording' WHERE id = ?`, lesson)
		_, err := w.RequestReview(ctx, owner, review.NewReview{RecordingID: lesson, InstructorID: maya})
		w.must(err)
		w.must(w.Disable(ctx, "", maya))
		got, err := w.Counts(ctx)
		w.must(err)
		one := review.Count{N: 1}
		want := review.Counts{
			Users: review.Count{N: 2}, Disabled: one, Programs: one, Recordings: one,
			OpenRecordings: one, WaitingReviews: one,
		}
		if got != want {
			w.t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// The lists go to what they need by indexes: none reads a table of recordings, of what hangs on
// them, or of people from end to end.
func TestListsAreAnsweredByIndexes(t *testing.T) {
	db := dbtest.SQLite(t)
	for name, query := range review.ListQueries {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = 1
		}
		var plan []struct {
			ID      int    `db:"id"`
			Parent  int    `db:"parent"`
			NotUsed int    `db:"notused"`
			Detail  string `db:"detail"`
		}
		if err := db.Select(t.Context(), &plan, `EXPLAIN QUERY PLAN `+query, args...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, step := range plan {
			if strings.HasPrefix(step.Detail, "SCAN") || strings.Contains(step.Detail, "AUTOMATIC") {
				t.Errorf("%s: %s", name, step.Detail)
			}
			// The order comes from the index, too, and not from sorting all there is.
			if strings.Contains(step.Detail, "TEMP B-TREE FOR ORDER BY") && step.Parent == 0 {
				t.Errorf("%s: %s", name, step.Detail)
			}
		}
	}
}

func TestDays(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-17": "2026-11-17", "": "", "2024-02-29": "2024-02-29",
		"2026-02-29": "error", "17.11.2026": "error", "2026-11-17T00:00": "error", "\x00": "error",
	} {
		day, err := review.ParseDay(text)
		if got := string(day); err != nil && want != "error" || err == nil && got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got := review.Day("2026-12-31").Add(1); got != "2027-01-01" {
		t.Errorf("got %s", got)
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"dana@example.org", "Dana <dana@example.org>", "a@b\r\nBcc: c@d", "ö@é.org", "ﬁ@x.org",
		"İ@example.org", "a@[::1]", "\"a b\"@c.org", "\xff@\x00", "a\u2028b", "\u202Eabc", strings.Repeat("a", 300),
	} {
		f.Add(seed)
	}
	control := regexp.MustCompile(`[\x00-\x1f\x7f]`)
	f.Fuzz(func(t *testing.T, text string) {
		if address, err := review.Email(text); err == nil {
			if control.MatchString(address) || strings.ContainsAny(address, " <>,\"") ||
				strings.Count(address, "@") != 1 || len(address) > 254 {
				t.Errorf("took the address %q", address)
			}
			if again, err := review.Email(address); err != nil || again != address {
				t.Errorf("%q, read again, is %q, %v", address, again, err)
			}
			if f := review.Folded(address); review.Folded(strings.ToUpper(f)) != review.Folded(f) &&
				review.Folded(strings.ToLower(f)) != f {
				t.Errorf("%q is folded to %q and on", address, f)
			}
		}
		if line, err := review.Line("It", text, 100); err == nil && control.MatchString(line) {
			t.Errorf("took the line %q", line)
		}
		if prose, err := review.Prose("It", text, 100); err == nil && strings.ContainsAny(prose, "\x00\x1b\r") {
			t.Errorf("took the text %q", prose)
		}
	})
}
