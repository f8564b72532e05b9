package storage

import (
	"context"
	"strings"
)

// Made is what was made of a take that cannot be shown as the browser recorded it. Init and segments
// are numbered when they are noted.
type Made struct {
	Tracks   []Track
	Init     Init
	Segments []Segment // in order
}

// arriveAll is arrive for many segments at once.
const arriveAll = `UPDATE recordings SET updated_at = ?, arrivals = arrivals + ?,
    duration_ms = CASE WHEN duration_ms < ? THEN ? ELSE duration_ms END
WHERE id = ? AND deleted_at = '' RETURNING arrivals`

const completeMade = `UPDATE takes SET completed_at = ? WHERE id = ? AND completed_at = '' AND direct = 0`

// CompleteMade notes the segments that were made of a take, in the place of any that it had, and
// that it is complete, within tx. They get numbers of their own: what was under the others may be in
// browsers' caches. The recording's row is locked until tx ends. A take that is complete already is
// a Conflict; one of a recording that has been deleted is NotFound.
func (c *Catalogue) CompleteMade(ctx context.Context, tx *Tx, take Take, m Made) error {
	now := Now()
	var end, arrived int64
	for _, s := range m.Segments {
		end = max(end, take.OffsetMS+(s.Start+s.Length).Milliseconds())
	}
	if err := tx.Get(ctx, &arrived, arriveAll, now, len(m.Segments), end, end,
		take.RecordingID); err != nil {
		return err
	}
	if err := completeOnce(ctx, tx, completeMade, now, take.ID); err != nil {
		return err
	}
	var init, segment int64
	if err := tx.Get(ctx, &init, highestInit, take.ID); err != nil {
		return err
	}
	if err := tx.Get(ctx, &segment, highestSegment, take.ID); err != nil {
		return err
	}
	for _, table := range []string{"segments", "inits", "tracks"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE take_id = ?`, take.ID); err != nil {
			return err
		}
	}
	for _, t := range m.Tracks {
		if _, err := tx.Exec(ctx, `INSERT INTO tracks (take_id, number, kind, codec, timescale)
VALUES (?, ?, ?, ?, ?)`, take.ID, t.Number, t.Kind, t.Codec, t.Timescale); err != nil {
			return err
		}
	}
	i := m.Init
	if _, err := tx.Exec(ctx, insertInit, take.ID, init+1, i.Codecs, i.Width, i.Height,
		i.ObjectKey, i.Bytes, i.SHA256, now); err != nil {
		return err
	}
	for n, s := range m.Segments {
		s.TakeID, s.InitNumber, s.Number = take.ID, init+1, segment+int64(n)+1
		s.Arrived = arrived - int64(len(m.Segments)-n-1)
		m.Segments[n] = s
	}
	return insertSegments(ctx, tx, m.Segments)
}

const (
	highestInit    = `SELECT COALESCE(MAX(number), 0) FROM inits WHERE take_id = ?`
	highestSegment = `SELECT COALESCE(MAX(number), 0) FROM segments WHERE take_id = ?`
)

// segmentRows is how many segments one statement inserts: well below what either database takes.
const segmentRows = 50

func insertSegments(ctx context.Context, tx *Tx, segments []Segment) error {
	now := Now()
	for len(segments) > 0 {
		batch := segments[:min(len(segments), segmentRows)]
		segments = segments[len(batch):]
		var args []any
		for _, s := range batch {
			args = append(args, s.TakeID, s.Number, s.InitNumber, s.Start, s.Length, s.ObjectKey,
				s.ObjectFrom, s.Bytes, s.SHA256, s.Arrived, now)
		}
		const row = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
		if _, err := tx.Exec(ctx, `INSERT INTO segments (take_id, number, init_number, start_ticks,
    ticks, object_key, object_from, bytes, sha256, arrived, created_at)
VALUES `+row+strings.Repeat(`, `+row, len(batch)-1), args...); err != nil {
			return err
		}
	}
	return nil
}

const giveUp = `UPDATE takes SET completed_at = ?, end_reason = ?
WHERE id = ? AND completed_at = '' AND direct = 0`

// GiveUpMade notes, within tx, that nothing can be made of a take, with a reason for the log. It
// counts as complete, for nothing more will come of it; its blobs stay.
func (c *Catalogue) GiveUpMade(ctx context.Context, tx *Tx, take Take, reason string) error {
	if _, err := lockState(ctx, tx, take.RecordingID); err != nil {
		return err
	}
	return completeOnce(ctx, tx, giveUp, Now(), reason, take.ID)
}

func completeOnce(ctx context.Context, tx *Tx, query string, args ...any) error {
	result, err := tx.Exec(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return Errorf(Conflict, "This take is complete already.")
	}
	return nil
}

const unmade = `SELECT t.* FROM takes t JOIN recordings r ON r.id = t.recording_id
WHERE t.direct = 0 AND t.completed_at = '' AND t.id > ? AND t.blob_count >= 0
    AND t.made_blobs = t.blob_count AND r.deleted_at = ''
ORDER BY t.id LIMIT ?`

// UnmadeTakes lists takes of which all blobs are there, and whose segments have still to be made of
// them, after the id given, at most limit.
func (c *Catalogue) UnmadeTakes(ctx context.Context, after ID, limit int) ([]Take, error) {
	var found []Take
	err := c.db.Select(ctx, &found, unmade, after, limit)
	return found, err
}

// MoreExpected reports whether a recording has local takes of which something is still to come.
func (c *Catalogue) MoreExpected(ctx context.Context, q Queryer, recording ID) (bool, error) {
	var waiting int
	err := q.Get(ctx, &waiting, expected, recording)
	return waiting > 0, err
}
