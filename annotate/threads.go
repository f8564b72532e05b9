package annotate

import (
	"context"
	"slices"

	"backrow/storage"
)

// annotationRow is a row of annotations.
type annotationRow struct {
	ID          storage.ID                 `db:"id"`
	RecordingID storage.ID                 `db:"recording_id"`
	AuthorID    storage.ID                 `db:"author_id"`
	StartMS     int64                      `db:"start_ms"`
	EndMS       int64                      `db:"end_ms"`
	Kind        Kind                       `db:"kind"`
	TargetAreas storage.JSON[[]storage.ID] `db:"target_areas"`
	Text        string                     `db:"text"`
	Visibility  Visibility                 `db:"visibility"`
	Status      string                     `db:"status"`
	Version     int64                      `db:"version"`
	CreatedAt   storage.Time               `db:"created_at"`
	UpdatedAt   storage.Time               `db:"updated_at"`
	DeletedAt   storage.Time               `db:"deleted_at"`
}

// replyRow is a row of replies.
type replyRow struct {
	ID           storage.ID   `db:"id"`
	AnnotationID storage.ID   `db:"annotation_id"`
	RecordingID  storage.ID   `db:"recording_id"`
	AuthorID     storage.ID   `db:"author_id"`
	Text         string       `db:"text"`
	Version      int64        `db:"version"`
	CreatedAt    storage.Time `db:"created_at"`
	UpdatedAt    storage.Time `db:"updated_at"`
	DeletedAt    storage.Time `db:"deleted_at"`
}

// thread is an annotation with all that belongs to it, deleted or not: what shown and reply make
// fit to leave the package.
type thread struct {
	Annotation
	replies []Reply // deleted ones too, blanked
}

// shown is the annotation as it may be shown to those who may see it.
func (t *thread) shown() Annotation {
	a := t.Annotation
	a.Replies = []Reply{}
	if a.Deleted {
		a.Text = ""
		return a
	}
	for _, r := range t.replies {
		if !r.Deleted {
			a.Replies = append(a.Replies, r)
		}
	}
	return a
}

// reply is one reply of the thread; nil when it has none of that id. That of a deleted annotation
// is blank.
func (t *thread) reply(id storage.ID) *Reply {
	i := slices.IndexFunc(t.replies, func(r Reply) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	r := t.replies[i]
	if t.Deleted {
		r.Text, r.Deleted = "", true
	}
	return &r
}

const selectOfRecording = `SELECT * FROM annotations
WHERE recording_id = ? AND deleted_at = '' AND (visibility = 'shared' OR author_id = ?)
ORDER BY start_ms, id LIMIT ?`

const selectRepliesOfRecording = `SELECT * FROM replies
WHERE recording_id = ? AND deleted_at = '' ORDER BY created_at, id LIMIT ?`

// List reads the annotations of a recording that viewer may see, by their place on the timeline,
// each with its thread, and the seq of the log that they are good for: events after it may change
// them, events up to it are in them. Deleted ones are left out. MaxAnnotations and MaxReplies bound
// it. An unknown recording is NotFound.
func (l *Log) List(ctx context.Context, viewer, recording storage.ID) ([]Annotation, int64, error) {
	seq, err := l.LastSeq(ctx, recording) // first: what changes meanwhile is told again
	if err != nil {
		return nil, 0, err
	}
	var rows []annotationRow
	if err := l.db.Select(ctx, &rows, selectOfRecording, recording, viewer, MaxAnnotations); err != nil {
		return nil, 0, err
	}
	var replies []replyRow
	if err := l.db.Select(ctx, &replies, selectRepliesOfRecording, recording, MaxReplies); err != nil {
		return nil, 0, err
	}
	threads, err := l.gather(ctx, rows, replies)
	if err != nil {
		return nil, 0, err
	}
	list := make([]Annotation, 0, len(rows))
	for _, r := range rows {
		list = append(list, threads[r.ID].shown())
	}
	return list, seq, nil
}

// Annotation reads one annotation that viewer may see; any other is NotFound.
func (l *Log) Annotation(ctx context.Context, viewer, recording, id storage.ID) (Annotation, error) {
	found, err := l.annotationsByID(ctx, []storage.ID{id})
	if err != nil {
		return Annotation{}, err
	}
	t, ok := found[id]
	if !ok || t.RecordingID != recording || !t.visibleTo(viewer) {
		return Annotation{}, errNoAnnotation()
	}
	return t.shown(), nil
}

func (l *Log) annotationsByID(ctx context.Context, ids []storage.ID) (map[storage.ID]*thread, error) {
	query, args, err := in(`SELECT * FROM annotations WHERE id IN (?)`, ids)
	if err != nil {
		return nil, err
	}
	var rows []annotationRow
	if err := l.db.Select(ctx, &rows, query, args...); err != nil {
		return nil, err
	}
	query, args, err = in(`SELECT * FROM replies WHERE annotation_id IN (?) ORDER BY created_at, id LIMIT ?`,
		ids, MaxReplies)
	if err != nil {
		return nil, err
	}
	var replies []replyRow
	if err := l.db.Select(ctx, &replies, query, args...); err != nil {
		return nil, err
	}
	return l.gather(ctx, rows, replies)
}

// gather puts replies into the threads of their annotations and names to their authors.
func (l *Log) gather(ctx context.Context, rows []annotationRow, replies []replyRow,
) (map[storage.ID]*thread, error) {
	threads := make(map[storage.ID]*thread, len(rows))
	authors := map[storage.ID]string{}
	for _, r := range rows {
		authors[r.AuthorID] = ""
		threads[r.ID] = &thread{Annotation: r.annotation()}
	}
	for _, r := range replies {
		if t, ok := threads[r.AnnotationID]; ok {
			authors[r.AuthorID] = ""
			t.replies = append(t.replies, r.reply())
		}
	}
	if err := l.nameAll(ctx, authors); err != nil {
		return nil, err
	}
	for _, t := range threads {
		t.Author.Name = authors[t.Author.ID]
		for i := range t.replies {
			t.replies[i].Author.Name = authors[t.replies[i].Author.ID]
		}
	}
	return threads, nil
}

func (l *Log) nameAll(ctx context.Context, people map[storage.ID]string) error {
	if l.names == nil || len(people) == 0 {
		return nil
	}
	ids := make([]storage.ID, 0, len(people))
	for id := range people {
		ids = append(ids, id)
	}
	names, err := l.names.Names(ctx, ids)
	if err != nil {
		return err
	}
	for id, name := range names {
		people[id] = name
	}
	return nil
}

func (r annotationRow) annotation() Annotation {
	areas := r.TargetAreas.V
	if areas == nil {
		areas = []storage.ID{}
	}
	return Annotation{ID: r.ID, RecordingID: r.RecordingID, Author: Person{ID: r.AuthorID},
		StartMS: r.StartMS, EndMS: r.EndMS, Kind: r.Kind, TargetAreaIDs: areas, Text: r.Text,
		Visibility: r.Visibility, Status: r.Status, Version: r.Version, CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt, Deleted: !r.DeletedAt.IsZero()}
}

func (r replyRow) reply() Reply {
	reply := Reply{ID: r.ID, AnnotationID: r.AnnotationID, Author: Person{ID: r.AuthorID},
		Text: r.Text, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		Deleted: !r.DeletedAt.IsZero()}
	if reply.Deleted {
		reply.Text = ""
	}
	return reply
}
