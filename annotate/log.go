package annotate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"backrow/storage"
)

// Names tells the names of people. Unknown ids are left out of the answer.
type Names interface {
	Names(ctx context.Context, ids []storage.ID) (map[storage.ID]string, error)
}

// Options are what a Log may be given beyond its database.
type Options struct {
	Names Names        // nil: authors have no names
	Log   *slog.Logger // nil: slog.Default()
}

// Log is the annotations of all recordings and the log of their changes. It is safe for
// concurrent use; several Logs, in one process or many, may share a database.
//
// Every change takes the actor, who must have been allowed to annotate or reply by the caller;
// that only authors change what is theirs, and that private annotations are their author's alone,
// is seen to here. A change that is repeated, with the same ids, version and body, is answered
// with the event of the first time and changes nothing. An edit of an old version, or another
// body under an id that is taken, is a Conflict, and the thing returned beside the error is the
// present one (its ID is empty when it is not the actor's to see).
type Log struct {
	db     *storage.DB
	names  Names
	log    *slog.Logger
	topics topics
	fanout *fanout
}

// NewLog is the log kept in db. Where several nodes share a PostgreSQL, Run it.
func NewLog(db *storage.DB, o Options) *Log {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Log{db: db, names: o.Names, log: o.Log}
	if db.Dialect() == storage.Postgres {
		l.fanout = newFanout()
	}
	return l
}

// readBack bounds the reading of what has just been committed.
const readBack = 5 * time.Second

// change is one write under way, inside its transaction and under the recording's lock.
type change struct {
	tx        *storage.Tx
	recording storage.Recording
	actor     storage.ID
	now       storage.Time
	digest    string // of the write, set by repeated
	event     eventRow
}

// errRepeat undoes the transaction of a write that was done before; its event says when.
type errRepeat struct{ event eventRow }

func (errRepeat) Error() string { return "annotate: repeated write" }

const lockRecording = `UPDATE recordings SET last_seq = last_seq + 1
WHERE id = ? AND deleted_at = '' RETURNING *`

const insertEvent = `INSERT INTO annotation_events (recording_id, seq, change, actor_id,
    annotation_id, subject_id, version, digest, only_for, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// begin numbers a change and, by the same statement, keeps all other writers of the recording's
// log out until tx ends.
func begin(ctx context.Context, tx *storage.Tx, recording, actor storage.ID) (*change, error) {
	c := &change{tx: tx, actor: actor, now: storage.Now()}
	if err := tx.Get(ctx, &c.recording, lockRecording, recording); err != nil {
		return nil, err
	}
	return c, nil
}

// done notes what the change did.
func (c *change) done(ctx context.Context, kind ChangeType, annotation, subject storage.ID,
	version int64, onlyFor storage.ID,
) error {
	c.event = eventRow{RecordingID: c.recording.ID, Seq: c.recording.LastSeq, Change: kind,
		ActorID: c.actor, AnnotationID: annotation, SubjectID: subject, Version: version,
		Digest: c.digest, OnlyFor: onlyFor, At: c.now}
	e := c.event
	_, err := c.tx.Exec(ctx, insertEvent, e.RecordingID, e.Seq, e.Change, e.ActorID,
		e.AnnotationID, e.SubjectID, e.Version, e.Digest, e.OnlyFor, e.At)
	return err
}

// repeated is an errRepeat when the write that would make this version of the subject has been
// done already, by the same words. Another write that made it is nil here, and a Conflict to the
// caller.
func (c *change) repeated(ctx context.Context, subject storage.ID, version int64, digest string,
) error {
	c.digest = digest
	var e eventRow
	err := c.tx.Get(ctx, &e, `SELECT * FROM annotation_events WHERE subject_id = ? AND version = ?`,
		subject, version)
	switch {
	case storage.KindOf(err) == storage.NotFound:
		return nil
	case err != nil:
		return err
	case e.Digest == digest:
		return errRepeat{e}
	}
	return nil
}

// write runs one change and publishes its event after the commit. The event that it returns is as
// the actor sees it; for a repeat it is the first one.
func (l *Log) write(ctx context.Context, recording, actor storage.ID,
	work func(c *change) error,
) (Event, error) {
	var row eventRow
	err := l.db.InTx(ctx, func(tx *storage.Tx) error {
		c, err := begin(ctx, tx, recording, actor)
		if err != nil {
			return err
		}
		if err := work(c); err != nil {
			return err
		}
		row = c.event
		return nil
	})
	var repeat errRepeat
	switch {
	case errors.As(err, &repeat):
		row = repeat.event
	case storage.IsUnique(err): // an id that another recording, or a reply, has
		return Event{}, errTaken()
	case err != nil:
		return Event{}, err
	}
	// What is committed is told, whether or not the one who wrote it still waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBack)
	defer cancel()
	events, err := l.dress(ctx, []eventRow{row})
	if repeat.event.Seq == 0 {
		if err != nil {
			l.publish(recording, row.Seq, nil)
		} else {
			l.publish(recording, row.Seq, &events[0])
		}
	}
	if err != nil {
		return Event{}, err
	}
	return events[0], nil
}

// publish tells this process's subscribers, and the other nodes, of a committed event. A nil event
// has the subscribers read it. It never blocks.
func (l *Log) publish(recording storage.ID, seq int64, e *Event) {
	l.topics.tell(recording, seq, e)
	if l.fanout != nil {
		l.fanout.notify(recording, seq)
	}
}

// digest is the SHA-256 of a write: who does what to which thing, and with which words.
func digest(actor storage.ID, kind ChangeType, parts ...any) (string, error) {
	text, err := json.Marshal(append([]any{actor, kind}, parts...))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
