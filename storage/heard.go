package storage

import "context"

// Heard is the last sign of a recording's sender, on whichever node.
type Heard struct {
	State RecordingState
	At    Time // when something last arrived, or the sender was last known to be there
}

const lastHeard = `SELECT r.state, r.started_at AS begun, COALESCE(t.started_at, '') AS started_at,
    COALESCE(t.ended_at, '') AS ended_at, COALESCE(t.lease_until, '') AS lease_until,
    COALESCE((SELECT s.created_at FROM segments s WHERE s.take_id = t.id
        ORDER BY s.number DESC LIMIT 1), '') AS stored_at
FROM recordings r LEFT JOIN takes t ON t.id = (SELECT id FROM takes
    WHERE recording_id = r.id ORDER BY started_at DESC, id DESC LIMIT 1)
WHERE r.id = ? AND r.deleted_at = ''`

// LastHeard tells when a recording's sender was last heard of, within tx. A deleted recording is
// NotFound.
func (c *Catalogue) LastHeard(ctx context.Context, tx *Tx, recording ID) (Heard, error) {
	var row struct {
		State      RecordingState `db:"state"`
		Begun      Time           `db:"begun"`
		StartedAt  Time           `db:"started_at"`
		EndedAt    Time           `db:"ended_at"`
		LeaseUntil Time           `db:"lease_until"`
		StoredAt   Time           `db:"stored_at"`
	}
	if err := tx.Get(ctx, &row, lastHeard, recording); err != nil {
		return Heard{}, err
	}
	heard := Heard{State: row.State, At: row.Begun}
	for _, sign := range []Time{row.StartedAt, row.EndedAt, row.LeaseUntil, row.StoredAt} {
		if sign.After(heard.At.Time) {
			heard.At = sign
		}
	}
	return heard, nil
}

// DropEmptyRecording removes a recording that nothing was ever sent to, as if it had not been
// begun. One that has a take is left alone.
func (c *Catalogue) DropEmptyRecording(ctx context.Context, id ID) error {
	_, err := c.db.Exec(ctx, `DELETE FROM recordings
WHERE id = ? AND NOT EXISTS (SELECT 1 FROM takes WHERE recording_id = recordings.id)`, id)
	return err
}
