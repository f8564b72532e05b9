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
	SHA256    string         `db:"sha256"` // hexadecimal
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

// Fragment is one moof with its mdat in a blob, or in an object of its own where it had to be
// mended.
type Fragment struct {
	From      int64  `json:"from"` // the first byte, in the blob or in the object of its own
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
	ObjectKey string `json:"object_key,omitempty"` // empty: the blob's
	Runs      []Run  `json:"runs"`
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
	return Take{}, false, Errorf(Unavailable, "Local takes cannot be received yet.")
}

// Added tells what became of a blob.
type Added struct {
	New       bool // it was not there before
	Completed bool // with it the take is complete
	Take      Take
}

// AddBlob notes a blob whose objects are stored, and makes segments of those that are contiguous
// now. Adding it again changes nothing; other bytes under its number are a Conflict. When it was the
// last missing one of a take that cannot be shown as it is, arrived is run in the same transaction.
func (c *Catalogue) AddBlob(ctx context.Context, recording ID, b Blob,
	arrived func(ctx context.Context, tx *Tx, t Take) error,
) (Added, error) {
	return Added{}, Errorf(Unavailable, "Local takes cannot be received yet.")
}

// EndLocalTake says how many blobs a take has and how long it is. Saying it again changes nothing;
// another number is a Conflict, and so is one below what is there. arrived is as for AddBlob.
func (c *Catalogue) EndLocalTake(ctx context.Context, recording, take ID, blobs, lengthMS int64,
	reason string, arrived func(ctx context.Context, tx *Tx, t Take) error,
) (have Take, completed bool, err error) {
	return Take{}, false, Errorf(Unavailable, "Local takes cannot be received yet.")
}

// LocalTake reads a local take of a recording.
func (c *Catalogue) LocalTake(ctx context.Context, recording, take ID) (Take, error) {
	var t Take
	err := c.db.Get(ctx, &t, `SELECT t.* FROM takes t JOIN recordings r ON r.id = t.recording_id
WHERE t.id = ? AND t.recording_id = ? AND t.route = 'local' AND r.deleted_at = ''`, take, recording)
	return t, err
}

// Blobs lists the blobs of a take by number, after the number given, at most limit.
func (c *Catalogue) Blobs(ctx context.Context, take ID, after int64, limit int) ([]Blob, error) {
	var found []Blob
	err := c.db.Select(ctx, &found, `SELECT * FROM blobs WHERE take_id = ? AND number > ?
ORDER BY number LIMIT ?`, take, after, limit)
	return found, err
}

// Held are the blobs of a take that are there.
type Held struct {
	Ranges [][2]int64 // first and last of each unbroken row, in order
	Bytes  int64
	Take   Take
}

// HeldBlobs tells which blobs of a take are there.
func (c *Catalogue) HeldBlobs(ctx context.Context, recording, take ID) (Held, error) {
	return Held{}, Errorf(Unavailable, "Local takes cannot be received yet.")
}
