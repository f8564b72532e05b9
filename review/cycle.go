package review

import (
	"context"

	"backrow/review/access"
	"backrow/storage"
)

// Cycle is some weeks in which one instructor works with one teacher.
type Cycle struct {
	ID             storage.ID   `db:"id"`
	ProgramID      storage.ID   `db:"program_id"`
	InstructorID   storage.ID   `db:"instructor_id"`
	InstructorName string       `db:"instructor_name"`
	TeacherID      storage.ID   `db:"teacher_id"`
	TeacherName    string       `db:"teacher_name"`
	StartsOn       Day          `db:"starts_on"`
	EndsOn         Day          `db:"ends_on"` // the last day of it
	CreatedAt      storage.Time `db:"created_at"`
}

const (
	cycleDays = 9 * 7   // unless said otherwise
	maxCycle  = 2 * 366 // days; what is longer is a typing error
)

const selectCycles = `SELECT c.id, c.program_id, c.instructor_id, i.name AS instructor_name,
    c.teacher_id, t.name AS teacher_name, c.starts_on, c.ends_on, c.created_at
FROM cycles c JOIN users i ON i.id = c.instructor_id JOIN users t ON t.id = c.teacher_id `

// running is what access counts as the pair, too: both are members still, and the one is an
// instructor or a lead. Its two parameters are the days of access.RunningDays, the later one first.
const running = `c.starts_on <= ? AND c.ends_on >= ?
    AND EXISTS (SELECT 1 FROM members m WHERE m.program_id = c.program_id
        AND m.user_id = c.instructor_id AND m.role IN ('instructor', 'lead'))
    AND EXISTS (SELECT 1 FROM members m WHERE m.program_id = c.program_id
        AND m.user_id = c.teacher_id)`

func (s *Service) runningDays() (later, earlier string) {
	earlier, later = access.RunningDays(s.clock())
	return later, earlier
}

