package annotate

import (
	"context"

	"backrow/storage"
)

const insertReply = `INSERT INTO replies (id, annotation_id, recording_id, author_id, text,
    created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`

// Reply adds a reply by actor to an annotation that the actor may see.
func (l *Log) Reply(ctx context.Context, actor storage.ID, d ReplyDraft) (Reply, Event, error) {
	d, err := d.clean()
	if err != nil {
		return Reply{}, Event{}, err
	}
	sum, err := digest(actor, ReplyCreated, d.RecordingID, d)
	if err != nil {
		return Reply{}, Event{}, err
	}
	e, err := l.write(ctx, d.RecordingID, actor, func(c *change) error {
		if err := c.repeated(ctx, d.ID, 1, sum); err != nil {
			return err
		}
		if err := c.vacant(ctx, `SELECT id FROM replies WHERE id = ?`, d.ID); err != nil {
			return err
		}
		a, err := c.living(ctx, d.AnnotationID)
		if err != nil {
			return err
		}
		if err := c.fewer(ctx, MaxThread, "This thread has as many replies as it can hold.",
			`SELECT COUNT(*) FROM replies WHERE annotation_id = ?`, a.ID); err != nil {
			return err
		}
		if err := c.fewer(ctx, MaxReplies, "This recording has as many replies as it can hold.",
			`SELECT COUNT(*) FROM replies WHERE recording_id = ?`, a.RecordingID); err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, insertReply, d.ID, a.ID, a.RecordingID, actor, d.Text,
			c.now, c.now); err != nil {
			return err
		}
		return c.done(ctx, ReplyCreated, a.ID, d.ID, 1, hiddenFrom(a.AuthorID, a.Visibility))
	})
	return l.replied(ctx, e, err, actor, d.RecordingID, d.ID)
}

const updateReply = `UPDATE replies SET text = ?, deleted_at = ?, version = ?, updated_at = ?
WHERE id = ?`

// EditReply changes the text of a reply of the actor's own, if version is the present one.
func (l *Log) EditReply(ctx context.Context, actor, recording, id storage.ID, version int64,
	text string,
) (Reply, Event, error) {
	text, err := cleanText(text)
	if err != nil {
		return Reply{}, Event{}, err
	}
	return l.reviseReply(ctx, ReplyEdited, actor, recording, id, version, text,
		func(_ *change, r *replyRow) error {
			if !r.DeletedAt.IsZero() {
				return storage.Errorf(storage.Conflict, "This reply has been deleted.")
			}
			r.Text = text
			return nil
		})
}

// DeleteReply hides a reply of the actor's own from everyone, if version is the present one.
func (l *Log) DeleteReply(ctx context.Context, actor, recording, id storage.ID, version int64,
) (Reply, Event, error) {
	return l.markReply(ctx, ReplyDeleted, actor, recording, id, version)
}

// RestoreReply undoes a DeleteReply.
func (l *Log) RestoreReply(ctx context.Context, actor, recording, id storage.ID, version int64,
) (Reply, Event, error) {
	return l.markReply(ctx, ReplyRestored, actor, recording, id, version)
}

func (l *Log) markReply(ctx context.Context, kind ChangeType, actor, recording, id storage.ID,
	version int64,
) (Reply, Event, error) {
	return l.reviseReply(ctx, kind, actor, recording, id, version, nil,
		func(c *change, r *replyRow) (err error) {
			r.DeletedAt, err = c.flip(kind == ReplyDeleted, r.DeletedAt)
			return err
		})
}

// reviseReply is what every change of an existing reply has in common; work changes the row.
func (l *Log) reviseReply(ctx context.Context, kind ChangeType, actor, recording, id storage.ID,
	version int64, body any, work func(c *change, r *replyRow) error,
) (Reply, Event, error) {
	sum, err := digest(actor, kind, recording, id, version, body)
	if err != nil {
		return Reply{}, Event{}, err
	}
	e, err := l.write(ctx, recording, actor, func(c *change) error {
		r, a, err := c.reply(ctx, id)
		if err != nil {
			return err
		}
		if r.AuthorID != actor {
			return storage.Errorf(storage.Forbidden, "Only the author of this reply can change it.")
		}
		if err := c.repeated(ctx, id, version+1, sum); err != nil {
			return err
		}
		if !a.DeletedAt.IsZero() {
			return errDeleted()
		}
		if r.Version != version {
			return errChanged()
		}
		if err := work(c, &r); err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, updateReply, r.Text, r.DeletedAt, version+1, c.now, id); err != nil {
			return err
		}
		return c.done(ctx, kind, a.ID, id, version+1, hiddenFrom(a.AuthorID, a.Visibility))
	})
	return l.replied(ctx, e, err, actor, recording, id)
}

func errDeleted() error {
	return storage.Errorf(storage.Conflict, "The feedback that this belongs to has been deleted.")
}

// living reads an annotation that the actor may see and that is not deleted.
func (c *change) living(ctx context.Context, id storage.ID) (annotationRow, error) {
	a, err := c.annotation(ctx, id)
	if err == nil && !a.DeletedAt.IsZero() {
		return a, errDeleted()
	}
	return a, err
}

// reply reads a reply, with its annotation, that the actor may see, deleted or not.
func (c *change) reply(ctx context.Context, id storage.ID) (replyRow, annotationRow, error) {
	var r replyRow
	err := c.tx.Get(ctx, &r, `SELECT * FROM replies WHERE id = ? AND recording_id = ?`,
		id, c.recording.ID)
	if storage.KindOf(err) == storage.NotFound {
		return r, annotationRow{}, errNoAnnotation()
	}
	if err != nil {
		return r, annotationRow{}, err
	}
	a, err := c.annotation(ctx, r.AnnotationID)
	return r, a, err
}

// replied is what a change of a reply returns: with a Conflict, the present one.
func (l *Log) replied(ctx context.Context, e Event, err error, actor, recording, id storage.ID,
) (Reply, Event, error) {
	switch {
	case storage.KindOf(err) == storage.Conflict:
		return l.present(ctx, actor, recording, id), Event{}, err
	case err != nil:
		return Reply{}, Event{}, err
	}
	return *e.Reply, e, nil
}

// present is a reply as it is now; empty when there is none that viewer may see.
func (l *Log) present(ctx context.Context, viewer, recording, id storage.ID) Reply {
	var of storage.ID
	if err := l.db.Get(ctx, &of, `SELECT annotation_id FROM replies
WHERE id = ? AND recording_id = ?`, id, recording); err != nil {
		return Reply{}
	}
	found, err := l.annotationsByID(ctx, []storage.ID{of})
	if err != nil || found[of] == nil || !found[of].visibleTo(viewer) {
		return Reply{}
	}
	if r := found[of].reply(id); r != nil {
		return *r
	}
	return Reply{}
}
