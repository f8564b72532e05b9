package objects_test

import (
	"bytes"
	"encoding/xml"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"backrow/storage"
	"backrow/storage/objects"
)

// FuzzCheckKey: whatever is accepted stays inside a folder, is its own shortest form, and comes
// back from a listing as it went in. The conformance suite has the table of what must be accepted
// and refused.
func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{
		"", "a", "a/b", "/a", "a/", "a//b", "../a", "a/./b", "a/..", "...", "日本語/é", "\xff", "a\x00",
		"a\r\nb", "a\\b", "\uFFFE", "\u0085", ".sgwtmp", ".sgwtmp-x/y", "a/.sgwtmp", "<&>\"'", "a b+%20?#",
		strings.Repeat("n", objects.MaxNameBytes+1), strings.Repeat("n/", objects.MaxKeyBytes),
		"recordings/01890000-0000-7000-8000-000000000000/takes/t/init-1.mp4",
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if err := objects.CheckKey(key); err != nil {
			if storage.KindOf(err) != storage.Invalid || storage.MessageOf(err) == "" {
				t.Errorf("%q is refused with %v", key, err)
			}
			return
		}
		if !utf8.ValidString(key) || len(key) > objects.MaxKeyBytes {
			t.Errorf("%q is accepted", key)
		}
		if !filepath.IsLocal(key) || path.Clean(key) != key || strings.HasPrefix(key, ".sgwtmp") {
			t.Errorf("%q is not a plain path", key)
		}
		var listing bytes.Buffer
		var listed struct{ Key string }
		if err := xml.NewEncoder(&listing).Encode(struct {
			XMLName xml.Name `xml:"Contents"`
			Key     string
		}{Key: key}); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(listing.Bytes(), &listed); err != nil || listed.Key != key {
			t.Errorf("%q is listed as %q, %v", key, listed.Key, err)
		}
	})
}
