package storage

import "github.com/google/uuid"

// ID is a UUIDv7 in its canonical lower-case text form. Whoever creates a thing makes its id,
// the browser too: that is what makes a retried create harmless (RFC 9562, section 5.7).
type ID string

// NewID makes an id from the present time and fresh randomness. Safe for concurrent use.
func NewID() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// ParseID reads an id that came from outside. Any RFC 9562 UUID in canonical form is taken and
// folded to lower case; everything else is an Invalid error.
func ParseID(s string) (ID, error) {
	if len(s) != 36 {
		return "", Errorf(Invalid, "That is not an id: it must be a UUID of 36 characters.")
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return "", Errorf(Invalid, "That is not an id: it must be a UUID of 36 characters. %w", err)
	}
	return ID(u.String()), nil
}
