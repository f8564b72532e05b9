package whip

import (
	"encoding/json"
	"errors"
	"net/http"

	"backrow/storage"
)

// Failures that RFC 9725 gives statuses of their own, which no storage.Kind names. They are
// found in an error's chain.
var (
	ErrNotAcceptable = errors.New("whip: the offer cannot be recorded")              // 406
	ErrPrecondition  = errors.New("whip: the ETag is not this session's")            // 412
	ErrICERestart    = errors.New("whip: an ICE restart is a new take, not a PATCH") // 422
)

// Elsewhere is in the chain of the error for a session that another node serves.
type Elsewhere struct {
	URL string // of that node, without a slash at its end
}

// Error implements error.
func (e *Elsewhere) Error() string { return "whip: the session is at " + e.URL }

// status finds what the protocol itself prescribes; 0 leaves it to the error's kind.
func status(err error) int {
	switch {
	case errors.Is(err, ErrNotAcceptable):
		return http.StatusNotAcceptable
	case errors.Is(err, ErrPrecondition):
		return http.StatusPreconditionFailed
	case errors.Is(err, ErrICERestart):
		return http.StatusUnprocessableEntity
	}
	return 0
}

// problem answers with an RFC 9457 problem document.
func (h *Handler) problem(w http.ResponseWriter, r *http.Request, code int, detail string) {
	if h.Refused != nil {
		h.Refused(r, code, detail)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(code)
	// The connection is all that can fail here, and then nobody reads the answer.
	_ = json.NewEncoder(w).Encode(map[string]any{
		"title": http.StatusText(code), "status": code, "detail": detail,
	})
}

// fail answers an error of the Publisher.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var elsewhere *Elsewhere
	if errors.As(err, &elsewhere) {
		// 307 keeps method and body (RFC 9110, section 15.4.8; RFC 9725, section 4.5).
		w.Header().Set("Location", elsewhere.URL+r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	if code := status(err); code != 0 {
		h.problem(w, r, code, storage.MessageOf(err))
		return
	}
	h.Fail(w, r, err)
}
