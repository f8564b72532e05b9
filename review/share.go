package review

import "backrow/storage"

// Access is what a share allows.
type Access string

// The kinds of access.
const (
	Viewer   Access = "viewer"   // sees and replies
	Reviewer Access = "reviewer" // also gives feedback
)

// Share lets one user see one recording.
type Share struct {
	RecordingID storage.ID   `db:"recording_id"`
	UserID      storage.ID   `db:"user_id"`
	UserName    string       `db:"user_name"`
	Access      Access       `db:"access"`
	Until       storage.Time `db:"until"` // zero: until taken back
	GrantedBy   storage.ID   `db:"granted_by"`
	CreatedAt   storage.Time `db:"created_at"`
}
