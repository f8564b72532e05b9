package storage

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// timeLayout has a fixed width, so that text order is time order on both databases.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Time is a wall-clock time in UTC to the microsecond, kept as text of fixed width: the form
// that SQLite and PostgreSQL compare, index and return alike.
type Time struct{ time.Time }

// Now is the present, rounded to what a column keeps.
func Now() Time { return At(time.Now()) }

// At is t, rounded to what a column keeps.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Microsecond)} }

// Value implements driver.Valuer. The zero time is written as an empty text.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return "", nil
	}
	return t.UTC().Format(timeLayout), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case string:
		text = v
	case []byte:
		text = string(v)
	case nil:
		t.Time = time.Time{}
		return nil
	default:
		return fmt.Errorf("storage: cannot scan %T into Time", src)
	}
	if text == "" {
		t.Time = time.Time{}
		return nil
	}
	parsed, err := time.Parse(timeLayout, text)
	if err != nil {
		return fmt.Errorf("storage: scan time: %w", err)
	}
	t.Time = parsed
	return nil
}

// JSON is a column that holds a T as JSON text.
type JSON[T any] struct{ V T }

// Value implements driver.Valuer.
func (j JSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.V)
	if err != nil {
		return nil, err
	}
	return string(text), nil
}

// Scan implements sql.Scanner. NULL and the empty text leave the zero T.
func (j *JSON[T]) Scan(src any) error {
	var text []byte
	switch v := src.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	case nil:
	default:
		return fmt.Errorf("storage: cannot scan %T into JSON", src)
	}
	var zero T
	j.V = zero
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, &j.V)
}

// MarshalJSON writes the value itself.
func (j JSON[T]) MarshalJSON() ([]byte, error) { return json.Marshal(j.V) }

// UnmarshalJSON reads the value itself.
func (j *JSON[T]) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &j.V) }
