package capture

import (
	"context"
	"io"

	"backrow/storage"
)

// LocalTake is what a browser says of a take that it recorded itself.
type LocalTake struct {
	Recording storage.ID
	Take      storage.ID
	Source    string // camera, screen; empty: camera
	OffsetMS  int64  // where on the timeline its media time 0 lies
	StartedAt storage.Time
	MediaType string // as MediaRecorder names it
}

// LocalEnd is how a local take ended.
type LocalEnd struct {
	Blobs    int64
	LengthMS int64
	Reason   string // stopped, paused, device, resized, reload, crash
}

// LocalBlob is a blob on its way in.
type LocalBlob struct {
	Recording storage.ID
	Take      storage.ID
	Number    int64
	Bytes     int64 // of the body
	SHA256    [32]byte
	Body      io.Reader
}

// BeginLocal opens a local take; made tells whether it is new. See storage.BeginLocalTake.
func (s *Server) BeginLocal(ctx context.Context, t LocalTake) (take storage.Take, made bool, err error) {
	return storage.Take{}, false, storage.Errorf(storage.Unavailable, "Local takes cannot be received yet.")
}

// PutBlob stores a blob: when it returns without an error, the blob is durable and in the
// catalogue. made is false when the same bytes were there before.
func (s *Server) PutBlob(ctx context.Context, b LocalBlob) (made bool, err error) {
	return false, storage.Errorf(storage.Unavailable, "Local takes cannot be received yet.")
}

// Blobs tells which blobs of a local take are there.
func (s *Server) Blobs(ctx context.Context, recording, take storage.ID) (storage.Held, error) {
	return s.options.Catalogue.HeldBlobs(ctx, recording, take)
}

// EndLocal ends a local take. See storage.EndLocalTake.
func (s *Server) EndLocal(ctx context.Context, recording, take storage.ID, end LocalEnd) (storage.Take, error) {
	return storage.Take{}, storage.Errorf(storage.Unavailable, "Local takes cannot be received yet.")
}
