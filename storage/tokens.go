package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
)

const (
	// CaptureTokenPrefix begins every capture token, so that secret scanners and people know one.
	CaptureTokenPrefix = "brt_"
	// captureTokenLife covers LocalFor and a holiday's slack.
	captureTokenLife = 60 * 24 * time.Hour
	// maxCaptureTokens is how many tokens of one recording live at once; the oldest makes room.
	maxCaptureTokens = 50
	tokenBytes       = 32
)

// CaptureToken is a secret that lets whoever holds it send to one recording.
type CaptureToken struct {
	Secret    string
	ExpiresAt Time
}

// NewCaptureToken makes a token for a recording, on behalf of the person who is its owner, from the
// time given on. Only its hash is kept.
func (c *Catalogue) NewCaptureToken(ctx context.Context, recording, user ID, now time.Time,
) (CaptureToken, error) {
	secret := make([]byte, tokenBytes)
	rand.Read(secret) //nolint:errcheck // it never fails
	t := CaptureToken{
		Secret:    CaptureTokenPrefix + base64.RawURLEncoding.EncodeToString(secret),
		ExpiresAt: At(now.Add(captureTokenLife)),
	}
	err := c.db.InTx(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO capture_tokens (sha256, recording_id, user_id, created_at,
    expires_at) VALUES (?, ?, ?, ?, ?)`, hashOf(t.Secret), recording, user, At(now), t.ExpiresAt); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM capture_tokens WHERE recording_id = ? AND sha256 NOT IN (
SELECT sha256 FROM capture_tokens WHERE recording_id = ? ORDER BY expires_at DESC, sha256 LIMIT ?)`,
			recording, recording, maxCaptureTokens)
		return err
	})
	return t, err
}

// CaptureTokenUser is on whose behalf a token sends to a recording at the time given. A token that
// is unknown, expired or of another recording is Unauthenticated, and nobody learns which.
func (c *Catalogue) CaptureTokenUser(ctx context.Context, secret string, recording ID, now time.Time,
) (ID, error) {
	refusal := Errorf(Unauthenticated, "This laptop's leave to send the lesson is not valid (any more). "+
		"Sign in and open the recorder.")
	if !strings.HasPrefix(secret, CaptureTokenPrefix) || len(secret) > 100 {
		return "", refusal
	}
	var user ID
	err := c.db.Get(ctx, &user, `SELECT user_id FROM capture_tokens
WHERE sha256 = ? AND recording_id = ? AND expires_at > ?`, hashOf(secret), recording, At(now))
	if KindOf(err) == NotFound {
		return "", refusal
	}
	return user, err
}

// RevokeCaptureTokens ends all tokens of a recording.
func (c *Catalogue) RevokeCaptureTokens(ctx context.Context, recording ID) error {
	_, err := c.db.Exec(ctx, `DELETE FROM capture_tokens WHERE recording_id = ?`, recording)
	return err
}

// SweepCaptureTokens removes what has expired.
func (c *Catalogue) SweepCaptureTokens(ctx context.Context, now time.Time) error {
	_, err := c.db.Exec(ctx, `DELETE FROM capture_tokens WHERE expires_at <= ?`, At(now))
	return err
}

// hashOf is what is kept of a token. It has 256 bits of its own: no salt is needed.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
