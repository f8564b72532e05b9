package review

import "backrow/storage"

// Framework is a program's tree of teaching practices.
type Framework struct {
	ID        storage.ID   `db:"id"`
	ProgramID storage.ID   `db:"program_id"`
	Name      string       `db:"name"`
	CreatedAt storage.Time `db:"created_at"`
}

// Area is a node of a framework.
type Area struct {
	ID          storage.ID `db:"id"`
	FrameworkID storage.ID `db:"framework_id"`
	ParentID    storage.ID `db:"parent_id"` // "": at the top
	Position    int64      `db:"position"`  // among its siblings
	Name        string     `db:"name"`
	Description string     `db:"description"`
	Depth       int        `db:"-"` // 0 at the top; set by Areas
}