// Pair begins a cycle. It starts today when StartsOn is empty and lasts nine weeks when EndsOn is.
// A cycle of the same two that overlaps is a Conflict; repeating one with the same id changes
// nothing.
func (s *Service) Pair(ctx context.Context, actor storage.ID, c Cycle) (Cycle, error) {
	c, err := s.readCycle(c)
	if err != nil {
		return Cycle{}, err
	}
	var have Cycle
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		// Held, so that two cycles of one pair at once see each other.
		if err := hold(ctx, tx, "programs", c.ProgramID); err != nil {
			return err
		}
		err := tx.Get(ctx, &have, selectCycles+`WHERE c.id = ?`, c.ID)
		if err == nil && (have.ProgramID != c.ProgramID || have.TeacherID != c.TeacherID ||
			have.InstructorID != c.InstructorID) {
			return storage.Errorf(storage.Conflict, "That id belongs to another cycle.")
		}
		if storage.KindOf(err) != storage.NotFound {
			return err
		}
		if err := checkPair(ctx, tx, c); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO cycles (id, program_id, instructor_id, teacher_id,
    starts_on, ends_on, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`, c.ID, c.ProgramID, c.InstructorID,
			c.TeacherID, c.StartsOn, c.EndsOn, s.now()); err != nil {
			return err
		}
		if err := s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "cycle.added", Subject: "cycle:" + string(c.ID),
			Detail: "instructor=" + string(c.InstructorID) + " teacher=" + string(c.TeacherID),
		}); err != nil {
			return err
		}
		return tx.Get(ctx, &have, selectCycles+`WHERE c.id = ?`, c.ID)
	})
	return have, err
}

func (s *Service) readCycle(c Cycle) (Cycle, error) {
	var err error
	if c.StartsOn, err = ParseDay(string(c.StartsOn)); err != nil {
		return c, err
	}
	if c.EndsOn, err = ParseDay(string(c.EndsOn)); err != nil {
		return c, err
	}
	if c.StartsOn == "" {
		c.StartsOn = s.today()
	}
	if c.EndsOn == "" {
		c.EndsOn = c.StartsOn.Add(cycleDays - 1)
	}
	if c.EndsOn < c.StartsOn {
		return c, storage.Errorf(storage.Invalid, "A cycle cannot end before it starts.")
	}
	if c.EndsOn > c.StartsOn.Add(maxCycle) {
		return c, storage.Errorf(storage.Invalid, "A cycle lasts two years at most.")
	}
	if c.InstructorID == c.TeacherID {
		return c, storage.Errorf(storage.Invalid, "Nobody can be their own instructor.")
	}
	if c.ID == "" {
		c.ID = storage.NewID()
	}
	return c, nil
}

func checkPair(ctx context.Context, tx *storage.Tx, c Cycle) error {
	instructor, err := member(ctx, tx, c.ProgramID, c.InstructorID)
	if err != nil {
		return err
	}
	if instructor.Role == Teacher {
		return storage.Errorf(storage.Invalid, "%s is not an instructor in this program.", instructor.Name)
	}
	teacher, err := member(ctx, tx, c.ProgramID, c.TeacherID)
	if err != nil {
		return err
	}
	var overlap int
	if err := tx.Get(ctx, &overlap, `SELECT COUNT(*) FROM cycles WHERE instructor_id = ?
    AND teacher_id = ? AND program_id = ? AND starts_on <= ? AND ends_on >= ?`, c.InstructorID,
		c.TeacherID, c.ProgramID, c.EndsOn, c.StartsOn); err != nil {
		return err
	}
	if overlap > 0 {
		return storage.Errorf(storage.Conflict, "%s and %s have a cycle in that time already.",
			instructor.Name, teacher.Name)
	}
	return nil
}

// EndCycle takes a cycle of a program apart from today on: one that runs is ended with yesterday,
// one that has not begun is removed. Ending it again changes nothing.
func (s *Service) EndCycle(ctx context.Context, actor, program, id storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		var c Cycle
		if err := tx.Get(ctx, &c, selectCycles+`WHERE c.id = ? AND c.program_id = ?`, id,
			program); err != nil {
			if storage.KindOf(err) == storage.NotFound {
				return nil
			}
			return err
		}
		ended, err := s.endCycles(ctx, tx, `id = ?`, id)
		if err != nil || ended == 0 {
			return err
		}
		tx.AfterCommit(func() { s.lost(c.InstructorID, "") })
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "cycle.ended", Subject: "cycle:" + string(id),
			Detail: "instructor=" + string(c.InstructorID) + " teacher=" + string(c.TeacherID),
		})
	})
}

// endCycles ends what runs of the cycles that condition chooses, and removes what has not begun.
// The last day is the one before any that it is now anywhere: the pair is none at once, and not
// when the day is over in the westernmost classroom.
func (s *Service) endCycles(ctx context.Context, tx *storage.Tx, condition string, args ...any,
) (int64, error) {
	_, earlier := s.runningDays()
	last := Day(earlier).Add(-1)
	removed, err := tx.Exec(ctx, `DELETE FROM cycles WHERE `+condition+` AND starts_on > ?`,
		append(args[:len(args):len(args)], last)...)
	if err != nil {
		return 0, err
	}
	cut, err := tx.Exec(ctx, `UPDATE cycles SET ends_on = ? WHERE `+condition+` AND ends_on > ?`,
		append(append([]any{last}, args...), last)...)
	if err != nil {
		return 0, err
	}
	n, err := removed.RowsAffected()
	if err != nil {
		return 0, err
	}
	m, err := cut.RowsAffected()
	return n + m, err
}

// Cycles lists the cycles of a program, latest first.
func (s *Service) Cycles(ctx context.Context, program storage.ID, p Page) (List[Cycle], error) {
	var found []Cycle
	err := s.db.Select(ctx, &found, selectCycles+`WHERE c.program_id = ? AND c.id < ?
ORDER BY c.id DESC LIMIT ?`, program, before(p), p.rows())
	return listOf(p, found, func(c Cycle) string { return string(c.ID) }), err
}

// InstructorsOf lists the running cycles of a teacher.
func (s *Service) InstructorsOf(ctx context.Context, teacher storage.ID) ([]Cycle, error) {
	later, earlier := s.runningDays()
	var found []Cycle
	err := s.db.Select(ctx, &found, selectCycles+`WHERE c.teacher_id = ? AND `+running+`
    AND i.disabled_at = '' ORDER BY c.id LIMIT 50`, teacher, later, earlier)
	return found, err
}
