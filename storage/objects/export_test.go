package objects

import (
	"context"
	"log/slog"
	"os"
)

// StartEmbeddedSyncing is StartEmbedded with another function in the place of (*os.File).Sync.
func StartEmbeddedSyncing(ctx context.Context, folder string, log *slog.Logger,
	sync func(*os.File) error) (*Embedded, error) {
	return startEmbedded(ctx, folder, log, sync)
}

// Options are what reaches the embedded store, without a bucket.
func (e *Embedded) Options() S3Options { return e.options }
