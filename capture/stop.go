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

// Stop ends a recording: its live takes end, what they hold is stored, and the recording becomes
// ready; and settled too, when no laptop has more of it. It is idempotent. TaughtMS is how long the
// lesson was by the page's clock; -1: nobody says. When the store cannot take the last segments now,
// the recording is returned in state finishing, and becomes ready by itself when the store is back.
func (s *Server) Stop(ctx context.Context, recording storage.ID, taughtMS int64,
) (storage.Recording, error) {
	c := s.options.Catalogue
	if err := c.StopRecording(ctx, recording, taughtMS); err != nil {
		return storage.Recording{}, err
	}
	endAll(s.live(recording), "recording stopped", true)
	wait, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	if err := s.stored(wait, recording); err != nil {
		s.options.Log.Warn("capture: a recording is stopped before all of it is stored; "+
			"it becomes ready when the store takes the rest", "recording", recording)
		s.finishLater(recording)
	} else if err := s.makeReady(ctx, recording); err != nil {
		s.options.Log.Warn("capture: a stopped recording could not be made ready; it will be tried again",
			"recording", recording, "error", err)
		s.finishLater(recording)
	}
	return c.Recording(ctx, recording)
}

// makeReady makes a recording ready, and queues the work on it in the same transaction.
func (s *Server) makeReady(ctx context.Context, recording storage.ID) error {
	var also func(context.Context, *storage.Tx, storage.Recording) error
	if s.options.Jobs != nil {
		also = s.options.Jobs.RecordingReady
	}
	if err := s.options.Catalogue.FinishRecording(ctx, recording, also); err != nil {
		return err
	}
	s.problems.forget(recording)
	s.looked(ctx, recording)
	return nil
}

// looks is how often a recording that gets more all the time is looked at on end.
const looks = 3

// looked notes how much of a recording is there, and settles it when no more is expected: to be
// called whenever a take is complete. What fails here the janitor makes good.
func (s *Server) looked(ctx context.Context, recording storage.ID) {
	var err error
	for range looks {
		if err = s.look(ctx, recording); storage.KindOf(err) != storage.Conflict {
			break
		}
	}
	switch storage.KindOf(err) {
	case "", storage.Conflict, storage.NotFound: // or it is still getting more, or it has been deleted
	default:
		s.options.Log.Warn("capture: how much of a recording is there could not be noted; "+
			"it will be tried again", "recording", recording, "error", err)
	}
}

func (s *Server) look(ctx context.Context, recording storage.ID) error {
	r, err := s.options.Catalogue.Recording(ctx, recording)
	if err != nil {
		return err
	}
	stored, err := s.coverage(ctx, r)
	if err != nil {
		return err
	}
	var also func(context.Context, *storage.Tx, storage.Recording) error
	if s.options.Jobs != nil {
		also = s.options.Jobs.RecordingSettled
	}
	have := storage.Coverage{Arrivals: r.Arrivals, CoveredMS: stored.main().Length().Milliseconds()}
	_, err = s.options.Catalogue.SettleIfComplete(ctx, recording, have, also)
	return err
}

// settleLeft settles recordings that a crash left between, and those whose laptops have not come
// back for as long as they might.
func (s *Server) settleLeft() error {
	var after storage.ID
	for {
		found, err := s.options.Catalogue.Unsettled(s.ctx, after, batch)
		if err != nil {
			return err
		}
		for _, r := range found {
			after = r.ID
			s.looked(s.ctx, r.ID)
		}
		if len(found) < batch {
			return nil
		}
	}
}

// finishLater makes a recording ready as soon as that can be done.
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
		err := s.makeReady(s.ctx, recording)
		if err == nil || storage.KindOf(err) == storage.NotFound { // deleted meanwhile
			return
		}
		if s.ctx.Err() != nil {
			return
		}
		s.options.Log.Warn("capture: a stopped recording could not be made ready; it will be tried again",
			"recording", recording, "error", err)
		select {
		case <-time.After(settleRetry):
		case <-s.ctx.Done():
		}
	}
}
