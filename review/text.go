package review

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"backrow/storage"
)

// How long texts may be, in characters.
const (
	maxName  = 120
	maxGoal  = 2000
	maxText  = 10000
	maxEmail = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
)

// line reads one line of text that a person typed: trimmed, in NFC, without control characters.
// what begins the sentence that says what is wrong with it, such as "The title".
func line(what, text string, most int) (string, error) {
	text, err := prose(what, text, most)
	if err == nil && strings.ContainsFunc(text, unicode.IsControl) {
		return "", storage.Errorf(storage.Invalid, "%s must be a single line of ordinary text.", what)
	}
	return text, err
}

// needed is line for a text that may not be empty.
func needed(what, text string, most int) (string, error) {
	text, err := line(what, text, most)
	if err == nil && text == "" {
		return "", storage.Errorf(storage.Invalid, "%s is missing.", what)
	}
	return text, err
}

// prose reads text that may have several lines. A NUL, which PostgreSQL cannot keep, and the
// controls that steer terminals are refused.
func prose(what, text string, most int) (string, error) {
	if !utf8.ValidString(text) {
		return "", storage.Errorf(storage.Invalid, "%s is not valid UTF-8 text.", what)
	}
	text = strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n")))
	if n := utf8.RuneCountInString(text); n > most {
		return "", storage.Errorf(storage.TooLarge,
			"%s is too long: %d characters, and %d fit.", what, n, most)
	}
	steers := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if strings.ContainsFunc(text, steers) {
		return "", storage.Errorf(storage.Invalid, "%s contains a character that cannot be kept.", what)
	}
	return text, nil
}

// email reads an address: the bare form, without a display name, comments or quoting.
func email(text string) (string, error) {
	const wrong = "That is not an email address: it should look like name@example.org."
	text = strings.TrimSpace(norm.NFC.String(text))
	if text == "" {
		return "", storage.Errorf(storage.Invalid, "The email address is missing.")
	}
	if len(text) > maxEmail || strings.ContainsAny(text, "\"<>()[],;:\\ \t") ||
		strings.ContainsFunc(text, unicode.IsControl) {
		return "", storage.Errorf(storage.Invalid, wrong)
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return "", storage.Errorf(storage.Invalid, wrong+" %w", err)
	}
	if parsed.Address != text {
		return "", storage.Errorf(storage.Invalid, wrong)
	}
	return text, nil
}

// folded is the form under which an address is unique: letters that differ only in case or in
// width are one. Mail always goes to the address as it was stored, never to one that folds to it.
func folded(email string) string {
	return cases.Fold().String(norm.NFKC.String(strings.TrimSpace(email)))
}

// Day is a calendar day, YYYY-MM-DD, in nobody's time zone. The empty Day is none.
type Day string

// ParseDay reads a day that came from outside; the empty text is no day.
func ParseDay(text string) (Day, error) {
	if text == "" {
		return "", nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return "", storage.Errorf(storage.Invalid,
			"%q is not a date: it should look like 2026-11-17. %w", text, err)
	}
	return DayOf(t), nil
}

// DayOf is the day that t falls on in UTC.
func DayOf(t time.Time) Day { return Day(t.UTC().Format(time.DateOnly)) }

// Add is the day n days later.
func (d Day) Add(n int) Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return DayOf(t.AddDate(0, 0, n))
}
