package annotate

import (
	"context"
	"slices"

	"backrow/storage"
)

func errNoAnnotation() error {
	return storage.Errorf(storage.NotFound, "That feedback does not exist, or you may not see it.")
}

func errChanged() error {
	return storage.Errorf(storage.Conflict, "Somebody changed this in the meantime.")
}

func errTaken() error {
	return storage.Errorf(storage.Conflict, "That id already belongs to something else.")
}

const insertAnnotation = `INSERT INTO annotations (id, recording_id, author_id, start_ms, end_ms,
    kind, target_areas, text, visibility, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// Create adds an annotation by actor to d's recording. The range must lie within the recording,
// the target areas must be its owner's.
func (l *Log) Create(ctx context.Context, actor storage.ID, d Draft) (Annotation, Event, error) {
	d, err := d.clean()
	if err != nil {
		return Annotation{}, Event{}, err
	}
	sum, err := digest(actor, AnnotationCreated, d.RecordingID, d)
	if err != nil {
		return Annotation{}, Event{}, err
	}
	e, err := l.write(ctx, d.RecordingID, actor, func(c *change) error {
		if err := c.repeated(ctx, d.ID, 1, sum); err != nil {
			return err
		}
		if err := c.vacant(ctx, `SELECT id FROM annotations WHERE id = ?`, d.ID); err != nil {
			return err
		}
		if err := c.fewer(ctx, MaxAnnotations, "This recording has as many marks as it can hold.",
			`SELECT COUNT(*) FROM annotations WHERE recording_id = ?`, d.RecordingID); err != nil {
			return err
		}
		if d.Ahead {
			d.ahead(c.recording)
		} else if err := checkWithin(d.EndMS, c.recording.DurationMS, c.recording.State); err != nil {
			return err
		}
		if err := c.ownAreas(ctx, d.TargetAreaIDs); err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, insertAnnotation, d.ID, d.RecordingID, actor, d.StartMS,
			d.EndMS, d.Kind, storage.JSON[[]storage.ID]{V: d.TargetAreaIDs}, d.Text, d.Visibility,
			c.now, c.now); err != nil {
			return err
		}
		return c.done(ctx, AnnotationCreated, d.ID, d.ID, 1, hiddenFrom(actor, d.Visibility))
	})
	return l.annotated(ctx, e, err, actor, d.RecordingID, d.ID)
}

const updateAnnotation = `UPDATE annotations SET start_ms = ?, end_ms = ?, kind = ?,
    target_areas = ?, text = ?, visibility = ?, version = ?, updated_at = ? WHERE id = ?`

// Edit changes an annotation of the actor's own, if version is the present one.
func (l *Log) Edit(ctx context.Context, actor, recording, id storage.ID, version int64, edit Edit,
) (Annotation, Event, error) {
	edit, err := edit.clean()
	if err != nil {
		return Annotation{}, Event{}, err
	}
	return l.revise(ctx, AnnotationEdited, actor, recording, id, version, edit,
		func(c *change, a annotationRow) error {
			if !a.DeletedAt.IsZero() {
				return storage.Errorf(storage.Conflict, "This feedback has been deleted.")
			}
			was := a
			if err := c.apply(ctx, &a, edit); err != nil {
				return err
			}
			_, err := c.tx.Exec(ctx, updateAnnotation, a.StartMS, a.EndMS, a.Kind, a.TargetAreas,
				a.Text, a.Visibility, version+1, c.now, id)
			if err != nil {
				return err
			}
			// Others must hear of it when they could see it before, or can now.
			onlyFor := hiddenFrom(actor, was.Visibility)
			if a.Visibility == Shared {
				onlyFor = ""
			}
			return c.done(ctx, AnnotationEdited, id, id, version+1, onlyFor)
		})
}

// apply puts an edit onto a, holding what changes to its limits.
func (c *change) apply(ctx context.Context, a *annotationRow, edit Edit) error {
	set(&a.StartMS, edit.StartMS)
	set(&a.EndMS, edit.EndMS)
	set(&a.Kind, edit.Kind)
	set(&a.Text, edit.Text)
	set(&a.Visibility, edit.Visibility)
	if edit.StartMS != nil || edit.EndMS != nil {
		if err := checkRange(a.StartMS, a.EndMS); err != nil {
			return err
		}
		if err := checkWithin(a.EndMS, c.recording.DurationMS, c.recording.State); err != nil {
			return err
		}
	}
	if edit.TargetAreaIDs == nil {
		return nil
	}
	added := slices.DeleteFunc(slices.Clone(*edit.TargetAreaIDs), func(id storage.ID) bool {
		return slices.Contains(a.TargetAreas.V, id)
	})
	a.TargetAreas.V = *edit.TargetAreaIDs
	return c.ownAreas(ctx, added)
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

const markAnnotation = `UPDATE annotations SET deleted_at = ?, version = ?, updated_at = ?
WHERE id = ?`

// Delete hides an annotation of the actor's own, and its thread, from everyone, if version is the
// present one. Restore brings both back.
func (l *Log) Delete(ctx context.Context, actor, recording, id storage.ID, version int64,
) (Annotation, Event, error) {
	return l.mark(ctx, AnnotationDeleted, actor, recording, id, version)
}

// Restore undoes a Delete.
func (l *Log) Restore(ctx context.Context, actor, recording, id storage.ID, version int64,
) (Annotation, Event, error) {
	return l.mark(ctx, AnnotationRestored, actor, recording, id, version)
}

func (l *Log) mark(ctx context.Context, kind ChangeType, actor, recording, id storage.ID,
	version int64,
) (Annotation, Event, error) {
	return l.revise(ctx, kind, actor, recording, id, version, nil,
		func(c *change, a annotationRow) error {
			deletedAt, err := c.flip(kind == AnnotationDeleted, a.DeletedAt)
			if err != nil {
				return err
			}
			if _, err := c.tx.Exec(ctx, markAnnotation, deletedAt, version+1, c.now, id); err != nil {
				return err
			}
			return c.done(ctx, kind, id, id, version+1,
				hiddenFrom(a.AuthorID, a.Visibility))
		})
}

// flip is the deleted_at of a thing that is to be deleted or restored.
func (c *change) flip(remove bool, deletedAt storage.Time) (storage.Time, error) {
	switch {
	case remove && !deletedAt.IsZero():
		return deletedAt, storage.Errorf(storage.Conflict, "This has been deleted already.")
	case remove:
		return c.now, nil
	case deletedAt.IsZero():
		return deletedAt, storage.Errorf(storage.Conflict, "This is not deleted.")
	}
	return storage.Time{}, nil
}

// revise is what every change of an existing annotation has in common: whose it is, whether it was
// done before, and whether version is the present one.
func (l *Log) revise(ctx context.Context, kind ChangeType, actor, recording, id storage.ID,
	version int64, body any, work func(c *change, a annotationRow) error,
) (Annotation, Event, error) {
	sum, err := digest(actor, kind, recording, id, version, body)
	if err != nil {
		return Annotation{}, Event{}, err
	}
	e, err := l.write(ctx, recording, actor, func(c *change) error {
		a, err := c.annotation(ctx, id)
		if err != nil {
			return err
		}
		if a.AuthorID != actor {
			return storage.Errorf(storage.Forbidden, "Only the author of this feedback can change it.")
		}
		if err := c.repeated(ctx, id, version+1, sum); err != nil {
			return err
		}
		if a.Version != version {
			return errChanged()
		}
		return work(c, a)
	})
	return l.annotated(ctx, e, err, actor, recording, id)
}

// annotated is what a change of an annotation returns: with a Conflict, the present one.
func (l *Log) annotated(ctx context.Context, e Event, err error, actor, recording, id storage.ID,
) (Annotation, Event, error) {
	switch {
	case storage.KindOf(err) == storage.Conflict:
		current, _ := l.Annotation(ctx, actor, recording, id) // empty when not the actor's to see
		return current, Event{}, err
	case err != nil:
		return Annotation{}, Event{}, err
	}
	return *e.Annotation, e, nil
}

// annotation reads an annotation that the actor may see, deleted or not.
func (c *change) annotation(ctx context.Context, id storage.ID) (annotationRow, error) {
	var a annotationRow
	err := c.tx.Get(ctx, &a, `SELECT * FROM annotations WHERE id = ? AND recording_id = ?`,
		id, c.recording.ID)
	if storage.KindOf(err) == storage.NotFound ||
		err == nil && a.Visibility != Shared && a.AuthorID != c.actor {
		return a, errNoAnnotation()
	}
	return a, err
}

// vacant is a Conflict when the query finds a row.
func (c *change) vacant(ctx context.Context, query string, id storage.ID) error {
	var have storage.ID
	err := c.tx.Get(ctx, &have, query, id)
	switch {
	case err == nil:
		return errTaken()
	case storage.KindOf(err) == storage.NotFound:
		return nil
	}
	return err
}

// fewer is TooMany when the query counts limit or more.
func (c *change) fewer(ctx context.Context, limit int64, message, query string, args ...any) error {
	var n int64
	if err := c.tx.Get(ctx, &n, query, args...); err != nil {
		return err
	}
	if n >= limit {
		return storage.Errorf(storage.TooMany, "%s", message)
	}
	return nil
}

const countAreas = `SELECT COUNT(*) FROM target_areas
WHERE id IN (?) AND teacher_id = ? AND program_id = ?`

// ownAreas is Invalid unless all ids are target areas of the recording's owner in its program.
func (c *change) ownAreas(ctx context.Context, ids []storage.ID) error {
	if len(ids) == 0 {
		return nil
	}
	query, args, err := in(countAreas, ids, c.recording.OwnerID, c.recording.ProgramID)
	if err != nil {
		return err
	}
	var n int
	if err := c.tx.Get(ctx, &n, query, args...); err != nil {
		return err
	}
	if n != len(ids) {
		return storage.Errorf(storage.Invalid,
			"A chosen target area is not one of this recording's teacher.")
	}
	return nil
}

// hiddenFrom is the one person who may know of a change to an annotation of that visibility.
func hiddenFrom(author storage.ID, v Visibility) storage.ID {
	if v == Shared {
		return ""
	}
	return author
}
