package review

import "backrow/storage"

// Invitation asks one person into a program. Its token is only in its link.
type Invitation struct {
	ID          storage.ID   `db:"id"`
	ProgramID   storage.ID   `db:"program_id"`
	ProgramName string       `db:"program_name"`
	Email       string       `db:"email"`
	Name        string       `db:"name"`
	Role        Role         `db:"role"`
	InvitedBy   storage.ID   `db:"invited_by"`
	InviterName string       `db:"inviter_name"`
	CreatedAt   storage.Time `db:"created_at"`
	ExpiresAt   storage.Time `db:"expires_at"`
	AcceptedAt  storage.Time `db:"accepted_at"` // zero: not yet
	// HasAccount says that the address belongs to a user already: they sign in to accept.
	HasAccount bool `db:"has_account"`
}

// NewInvitation is what an invitation is made of.
type NewInvitation struct {
	ID        storage.ID // made when empty
	ProgramID storage.ID
	Email     string
	Name      string // may be empty: the invited person types it
	Role      Role
}
