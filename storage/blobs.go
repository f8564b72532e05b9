package storage

import (
	"context"
	"time"
)

// The limits of what a browser may send of one recording.
const (
	// MaxLocalTakes is how many local takes a recording may have: an hour of one every seven seconds.
	MaxLocalTakes = 500
	// MaxBlobs is how many blobs a take may have: more than a day of one a second.
	MaxBlobs = 100_000
	// MaxAhead is how far a blob's number may be before the first one that is missing.
	MaxAhead = 1000
	// MaxTimeline is how long a recording's timeline may be.
	MaxTimeline = 24 * time.Hour
	// LocalFor is how long after a recording's start its local takes may come.
	LocalFor = 30 * 24 * time.Hour
	// MaxLeadMS is by how much the picture of a local take may be too early against its sound.
	MaxLeadMS = 200
	// afterLesson is how far after what the page taught a take of a stopped recording may begin: the
	// page's clock and its recorder's are read a moment apart.
	afterLesson = 5 * time.Second
)

// Blob is a part of a local take as the browser sent it. Number 1 is the first.
type Blob struct {
	TakeID    ID             `db:"take_id"`
	Number    int64          `db:"number"`
	ObjectKey string         `db:"object_key"`
	Bytes     int64          `db:"bytes"`
	SHA256    string         `db:"sha256"` // hexadecimal, as it was sent; the object may have been mended
	Contents  JSON[Contents] `db:"contents"`
	CreatedAt Time           `db:"created_at"`
}

// Contents are what of its take's media lies in a blob. It is read when the blob arrives, perhaps
// long before those that precede it: times are in the tracks' own timescales, which only the init
// segment tells.
type Contents struct {
	Why       string     `json:"why,omitempty"` // it cannot be shown as it is; empty: it can
	Init      *BlobInit  `json:"init,omitempty"`
	Fragments []Fragment `json:"fragments,omitempty"`
}

// BlobInit is an init segment in a blob. Its bytes are an object of their own.
type BlobInit struct {
	Codecs    string      `json:"codecs"` // RFC 6381
	Width     int64       `json:"width,omitempty"`
	Height    int64       `json:"height,omitempty"`
	ObjectKey string      `json:"object_key"`
	Bytes     int64       `json:"bytes"`
	SHA256    string      `json:"sha256"`
	Tracks    []BlobTrack `json:"tracks"`
}

// BlobTrack is a track that an init segment describes.
type BlobTrack struct {
	Number    int64  `json:"number"`
	Kind      string `json:"kind"`
	Codec     string `json:"codec"`
	Timescale int64  `json:"timescale"`
}

// Fragment is one moof with its mdat in a blob.
type Fragment struct {
	From   int64  `json:"from"` // the first byte
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Runs   []Run  `json:"runs"`
}

// Run is one track's samples in a fragment.
type Run struct {
	Track int64 `json:"track"`
	Start int64 `json:"start"` // of what is shown first, in the track's timescale
	End   int64 `json:"end"`   // of what is shown last
	Key   bool  `json:"key"`   // the first sample can be decoded without others
}

// BeginLocalTake opens a local take. It may belong to a recording that has been stopped: a laptop
// that was away sends later. Beginning it again with the same facts changes nothing, with others it
// is a Conflict, and so are a take of a stopped recording that begins after what was taught and
// one that comes 30 days late; over MaxLocalTakes it is TooMany.
func (c *Catalogue) BeginLocalTake(ctx context.Context, t Take) (have Take, made bool, err error) {
	err = c.db.InTx(ctx, func(tx *Tx) error {
		r, err := lockRecording(ctx, tx, t.RecordingID)
		if err != nil {
			return err
		}
		err = tx.Get(ctx, &have, `SELECT * FROM takes WHERE id = ?`, t.ID)
		if KindOf(err) == NotFound {
			if err := mayBegin(ctx, tx, r, t); err != nil {
				return err
			}
			if made, err = insertLocalTake(ctx, tx, t); err != nil {
				return err
			}
			err = tx.Get(ctx, &have, `SELECT * FROM takes WHERE id = ?`, t.ID)
		}
		if err != nil {
			return err
		}
		return sameTake(have, t)
	})
	return have, made && err == nil, err
}

