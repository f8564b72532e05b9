package review

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"backrow/storage"
)

// StreamKey is the secret by which an encoder that is no browser (OBS, a camera) records lessons
// in its owner's name. The secret itself is shown once; what is kept is its SHA-256.
type StreamKey struct {
	ID          storage.ID `db:"id"`
	UserID      storage.ID `db:"user_id"`
	ProgramID   storage.ID `db:"program_id"` // that its lessons belong to
	ProgramName string     `db:"program_name"`
	Name        string     `db:"name"`
	// Language and Zone are those of the page on which it was made: an encoder has neither, and
	// the titles of its lessons want both.
	Language    string       `db:"language"`
	Zone        string       `db:"zone"`
	RecordingID storage.ID   `db:"recording_id"` // what it records, or recorded last; "": nothing yet
	CreatedAt   storage.Time `db:"created_at"`
	UsedAt      storage.Time `db:"used_at"` // zero: never
}

// NewStreamKey is what a stream key is made of.
type NewStreamKey struct {
	ID        storage.ID // made when empty
	ProgramID storage.ID // one that the owner is a member of
	Name      string     // such as OBS on the big desk
	Language  string
	Zone      string
}

const (
	// MaxStreamKeys is how many stream keys one person may have.
	MaxStreamKeys = 10
	// streamKeyMark begins every stream key, so that one that has strayed into a log or a chat is
	// known for what it is.
	streamKeyMark = "brs_"
)

const selectStreamKeys = `SELECT k.id, k.user_id, k.program_id, p.name AS program_name, k.name,
    k.language, k.zone, k.recording_id, k.created_at, k.used_at
FROM stream_keys k JOIN programs p ON p.id = k.program_id `

// AddStreamKey makes a stream key of owner's, and answers with its secret, which cannot be had
// again. Over MaxStreamKeys it is TooMany; in a program that owner is no member of, Forbidden.
func (s *Service) AddStreamKey(ctx context.Context, owner storage.ID, n NewStreamKey,
) (StreamKey, string, error) {
	var err error
	if n.Name, err = needed("The name", n.Name, maxName); err != nil {
		return StreamKey{}, "", err
	}
	if n.ID == "" {
		n.ID = storage.NewID()
	}
	var secret [32]byte
	rand.Read(secret[:])
	token := streamKeyMark + base64.RawURLEncoding.EncodeToString(secret[:])
	var made StreamKey
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made, err = s.insertStreamKey(ctx, tx, owner, n, digest(token))
		return err
	})
	if err != nil {
		return StreamKey{}, "", err
	}
	return made, token, nil
}

func (s *Service) insertStreamKey(ctx context.Context, tx *storage.Tx, owner storage.ID,
	n NewStreamKey, kept string,
) (StreamKey, error) {
	// Held, so that two made at once are both counted.
	var held storage.ID
	if err := tx.Get(ctx, &held, `UPDATE users SET name = name WHERE id = ? RETURNING id`,
		owner); err != nil {
		return StreamKey{}, err
	}
	if _, err := member(ctx, tx, n.ProgramID, owner); storage.KindOf(err) == storage.NotFound {
		return StreamKey{}, storage.Errorf(storage.Forbidden, "You are not a member of that program.")
	} else if err != nil {
		return StreamKey{}, err
	}
	var have int
	if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM stream_keys WHERE user_id = ?`,
		owner); err != nil {
		return StreamKey{}, err
	}
	if have >= MaxStreamKeys {
		return StreamKey{}, storage.Errorf(storage.TooMany,
			"You have %d stream keys already. Remove one that is not used any more first.", have)
	}
	result, err := tx.Exec(ctx, `INSERT INTO stream_keys (id, user_id, program_id, name, sha256,
    language, zone, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		n.ID, owner, n.ProgramID, n.Name, kept, n.Language, n.Zone, s.now())
	if err != nil {
		return StreamKey{}, err
	}
	if added, err := result.RowsAffected(); err != nil {
		return StreamKey{}, err
	} else if added == 0 {
		return StreamKey{}, storage.Errorf(storage.Conflict,
			"This key was made already, and is shown only once. If you do not have it, remove it and make another.")
	}
	if err := s.Audit(ctx, tx, Entry{
		ActorID: owner, Action: "stream_key.made", Subject: "user:" + string(owner),
		Detail: "key=" + string(n.ID) + " program=" + string(n.ProgramID),
	}); err != nil {
		return StreamKey{}, err
	}
	var made StreamKey
	err = tx.Get(ctx, &made, selectStreamKeys+`WHERE k.id = ?`, n.ID)
	return made, err
}

// StreamKeys lists the stream keys of a person, the oldest first.
func (s *Service) StreamKeys(ctx context.Context, owner storage.ID) ([]StreamKey, error) {
	var found []StreamKey
	err := s.db.Select(ctx, &found, selectStreamKeys+`WHERE k.user_id = ? ORDER BY k.id LIMIT ?`,
		owner, MaxStreamKeys)
	return found, err
}

// StreamKeyOf is the stream key whose secret it is. A secret of no key, and one of a person who
// may not sign in any more, are Unauthenticated.
func (s *Service) StreamKeyOf(ctx context.Context, token string) (StreamKey, error) {
	var k StreamKey
	err := s.db.Get(ctx, &k, selectStreamKeys+`JOIN users u ON u.id = k.user_id
WHERE k.sha256 = ? AND u.disabled_at = ''`, digest(token))
	if storage.KindOf(err) == storage.NotFound {
		return k, storage.Errorf(storage.Unauthenticated,
			"This stream key is not known here, or was removed. Make a new one on your account page.")
	}
	return k, err
}

// HoldStreamKey notes within tx that a stream key is used now, and keeps other uses of it waiting
// until tx ends. One that was removed meanwhile is NotFound.
func (s *Service) HoldStreamKey(ctx context.Context, tx *storage.Tx, id storage.ID) (StreamKey, error) {
	var held storage.ID
	if err := tx.Get(ctx, &held, `UPDATE stream_keys SET used_at = ? WHERE id = ? RETURNING id`,
		s.now(), id); err != nil {
		return StreamKey{}, err
	}
	var k StreamKey
	err := tx.Get(ctx, &k, selectStreamKeys+`WHERE k.id = ?`, id)
	return k, err
}

// SetStreamKeyRecording notes within tx which recording a stream key records from now on.
func (s *Service) SetStreamKeyRecording(ctx context.Context, tx *storage.Tx, id, recording storage.ID,
) error {
	_, err := tx.Exec(ctx, `UPDATE stream_keys SET recording_id = ? WHERE id = ?`, recording, id)
	return err
}

// RemoveStreamKey takes a stream key of owner's back, and answers with what it was, so that what
// it records can be stopped. One that is not theirs, or was removed before, is NotFound.
func (s *Service) RemoveStreamKey(ctx context.Context, owner, id storage.ID) (StreamKey, error) {
	var gone StreamKey
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := tx.Get(ctx, &gone, selectStreamKeys+`WHERE k.id = ? AND k.user_id = ?`,
			id, owner); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM stream_keys WHERE id = ?`, id); err != nil {
			return err
		}
		return s.Audit(ctx, tx, Entry{
			ActorID: owner, Action: "stream_key.removed", Subject: "user:" + string(owner),
			Detail: "key=" + string(id),
		})
	})
	return gone, err
}
