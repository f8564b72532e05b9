package storage

import "context"

const insertTake = `INSERT INTO takes (id, recording_id, route, source, state, offset_ms,
    started_at, node, lease_until, session)
VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

// BeginTake opens a take of a recording that has not been stopped; a take of a stopped recording
// is a Conflict, and so is an id that is another recording's take. Beginning it again changes
// nothing.
func (c *Catalogue) BeginTake(ctx context.Context, take Take) (Take, error) {
	if take.StartedAt.IsZero() {
		take.StartedAt = Now()
	}
	if take.Source == "" {
		take.Source = "camera"
	}
	var have Take
	err := c.db.InTx(ctx, func(tx *Tx) error {
		state, err := lockState(ctx, tx, take.RecordingID)
		if err != nil {
			return err
		}
		if state != StateRecording {
			return Errorf(Conflict, "This recording has been stopped: nothing more can be added to it.")
		}
		if _, err := tx.Exec(ctx, insertTake, take.ID, take.RecordingID, take.Route, take.Source,
			take.OffsetMS, take.StartedAt, take.Node, take.LeaseUntil,
			take.Session); err != nil {
			return err
		}
		if err := tx.Get(ctx, &have, `SELECT * FROM takes WHERE id = ?`, take.ID); err != nil {
			return err
		}
		if have.RecordingID != take.RecordingID {
			return Errorf(Conflict, "That id belongs to a take of another recording.")
		}
		return nil
	})
	return have, err
}

// lockState reads a recording's state and keeps other writers of the row out until tx ends.
func lockState(ctx context.Context, tx *Tx, id ID) (RecordingState, error) {
	var state RecordingState
	err := tx.Get(ctx, &state, `UPDATE recordings SET updated_at = ?
