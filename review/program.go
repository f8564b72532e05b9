package review

import "backrow/storage"

// Program is one organisation's coaching program.
type Program struct {
	ID        storage.ID   `db:"id"`
	Name      string       `db:"name"`
	CreatedAt storage.Time `db:"created_at"`
}
