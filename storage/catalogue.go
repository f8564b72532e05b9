package storage

import (
	"context"
	"time"
)

// Ticks is media time inside a take: 1/90000 s from the take's first moment.
type Ticks int64

// TicksPerSecond is the clock of RTP video (RFC 3551, section 5) and of every take.
const TicksPerSecond = 90000

// Duration is t as wall time, rounded to the nanosecond.
func (t Ticks) Duration() time.Duration {
	return time.Duration(t/TicksPerSecond)*time.Second +
		time.Duration(t%TicksPerSecond)*time.Second/TicksPerSecond
}

// Milliseconds is t rounded down to the millisecond.
func (t Ticks) Milliseconds() int64 { return int64(t) / (TicksPerSecond / 1000) }

// RecordingState says where a recording is in its life. It is playable in every state.
type RecordingState string

// The states of a recording, in order.
const (
	StateRecording RecordingState = "recording" // takes may be open
	StateFinishing RecordingState = "finishing" // stopped; segments are still on their way to the store
	StateReady     RecordingState = "ready"     // stopped, and everything received is stored
)

// Recording is one lesson.
type Recording struct {
	ID         ID             `db:"id"`
	ProgramID  ID             `db:"program_id"`
	OwnerID    ID             `db:"owner_id"`
	Title      string         `db:"title"`
	Class      string         `db:"class"`
	State      RecordingState `db:"state"`
	StartedAt  Time           `db:"started_at"`
	EndedAt    Time           `db:"ended_at"` // zero while recording
	DurationMS int64          `db:"duration_ms"`
	TaughtMS   int64          `db:"taught_ms"`  // what the page's clock counted; -1: it has not said
	CoveredMS  int64          `db:"covered_ms"` // of the timeline, by what is stored
	SettledAt  Time           `db:"settled_at"` // since when no better take is expected; zero: one is
	Arrivals   int64          `db:"arrivals"`   // how many segments have come
	Shown      int64          `db:"shown"`      // of these, when the work on renditions was queued
	TidiedAt   Time           `db:"tidied_at"`  // when live takes that local ones cover were dropped
	LastSeq    int64          `db:"last_seq"`   // of the log of annotations
	Version    int64          `db:"version"`
	CreatedAt  Time           `db:"created_at"`
	UpdatedAt  Time           `db:"updated_at"`
	DeletedAt  Time           `db:"deleted_at"`
}

// Route is the way by which a take reaches the server.
type Route string

// The routes.
const (
	RouteLive   Route = "live"
	RouteLocal  Route = "local"
	RouteUpload Route = "upload"
)

// Take is one unbroken run of one source by one route.
type Take struct {
	ID          ID     `db:"id"`
	RecordingID ID     `db:"recording_id"`
	Route       Route  `db:"route"`
	Source      string `db:"source"` // camera, screen
	State       string `db:"state"`  // open, ended, dropped: another take has all of it
	OffsetMS    int64  `db:"offset_ms"`
	EndReason   string `db:"end_reason"`
	StartedAt   Time   `db:"started_at"`
	EndedAt     Time   `db:"ended_at"`

	// Of a local take.
	MediaType   string `db:"media_type"`   // as the browser names it, with codecs
	LeadMS      int64  `db:"lead_ms"`      // by how much the picture in its blobs is too early against the sound
	Direct      bool   `db:"direct"`       // its fragments are segments as they are
	LengthMS    int64  `db:"length_ms"`    // as the page counted
	BlobCount   int64  `db:"blob_count"`   // -1: it has not been said
	MadeBlobs   int64  `db:"made_blobs"`   // from the first on, in segments
	CompletedAt Time   `db:"completed_at"` // when all of it was stored and in segments

	// Of a live take.
	Node       ID     `db:"node"`        // that serves it
	LeaseUntil Time   `db:"lease_until"` // it is believed to until then
	Session    string `db:"session"`     // SHA-256, in hexadecimal, of the secret by which its sender ends it
}

// Track is one medium of a take.
type Track struct {
	TakeID    ID     `db:"take_id"`
	Number    int64  `db:"number"`
	Kind      string `db:"kind"`  // video, audio
	Codec     string `db:"codec"` // h264, vp9, vp8, opus, aac
	Timescale int64  `db:"timescale"`
}

// Init is an init segment: the codec configuration of the segments that name it.
type Init struct {
	TakeID    ID     `db:"take_id"`
	Number    int64  `db:"number"`
	Codecs    string `db:"codecs"` // RFC 6381
	Width     int64  `db:"width"`
	Height    int64  `db:"height"`
	ObjectKey string `db:"object_key"`
	Bytes     int64  `db:"bytes"`
	SHA256    string `db:"sha256"` // hexadecimal
	CreatedAt Time   `db:"created_at"`
}

