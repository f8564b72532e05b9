package transcode

import (
	"context"
	"log/slog"

	"backrow/storage"
)

// Pool queues and works on the jobs. It is safe for concurrent use.
type Pool struct {
	db  *storage.DB
	log *slog.Logger
}

// New makes a Pool, which queues at once and works after Start.
func New(options Options) (*Pool, error) {
	return &Pool{db: options.DB, log: options.Log}, nil
}

// Start begins to work on jobs. Ending ctx does not stop the pool: Stop does.
func (p *Pool) Start(ctx context.Context) error { return nil }

// Stop ends the jobs being worked on, hands them back to the queue and waits until ctx ends.
func (p *Pool) Stop(ctx context.Context) error { return nil }

// RecordingReady queues the work on a recording within tx.
func (p *Pool) RecordingReady(ctx context.Context, tx *storage.Tx, r storage.Recording) error {
	return nil
}

// Retry queues the work on a recording again.
func (p *Pool) Retry(ctx context.Context, recording storage.ID) error { return nil }

// Migrate makes or updates River's own tables.
func Migrate(ctx context.Context, db *storage.DB) error { return nil }
