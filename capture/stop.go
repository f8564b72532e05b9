package capture

import (
	"context"
	"time"

	"backrow/storage"
)

const (
	// storing is how long Stop waits for the store to take the last segments; on a healthy one it
	// is some tens of milliseconds.
	storing = 5 * time.Second
	// settleRetry is how often a recording that waits is tried again.
	settleRetry = 2 * time.Second
)

// Stop ends a recording: its takes end, what they hold is stored, and the recording becomes ready.
// It is idempotent. When the store cannot take the last segments now, the recording is returned in
// state finishing, and becomes ready by itself when the store is back.
func (s *Server) Stop(ctx context.Context, recording storage.ID) (storage.Recording, error) {
	c := s.options.Catalogue
	if err := c.StopRecording(ctx, recording, -1); err != nil {
		return storage.Recording{}, err
	}
	endAll(s.live(recording), "recording stopped", true)
	wait, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	if err := s.stored(wait, recording); err != nil {
		s.options.Log.Warn("capture: a recording is stopped before all of it is stored; "+
			"it becomes ready when the store takes the rest", "recording", recording)
		s.finishLater(recording)
	} else if err := s.settle(ctx, recording); err != nil {
		s.options.Log.Warn("capture: a stopped recording could not be settled; it will be tried again",
			"recording", recording, "error", err)
		s.finishLater(recording)
	}
	return c.Recording(ctx, recording)
}

// settle makes a recording ready, and queues the work on it in the same transaction.
func (s *Server) settle(ctx context.Context, recording storage.ID) error {
	var also func(context.Context, *storage.Tx, storage.Recording) error
	if s.options.Jobs != nil {
		also = s.options.Jobs.RecordingReady
	}
	err := s.options.Catalogue.FinishRecording(ctx, recording, also)
	if err == nil {
		s.problems.forget(recording)
	}
	return err
}

// finishLater settles a recording as soon as that can be done.
func (s *Server) finishLater(recording storage.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.finishing[recording] {
		return
	}
	s.finishing[recording] = true
	s.work.Go(func() {
		s.finish(recording)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.finishing, recording)
	})
}

func (s *Server) finish(recording storage.ID) {
	for s.stored(s.ctx, recording) == nil {
		err := s.settle(s.ctx, recording)
		if err == nil || storage.KindOf(err) == storage.NotFound { // deleted meanwhile
			return
		}
		if s.ctx.Err() != nil {
			return
		}
		s.options.Log.Warn("capture: a stopped recording could not be settled; it will be tried again",
			"recording", recording, "error", err)
		select {
		case <-time.After(settleRetry):
		case <-s.ctx.Done():
		}
	}
}
