package storage

import (
	"context"
	"time"
)

// Completeness is how much of what was taught is stored: 0…1. Where no page said how long it was,
// it is how much of the stored timeline is there.
func (r Recording) Completeness() float64 {
	all := r.TaughtMS
	if all < 0 {
		all = r.DurationMS
	}
	if all <= 0 || r.CoveredMS >= all {
		return 1
	}
	return float64(r.CoveredMS) / float64(all)
}

// StopRecording takes a recording from recording to finishing: no live take can begin any more.
// TaughtMS is what the page's clock counted, or negative; of several pages the longest counts, and
// one may still say it when the recording has been stopped. Stopping it again changes nothing else.
func (c *Catalogue) StopRecording(ctx context.Context, id ID, taughtMS int64) error {
	now := Now()
	return c.db.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE recordings SET taught_ms = ?, version = version + 1
WHERE id = ? AND taught_ms < ? AND deleted_at = ''`, taughtMS, id, taughtMS); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE recordings SET state = 'finishing', ended_at = ?,
    updated_at = ?, version = version + 1
WHERE id = ? AND state = 'recording' AND deleted_at = ''`, now, now, id)
		return err
	})
}

const endLive = `UPDATE takes SET state = 'ended', end_reason = 'recording stopped', ended_at = ?
WHERE recording_id = ? AND state = 'open' AND route = 'live'`

// makeReady notes what the work that is queued now will show; -1 where that waits for a laptop, so
// that it begins as soon as the recording settles.
const makeReady = `UPDATE recordings SET state = 'ready', version = version + 1,
    shown = CASE WHEN EXISTS (SELECT 1 FROM takes WHERE recording_id = recordings.id AND route = 'local'
        AND completed_at = '' AND takes.state <> 'dropped') THEN -1 ELSE arrivals END,
    ended_at = CASE WHEN ended_at = '' THEN ? ELSE ended_at END
WHERE id = ? RETURNING *`

// FinishRecording takes a recording from finishing to ready, ends what live takes are open, and
// runs also in the same transaction: that is where the work on its renditions is queued. A
// recording that is ready already is left alone, and also is not run.
func (c *Catalogue) FinishRecording(ctx context.Context, id ID,
	also func(ctx context.Context, tx *Tx, r Recording) error,
) error {
	return c.db.InTx(ctx, func(tx *Tx) error {
		state, err := lockState(ctx, tx, id)
		if err != nil || state == StateReady {
			return err
		}
		now := Now()
		if _, err := tx.Exec(ctx, endLive, now, id); err != nil {
			return err
		}
		var r Recording
		if err := tx.Get(ctx, &r, makeReady, now, id); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(ctx, tx, r)
	})
}

// Coverage is how much of a recording is there, as of one number of arrivals.
type Coverage struct {
	Arrivals  int64 // of the recording, before its segments were read
	CoveredMS int64
}

const noteCoverage = `UPDATE recordings SET covered_ms = ?
WHERE id = ? AND arrivals = ? AND deleted_at = '' RETURNING *`

// expected counts the takes of which more is to come.
const expected = `SELECT COUNT(*) FROM takes
WHERE recording_id = ? AND route = 'local' AND completed_at = '' AND state <> 'dropped'`

const noteSettled = `UPDATE recordings SET settled_at = ?, shown = arrivals, version = version + 1
WHERE id = ?`

// SettleIfComplete notes how much of a recording is there. When it is ready, and no local take is
// incomplete that may still come, it is settled from now on, and a recording that is not so (any
// more) is not. It runs also, in the same transaction, where a recording settles that has got more
// since the work on its renditions was last queued. A coverage that later arrivals have made
// untrue is a Conflict: look again.
func (c *Catalogue) SettleIfComplete(ctx context.Context, id ID, have Coverage,
	also func(ctx context.Context, tx *Tx, r Recording) error,
) (settled bool, err error) {
	err = c.db.InTx(ctx, func(tx *Tx) error {
		var r Recording
		err := tx.Get(ctx, &r, noteCoverage, have.CoveredMS, id, have.Arrivals)
		if KindOf(err) == NotFound {
			if err := tx.Get(ctx, &r, `SELECT * FROM recordings WHERE id = ? AND deleted_at = ''`,
				id); err != nil {
				return err
			}
			return Errorf(Conflict, "Something came in the meantime.")
		}
		if err != nil {
			return err
		}
		var waiting int
		if err := tx.Get(ctx, &waiting, expected, id); err != nil {
			return err
		}
		settled = r.State == StateReady &&
			(waiting == 0 || time.Since(r.StartedAt.Time) > LocalFor)
		switch {
		case settled && (r.SettledAt.IsZero() || r.Arrivals > r.Shown):
			// Or a node that was away has brought what it had after all.
			if r.SettledAt.IsZero() {
				r.SettledAt = Now()
			}
			if _, err := tx.Exec(ctx, noteSettled, r.SettledAt, id); err != nil {
				return err
			}
			if also != nil && r.Arrivals > r.Shown {
				return also(ctx, tx, r)
			}
		case !settled && !r.SettledAt.IsZero():
			_, err := tx.Exec(ctx, `UPDATE recordings SET settled_at = '', version = version + 1
WHERE id = ?`, id)
			return err
		}
		return nil
	})
	return settled && err == nil, err
}

// Unfinished lists recordings that are not ready, oldest first, after the id given, at most limit.
func (c *Catalogue) Unfinished(ctx context.Context, after ID, limit int) ([]Recording, error) {
	var found []Recording
	err := c.db.Select(ctx, &found, `SELECT * FROM recordings
WHERE state IN ('recording', 'finishing') AND deleted_at = '' AND id > ? ORDER BY id LIMIT ?`,
		after, limit)
	return found, err
}

const unsettled = `SELECT * FROM recordings
WHERE state = 'ready' AND settled_at = '' AND deleted_at = '' AND id > ? AND (started_at < ?
    OR NOT EXISTS (SELECT 1 FROM takes WHERE recording_id = recordings.id AND route = 'local'
        AND completed_at = '' AND takes.state <> 'dropped'))
ORDER BY id LIMIT ?`

// Unsettled lists ready recordings that nothing more is expected of and that have not settled,
// oldest first, after the id given, at most limit: a crash may leave them so, and so does a laptop
// that never came back.
func (c *Catalogue) Unsettled(ctx context.Context, after ID, limit int) ([]Recording, error) {
	var found []Recording
	err := c.db.Select(ctx, &found, unsettled, after, At(time.Now().Add(-LocalFor)), limit)
	return found, err
}
