package storage

import "context"

// PlaceTake says where on the timeline a take lies and when its first moment was, which is known
// only when its first frame has come. A take that has segments already stays where it is.
func (c *Catalogue) PlaceTake(ctx context.Context, id ID, offsetMS int64, startedAt Time) error {
	_, err := c.db.Exec(ctx, `UPDATE takes SET offset_ms = ?, started_at = ?
WHERE id = ? AND NOT EXISTS (SELECT 1 FROM segments WHERE take_id = takes.id)`,
		offsetMS, startedAt, id)
	return err
}
