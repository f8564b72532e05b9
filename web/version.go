package web

import (
	"strconv"
	"strings"

	"backrow/storage"
)

// versionOf reads the version that an edit is of, as a form or an If-Match header gives it: 3, "3"
// or W/"3".
func versionOf(text string) (int64, error) {
	text = strings.Trim(strings.TrimPrefix(strings.TrimSpace(text), "W/"), `"`)
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 1 {
		return 0, storage.Errorf(storage.Invalid,
			"The edit does not say which version it is of. Please open the page again. %w", err)
	}
	return version, nil
}

// versionTag is a version as an entity tag (RFC 9110, section 8.8.3).
func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }
