package storage

import "context"

const untidied = `SELECT * FROM recordings
WHERE settled_at <> '' AND tidied_at < settled_at AND settled_at < ? AND deleted_at = ''
    AND (settled_at, id) > (?, ?)
ORDER BY settled_at, id LIMIT ?`

// Untidied lists recordings that settled before a time and whose spare live takes have not been
// dropped since, in the order in which they settled, after the one given, at most limit.
func (c *Catalogue) Untidied(ctx context.Context, before Time, after Recording, limit int,
) ([]Recording, error) {
	var found []Recording
	err := c.db.Select(ctx, &found, untidied, before, after.SettledAt, after.ID, limit)
	return found, err
}

const stillSettled = `UPDATE recordings SET tidied_at = tidied_at
WHERE id = ? AND settled_at = ? AND deleted_at = '' RETURNING id`

const dropTake = `UPDATE takes SET state = 'dropped'
WHERE id = ? AND recording_id = ? AND route = 'live' AND state = 'ended'`

// DropTakes forgets live takes that have ended, of a recording as it settled: their segments are
// listed nowhere any more, and their objects may be removed. When the recording has settled anew
// since it was read, or has been deleted, it is NotFound and nothing is dropped.
func (c *Catalogue) DropTakes(ctx context.Context, r Recording, takes []ID) error {
	return c.db.InTx(ctx, func(tx *Tx) error {
		var id ID
		if err := tx.Get(ctx, &id, stillSettled, r.ID, r.SettledAt); err != nil {
			return err
		}
		for _, take := range takes {
			result, err := tx.Exec(ctx, dropTake, take, r.ID)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				continue
			}
			for _, table := range []string{"segments", "inits", "tracks"} {
				if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE take_id = ?`, take); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// NoteTidied notes that a recording, as it settled, needs not be tidied again.
func (c *Catalogue) NoteTidied(ctx context.Context, r Recording) error {
	_, err := c.db.Exec(ctx, `UPDATE recordings SET tidied_at = ? WHERE id = ? AND settled_at = ?`,
		Now(), r.ID, r.SettledAt)
	return err
}