// lockRecording reads a recording, notes the sign of life, and keeps other writers of the row out
// until tx ends.
func lockRecording(ctx context.Context, tx *Tx, id ID) (Recording, error) {
	var r Recording
	err := tx.Get(ctx, &r, `UPDATE recordings SET updated_at = ?
WHERE id = ? AND deleted_at = '' RETURNING *`, Now(), id)
	return r, err
}

// countLocal stops counting at the limit.
const countLocal = `SELECT COUNT(*) FROM (SELECT 1 FROM takes WHERE recording_id = ? AND route = 'local'
    LIMIT ?) AS counted`

// mayBegin says what stands against a new local take.
func mayBegin(ctx context.Context, tx *Tx, r Recording, t Take) error {
	if t.OffsetMS < 0 || t.OffsetMS > MaxTimeline.Milliseconds() {
		return Errorf(Invalid, "A take begins within the first %d hours of a recording.",
			int(MaxTimeline.Hours()))
	}
	if t.LeadMS < 0 || t.LeadMS > MaxLeadMS {
		return Errorf(Invalid, "A picture is from 0 to %d ms ahead of its sound.", MaxLeadMS)
	}
	if err := inTime(r); err != nil {
		return err
	}
	if r.State != StateRecording && r.TaughtMS >= 0 &&
		t.OffsetMS > r.TaughtMS+afterLesson.Milliseconds() {
		return Errorf(Conflict, "This lesson had ended before the take begins.")
	}
	var count int
	if err := tx.Get(ctx, &count, countLocal, r.ID, MaxLocalTakes); err != nil {
		return err
	}
	if count >= MaxLocalTakes {
		return Errorf(TooMany, "A recording has %d takes from laptops at most.", MaxLocalTakes)
	}
	return nil
}

// inTime refuses what comes too long after a recording's start.
func inTime(r Recording) error {
	if time.Since(r.StartedAt.Time) > LocalFor {
		return Errorf(Conflict, "This lesson was recorded more than %d days ago: nothing more can be added to it.",
			int(LocalFor.Hours()/24))
	}
	return nil
}