// Segment is about two seconds of a take's tracks, in one CMAF object.
type Segment struct {
	TakeID     ID     `db:"take_id"`
	Number     int64  `db:"number"`
	InitNumber int64  `db:"init_number"`
	Start      Ticks  `db:"start_ticks"`
	Length     Ticks  `db:"ticks"`
	ObjectKey  string `db:"object_key"`
	ObjectFrom int64  `db:"object_from"` // where in the object it begins
	Bytes      int64  `db:"bytes"`
	SHA256     string `db:"sha256"`  // hexadecimal, of the segment's own bytes
	Arrived    int64  `db:"arrived"` // the order in which a recording's segments came, from 1
	CreatedAt  Time   `db:"created_at"`
}

// RenditionKind names what was made of a recording.
type RenditionKind string

// The kinds of rendition.
const (
	RenditionMP4             RenditionKind = "mp4"              // the download
	RenditionPoster          RenditionKind = "poster"           // one JPEG still
	RenditionStoryboard      RenditionKind = "storyboard"       // one JPEG sheet of small stills
	RenditionStoryboardIndex RenditionKind = "storyboard_index" // WebVTT with #xywh= into the sheet
	RenditionWaveform        RenditionKind = "waveform"         // JSON: audio peaks
)

// Rendition is one object made of a recording.
type Rendition struct {
	RecordingID ID            `db:"recording_id"`
	Kind        RenditionKind `db:"kind"`
	MediaType   string        `db:"media_type"`
	ObjectKey   string        `db:"object_key"`
	Bytes       int64         `db:"bytes"`
	SHA256      string        `db:"sha256"`
	CreatedAt   Time          `db:"created_at"`
}

// Catalogue is what is known of recordings and of the objects that hold them. It is safe for
// concurrent use.
type Catalogue struct{ db *DB }

// NewCatalogue is the catalogue kept in db.
func NewCatalogue(db *DB) *Catalogue { return &Catalogue{db: db} }

// DB is the database that the catalogue is kept in.
func (c *Catalogue) DB() *DB { return c.db }

// maxOpen is how many recordings one person may have open at once: a few laptops' worth. What is
// begun and never stopped is finished by itself after a while.
const maxOpen = 20

const countOpen = `SELECT COUNT(*) FROM recordings WHERE owner_id = ? AND state = 'recording'
    AND deleted_at = ''`

const insertRecording = `INSERT INTO recordings (id, program_id, owner_id, title, class, state,
    started_at, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, 'recording', ?, ?, ?) ON CONFLICT (id) DO NOTHING`

// CreateRecording adds a recording in state recording, within tx. ID, ProgramID, OwnerID, Title,
// Class and StartedAt are taken from r. Creating it again with the same id and owner changes
// nothing and returns what is there; with another owner it is a Conflict. An owner of very many
// open recordings is told TooMany.
func (c *Catalogue) CreateRecording(ctx context.Context, tx *Tx, r Recording) (Recording, error) {
	now := Now()
	if r.StartedAt.IsZero() {
		r.StartedAt = now
	}
	if _, err := tx.Exec(ctx, insertRecording, r.ID, r.ProgramID, r.OwnerID, r.Title, r.Class,
		r.StartedAt, now, now); err != nil {
		return Recording{}, err
	}
	var have Recording
	if err := tx.Get(ctx, &have, `SELECT * FROM recordings WHERE id = ?`, r.ID); err != nil {
		return Recording{}, err
	}
	if have.OwnerID != r.OwnerID || have.ProgramID != r.ProgramID || !have.DeletedAt.IsZero() {
		return Recording{}, Errorf(Conflict, "That id belongs to another recording.")
	}
	var open int
	if err := tx.Get(ctx, &open, countOpen, r.OwnerID); err != nil {
		return Recording{}, err
	}
	if open > maxOpen {
		return Recording{}, Errorf(TooMany,
			"You have %d lessons open that were not stopped. Stop one of them, then try again.", open-1)
	}
	return have, nil
}

// Recording reads one recording. A deleted one is NotFound.
func (c *Catalogue) Recording(ctx context.Context, id ID) (Recording, error) {
	var r Recording
	err := c.db.Get(ctx, &r, `SELECT * FROM recordings WHERE id = ? AND deleted_at = ''`, id)
	return r, err
}

const editRecording = `UPDATE recordings SET title = ?, class = ?, version = version + 1,
    updated_at = ? WHERE id = ? AND version = ? AND deleted_at = ''`

// EditRecording changes title and class, if version is still the present one; otherwise it is a
// Conflict.
func (c *Catalogue) EditRecording(ctx context.Context, id ID, version int64, title, class string,
) (Recording, error) {
	result, err := c.db.Exec(ctx, editRecording, title, class, Now(), id, version)
	if err != nil {
		return Recording{}, err
	}
	have, err := c.Recording(ctx, id)
	if err != nil {
		return Recording{}, err
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return have, Errorf(Conflict, "Somebody changed this recording in the meantime.")
	}
	return have, nil
}

const deleteRecording = `UPDATE recordings SET deleted_at = ?, version = version + 1
WHERE id = ? AND deleted_at = ''`

// DeleteRecording hides a recording from everyone, within tx. Its objects are left to a sweep.
func (c *Catalogue) DeleteRecording(ctx context.Context, tx *Tx, id ID) error {
	_, err := tx.Exec(ctx, deleteRecording, Now(), id)
	return err
}
