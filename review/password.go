package review

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"backrow/storage"
)

// OWASP's second choice for argon2id: 46 MiB and one pass fewer than the RFC's; about 100 ms.
const (
	hashMemory  = 46 * 1024 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashBytes   = 32
	saltBytes   = 16

	// hashesWaiting bounds the queue: at 100 ms a hash the last of it waits for some ten seconds.
	hashesWaiting = 256

	minPassword = 10
	maxPassword = 200
)

// hasher hashes passwords, so many at once and no more.
type hasher struct {
	slots   chan struct{}
	waiting chan struct{}
	decoy   string // a hash that no password has, for addresses that nobody has
}

func newHasher(atOnce int) *hasher {
	h := &hasher{
		slots:   make(chan struct{}, atOnce),
		waiting: make(chan struct{}, atOnce+hashesWaiting),
	}
	h.decoy = encoded(make([]byte, saltBytes), make([]byte, hashBytes))
	return h
}

// hash makes the text that is kept of a password, in the PHC string format.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand, Go 1.24)
	key, err := h.derive(ctx, password, salt, hashMemory, hashPasses, hashThreads)
	if err != nil {
		return "", err
	}
	return encoded(salt, key), nil
}

func encoded(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		hashMemory, hashPasses, hashThreads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// matches reports whether kept is a hash of password. An empty kept costs as much as any and
// matches nothing.
func (h *hasher) matches(ctx context.Context, kept, password string) (bool, error) {
	known := kept != ""
	if !known {
		kept = h.decoy
	}
	var version, memory, passes, threads uint32
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, storage.Errorf(storage.Internal, "A stored password hash is of no known kind.")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes,
		&threads); err != nil || version != argon2.Version || threads == 0 || threads > 255 || passes == 0 {
		return false, storage.Errorf(storage.Internal, "A stored password hash cannot be read. %w", err)
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, wantErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || wantErr != nil || len(want) != hashBytes {
		return false, storage.Errorf(storage.Internal, "A stored password hash cannot be read.")
	}
	key, err := h.derive(ctx, password, salt, memory, passes, uint8(threads))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1 && known, nil
}

// derive waits for its turn for as long as ctx lasts.
func (h *hasher) derive(ctx context.Context, password string, salt []byte,
	memory, passes uint32, threads uint8,
) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, storage.Errorf(storage.TooMany,
			"Very many people are signing in at this moment. Please try again in a minute.")
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, storage.Errorf(storage.Unavailable,
			"Signing in took too long. Please try again. %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil { // a free slot and an ended ctx are chosen between at random
		return nil, storage.Errorf(storage.Unavailable,
			"Signing in took too long. Please try again. %w", err)
	}
	text := []byte(norm.NFC.String(password)) // as RFC 8265, section 4.2.2: typed on any keyboard
	return argon2.IDKey(text, salt, passes, memory, threads, hashBytes), nil
}

// checkPassword says what is wrong with a new password of the user with that address.
func checkPassword(password, email string) error {
	if !utf8.ValidString(password) {
		return storage.Errorf(storage.Invalid, "The password is not valid UTF-8 text.")
	}
	password = norm.NFC.String(password)
	first, _ := utf8.DecodeRuneInString(password)
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return storage.Errorf(storage.Invalid,
			"The password is too short: it needs at least %d characters.", minPassword)
	case n > maxPassword:
		return storage.Errorf(storage.Invalid,
			"The password is too long: at most %d characters fit.", maxPassword)
	case folded(password) == folded(email):
		return storage.Errorf(storage.Invalid,
			"The password must not be the email address: that is the first thing anyone would try.")
	case strings.Count(password, string(first)) == utf8.RuneCountInString(password):
		return storage.Errorf(storage.Invalid,
			"The password must not be one character over and over.")
	}
	return nil
}

// newToken makes a secret of 256 bits for a link, and what is kept of it.
func newToken() (token, kept string) {
	var secret [32]byte
	rand.Read(secret[:])
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	return token, digest(token)
}

// digest is what is kept of a token. A fast hash does: there is nothing to guess in 256 bits.
// Looking the digest up in an index gives nothing away either: whoever measured how much of
// a digest fits would still not know a token for it.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