func insertLocalTake(ctx context.Context, tx *Tx, t Take) (made bool, err error) {
	direct := 0
	if t.Direct {
		direct = 1
	}
	result, err := tx.Exec(ctx, `INSERT INTO takes (id, recording_id, route, source, state, offset_ms,
    started_at, media_type, lead_ms, direct) VALUES (?, ?, 'local', ?, 'open', ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING`,
		t.ID, t.RecordingID, t.Source, t.OffsetMS, t.StartedAt, t.MediaType, t.LeadMS, direct)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// sameTake is a Conflict when the take that is there is another.
func sameTake(have, t Take) error {
	if have.RecordingID != t.RecordingID {
		return Errorf(Conflict, "That id belongs to a take of another recording.")
	}
	if have.Route != RouteLocal || have.Source != t.Source || have.OffsetMS != t.OffsetMS ||
		!have.StartedAt.Equal(t.StartedAt.Time) || have.MediaType != t.MediaType || have.LeadMS != t.LeadMS {
		return Errorf(Conflict, "This take was begun before, and with other facts.")
	}
	return nil
}

// LocalTake reads a local take of a recording.
func (c *Catalogue) LocalTake(ctx context.Context, recording, take ID) (Take, error) {
	var t Take
	err := c.db.Get(ctx, &t, `SELECT t.* FROM takes t JOIN recordings r ON r.id = t.recording_id
WHERE t.id = ? AND t.recording_id = ? AND t.route = 'local' AND r.deleted_at = ''`, take, recording)
	return t, err
}

// MayAddBlob says what stands against a blob, as far as that can be told before its bytes are there,
// and whether those very bytes are stored already.
func (c *Catalogue) MayAddBlob(ctx context.Context, recording ID, b Blob) (have bool, err error) {
	r, err := c.Recording(ctx, recording)
	if err != nil {
		return false, err
	}
	t, err := c.LocalTake(ctx, recording, b.TakeID)
	if err != nil {
		return false, err
	}
	if have, err = blobThere(ctx, c.db, b); have || err != nil {
		return have, err
	}
	return false, mayAdd(r, t, b)
}

// blobThere reports whether a blob is stored; other bytes under its number are a Conflict.
func blobThere(ctx context.Context, q Queryer, b Blob) (bool, error) {
	var sha string
	err := q.Get(ctx, &sha, `SELECT sha256 FROM blobs WHERE take_id = ? AND number = ?`, b.TakeID, b.Number)
	switch {
	case KindOf(err) == NotFound:
		return false, nil
	case err != nil:
		return false, err
	case sha != b.SHA256:
		return false, Errorf(Conflict, "Other bytes are stored as blob %d of this take.", b.Number)
	}
	return true, nil
}

// mayAdd says what stands against a new blob.
func mayAdd(r Recording, t Take, b Blob) error {
	switch {
	case b.Number < 1 || b.Number > MaxBlobs:
		return Errorf(Invalid, "A take has %d blobs at most, and the first is number 1.", MaxBlobs)
	case t.BlobCount >= 0 && b.Number > t.BlobCount:
		return Errorf(Conflict, "This take ended with %d blobs.", t.BlobCount)
	case b.Number > t.MadeBlobs+MaxAhead:
		return Errorf(Invalid, "Blob %d is too far ahead: number %d is missing.", b.Number, t.MadeBlobs+1)
	}
	return inTime(r)
}

// Lead tells by how much the picture of a blob's take is too early, and the take's tracks. Only its
// init segment says them: until that is there, and with it all blobs before it, any other blob of
// such a take is Unavailable.
func (c *Catalogue) Lead(ctx context.Context, recording ID, b Blob) (ms int64, tracks []Track, err error) {
	t, err := c.LocalTake(ctx, recording, b.TakeID)
	if err != nil || t.LeadMS == 0 {
		return 0, nil, err
	}
	if tracks, err = c.Tracks(ctx, t.ID); err != nil {
		return 0, nil, err
	}
	if len(tracks) == 0 && t.Direct && b.Number > t.MadeBlobs+1 {
		return 0, nil, Errorf(Unavailable, "Of this take, please send number %d first.", t.MadeBlobs+1)
	}
	return t.LeadMS, tracks, nil
}

// Added tells what became of a blob, or of the end of a take.
type Added struct {
	New       bool   // it was not there before
	Completed bool   // with it the take is complete
	Made      int    // segments that it completed
	Why       string // with it the take turned out not to be shown as it is: why
	Take      Take
}

const insertBlob = `INSERT INTO blobs (take_id, number, object_key, bytes, sha256, contents, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?)`

// Arrived is told, within a transaction, of a take that cannot be shown as it is and of which all
// blobs are there.
type Arrived func(ctx context.Context, tx *Tx, t Take) error

// AddBlob notes a blob whose objects are stored, and makes segments of those that are contiguous
// now. Adding it again changes nothing; other bytes under its number are a Conflict. When it was the
// last missing one of a take that cannot be shown as it is, arrived is run in the same transaction.
func (c *Catalogue) AddBlob(ctx context.Context, recording ID, b Blob, arrived Arrived) (Added, error) {
	var out Added
	err := c.db.InTx(ctx, func(tx *Tx) error {
		r, t, err := lockLocal(ctx, tx, recording, b.TakeID)
		if err != nil {
			return err
		}
		out = Added{Take: t}
		there, err := blobThere(ctx, tx, b)
		if there || err != nil {
			return err
		}
		if err := mayAdd(r, t, b); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertBlob, b.TakeID, b.Number, b.ObjectKey, b.Bytes, b.SHA256,
			b.Contents, Now()); err != nil {
			return err
		}
		out.New = true
		if b.Number != t.MadeBlobs+1 {
			return nil
		}
		if err := assemble(ctx, tx, &out); err != nil {
			return err
		}
		return complete(ctx, tx, &out, arrived)
	})
	return out, err
}

// lockLocal reads a local take and its recording, and keeps other writers of both out until tx
// ends: the recording first, as everywhere.
func lockLocal(ctx context.Context, tx *Tx, recording, take ID) (r Recording, t Take, err error) {
	if r, err = lockRecording(ctx, tx, recording); err != nil {
		return r, t, err
	}
	err = tx.Get(ctx, &t, `UPDATE takes SET made_blobs = made_blobs
WHERE id = ? AND recording_id = ? AND route = 'local' AND state <> 'dropped' RETURNING *`, take, recording)
	return r, t, err
}

