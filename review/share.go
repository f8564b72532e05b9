package review

import (
	"context"

	"backrow/storage"
)

// Access is what a share allows.
type Access string

// The kinds of access.
const (
	Viewer   Access = "viewer"   // sees and replies
	Reviewer Access = "reviewer" // also gives feedback
)

// Share lets one user see one recording.
type Share struct {
	RecordingID storage.ID   `db:"recording_id"`
	UserID      storage.ID   `db:"user_id"`
	UserName    string       `db:"user_name"`
	Access      Access       `db:"access"`
	Until       storage.Time `db:"until"` // zero: until taken back
	GrantedBy   storage.ID   `db:"granted_by"`
	CreatedAt   storage.Time `db:"created_at"`
}

// maxShares bounds with how many people one recording is shared.
const maxShares = 200

const (
	selectShares = `SELECT s.recording_id, s.user_id, u.name AS user_name, s.access, s.until,
    s.granted_by, s.created_at FROM shares s JOIN users u ON u.id = s.user_id `
	upsertShare = `INSERT INTO shares (recording_id, user_id, access, until, granted_by, created_at)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (recording_id, user_id) DO UPDATE SET
    access = excluded.access, until = excluded.until, granted_by = excluded.granted_by`
	// holdRecording keeps two changes of who may see a recording apart.
	holdRecording = `UPDATE recordings SET version = version WHERE id = ? AND deleted_at = ''
RETURNING *`
)

// Share lets a member of the recording's program see it, in place of what was shared with them
// before. Until, when it is not zero, must be in the future.
func (s *Service) Share(ctx context.Context, actor storage.ID, sh Share) (Share, error) {
	if sh.Access != Viewer && sh.Access != Reviewer {
		return Share{}, storage.Errorf(storage.Invalid,
			"A recording is shared with a viewer or a reviewer, not %q.", string(sh.Access))
	}
	if !sh.Until.IsZero() && !sh.Until.After(s.clock()) {
		return Share{}, storage.Errorf(storage.Invalid, "The end of the share is in the past.")
	}
	sh.GrantedBy = actor
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		r, m, err := s.holdFor(ctx, tx, sh.RecordingID, sh.UserID)
		if err != nil {
			return err
		}
		if m.DisabledAt.IsZero() {
			sh, err = s.insertShare(ctx, tx, r, sh)
			return err
		}
		return storage.Errorf(storage.Invalid, "%s cannot sign in any more.", m.Name)
	})
	if err != nil {
		return Share{}, err
	}
	return sh, nil
}

// holdFor holds a recording and reads the member of its program who is to get access to it.
func (s *Service) holdFor(ctx context.Context, tx *storage.Tx, recording, user storage.ID,
) (storage.Recording, Member, error) {
	var r storage.Recording
	if err := tx.Get(ctx, &r, holdRecording, recording); err != nil {
		return r, Member{}, err
	}
	if r.OwnerID == user {
		return r, Member{}, storage.Errorf(storage.Invalid,
			"The recording is theirs: they see it already.")
	}
	m, err := member(ctx, tx, r.ProgramID, user)
	if storage.KindOf(err) == storage.NotFound {
		err = storage.Errorf(storage.Invalid,
			"A recording can be shared with members of its program only, and that is none of them.")
	}
	return r, m, err
}

func (s *Service) insertShare(ctx context.Context, tx *storage.Tx, r storage.Recording, sh Share,
) (Share, error) {
	if err := s.room(ctx, tx, maxShares, "A recording is shared with %d people at most.",
		`SELECT COUNT(*) FROM shares WHERE recording_id = ? AND user_id <> ?`, r.ID,
		sh.UserID); err != nil {
		return Share{}, err
	}
	if _, err := tx.Exec(ctx, upsertShare, r.ID, sh.UserID, sh.Access, sh.Until, sh.GrantedBy,
		s.now()); err != nil {
		return Share{}, err
	}
	if err := s.Audit(ctx, tx, Entry{
		ActorID: sh.GrantedBy, Action: "share.added", Subject: "recording:" + string(r.ID),
		Detail: "user=" + string(sh.UserID) + " access=" + string(sh.Access) +
			when(!sh.Until.IsZero(), " until="+sh.Until.Format("2006-01-02T15:04Z")),
	}); err != nil {
		return Share{}, err
	}
	// A reviewer who is made viewer has lost something too: open rooms must ask again.
	tx.AfterCommit(func() { s.lost(sh.UserID, r.ID) })
	var have Share
	err := tx.Get(ctx, &have, selectShares+`WHERE s.recording_id = ? AND s.user_id = ?`, r.ID, sh.UserID)
	return have, err
}

// Unshare takes a share back; a review that the user has begun rests until it is shared with them
// again. Taking it back again changes nothing.
func (s *Service) Unshare(ctx context.Context, actor, recording, user storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		result, err := tx.Exec(ctx, `DELETE FROM shares WHERE recording_id = ? AND user_id = ?`, recording,
			user)
		if err != nil {
			return err
		}
		if gone, err := result.RowsAffected(); err != nil || gone == 0 {
			return err
		}
		tx.AfterCommit(func() { s.lost(user, recording) })
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "share.removed", Subject: "recording:" + string(recording),
			Detail: "user=" + string(user),
		})
	})
}

// Shares lists with whom a recording is shared, in the order of being shared; those that have run
// out too.
func (s *Service) Shares(ctx context.Context, recording storage.ID) ([]Share, error) {
	var found []Share
	err := s.db.Select(ctx, &found, selectShares+`WHERE s.recording_id = ?
ORDER BY s.created_at, s.user_id LIMIT ?`, recording, maxShares)
	return found, err
}
