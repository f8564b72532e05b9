package capture

import (
	"context"

	"backrow/storage"
)

// TakeMade is told when the segments have been made of a take that could not be shown as it was
// recorded: its recording may be settled now.
func (s *Server) TakeMade(ctx context.Context, recording storage.ID) { s.looked(ctx, recording) }
