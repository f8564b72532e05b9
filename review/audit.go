package review

import (
	"context"

	"backrow/storage"
)

// Entry is one row of the audit log: who did what to what, and never the content of anything.
type Entry struct {
	ID      storage.ID   `db:"id"`
	At      storage.Time `db:"at"`
	ActorID storage.ID   `db:"actor_id"` // "": the installation itself
	Action  string       `db:"action"`   // such as share.added
	Subject string       `db:"subject"`  // kind and id, such as recording:0190…
	Detail  string       `db:"detail"`   // such as role=lead
}

// Audit notes within tx what somebody did. ID and At are set here.
func (s *Service) Audit(ctx context.Context, tx *storage.Tx, e Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_log (id, at, actor_id, action, subject, detail)
VALUES (?, ?, ?, ?, ?, ?)`, storage.NewID(), s.now(), e.ActorID, e.Action, e.Subject, e.Detail)
	return err
}

// AuditLog lists the audit log, latest first.
func (s *Service) AuditLog(ctx context.Context, p Page) (List[Entry], error) {
	var found []Entry
	err := s.db.Select(ctx, &found, `SELECT * FROM audit_log WHERE id < ? ORDER BY id DESC LIMIT ?`,
		before(p), p.rows())
	return listOf(p, found, func(e Entry) string { return string(e.ID) }), err
}

// before is the key that a list of latest first goes on from. An id is of hexadecimal digits: in
// every collation of PostgreSQL 'g' comes after all of them.
func before(p Page) string {
	if p.After == "" {
		return "g"
	}
	return p.after()
}
