package review

import "backrow/storage"

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
