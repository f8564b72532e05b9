package review

import (
	"context"
	"slices"

	"backrow/review/access"
	"backrow/storage"
)

// TargetStatus says how far a target area has come.
type TargetStatus string

// The statuses of a target area.
const (
	Active  TargetStatus = "active"
	Reached TargetStatus = "reached"
	Dropped TargetStatus = "dropped"
)

// TargetArea is an area that one teacher works on.
type TargetArea struct {
	ID        storage.ID   `db:"id"`
	ProgramID storage.ID   `db:"program_id"`
	TeacherID storage.ID   `db:"teacher_id"`
	AreaID    storage.ID   `db:"area_id"`
	AreaName  string       `db:"area_name"`
	Hue       int          `db:"hue"` // 1–9, another one for each active target area of a teacher
	Goal      string       `db:"goal"`
	Measure   string       `db:"measure"` // how it would look in the room
	DueOn     Day          `db:"due_on"`
	Status    TargetStatus `db:"status"`
	Version   int64        `db:"version"`
	CreatedAt storage.Time `db:"created_at"`
}

// TargetEdit is what can be changed of a target area.
type TargetEdit struct {
	Goal    string
	Measure string
	DueOn   Day
	Status  TargetStatus
}

func (e TargetEdit) read() (TargetEdit, error) {
	var err error
	if e.Goal, err = prose("The goal", e.Goal, maxGoal); err != nil {
		return e, err
	}
	if e.Goal == "" {
		return e, storage.Errorf(storage.Invalid, "The goal is missing.")
	}
	if e.Measure, err = prose("The measure", e.Measure, maxGoal); err != nil {
		return e, err
	}
	if e.DueOn, err = ParseDay(string(e.DueOn)); err != nil {
		return e, err
	}
	switch e.Status {
	case "":
		e.Status = Active
	case Active, Reached, Dropped:
	default:
		return e, storage.Errorf(storage.Invalid,
			"The status of a target area is active, reached or dropped, not %q.", string(e.Status))
	}
	return e, nil
}

const (
	// hues is how many colours tell areas apart for the colour-blind too, and how many keys
	// toggle them: no teacher works on more at a time.
	hues = 9
	// maxTargetAreas bounds what is kept of one teacher in all programs, years of it.
	maxTargetAreas = 500
)

const selectTargets = `SELECT t.id, t.program_id, t.teacher_id, t.area_id, a.name AS area_name, t.hue,
    t.goal, t.measure, t.due_on, t.status, t.version, t.created_at
FROM target_areas t JOIN areas a ON a.id = t.area_id `

// AddTargetArea gives a teacher an area of their program to work on, with a hue that no other
// active target area of theirs has. A tenth active one is TooMany. Repeating it with the same id
// changes nothing.
func (s *Service) AddTargetArea(ctx context.Context, actor storage.ID, t TargetArea,
) (TargetArea, error) {
	e, err := TargetEdit{t.Goal, t.Measure, t.DueOn, t.Status}.read()
	if err != nil {
		return TargetArea{}, err
	}
	if t.ID == "" {
		t.ID = storage.NewID()
	}
	var have TargetArea
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := hold(ctx, tx, "users", t.TeacherID); err != nil {
			return err
		}
		err := tx.Get(ctx, &have, selectTargets+`WHERE t.id = ?`, t.ID)
		if err == nil && (have.TeacherID != t.TeacherID || have.ProgramID != t.ProgramID) {
			return storage.Errorf(storage.Conflict, "That id belongs to another target area.")
		}
		if storage.KindOf(err) != storage.NotFound {
			return err
		}
		if _, err := member(ctx, tx, t.ProgramID, t.TeacherID); err != nil {
			return err
		}
		if err := s.room(ctx, tx, maxTargetAreas, "This teacher has as many target areas as fit: %d.",
			`SELECT COUNT(*) FROM target_areas WHERE teacher_id = ?`, t.TeacherID); err != nil {
			return err
		}
		var area storage.ID
		if err := tx.Get(ctx, &area, `UPDATE areas SET name = name WHERE id = ? AND framework_id IN
    (SELECT id FROM frameworks WHERE program_id = ?) RETURNING id`, t.AreaID, t.ProgramID); err != nil {
			return err
		}
		hue, err := freeHue(ctx, tx, t.TeacherID, t.ID, 0)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO target_areas (id, program_id, teacher_id, area_id, hue, goal,
    measure, due_on, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, t.ID, t.ProgramID,
			t.TeacherID, t.AreaID, hue, e.Goal, e.Measure, e.DueOn, e.Status, s.now()); err != nil {
			return err
		}
		return tx.Get(ctx, &have, selectTargets+`WHERE t.id = ?`, t.ID)
	})
	return have, err
}

// freeHue picks a hue that none of the teacher's other active target areas has: the preferred one
// when it is free, else the one least used so far, so that an area keeps the colour that people
// remember it by for as long as possible.
func freeHue(ctx context.Context, tx *storage.Tx, teacher, but storage.ID, preferred int,
) (int, error) {
	var others []struct {
		Hue    int          `db:"hue"`
		Status TargetStatus `db:"status"`
	}
	if err := tx.Select(ctx, &others, `SELECT hue, status FROM target_areas
WHERE teacher_id = ? AND id <> ? LIMIT ?`, teacher, but, maxTargetAreas); err != nil {
		return 0, err
	}
	var taken [hues + 1]bool
	var used [hues + 1]int
	for _, o := range others {
		used[o.Hue]++
		taken[o.Hue] = taken[o.Hue] || o.Status == Active
	}
	if preferred > 0 && !taken[preferred] {
		return preferred, nil
	}
	best := 0
	for hue := 1; hue <= hues; hue++ {
		if !taken[hue] && (best == 0 || used[hue] < used[best]) {
			best = hue
		}
	}
	if best == 0 {
		return 0, storage.Errorf(storage.TooMany,
			"Nobody works on more than %d areas at a time: mark one as reached or dropped first.", hues)
	}
	return best, nil
}

