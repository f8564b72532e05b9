package capture

import (
	"context"
	"maps"
	"slices"

	"backrow/storage"
	"backrow/storage/ledger"
)

// coverage is what of a recording's timeline is stored, by source, as of so many arrivals.
type coverage struct {
	arrivals int64
	sources  map[string]ledger.Stretches
}

// main is the coverage of the source that a lesson is shown by.
func (c coverage) main() ledger.Stretches {
	if camera := c.sources[ledger.Camera]; len(camera) > 0 {
		return camera
	}
	return c.sources[ledger.Screen]
}

// Saved tells what is durable of a recording. It may be asked every second: only what has come
// since it was asked last is read.
func (s *Server) Saved(ctx context.Context, recording storage.ID) (Saved, error) {
	r, err := s.options.Catalogue.Recording(ctx, recording)
	if err != nil {
		return Saved{}, err
	}
	elsewhere, err := s.leasedElsewhere(ctx, recording, map[storage.ID]sighting{})
	if err != nil {
		return Saved{}, err
	}
	have, err := s.coverage(ctx, r)
	if err != nil {
		return Saved{}, err
	}
	stored := have.main()
	return Saved{
		UntilMS: stored.Prefix(ledger.Hole).Milliseconds(), Reached: r.DurationMS,
		LiveTake: len(s.live(recording))+elsewhere > 0, Pending: s.sender.pending(recording),
		Problem: s.problems.worst(recording), Settled: !r.SettledAt.IsZero(),
		Covered: stored.Length().Milliseconds(), TaughtMS: r.TaughtMS,
	}, nil
}

// coverage brings what is known of a recording's coverage up to date.
func (s *Server) coverage(ctx context.Context, r storage.Recording) (coverage, error) {
	have := s.covers.get(r.ID)
	if have.sources == nil {
		have.arrivals = -1 // the first is number 1; who adds without numbers has 0
	}
	if have.arrivals >= r.Arrivals {
		return have, nil
	}
	// What others read of the same value must not change under them.
	sources := map[string]ledger.Stretches{}
	for source, stretches := range maps.All(have.sources) {
		sources[source] = slices.Clone(stretches)
	}
	have.sources = sources
	for {
		arrivals, err := s.options.Catalogue.Arrivals(ctx, r.ID, have.arrivals, page)
		if err != nil {
			return coverage{}, err
		}
		for _, a := range arrivals {
			zero := storage.Ticks(a.OffsetMS) * (storage.TicksPerSecond / 1000)
			stretches := sources[a.Source]
			stretches.Add(zero+a.BeforeStart, zero+a.BeforeStart+a.BeforeLength)
			stretches.Add(zero+a.Start, zero+a.Start+a.Length)
			sources[a.Source] = stretches
			have.arrivals = a.Arrived
		}
		if len(arrivals) < page {
			break
		}
	}
	have.arrivals = max(have.arrivals, r.Arrivals)
	s.covers.put(r.ID, have)
	return have, nil
}
