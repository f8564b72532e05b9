package annotate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"backrow/storage"
)

const (
	// PreRollMS is how much of the lesson a moment holds from before it was marked: people mark
	// what they have just seen.
	PreRollMS = 10_000
	// MaxAgo is how long a tap may have waited for a connection.
	MaxAgo = 10 * time.Minute
	// UndoWithin is how long a moment can be unmarked: ten seconds on the screen and its way here.
	UndoWithin = 20 * time.Second

	// MomentTokenPrefix begins every token of a phone, so that secret scanners and people know one.
	MomentTokenPrefix = "bmt_"
	// MomentTokenLife covers a school day.
	MomentTokenLife = 12 * time.Hour
	// maxMomentTokens is how many phones' tokens a recording has at once; the oldest makes room.
	maxMomentTokens = 8
	// maxLessonMS bounds where a moment may lie: no lesson is longer than a day.
	maxLessonMS = 24 * 3600 * 1000
)

// MarkMoment adds a moment of a lesson that its teacher marked in class, at atMS by the lesson's own
// clock: a private note of the PreRollMS before it. It may lie beyond what is stored, which comes
// later; when the lesson is over it is kept within it. The id alone tells moments apart: marking
// one again changes nothing and answers with what is there.
func (l *Log) MarkMoment(ctx context.Context, actor, recording, id storage.ID, atMS int64, text string,
) (Annotation, error) {
	if atMS < 0 || atMS > maxLessonMS {
		return Annotation{}, storage.Errorf(storage.Invalid,
			"A moment lies between 0 and %d ms of its lesson.", int64(maxLessonMS))
	}
	id, err := cleanID(id)
	if err != nil {
		return Annotation{}, err
	}
	if have, err := l.Annotation(ctx, actor, recording, id); err == nil && have.Author.ID == actor {
		return have, nil
	}
	made, _, err := l.Create(ctx, actor, Draft{ID: id, RecordingID: recording, Kind: Note,
		Visibility: Private, Text: text, StartMS: max(0, atMS-PreRollMS), EndMS: atMS, Ahead: true})
	if storage.KindOf(err) == storage.Conflict && made.ID == id && made.Author.ID == actor {
		return made, nil // marked by a request that came at the same time
	}
	return made, err
}

// UnmarkMoment deletes a moment of the actor's that was marked less than UndoWithin ago and has
// not been edited since; otherwise it is a Conflict. Unmarking it again changes nothing.
func (l *Log) UnmarkMoment(ctx context.Context, actor, recording, id storage.ID) error {
	have, err := l.Annotation(ctx, actor, recording, id)
	switch {
	case err != nil:
		return err
	case have.Author.ID != actor:
		return errNoAnnotation()
	case have.Deleted:
		return nil
	case have.Kind != Note || have.Version != 1 || storage.Now().Sub(have.CreatedAt.Time) > UndoWithin:
		return storage.Errorf(storage.Conflict,
			"This moment was marked a while ago. You find it among your notes on the recording.")
	}
	_, _, err = l.Delete(ctx, actor, recording, id, have.Version)
	return err
}

// ahead keeps a mark that may lie beyond what is stored within a lesson that is over.
func (d *Draft) ahead(r storage.Recording) {
	end := int64(maxLessonMS)
	switch {
	case !r.SettledAt.IsZero():
		end = r.DurationMS
	case r.TaughtMS >= 0:
		end = r.TaughtMS
	}
	d.EndMS = min(d.EndMS, end)
	d.StartMS = min(d.StartMS, max(0, end-PreRollMS))
}

// Clock is what a lesson's own clock, which its recorder has, said last.
type Clock struct {
	ElapsedMS int64        `db:"elapsed_ms"`
	Running   bool         `db:"running"`
	ToldAt    storage.Time `db:"told_at"` // when the server heard it
}

// At is what the clock showed at a moment of wall time. It is wrong by what the recorder's word
// took on its way here, well under a second on any line that carries a lesson, and by a pause that
// it has not told of.
func (c Clock) At(moment time.Time) int64 {
	since := moment.Sub(c.ToldAt.Time).Milliseconds()
	if !c.Running {
		since = min(since, 0)
	}
	return min(max(0, c.ElapsedMS+since), maxLessonMS)
}

const upsertClock = `INSERT INTO lesson_clocks (recording_id, elapsed_ms, running, told_at)
VALUES (?, ?, ?, ?)
ON CONFLICT (recording_id) DO UPDATE SET elapsed_ms = excluded.elapsed_ms,
    running = excluded.running, told_at = excluded.told_at`

// TellClock notes what the clock of a lesson says now.
func (l *Log) TellClock(ctx context.Context, recording storage.ID, elapsedMS int64, running bool) error {
	if elapsedMS < 0 || elapsedMS > maxLessonMS {
		return storage.Errorf(storage.Invalid, "A lesson's clock shows between 0 and %d ms.",
			int64(maxLessonMS))
	}
	runs := 0
	if running {
		runs = 1
	}
	_, err := l.db.Exec(ctx, upsertClock, recording, elapsedMS, runs, storage.Now())
	return err
}

// LessonClock is what the clock of a lesson said last; NotFound when it has not been told of.
func (l *Log) LessonClock(ctx context.Context, recording storage.ID) (Clock, error) {
	var c Clock
	err := l.db.Get(ctx, &c, `SELECT elapsed_ms, running, told_at FROM lesson_clocks
WHERE recording_id = ?`, recording)
	return c, err
}

// NewMomentToken makes a secret by which a phone marks moments of a recording in its owner's name,
// as long as the lesson goes on, and at most for MomentTokenLife. Only its hash is kept.
func (l *Log) NewMomentToken(ctx context.Context, recording, owner storage.ID,
) (token string, until storage.Time, err error) {
	var secret [32]byte
	rand.Read(secret[:])
	token = MomentTokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	now := storage.Now()
	until = storage.At(now.Add(MomentTokenLife))
	err = l.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO moment_tokens (sha256, recording_id, user_id, created_at,
    expires_at) VALUES (?, ?, ?, ?, ?)`, momentHash(token), recording, owner, now, until); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM moment_tokens WHERE recording_id = ? AND sha256 NOT IN (
SELECT sha256 FROM moment_tokens WHERE recording_id = ? ORDER BY created_at DESC, sha256 LIMIT ?)`,
			recording, recording, maxMomentTokens)
		return err
	})
	return token, until, err
}

// MomentTokenUser is in whose name a token marks moments of a recording. It is Unauthenticated when
// the token is not known, of another recording, too old, or when the lesson is over.
func (l *Log) MomentTokenUser(ctx context.Context, token string, recording storage.ID,
) (storage.ID, error) {
	over := storage.Errorf(storage.Unauthenticated,
		"This lesson is over, or the code was renewed. Nothing more can be marked from here.")
	if !strings.HasPrefix(token, MomentTokenPrefix) || len(token) > 100 {
		return "", over
	}
	var user storage.ID
	err := l.db.Get(ctx, &user, `SELECT t.user_id FROM moment_tokens t
    JOIN recordings r ON r.id = t.recording_id
WHERE t.sha256 = ? AND t.recording_id = ? AND t.expires_at > ? AND r.state = 'recording'
    AND r.deleted_at = ''`, momentHash(token), recording, storage.Now())
	if storage.KindOf(err) == storage.NotFound {
		return "", over
	}
	return user, err
}

// momentHash is what is kept of a token. It has 256 bits of its own: no salt is needed.
func momentHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
