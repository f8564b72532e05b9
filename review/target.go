package review

import "backrow/storage"

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
