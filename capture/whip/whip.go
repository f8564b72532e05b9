// Package whip is the HTTP side of WebRTC ingest: the WHIP endpoint and session resources of
// RFC 9725, as an http.Handler over a Publisher. It reads and checks requests, and writes answers
// and errors; what a session is, and whether there may be one, is the Publisher's business. Who
// may record into what is decided before a request gets here.
//
// It is mounted with path values id (the recording), take and, for a session, session:
//
//	POST, OPTIONS          /api/recordings/{id}/takes/{take}/whip
//	PATCH, DELETE, OPTIONS /api/recordings/{id}/takes/{take}/whip/{session}
package whip

import (
	"context"

	"backrow/storage"
)

// Offer is a browser's or an encoder's wish to send.
type Offer struct {
	Recording storage.ID
	Take      storage.ID
	SDP       string
	// OffsetMS says where on the recording's timeline the take begins; nil leaves it to the
	// Publisher's clock.
	OffsetMS *int64
	// ZeroUnixMS is when, by the sender's own clock, its lesson's time would have been 0 had there
	// been no pauses: milliseconds since 1970. With it the first frame's sender report says where
	// the take lies. 0: not said.
	ZeroUnixMS float64
	Source     string // camera (also when empty) or screen
}

// Session is one accepted offer.
type Session struct {
	ID     string // unguessable; the last part of the session resource's URL
	Answer string // SDP
	ETag   string // names the ICE session (RFC 9725, section 4.3.1), with its quotes
}

// Publisher makes sessions. Errors are storage errors: Conflict for a recording that is stopped
// or a take that has been used, TooMany over the cap of streams, NotFound for a session that is
// not there. An offer that is SDP but cannot be recorded is ErrNotAcceptable in the chain, and a
// session that another node serves is an Elsewhere.
type Publisher interface {
	Publish(ctx context.Context, offer Offer) (Session, error)
	// Trickle adds the ICE candidates of an SDP fragment (RFC 8840, section 9) to a session whose
	// ETag is etag. ErrPrecondition when it is another one, ErrICERestart when the fragment asks
	// for new credentials.
	Trickle(ctx context.Context, take storage.ID, session, etag, fragment string) error
	// EndSession ends the session and stores what it has received. Ending it again is NotFound.
	EndSession(ctx context.Context, take storage.ID, session string) error
}
