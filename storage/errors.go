package storage

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an Error is. HTTP statuses and websocket close codes are
// derived from it in one place each.
type Kind string

// The kinds of failure.
const (
	Invalid         Kind = "invalid"         // the request cannot be right, whoever sends it
	Unauthenticated Kind = "unauthenticated" // nobody is signed in
	Forbidden       Kind = "forbidden"       // known to exist for this person, not allowed
	NotFound        Kind = "not_found"       // absent, or its existence is a secret
	Conflict        Kind = "conflict"        // another version, another body under the same id
	TooLarge        Kind = "too_large"       // over a named limit
	TooMany         Kind = "too_many"        // over a rate or a count; try later
	Unavailable     Kind = "unavailable"     // the database, the store or a tool does not answer
	Internal        Kind = "internal"        // a defect or an unexpected state
)

// Error is the one error type of Backrow. Message is a sentence fit for the person at the
// screen; Err is the cause, which reaches the log and never a person.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Kind) + ": " + e.Message
	}
	return string(e.Kind) + ": " + e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose message is for a person. A %w among the verbs becomes the
// cause, and its text is left out of the message.
func Errorf(kind Kind, format string, args ...any) *Error {
	e := &Error{Kind: kind}
	shown := make([]any, len(args))
	for i, arg := range args {
		shown[i] = arg
		if err, ok := arg.(error); ok {
			e.Err = err
			shown[i] = hidden{}
		}
	}
	e.Message = trimCause(fmt.Sprintf(replaceWrap(format), shown...))
	return e
}

// KindOf returns the kind of the first Error in err's chain, Internal for any other error and
// "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// MessageOf returns the sentence for a person: the Error's own, or a general one for an error
// that has none.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal && e.Message != "" {
		return e.Message
	}
	return "Something went wrong on the server. Nothing already saved is lost. Please try again."
}
