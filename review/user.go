package review

import "backrow/storage"

// User is somebody who can sign in.
type User struct {
	ID         storage.ID `db:"id"`
	Email      string     `db:"email"`
	Name       string     `db:"name"`
	IsOperator bool       `db:"is_operator"`
	// SessionEpoch is raised when the password changes and when the user is disabled: a session
	// begun under another epoch is over.
	SessionEpoch int64        `db:"session_epoch"`
	CreatedAt    storage.Time `db:"created_at"`
	DisabledAt   storage.Time `db:"disabled_at"` // zero: not disabled
}

// NewUser is what a user is made of.
type NewUser struct {
	ID         storage.ID // made when empty
	Email      string
	Name       string
	Password   string
	IsOperator bool
}
