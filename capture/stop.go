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
	// patrol is how often recordings that were left behind are looked for.
	patrol = time.Minute
	// batch bounds one query of the patrol.
	batch = 100
)

// Stop ends a recording: its takes end, what they hold is stored, and the recording becomes ready.
// It is idempotent. When the store cannot take the last segments now, the recording is returned in
// state finishing, and becomes ready by itself when the store is back.
func (s *Server) Stop(ctx context.Context, recording storage.ID) (storage.Recording, error) {
	c := s.options.Catalogue
	if err := c.StopRecording(ctx, recording, -1); err != nil {
		return storage.Recording{}, err
	}
	endAll(s.live(recording), "recording stopped")
	wait, cancel := context.WithTimeout(ctx, storing)
	defer cancel()
	if err := s.sender.wait(wait, recording); err != nil {
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
	for s.sender.wait(s.ctx, recording) == nil {
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

// janitor finishes recordings that nobody finishes: those that a crash left between stop and
// ready, and those that no take has come back to.
func (s *Server) janitor() {
	ticker := time.NewTicker(min(patrol, s.options.Idle))
	defer ticker.Stop()
	for {
		if err := s.clean(); err != nil && s.ctx.Err() == nil {
			s.options.Log.Warn("capture: unfinished recordings could not be looked for", "error", err)
		}
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Server) clean() error {
	var after storage.ID
	for {
		found, err := s.options.Catalogue.Unfinished(s.ctx, after, batch)
		if err != nil {
			return err
		}
		for _, r := range found {
			after = r.ID
			if err := s.cleanOne(r); err != nil {
				return err
			}
		}
		if len(found) < batch {
			return nil
		}
	}
}

func (s *Server) cleanOne(r storage.Recording) error {
	if r.State == storage.StateFinishing {
		s.finishLater(r.ID)
		return nil
	}
	if len(s.live(r.ID)) > 0 {
		return nil
	}
	last, err := s.lastSign(r)
	if err != nil || time.Since(last) < s.options.Idle {
		return err
	}
	s.options.Log.Info("capture: a recording that nobody stopped is finished",
		"recording", r.ID, "last", last)
	_, err = s.Stop(s.ctx, r.ID)
	return err
}

// lastSign is when something last happened to a recording, on whichever node.
func (s *Server) lastSign(r storage.Recording) (time.Time, error) {
	last := r.StartedAt.Time
	later := func(t storage.Time) {
		if t.After(last) {
			last = t.Time
		}
	}
	later(r.UpdatedAt)
	takes, err := s.options.Catalogue.Takes(s.ctx, r.ID)
	if err != nil {
		return last, err
	}
	for _, t := range takes {
		later(t.StartedAt)
		later(t.EndedAt)
	}
	if len(takes) == 0 {
		return last, nil
	}
	// On another node a take may be live: its newest segment tells.
	newest := takes[len(takes)-1]
	for number := int64(0); ; {
		segments, err := s.options.Catalogue.Segments(s.ctx, newest.ID, number, page)
		if err != nil || len(segments) == 0 {
			return last, err
		}
		later(segments[len(segments)-1].CreatedAt)
		number = segments[len(segments)-1].Number
	}
}