// EditTargetArea changes a target area if version is its present one; otherwise it is a Conflict,
// and the present one is returned with it. One that becomes active again may get another hue.
func (s *Service) EditTargetArea(ctx context.Context, actor, id storage.ID, version int64,
	e TargetEdit,
) (TargetArea, error) {
	e, err := e.read()
	if err != nil {
		return TargetArea{}, err
	}
	var have TargetArea
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := tx.Get(ctx, &have, selectTargets+`WHERE t.id = ?`, id); err != nil {
			return err
		}
		if err := hold(ctx, tx, "users", have.TeacherID); err != nil {
			return err
		}
		if err := tx.Get(ctx, &have, selectTargets+`WHERE t.id = ?`, id); err != nil {
			return err
		}
		if have.Version != version {
			return storage.Errorf(storage.Conflict, "Somebody changed this target area in the meantime.")
		}
		hue := have.Hue
		if e.Status == Active {
			if hue, err = freeHue(ctx, tx, have.TeacherID, id, hue); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE target_areas SET goal = ?, measure = ?, due_on = ?, status = ?,
    hue = ?, version = version + 1 WHERE id = ?`, e.Goal, e.Measure, e.DueOn, e.Status, hue,
			id); err != nil {
			return err
		}
		return tx.Get(ctx, &have, selectTargets+`WHERE t.id = ?`, id)
	})
	return have, err
}

// TargetArea reads one target area.
func (s *Service) TargetArea(ctx context.Context, id storage.ID) (TargetArea, error) {
	var t TargetArea
	err := s.db.Get(ctx, &t, selectTargets+`WHERE t.id = ?`, id)
	return t, err
}

// TargetAreas lists what a teacher works on in a program, active ones first, then by age.
func (s *Service) TargetAreas(ctx context.Context, program, teacher storage.ID,
) ([]TargetArea, error) {
	var found []TargetArea
	err := s.db.Select(ctx, &found, selectTargets+`WHERE t.teacher_id = ? AND t.program_id = ?
ORDER BY CASE t.status WHEN 'active' THEN 0 ELSE 1 END, t.id LIMIT ?`, teacher, program,
		maxTargetAreas)
	return found, err
}

// TargetAreasSeen lists what a teacher works on in those of their programs in which access lets the
// viewer see them: a lead or an instructor of one program learns nothing of another.
func (s *Service) TargetAreasSeen(ctx context.Context, viewer, teacher storage.ID,
) ([]TargetArea, error) {
	programs, err := access.New(s.db).Programs(ctx, viewer, access.SeePerson, teacher)
	if err != nil || len(programs) == 0 {
		return nil, err
	}
	var found []TargetArea
	err = s.db.Select(ctx, &found, selectTargets+`WHERE t.teacher_id = ? AND t.program_id IN `+
		marks(len(programs))+` ORDER BY CASE t.status WHEN 'active' THEN 0 ELSE 1 END, t.id LIMIT ?`,
		append(append([]any{teacher}, anys(programs)...), maxTargetAreas)...)
	return found, err
}

// maxOfRecording bounds how many target areas one recording is about.
const maxOfRecording = hues

// SetRecordingTargetAreas says, within tx, which target areas a recording is about, in that order,
// in place of what was said before. Each must be its owner's, in its program.
func (s *Service) SetRecordingTargetAreas(ctx context.Context, tx *storage.Tx,
	recording storage.ID, ids []storage.ID,
) error {
	if len(ids) > maxOfRecording {
		return storage.Errorf(storage.Invalid, "A recording is about %d target areas at most.",
			maxOfRecording)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM recording_target_areas WHERE recording_id = ?`,
		recording); err != nil {
		return err
	}
	for i, id := range ids {
		result, err := tx.Exec(ctx, `INSERT INTO recording_target_areas (recording_id, target_area_id,
    position)
SELECT r.id, t.id, CAST(? AS BIGINT) FROM recordings r JOIN target_areas t ON t.teacher_id = r.owner_id
    AND t.program_id = r.program_id
WHERE r.id = ? AND t.id = ? ON CONFLICT (recording_id, target_area_id) DO NOTHING`, i, recording, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n == 0 && !slices.Contains(ids[:i], id) {
			return storage.Errorf(storage.Invalid,
				"A recording is about target areas of its own teacher, and %q is none of them.", string(id))
		}
	}
	return nil
}

// RecordingTargetAreas lists the target areas that a recording is about, in their order.
func (s *Service) RecordingTargetAreas(ctx context.Context, recording storage.ID,
) ([]TargetArea, error) {
	var found []TargetArea
	err := s.db.Select(ctx, &found, selectTargets+`JOIN recording_target_areas x
    ON x.target_area_id = t.id
WHERE x.recording_id = ? ORDER BY x.position, t.id LIMIT ?`, recording, maxOfRecording)
	return found, err
}
