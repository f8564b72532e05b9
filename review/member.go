package review

import "backrow/storage"

// Role is what a member is in a program.
type Role string

// The roles.
const (
	Teacher    Role = "teacher"
	Instructor Role = "instructor"
	Lead       Role = "lead"
)

// Member is a user in a program.
type Member struct {
	ProgramID   storage.ID   `db:"program_id"`
	ProgramName string       `db:"program_name"`
	UserID      storage.ID   `db:"user_id"`
	Name        string       `db:"name"`
	Email       string       `db:"email"` // for leads and operators; other members are shown the name
	Role        Role         `db:"role"`
	CreatedAt   storage.Time `db:"created_at"`
	DisabledAt  storage.Time `db:"disabled_at"`
}
