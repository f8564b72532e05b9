package annotate

import (
	"context"

	"github.com/jmoiron/sqlx"

	"backrow/storage"
)

// MaxEvents bounds what one call of Events returns, and what one reading of a subscriber takes.
const MaxEvents = 200

// eventRow is a row of annotation_events.
type eventRow struct {
	RecordingID  storage.ID   `db:"recording_id"`
	Seq          int64        `db:"seq"`
	Change       ChangeType   `db:"change"`
	ActorID      storage.ID   `db:"actor_id"`
	AnnotationID storage.ID   `db:"annotation_id"`
	SubjectID    storage.ID   `db:"subject_id"`
	Version      int64        `db:"version"`
	Digest       string       `db:"digest"`
	OnlyFor      storage.ID   `db:"only_for"`
	At           storage.Time `db:"at"`
}

const selectEventsFor = `SELECT * FROM annotation_events
WHERE recording_id = ? AND seq > ? AND seq <= ? AND (only_for = '' OR only_for = ?)
ORDER BY seq LIMIT ?`

const selectEvents = `SELECT * FROM annotation_events
WHERE recording_id = ? AND seq > ? ORDER BY seq LIMIT ?`

// Events reads the log after since, as viewer may see it, at most limit events (MaxEvents when
// limit is 0 or more than that). Through is how far they reach: every event up to it that viewer
// may see has been returned, so it is the next since; the log's end is reached when there are
// fewer than limit.
func (l *Log) Events(ctx context.Context, viewer, recording storage.ID, since int64, limit int,
) (events []Event, through int64, err error) {
	if limit <= 0 || limit > MaxEvents {
		limit = MaxEvents
	}
	// The end is read before the rows: what is committed in between is left for the next call.
	end, err := l.LastSeq(ctx, recording)
	if err != nil {
		return nil, 0, err
	}
	var rows []eventRow
	if err := l.db.Select(ctx, &rows, selectEventsFor, recording, since, end, viewer, limit); err != nil {
		return nil, 0, err
	}
	through = max(end, since)
	if len(rows) == limit {
		through = rows[len(rows)-1].Seq
	}
	all, err := l.dress(ctx, rows)
	if err != nil {
		return nil, 0, err
	}
	events = make([]Event, 0, len(all))
	for _, e := range all {
		if e, ok := e.For(viewer); ok {
			events = append(events, e)
		}
	}
	return events, through, nil
}

// LastSeq is the number of the log's last event; 0 when there is none. A recording that has been
// deleted is NotFound.
func (l *Log) LastSeq(ctx context.Context, recording storage.ID) (int64, error) {
	var seq int64
	err := l.db.Get(ctx, &seq, `SELECT last_seq FROM recordings WHERE id = ? AND deleted_at = ''`,
		recording)
	return seq, err
}

// dress gives event rows the things that they are about, as those are now.
func (l *Log) dress(ctx context.Context, rows []eventRow) ([]Event, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var ids []storage.ID
	seen := map[storage.ID]bool{}
	for _, r := range rows {
		if !seen[r.AnnotationID] {
			seen[r.AnnotationID] = true
			ids = append(ids, r.AnnotationID)
		}
	}
	found, err := l.annotationsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	shown := map[storage.ID]*Annotation{} // a long thread is held once, however many events name it
	events := make([]Event, 0, len(rows))
	for _, r := range rows {
		a, ok := found[r.AnnotationID]
		if !ok {
			return nil, storage.Errorf(storage.Internal, "event %d of %s has no annotation %s",
				r.Seq, r.RecordingID, r.AnnotationID)
		}
		at := r.At
		e := Event{Seq: r.Seq, Change: r.Change, AnnotationID: r.AnnotationID, ActorID: r.ActorID,
			At: &at, Version: r.Version, onlyFor: r.OnlyFor, visibility: a.Visibility, author: a.Author.ID}
		if r.SubjectID == r.AnnotationID {
			if shown[a.ID] == nil {
				once := a.shown()
				shown[a.ID] = &once
			}
			e.Annotation = shown[a.ID]
		} else if e.Reply = a.reply(r.SubjectID); e.Reply == nil {
			return nil, storage.Errorf(storage.Internal, "event %d of %s has no reply %s",
				r.Seq, r.RecordingID, r.SubjectID)
		}
		events = append(events, e)
	}
	return events, nil
}

// in expands the slices among args for an IN (?) of query.
func in(query string, args ...any) (string, []any, error) { return sqlx.In(query, args...) }