WHERE id = ? AND deleted_at = '' RETURNING state`, Now(), id)
	return state, err
}

const insertTrack = `INSERT INTO tracks (take_id, number, kind, codec, timescale)
VALUES (?, ?, ?, ?, ?) ON CONFLICT (take_id, number) DO NOTHING`

// AddTrack notes a track of a take. Adding it again changes nothing.
func (c *Catalogue) AddTrack(ctx context.Context, t Track) error {
	_, err := c.db.Exec(ctx, insertTrack, t.TakeID, t.Number, t.Kind, t.Codec, t.Timescale)
	return err
}

const insertInit = `INSERT INTO inits (take_id, number, codecs, width, height, object_key, bytes,
    sha256, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (take_id, number) DO NOTHING`

// AddInit notes an init segment whose object is stored. Adding it again changes nothing; another
// content under the same number is a Conflict.
func (c *Catalogue) AddInit(ctx context.Context, i Init) error {
	return c.db.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, insertInit, i.TakeID, i.Number, i.Codecs, i.Width, i.Height,
			i.ObjectKey, i.Bytes, i.SHA256, Now()); err != nil {
			return err
		}
		return same(ctx, tx, `SELECT sha256 FROM inits WHERE take_id = ? AND number = ?`,
			i.TakeID, i.Number, i.SHA256)
	})
}

const insertSegment = `INSERT INTO segments (take_id, number, init_number, start_ticks, ticks,
    object_key, object_from, bytes, sha256, arrived, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (take_id, number) DO NOTHING`

// AddSegment notes a segment whose object is stored, and lengthens the recording's timeline where
// it reaches further. Adding it again changes nothing; another content under the same number is
// a Conflict. A recording that has been deleted takes no more: NotFound.
func (c *Catalogue) AddSegment(ctx context.Context, s Segment) error {
	return c.db.InTx(ctx, func(tx *Tx) error {
		var take Take
		if err := tx.Get(ctx, &take, `SELECT * FROM takes WHERE id = ?`, s.TakeID); err != nil {
			return err
		}
		return addSegment(ctx, tx, take, s)
	})
}

// arrive numbers a segment, and keeps other writers of the recording out until tx ends: in the order
// of their numbers they are seen.
const arrive = `UPDATE recordings SET updated_at = ?,
    arrivals = arrivals + CASE WHEN EXISTS (SELECT 1 FROM segments WHERE take_id = ? AND number = ?)
        THEN 0 ELSE 1 END,
    duration_ms = CASE WHEN duration_ms < ? THEN ? ELSE duration_ms END
WHERE id = ? AND deleted_at = '' RETURNING arrivals`

// addSegment is AddSegment within tx, for a take that has been read.
func addSegment(ctx context.Context, tx *Tx, take Take, s Segment) error {
	now := Now()
	end := take.OffsetMS + (s.Start + s.Length).Milliseconds()
	var arrived int64
	if err := tx.Get(ctx, &arrived, arrive, now, s.TakeID, s.Number, end, end,
		take.RecordingID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertSegment, s.TakeID, s.Number, s.InitNumber, s.Start, s.Length,
		s.ObjectKey, s.ObjectFrom, s.Bytes, s.SHA256, arrived, now); err != nil {
		return err
	}
	return same(ctx, tx, `SELECT sha256 FROM segments WHERE take_id = ? AND number = ?`,
		s.TakeID, s.Number, s.SHA256)
}

// same is a Conflict when what the query finds is not the hash that was to be added.
func same(ctx context.Context, tx *Tx, query string, take ID, number int64, sha string) error {
	var have string
	if err := tx.Get(ctx, &have, query, take, number); err != nil {
		return err
	}
	if have != sha {
		return Errorf(Conflict, "Another content is already stored under that number.")
	}
	return nil
}

// EndTake closes a take, with a reason for the log. Ending it again keeps the first reason.
func (c *Catalogue) EndTake(ctx context.Context, id ID, reason string) error {
	_, err := c.db.Exec(ctx, `UPDATE takes SET state = 'ended', end_reason = ?, ended_at = ?
WHERE id = ? AND state = 'open'`, reason, Now(), id)
	return err
}

// Take reads one take.
func (c *Catalogue) Take(ctx context.Context, id ID) (Take, error) {
	var t Take
	err := c.db.Get(ctx, &t, `SELECT * FROM takes WHERE id = ?`, id)
	return t, err
}

// maxTakes bounds what one recording may be made of: an hour of reconnects every second.
const maxTakes = 3600

// Takes lists the takes of a recording by their place on its timeline.
func (c *Catalogue) Takes(ctx context.Context, recording ID) ([]Take, error) {
	var found []Take
	err := c.db.Select(ctx, &found, `SELECT * FROM takes WHERE recording_id = ?
ORDER BY offset_ms, id LIMIT ?`, recording, maxTakes)
	return found, err
}

// Tracks lists the tracks of a take.
func (c *Catalogue) Tracks(ctx context.Context, take ID) ([]Track, error) {
	var found []Track
	err := c.db.Select(ctx, &found, `SELECT * FROM tracks WHERE take_id = ? ORDER BY number LIMIT 16`,
		take)
	return found, err
}

// Inits lists the init segments of a take.
func (c *Catalogue) Inits(ctx context.Context, take ID) ([]Init, error) {
	var found []Init
	err := c.db.Select(ctx, &found, `SELECT * FROM inits WHERE take_id = ? ORDER BY number LIMIT 10000`,
		take)
	return found, err
}

// Segments lists the segments of a take by number, after the number given, at most limit.
func (c *Catalogue) Segments(ctx context.Context, take ID, after int64, limit int,
) ([]Segment, error) {
	var found []Segment
	err := c.db.Select(ctx, &found, `SELECT * FROM segments WHERE take_id = ? AND number > ?
ORDER BY number LIMIT ?`, take, after, limit)
	return found, err
}

// SegmentsOf lists the segments of a recording by take and number, after those given ("" and 0:
// from the first), at most limit.
func (c *Catalogue) SegmentsOf(ctx context.Context, recording, take ID, after int64, limit int,
) ([]Segment, error) {
	var found []Segment
	err := c.db.Select(ctx, &found, `SELECT s.* FROM segments s JOIN takes t ON t.id = s.take_id
WHERE t.recording_id = ? AND (s.take_id > ? OR s.take_id = ? AND s.number > ?)
ORDER BY s.take_id, s.number LIMIT ?`, recording, take, take, after, limit)
	return found, err
}

// Arrival is where on the timeline a segment lies, and when in their order it came. The segment
// before it in its take is told again: it may have become longer, to where this one begins.
type Arrival struct {
	Source       string `db:"source"`
	OffsetMS     int64  `db:"offset_ms"`
	Start        Ticks  `db:"start_ticks"`
	Length       Ticks  `db:"ticks"`
	BeforeStart  Ticks  `db:"before_start"`
	BeforeLength Ticks  `db:"before_ticks"` // 0: there is none
	Arrived      int64  `db:"arrived"`
}

const arrivals = `SELECT t.source, t.offset_ms, s.start_ticks, s.ticks, s.arrived,
    COALESCE(b.start_ticks, 0) AS before_start, COALESCE(b.ticks, 0) AS before_ticks
FROM takes t JOIN segments s ON s.take_id = t.id AND s.arrived > ?
LEFT JOIN segments b ON b.take_id = s.take_id AND b.number = s.number - 1
WHERE t.recording_id = ? ORDER BY s.arrived LIMIT ?`

// Arrivals lists the segments of a recording in the order in which they came, after the number
// given, at most limit.
func (c *Catalogue) Arrivals(ctx context.Context, recording ID, after int64, limit int,
) ([]Arrival, error) {
	var found []Arrival
	err := c.db.Select(ctx, &found, arrivals, after, recording, limit)
	return found, err
}

// Init reads one init segment of a recording's take.
func (c *Catalogue) Init(ctx context.Context, recording, take ID, number int64) (Init, error) {
	var i Init
	err := c.db.Get(ctx, &i, `SELECT i.* FROM inits i JOIN takes t ON t.id = i.take_id
WHERE t.recording_id = ? AND i.take_id = ? AND i.number = ?`, recording, take, number)
	return i, err
}

// Segment reads one segment of a recording's take.
func (c *Catalogue) Segment(ctx context.Context, recording, take ID, number int64) (Segment, error) {
	var s Segment
	err := c.db.Get(ctx, &s, `SELECT s.* FROM segments s JOIN takes t ON t.id = s.take_id
WHERE t.recording_id = ? AND s.take_id = ? AND s.number = ?`, recording, take, number)
	return s, err
}

const upsertRendition = `INSERT INTO renditions (recording_id, kind, media_type, object_key, bytes,
    sha256, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (recording_id, kind) DO UPDATE SET media_type = excluded.media_type,
    object_key = excluded.object_key, bytes = excluded.bytes, sha256 = excluded.sha256,
    created_at = excluded.created_at`

// PutRendition notes what was made of a recording, in place of an earlier one of its kind.
func (c *Catalogue) PutRendition(ctx context.Context, tx *Tx, r Rendition) error {
	_, err := tx.Exec(ctx, upsertRendition, r.RecordingID, r.Kind, r.MediaType, r.ObjectKey,
		r.Bytes, r.SHA256, Now())
	return err
}

// Renditions lists what was made of a recording.
func (c *Catalogue) Renditions(ctx context.Context, recording ID) ([]Rendition, error) {
	var found []Rendition
	err := c.db.Select(ctx, &found, `SELECT * FROM renditions WHERE recording_id = ?
ORDER BY kind LIMIT 100`, recording)
	return found, err
}

// Rendition reads one rendition.
func (c *Catalogue) Rendition(ctx context.Context, recording ID, kind RenditionKind,
) (Rendition, error) {
	var r Rendition
	err := c.db.Get(ctx, &r, `SELECT * FROM renditions WHERE recording_id = ? AND kind = ?`,
		recording, kind)
	return r, err
}
