package review

import (
	"context"
	"slices"
	"time"

	"backrow/storage"
)

// Coached is a teacher whom an instructor works with now.
type Coached struct {
	Cycle
	Waiting      int          `db:"waiting"`       // reviews that the teacher waits for
	LastFeedback storage.Time `db:"last_feedback"` // by this instructor; zero: none yet
	// DaysSince counts whole days since the last feedback, or since the cycle began.
	DaysSince int `db:"-"`
}

// lately is how many of a teacher's latest recordings are looked at for the last feedback: a term
// of one a week. It bounds what a row of a list costs.
const lately = `20`

const selectCoached = `SELECT c.id, c.program_id, c.instructor_id, i.name AS instructor_name,
    c.teacher_id, t.name AS teacher_name, c.starts_on, c.ends_on, c.created_at,
    (SELECT COUNT(*) FROM reviews v JOIN recordings r ON r.id = v.recording_id
        JOIN shares s ON s.recording_id = r.id AND s.user_id = v.instructor_id
        WHERE v.instructor_id = c.instructor_id AND v.state IN ('requested', 'in_progress')
            AND r.owner_id = c.teacher_id AND r.deleted_at = ''
            AND s.access = 'reviewer' AND (s.until = '' OR s.until > ?)) AS waiting,
    COALESCE((SELECT MAX(a.created_at) FROM annotations a
        WHERE a.author_id = c.instructor_id AND a.visibility = 'shared' AND a.deleted_at = ''
            AND a.recording_id IN (SELECT r.id FROM recordings r WHERE r.owner_id = c.teacher_id
                AND r.deleted_at = '' ORDER BY r.id DESC LIMIT ` + lately + `)), '') AS last_feedback
FROM cycles c JOIN users i ON i.id = c.instructor_id JOIN users t ON t.id = c.teacher_id
WHERE c.instructor_id = ? AND t.disabled_at = '' AND (c.teacher_id, c.id) > (?, ?) AND ` + running + `
ORDER BY c.teacher_id, c.id LIMIT ?`

// Caseload lists the cycles that an instructor has running, by teacher; within a page those
// longest without feedback come first. Feedback is looked for on the teacher's latest 20 recordings.
func (s *Service) Caseload(ctx context.Context, instructor storage.ID, p Page) (List[Coached], error) {
	later, earlier := s.runningDays()
	teacher, id := p.after2()
	var found []Coached
	if err := s.db.Select(ctx, &found, selectCoached, s.now(), instructor, teacher, id, later, earlier,
		p.rows()); err != nil {
		return List[Coached]{}, err
	}
	list := listOf(p, found, func(c Coached) string { return string(c.TeacherID) + " " + string(c.ID) })
	for i := range list.Items {
		c := &list.Items[i]
		began, _ := time.Parse(time.DateOnly, string(c.StartsOn))
		c.DaysSince = s.daysSince(c.LastFeedback, began)
	}
	slices.SortStableFunc(list.Items, func(a, b Coached) int { return b.DaysSince - a.DaysSince })
	return list, nil
}

// daysSince counts whole days since a moment, or, when there was none, since another.
func (s *Service) daysSince(last storage.Time, otherwise time.Time) int {
	if !last.IsZero() {
		otherwise = last.Time
	}
	return max(0, int(s.clock().Sub(otherwise)/(24*time.Hour)))
}

// Covered is how well a teacher of a program is looked after. Of recordings that the teacher has
// shared with nobody it tells nothing, not even that there are any.
type Covered struct {
	TeacherID    storage.ID   `db:"teacher_id"`
	TeacherName  string       `db:"teacher_name"`
	Instructors  []Cycle      `db:"-"`             // running, in this program
	LastShared   storage.Time `db:"last_shared"`   // when the latest shared recording began; zero: none
	LastFeedback storage.Time `db:"last_feedback"` // by anybody else; zero: none yet
	Waiting      int          `db:"waiting"`       // reviews requested and not returned
	WaitingSince storage.Time `db:"waiting_since"` // when the oldest of them was requested
	JoinedAt     storage.Time `db:"joined_at"`
	DaysSince    int          `db:"-"` // since the last feedback, or since they joined
}

const isShared = `EXISTS (SELECT 1 FROM shares s WHERE s.recording_id = r.id)`

const selectCovered = `SELECT m.user_id AS teacher_id, u.name AS teacher_name,
    m.created_at AS joined_at,
    COALESCE((SELECT r.started_at FROM recordings r WHERE r.owner_id = m.user_id
        AND r.program_id = m.program_id AND r.deleted_at = '' AND ` + isShared + `
        ORDER BY r.id DESC LIMIT 1), '') AS last_shared,
    COALESCE((SELECT MAX(a.created_at) FROM annotations a
        WHERE a.author_id <> m.user_id AND a.visibility = 'shared' AND a.deleted_at = ''
            AND a.recording_id IN (SELECT r.id FROM recordings r WHERE r.owner_id = m.user_id
                AND r.program_id = m.program_id AND r.deleted_at = '' AND ` + isShared + `
                ORDER BY r.id DESC LIMIT ` + lately + `)), '') AS last_feedback,
    (SELECT COUNT(*) FROM recordings r JOIN reviews v ON v.recording_id = r.id
        WHERE r.owner_id = m.user_id AND r.program_id = m.program_id AND r.deleted_at = ''
            AND v.state IN ('requested', 'in_progress') AND ` + isShared + `) AS waiting,
    COALESCE((SELECT MIN(v.requested_at) FROM recordings r JOIN reviews v ON v.recording_id = r.id
        WHERE r.owner_id = m.user_id AND r.program_id = m.program_id AND r.deleted_at = ''
            AND v.state IN ('requested', 'in_progress') AND ` + isShared + `), '') AS waiting_since
FROM members m JOIN users u ON u.id = m.user_id
WHERE m.program_id = ? AND m.role = 'teacher' AND m.user_id > ? AND u.disabled_at = ''
ORDER BY m.user_id LIMIT ?`

// Coverage lists the teachers of a program with how well they are looked after; within a page those
// longest without feedback come first. Feedback is looked for on the latest 20 shared recordings.
func (s *Service) Coverage(ctx context.Context, program storage.ID, p Page) (List[Covered], error) {
	var found []Covered
	if err := s.db.Select(ctx, &found, selectCovered, program, p.after(), p.rows()); err != nil {
		return List[Covered]{}, err
	}
	list := listOf(p, found, func(c Covered) string { return string(c.TeacherID) })
	if len(list.Items) == 0 {
		return list, nil
	}
	ids := make([]storage.ID, len(list.Items))
	at := make(map[storage.ID]*Covered, len(list.Items))
	for i := range list.Items {
		c := &list.Items[i]
		ids[i], at[c.TeacherID] = c.TeacherID, c
		c.DaysSince = s.daysSince(c.LastFeedback, c.JoinedAt.Time)
	}
	later, earlier := s.runningDays()
	var cycles []Cycle
	if err := s.db.Select(ctx, &cycles, selectCycles+`WHERE c.program_id = ? AND `+running+
		` AND c.teacher_id IN `+marks(len(ids))+` ORDER BY c.id LIMIT 10000`,
		append([]any{program, later, earlier}, anys(ids)...)...); err != nil {
		return List[Covered]{}, err
	}
	for _, c := range cycles {
		at[c.TeacherID].Instructors = append(at[c.TeacherID].Instructors, c)
	}
	slices.SortStableFunc(list.Items, func(a, b Covered) int { return b.DaysSince - a.DaysSince })
	return list, nil
}
