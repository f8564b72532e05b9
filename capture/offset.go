package capture

import (
	"context"
	"time"

	"backrow/capture/segmenter"
	"backrow/capture/spool"
	"backrow/capture/whip"
	"backrow/storage"
)

// offset tells where on the timeline a take begins.
type offset struct {
	ms    int64
	asked time.Time // when ms was true; zero: it is true of the first frame
	zero  float64   // when the timeline's 0 was by the sender's clock, in ms since 1970; 0: not said
}

// honest is by how much the place that a sender's clock gives may differ from the one that arrival
// gives: arrival is wrong by the journeys of the offer and of the first frame, and a clock that is
// wrong by more was set in the meantime.
const honest = 2 * time.Second

// at is the place of a take whose first moment came at arrived, and was sent at the sender's time
// sent if reports have said so.
func (o offset) at(arrived, sent time.Time, reported bool) int64 {
	if o.asked.IsZero() {
		return o.ms
	}
	place := time.Duration(o.ms)*time.Millisecond + arrived.Sub(o.asked)
	if o.zero > 0 && reported {
		micros := sent.UnixMicro() - int64(o.zero*1000)
		clock := time.Duration(micros) * time.Microsecond
		if off := clock - place; off < honest && off > -honest {
			place = clock
		}
	}
	return max(0, place.Round(time.Millisecond).Milliseconds())
}

// placeOf says where a take lies, now that its first segment is done. It is dated by the wall clock
// of this machine, as everything is.
func (s *Server) placeOf(o offset, m *segmenter.Segmenter) spool.Place {
	arrived, sent, reported := m.Zero()
	return spool.Place{OffsetMS: o.at(arrived, sent, reported),
		StartedAt: storage.At(s.options.Wall().Add(-time.Since(arrived)))}
}

// offset finds where on the timeline a take begins: where the sender says, or for the first take
// at 0, or by the clock since the first take began.
func (s *Server) offset(ctx context.Context, r storage.Recording, o whip.Offer) (offset, error) {
	takes, err := s.options.Catalogue.Takes(ctx, r.ID)
	if err != nil {
		return offset{}, err
	}
	now := time.Now()
	switch {
	case o.OffsetMS != nil && (*o.OffsetMS > 0 || o.ZeroUnixMS > 0 || len(takes) > 0):
		return offset{ms: *o.OffsetMS, asked: now, zero: o.ZeroUnixMS}, nil
	case r.DurationMS == 0:
		return offset{}, nil // the timeline begins with its first frame
	}
	// A clock that was set back must not lay a take over what is there, and one that was set forward
	// must not lay it further away than the recording would have been left open.
	since := s.options.Wall().Sub(takes[0].StartedAt.Time).Milliseconds() + takes[0].OffsetMS
	latest := r.DurationMS + s.options.Idle.Milliseconds()
	return offset{ms: min(max(since, r.DurationMS), latest), asked: now}, nil
}
