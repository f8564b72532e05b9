package cmaf

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/storage"
)

// ErrNotMedia is in the chain of Trim's errors about what it was given.
var ErrNotMedia = errors.New("is not fragmented MP4")

// The limits of what Trim reads. A segment is some seconds long.
const (
	mostEmpty   = 1000            // samples without a byte
	mostSeconds = 365 * 24 * 3600 // so that sums of times cannot overflow
)

// Trim writes a media segment without its end: of each track what is shown before until is kept,
// and the last sample kept lasts until then. The segment may come from anywhere, and have any
// tracks and timescales; init is its init segment. Memory is bounded by a small multiple of the
// segment's size. A segment of which nothing is left is ErrNotMedia.
func Trim(init, segment []byte, until storage.Ticks) (trimmed []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // the parser's, over something malformed
			trimmed, err = nil, fmt.Errorf("%w: %v", ErrNotMedia, p)
		}
	}()
	head, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(init))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	if head.Init == nil || head.Init.Moov == nil || head.Init.Moov.Mvex == nil {
		return nil, fmt.Errorf("%w: the init segment has no moov with mvex", ErrNotMedia)
	}
	body, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(segment))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	var out bytes.Buffer
	for _, s := range body.Segments {
		for _, f := range s.Fragments {
			short, err := trimFragment(head.Init.Moov, f, until)
			if err != nil {
				return nil, err
			}
			if short == nil {
				continue
			}
			if err := short.Encode(&out); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
			}
		}
	}
	if out.Len() == 0 {
		return nil, fmt.Errorf("%w: nothing of it is before %d", ErrNotMedia, until)
	}
	return out.Bytes(), nil
}

// trimFragment is what a fragment has before until; nil: nothing.
func trimFragment(moov *mp4.MoovBox, f *mp4.Fragment, until storage.Ticks) (*mp4.Fragment, error) {
	var kept [][]mp4.FullSample
	var ids []uint32
	if f.Mdat == nil || countSamples(f.Moof) > len(f.Mdat.Data)+mostEmpty {
		return nil, fmt.Errorf("%w: more samples than a segment has", ErrNotMedia)
	}
	bytes := 0
	for _, trak := range moov.Traks {
		id, timescale := trak.Tkhd.TrackID, int64(trak.Mdia.Mdhd.Timescale)
		defaults, have := moov.Mvex.GetTrex(id)
		if !have || timescale <= 0 {
			return nil, fmt.Errorf("%w: track %d is not described", ErrNotMedia, id)
		}
		samples, err := f.GetFullSamples(defaults)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
		}
		if samples, err = before(samples, timescale, until); err != nil {
			return nil, err
		}
		for _, s := range samples {
			bytes += len(s.Data)
		}
		if bytes > len(f.Mdat.Data) {
			return nil, fmt.Errorf("%w: its samples overlap", ErrNotMedia)
		}
		if len(samples) > 0 {
			kept, ids = append(kept, samples), append(ids, id)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	short, err := mp4.CreateMultiTrackFragment(f.Moof.Mfhd.SequenceNumber, ids)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	for i, samples := range kept {
		for _, s := range samples {
			if err := short.AddFullSampleToTrack(s, ids[i]); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
			}
		}
	}
	return short, nil
}

func countSamples(moof *mp4.MoofBox) (n int) {
	for _, traf := range moof.Trafs {
		for _, run := range traf.Truns {
			n += int(run.SampleCount())
		}
	}
	return n
}

// before are the samples up to the last one that is shown before until, which ends then.
func before(samples []mp4.FullSample, timescale int64, until storage.Ticks) ([]mp4.FullSample, error) {
	keep := 0
	for i, s := range samples {
		if s.DecodeTime > uint64(mostSeconds*timescale) {
			return nil, fmt.Errorf("%w: its time is beyond all measure", ErrNotMedia)
		}
		shown := int64(s.DecodeTime) + int64(s.CompositionTimeOffset)
		if ticks(shown, timescale) < until {
			keep = i + 1
		}
	}
	if keep == 0 {
		return nil, nil
	}
	last := &samples[keep-1]
	if shown := int64(last.DecodeTime) + int64(last.CompositionTimeOffset); ticks(shown+int64(last.Dur), timescale) > until {
		last.Dur = uint32(max(1, media(until, timescale)-shown))
	}
	return samples[:keep], nil
}

// ticks rounds down, and cannot overflow.
func ticks(media, timescale int64) storage.Ticks {
	whole, rest := media/timescale, media%timescale
	return storage.Ticks(whole*storage.TicksPerSecond + rest*storage.TicksPerSecond/timescale)
}

// media is until in another timescale, rounded to the nearest.
func media(until storage.Ticks, timescale int64) int64 {
	whole, rest := int64(until)/storage.TicksPerSecond, int64(until)%storage.TicksPerSecond
	return whole*timescale + (rest*timescale+storage.TicksPerSecond/2)/storage.TicksPerSecond
}
