package review

import "backrow/storage"

// Entry is one row of the audit log: who did what to what, and never the content of anything.
type Entry struct {
	ID      storage.ID   `db:"id"`
	At      storage.Time `db:"at"`
	ActorID storage.ID   `db:"actor_id"` // "": the installation itself
	Action  string       `db:"action"`   // such as share.added
	Subject string       `db:"subject"`  // kind and id, such as recording:0190…
	Detail  string       `db:"detail"`   // such as role=lead
}
