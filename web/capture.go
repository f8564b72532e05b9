package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
)

// Capture is what the server asks of package capture.
type Capture interface {
	whip.Publisher
	Saved(ctx context.Context, recording storage.ID) (capture.Saved, error)
	Stop(ctx context.Context, recording storage.ID, taughtMS int64) (storage.Recording, error)
	BeginLocal(ctx context.Context, t capture.LocalTake) (take storage.Take, made bool, err error)
	PutBlob(ctx context.Context, b capture.LocalBlob) (made bool, err error)
	Blobs(ctx context.Context, recording, take storage.ID) (storage.Held, error)
	EndLocal(ctx context.Context, recording, take storage.ID, end capture.LocalEnd) (storage.Take, error)
	Playlist(ctx context.Context, recording storage.ID, view capture.View) (string, error)
	Timeline(ctx context.Context, recording storage.ID) (capture.Timeline, error)
	Silence(take storage.ID) time.Duration
	EndOf(ctx context.Context, owner storage.ID) error
}

// captureRoutes are the WHIP endpoint and its session resources (RFC 9725). Who may send takes to
// a recording is asked here; the rest is capture's.
func (s *Server) captureRoutes() []route {
	const endpoint = "/api/recordings/{id}/takes/{take}/whip"
	const session = endpoint + "/{session}"
	owner := sends("id")
	return []route{
		{method: http.MethodPost, pattern: endpoint, who: owner, handle: s.whip},
		{method: http.MethodOptions, pattern: endpoint, who: owner, handle: s.whip},
		{method: http.MethodPatch, pattern: session, who: owner, handle: s.whip},
		{method: http.MethodDelete, pattern: session, who: owner, handle: s.whip},
		{method: http.MethodOptions, pattern: session, who: owner, handle: s.whip},
	}
}

func (s *Server) whip(w http.ResponseWriter, r *http.Request) error {
	handler := whip.Handler{Publisher: s.options.Capture, Fail: s.fail, Refused: s.refusedOffer}
	handler.ServeHTTP(w, r)
	return nil
}

// refusedOffer says in the log what was wrong with an offer: an encoder's own log seldom does.
func (s *Server) refusedOffer(r *http.Request, status int, detail string) {
	trace := traceOf(r.Context())
	s.options.Log.LogAttrs(r.Context(), slog.LevelWarn, "WHIP request refused",
		slog.String("request", trace.id), slog.String("user", string(trace.user)),
		slog.Int("status", status), slog.String("why", detail))
}
