package storage

import "context"

// MaxAttachments is how many files may go with one recording.
const MaxAttachments = 20

// Attachment is a file that goes with a recording: the lesson plan, a work sample.
type Attachment struct {
	ID          ID     `db:"id"`
	RecordingID ID     `db:"recording_id"`
	Name        string `db:"name"`
	MediaType   string `db:"media_type"`
	ObjectKey   string `db:"object_key"`
	Bytes       int64  `db:"bytes"`
	SHA256      string `db:"sha256"` // hexadecimal
	CreatedAt   Time   `db:"created_at"`
}

// AttachmentKey is where an attachment's object lies: with all else of its recording, so that who
// removes a recording's objects removes it too.
func AttachmentKey(recording, id ID) string {
	return "recordings/" + string(recording) + "/attachments/" + string(id)
}

const insertAttachment = `INSERT INTO attachments (id, recording_id, name, media_type, object_key, bytes,
    sha256, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

// AddAttachment notes a file whose object is stored. Adding it again changes nothing, and made is
// false; other bytes under its id, or another recording's id, are a Conflict. Over MaxAttachments
// it is TooMany; a deleted recording is NotFound.
func (c *Catalogue) AddAttachment(ctx context.Context, a Attachment) (have Attachment, made bool, err error) {
	err = c.db.InTx(ctx, func(tx *Tx) error {
		if _, err := lockState(ctx, tx, a.RecordingID); err != nil {
			return err
		}
		result, err := tx.Exec(ctx, insertAttachment, a.ID, a.RecordingID, a.Name, a.MediaType,
			AttachmentKey(a.RecordingID, a.ID), a.Bytes, a.SHA256, Now())
		if err != nil {
			return err
		}
		added, err := result.RowsAffected()
		if err != nil {
			return err
		}
		made = added == 1
		if err := tx.Get(ctx, &have, `SELECT * FROM attachments WHERE id = ?`, a.ID); err != nil {
			return err
		}
		if have.RecordingID != a.RecordingID || have.SHA256 != a.SHA256 {
			have, made = Attachment{}, false
			return Errorf(Conflict, "That id belongs to another file.")
		}
		var count int
		if err := tx.Get(ctx, &count, `SELECT COUNT(*) FROM attachments WHERE recording_id = ?`,
			a.RecordingID); err != nil {
			return err
		}
		if made && count > MaxAttachments {
			return errManyAttachments()
		}
		return nil
	})
	return have, made, err
}

func errManyAttachments() error {
	return Errorf(TooMany, "A recording holds %d files at most. Remove one first.", MaxAttachments)
}

// RoomForAttachment says before a file is sent whether one of that id could be added: TooMany when
// the recording is full.
func (c *Catalogue) RoomForAttachment(ctx context.Context, recording, id ID) error {
	var others int
	if err := c.db.Get(ctx, &others, `SELECT COUNT(*) FROM attachments
WHERE recording_id = ? AND id <> ?`, recording, id); err != nil {
		return err
	}
	if others >= MaxAttachments {
		return errManyAttachments()
	}
	return nil
}

// Attachments lists the files of a recording, in the order in which they were made.
func (c *Catalogue) Attachments(ctx context.Context, recording ID) ([]Attachment, error) {
	var found []Attachment
	err := c.db.Select(ctx, &found, `SELECT * FROM attachments WHERE recording_id = ?
ORDER BY id LIMIT ?`, recording, MaxAttachments)
	return found, err
}

// Attachment reads one file's row.
func (c *Catalogue) Attachment(ctx context.Context, recording, id ID) (Attachment, error) {
	var a Attachment
	err := c.db.Get(ctx, &a, `SELECT * FROM attachments WHERE recording_id = ? AND id = ?`, recording, id)
	return a, err
}

// RemoveAttachment removes a file's row, within tx; its object is the caller's to delete, after the
// commit. One that is not there is NotFound.
func (c *Catalogue) RemoveAttachment(ctx context.Context, tx *Tx, recording, id ID) (Attachment, error) {
	var a Attachment
	err := tx.Get(ctx, &a, `DELETE FROM attachments WHERE recording_id = ? AND id = ? RETURNING *`,
		recording, id)
	return a, err
}
