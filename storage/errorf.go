package storage

import "strings"

// hidden stands in for a wrapped cause in a message for a person, and prints as nothing.
type hidden struct{}

func (hidden) String() string { return "" }

func replaceWrap(format string) string { return strings.ReplaceAll(format, "%w", "%v") }

// trimCause drops the punctuation that led up to a cause.
func trimCause(message string) string { return strings.TrimRight(message, " :") }
