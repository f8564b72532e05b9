package objects

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"backrow/storage"
)

// The longest key that every S3-compatible store takes, and the longest name between two slashes
// that a file system takes (255 bytes) less what the embedded store adds to it while replacing.
const (
	MaxKeyBytes  = 1024
	MaxNameBytes = 200
)

// CheckKey reports as storage.Invalid a key that some store would refuse, change or hide. A key
// is valid UTF-8 of names joined by single slashes, none of them empty, "." or "..", without
// control characters and backslashes; it does not begin with ".sgwtmp", where the embedded store
// keeps what is unfinished.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKeyBytes {
		return invalidKey("must have 1 to %d bytes", MaxKeyBytes)
	}
	if !utf8.ValidString(key) {
		return invalidKey("must be valid UTF-8")
	}
	if strings.ContainsFunc(key, unwritable) {
		return invalidKey("must be without backslashes and control characters")
	}
	for i, name := range strings.Split(key, "/") {
		switch {
		case name == "" || name == "." || name == "..":
			return invalidKey("must be names joined by single slashes, none of them . or ..")
		case len(name) > MaxNameBytes:
			return invalidKey("must have at most %d bytes between two slashes", MaxNameBytes)
		case i == 0 && strings.HasPrefix(name, ".sgwtmp"):
			return invalidKey("must not begin with .sgwtmp")
		}
	}
	return nil
}

// unwritable tells the characters that an XML listing or a file system cannot carry.
func unwritable(r rune) bool {
	return unicode.IsControl(r) || r == '\\' || r == '\uFFFD' || r == '\uFFFE' || r == '\uFFFF'
}

func invalidKey(rule string, args ...any) error {
	return storage.Errorf(storage.Invalid, "The name of a stored object "+rule+".", args...)
}
