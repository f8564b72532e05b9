package capture

import (
	"time"

	"backrow/storage"
)

const (
	// patrol is how often recordings that were left behind are looked for.
	patrol = time.Minute
	// batch bounds one query of the patrol.
	batch = 100
)

// janitor finishes recordings that nobody finishes: those that a crash left between stop and
// ready or between ready and settled, and those of which no sign has come for a while. It goes by what it has seen itself since
// the server was started, and not by the dates of the signs: the clock may have jumped, and when
// the server was away for long the pages must have time to come back.
type janitor struct {
	server *Server
	signs  map[storage.ID]sign // the last one of each open recording
}

// sign is what is known of a recording's progress, and since when it has been no other.
type sign struct {
	is    storage.Sign
	since time.Time
}

func (j *janitor) run() {
	s := j.server
	ticker := time.NewTicker(min(patrol, s.options.Idle))
	defer ticker.Stop()
	for {
		err := j.clean()
		if err == nil {
			err = s.settleLeft()
		}
		switch {
		case err == nil:
			s.unkempt.worked(s.node)
		case s.ctx.Err() == nil:
			s.unkempt.failed(s.node, err)
		}
		s.dropSpare()
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}

func (j *janitor) clean() error {
	open := map[storage.ID]sign{}
	var after storage.ID
	for {
		found, err := j.server.options.Catalogue.Unfinished(j.server.ctx, after, batch)
		if err != nil {
			return err
		}
		for _, r := range found {
			after = r.ID
			if r.State == storage.StateFinishing {
				j.server.finishLater(r.ID)
				continue
			}
			if open[r.ID], err = j.look(r.ID); err != nil {
				return err
			}
		}
		if len(found) < batch {
			j.signs = open
			return nil
		}
	}
}

// look finishes a recording of which nothing new has been seen for long, at whichever node.
func (j *janitor) look(recording storage.ID) (sign, error) {
	s, now := j.server, time.Now()
	is, err := s.options.Catalogue.SignOf(s.ctx, recording)
	if err != nil {
		return sign{}, err
	}
	have, ok := j.signs[recording]
	if !ok || have.is != is || len(s.live(recording)) > 0 {
		return sign{is: is, since: now}, nil
	}
	if now.Sub(have.since) < s.options.Idle {
		return have, nil
	}
	elsewhere, err := s.leasedElsewhere(s.ctx, recording, map[storage.ID]sighting{})
	if err != nil || elsewhere > 0 {
		return have, err
	}
	s.options.Log.Info("capture: a recording that nobody stopped is finished",
		"recording", recording, "quiet", now.Sub(have.since).Round(time.Second))
	_, err = s.Stop(s.ctx, recording, -1)
	return have, err
}
