package annotate

import (
	"context"

	"backrow/storage"
)

const selectDrafts = `SELECT id FROM annotations
WHERE recording_id = ? AND author_id = ? AND visibility = 'draft' AND deleted_at = ''
ORDER BY start_ms, id LIMIT ?`

const shareDraft = `UPDATE annotations SET visibility = 'shared', version = version + 1,
    updated_at = ? WHERE id = ? RETURNING version`

// ShareDrafts shares all drafts of one author on a recording, within tx: an event for each,
// published when tx is committed. It returns how many there were. It is what returning a review
// calls.
func (l *Log) ShareDrafts(ctx context.Context, tx *storage.Tx, recording, author storage.ID,
) (int, error) {
	// The lock comes before the look: a draft made private meanwhile must not be shared.
	if _, err := tx.Exec(ctx, `UPDATE recordings SET last_seq = last_seq WHERE id = ?`, recording); err != nil {
		return 0, err
	}
	var drafts []storage.ID
	if err := tx.Select(ctx, &drafts, selectDrafts, recording, author, MaxAnnotations); err != nil {
		return 0, err
	}
	for _, id := range drafts {
		c, err := begin(ctx, tx, recording, author)
		if err != nil {
			return 0, err
		}
		var version int64
		if err := tx.Get(ctx, &version, shareDraft, c.now, id); err != nil {
			return 0, err
		}
		if err := c.done(ctx, AnnotationEdited, id, id, version, ""); err != nil {
			return 0, err
		}
		seq := c.recording.LastSeq
		tx.AfterCommit(func() { l.publish(recording, seq, nil) })
	}
	return len(drafts), nil
}
