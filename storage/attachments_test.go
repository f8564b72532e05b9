package storage_test

import (
	"testing"

	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestAttachments(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		begin := func() storage.ID {
			t.Helper()
			r := storage.Recording{ID: storage.NewID(), ProgramID: storage.NewID(), OwnerID: storage.NewID()}
			if err := db.InTx(ctx, func(tx *storage.Tx) error {
				_, err := c.CreateRecording(ctx, tx, r)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return r.ID
		}
		recording, other := begin(), begin()
		plan := storage.Attachment{ID: storage.NewID(), RecordingID: recording, Name: "plan.pdf",
			MediaType: "application/pdf", Bytes: 5, SHA256: "aa"}
		add := func(a storage.Attachment, want storage.Kind, wantMade bool) {
			t.Helper()
			have, made, err := c.AddAttachment(ctx, a)
			if storage.KindOf(err) != want || made != wantMade {
				t.Errorf("added: made %v, %v", made, err)
			}
			if want == "" && have.ObjectKey != storage.AttachmentKey(recording, a.ID) {
				t.Errorf("it lies at %q", have.ObjectKey)
			}
		}
		add(plan, "", true)
		add(plan, "", false)
		changed := plan
		changed.SHA256 = "bb"
		add(changed, storage.Conflict, false)
		elsewhere := plan
		elsewhere.RecordingID = other
		add(elsewhere, storage.Conflict, false)
		for range storage.MaxAttachments - 1 {
			next := plan
			next.ID = storage.NewID()
			add(next, "", true)
		}
		if err := c.RoomForAttachment(ctx, recording, storage.NewID()); storage.KindOf(err) != storage.TooMany {
			t.Errorf("room for one more: %v", err)
		}
		if err := c.RoomForAttachment(ctx, recording, plan.ID); err != nil {
			t.Errorf("room for one that is there: %v", err)
		}
		over := plan
		over.ID = storage.NewID()
		_, _, err := c.AddAttachment(ctx, over)
		if storage.KindOf(err) != storage.TooMany {
			t.Errorf("one too many: %v", err)
		}
		if list, err := c.Attachments(ctx, recording); err != nil || len(list) != storage.MaxAttachments {
			t.Errorf("%d are listed, %v", len(list), err)
		}
		remove := func(recording storage.ID) error {
			return db.InTx(ctx, func(tx *storage.Tx) error {
				_, err := c.RemoveAttachment(ctx, tx, recording, plan.ID)
				return err
			})
		}
		if err := remove(other); storage.KindOf(err) != storage.NotFound {
			t.Errorf("removed as another's: %v", err)
		}
		if err := remove(recording); err != nil {
			t.Error(err)
		}
		add(over, "", true)
		if err := db.InTx(ctx, func(tx *storage.Tx) error { return c.DeleteRecording(ctx, tx, other) }); err != nil {
			t.Fatal(err)
		}
		late := plan
		late.ID, late.RecordingID = storage.NewID(), other
		add(late, storage.NotFound, false)
	})
}