// EndLocalTake says how many blobs a take has and how long it is. Saying it again changes nothing;
// another number is a Conflict, and so is one below what is there. arrived is as for AddBlob.
func (c *Catalogue) EndLocalTake(ctx context.Context, recording, take ID, blobs, lengthMS int64,
	reason string, arrived Arrived,
) (Added, error) {
	var out Added
	err := c.db.InTx(ctx, func(tx *Tx) error {
		_, t, err := lockLocal(ctx, tx, recording, take)
		if err != nil {
			return err
		}
		out = Added{Take: t}
		if blobs >= 0 && t.BlobCount == blobs {
			return nil
		}
		if err := mayEnd(ctx, tx, t, blobs, lengthMS); err != nil {
			return err
		}
		out.New = true
		if err := tx.Get(ctx, &out.Take, `UPDATE takes SET state = 'ended', end_reason = ?, ended_at = ?,
    blob_count = ?, length_ms = ? WHERE id = ? RETURNING *`, reason, Now(), blobs, lengthMS, take); err != nil {
			return err
		}
		return complete(ctx, tx, &out, arrived)
	})
	return out, err
}

// mayEnd says what stands against the end of a take with so many blobs.
func mayEnd(ctx context.Context, tx *Tx, t Take, blobs, lengthMS int64) error {
	switch {
	case t.BlobCount >= 0:
		return Errorf(Conflict, "This take ended with %d blobs.", t.BlobCount)
	case blobs < 0 || blobs > MaxBlobs:
		return Errorf(Invalid, "A take has %d blobs at most.", MaxBlobs)
	case lengthMS < 0 || t.OffsetMS+lengthMS > MaxTimeline.Milliseconds():
		return Errorf(Invalid, "A take ends within the first %d hours of a recording.",
			int(MaxTimeline.Hours()))
	}
	var last int64
	if err := tx.Get(ctx, &last, `SELECT COALESCE(MAX(number), 0) FROM blobs WHERE take_id = ?`,
		t.ID); err != nil {
		return err
	}
	if last > blobs {
		return Errorf(Conflict, "Blob %d of this take is stored: it cannot end with %d.", last, blobs)
	}
	return nil
}

const noteProgress = `UPDATE takes SET made_blobs = ?, direct = ?, completed_at = ? WHERE id = ?`

// complete notes how far a take has come, and what is to be done when all of it is there.
func complete(ctx context.Context, tx *Tx, out *Added, arrived Arrived) error {
	t := &out.Take
	there := t.BlobCount >= 0 && t.MadeBlobs == t.BlobCount
	if there && (t.Direct || t.BlobCount == 0) {
		t.CompletedAt, out.Completed = Now(), true
	}
	direct := 0
	if t.Direct {
		direct = 1
	}
	if _, err := tx.Exec(ctx, noteProgress, t.MadeBlobs, direct, t.CompletedAt, t.ID); err != nil {
		return err
	}
	if there && !out.Completed && arrived != nil {
		return arrived(ctx, tx, *t)
	}
	return nil
}

// Blobs lists the blobs of a take by number, after the number given, at most limit.
func (c *Catalogue) Blobs(ctx context.Context, take ID, after int64, limit int) ([]Blob, error) {
	var found []Blob
	err := c.db.Select(ctx, &found, listBlobs, take, after, limit)
	return found, err
}

const listBlobs = `SELECT * FROM blobs WHERE take_id = ? AND number > ? ORDER BY number LIMIT ?`

// Held are the blobs of a take that are there.
type Held struct {
	Ranges [][2]int64 // first and last of each unbroken row, in order
	Bytes  int64
	Take   Take
}

// HeldBlobs tells which blobs of a take are there.
func (c *Catalogue) HeldBlobs(ctx context.Context, recording, take ID) (Held, error) {
	t, err := c.LocalTake(ctx, recording, take)
	if err != nil {
		return Held{}, err
	}
	held := Held{Take: t}
	if t.MadeBlobs > 0 {
		held.Ranges = append(held.Ranges, [2]int64{1, t.MadeBlobs})
	}
	// What is before them is contiguous, and none is further ahead.
	var ahead []int64
	if err := c.db.Select(ctx, &ahead, `SELECT number FROM blobs WHERE take_id = ? AND number > ?
ORDER BY number LIMIT ?`, take, t.MadeBlobs, MaxAhead); err != nil {
		return Held{}, err
	}
	for _, number := range ahead {
		if n := len(held.Ranges); n > 0 && held.Ranges[n-1][1] == number-1 {
			held.Ranges[n-1][1] = number
		} else {
			held.Ranges = append(held.Ranges, [2]int64{number, number})
		}
	}
	err = c.db.Get(ctx, &held.Bytes, `SELECT COALESCE(SUM(bytes), 0) FROM blobs WHERE take_id = ?`, take)
	return held, err
}
