// Package fragment reads what CMAF segments (ISO/IEC 23000-19) say of their samples: which
// tracks there are, and when each sample is shown. What it reads came from a browser: anything
// else than such segments is an error, never a panic, and nothing is decoded.
package fragment

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/storage"
)

// ErrNotMedia is in the chain of every error of this package.
var ErrNotMedia = errors.New("is not a CMAF segment")

// Track is one medium.
type Track struct {
	Codec         string // the sample entry's four characters
	Width, Height int    // of video
	Channels      int    // of audio
	Timescale     int64  // ticks a second
	Config        string // the sample entry's description of H.264, byte for byte; otherwise ""
	// Edit is by how much the track's own times are ahead of when its samples are shown, as an edit
	// list says (ISO/IEC 14496-12, section 8.6.6): the encoder's run-in, or a late beginning (< 0).
	Edit storage.Ticks

	defaults *mp4.TrexBox
}

// Init says which tracks there are, by their numbers.
type Init map[uint32]Track

// Sample is one picture, or one packet of sound.
type Sample struct {
	Track         uint32
	Shown, Length storage.Ticks // in the take's media time
}

// most bounds times, so that sums of them cannot overflow: a year.
const most = 365 * 24 * 3600

// guard turns a panic of the parser into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrNotMedia, p)
	}
}

// ReadInit reads an init segment. Tracks other than video and audio are left out; one of a codec
// that is not known here is an error.
func ReadInit(data []byte) (init Init, err error) {
	defer guard(&err)
	if len(data) < 8 || !bytes.Equal(data[4:8], []byte("ftyp")) {
		return nil, fmt.Errorf("%w: it does not begin with ftyp", ErrNotMedia)
	}
	file, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	if file.Init == nil || file.Init.Moov == nil || file.Init.Moov.Mvex == nil {
		return nil, fmt.Errorf("%w: it has no moov with mvex", ErrNotMedia)
	}
	init = Init{}
	for _, trak := range file.Init.Moov.Traks {
		id, entries := trak.Tkhd.TrackID, trak.Mdia.Minf.Stbl.Stsd.Children
		t := Track{Timescale: int64(trak.Mdia.Mdhd.Timescale)}
		t.defaults, _ = file.Init.Moov.Mvex.GetTrex(id)
		if t.Timescale <= 0 || len(entries) != 1 {
			return nil, fmt.Errorf("%w: track %d is not described", ErrNotMedia, id)
		}
		switch entry := entries[0].(type) {
		case *mp4.VisualSampleEntryBox:
			t.Codec, t.Width, t.Height = entry.Type(), int(entry.Width), int(entry.Height)
			if t.Config, err = config(entry); err != nil {
				return nil, err
			}
		case *mp4.AudioSampleEntryBox:
			t.Codec, t.Channels = entry.Type(), int(entry.ChannelCount)
		default:
			continue
		}
		t.Edit = t.edit(trak.Edts, int64(file.Init.Moov.Mvhd.Timescale))
		switch t.Codec {
		case "avc1", "avc3", "vp08", "vp09", "Opus", "mp4a":
			init[id] = t
		default:
			return nil, fmt.Errorf("%w: %q is not a codec that is known here", ErrNotMedia, t.Codec)
		}
	}
	return init, nil
}

// edit reads an edit list of the form that live encoders write: perhaps a pause, then the media from
// some time on. Others, which cut and repeat, are not for fragments, and are taken for none.
func (t Track) edit(edits *mp4.EdtsBox, movie int64) (shift storage.Ticks) {
	if edits == nil || len(edits.Elst) != 1 || movie <= 0 {
		return 0
	}
	const longest = 60 * storage.TicksPerSecond // more is no run-in, but a mistake
	for _, e := range edits.Elst[0].Entries {
		if e.MediaTime >= 0 {
			if e.MediaTime/t.Timescale < 60 {
				shift += t.ticks(e.MediaTime)
			}
			break
		}
		if pause := int64(e.SegmentDuration); pause >= 0 && pause/movie < 60 {
			shift -= Track{Timescale: movie}.ticks(pause)
		}
	}
	return max(min(shift, longest), -longest)
}

// config is what a decoder of H.264 must know before the first frame.
func config(entry *mp4.VisualSampleEntryBox) (string, error) {
	if entry.AvcC == nil {
		return "", nil
	}
	var out bytes.Buffer
	if err := entry.AvcC.Encode(&out); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	return out.String(), nil
}

// Samples reads the samples of one media segment, in the order in which they are stored. Those of
// tracks that the init segment does not have are left out.
func (i Init) Samples(data []byte) (samples []Sample, err error) {
	defer guard(&err)
	file, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotMedia, err)
	}
	if len(file.Segments) == 0 || file.Moov != nil {
		return nil, fmt.Errorf("%w: it has no fragment", ErrNotMedia)
	}
	for _, segment := range file.Segments {
		for _, fragment := range segment.Fragments {
			for _, traf := range fragment.Moof.Trafs {
				t, known := i[traf.Tfhd.TrackID]
				if !known {
					continue
				}
				if samples, err = t.run(samples, traf, len(data)); err != nil {
					return nil, err
				}
			}
		}
	}
	return samples, nil
}

func (t Track) run(samples []Sample, traf *mp4.TrafBox, bytes int) ([]Sample, error) {
	decode := int64(traf.Tfdt.BaseMediaDecodeTime())
	for _, run := range traf.Truns {
		if int(run.SampleCount()) > bytes {
			return nil, fmt.Errorf("%w: more samples than bytes", ErrNotMedia)
		}
		run.AddSampleDefaultValues(traf.Tfhd, t.defaults)
		for _, s := range run.Samples {
			if decode < 0 || decode/t.Timescale > most {
				return nil, fmt.Errorf("%w: its time is beyond all measure", ErrNotMedia)
			}
			shown := decode + int64(s.CompositionTimeOffset)
			decode += int64(s.Dur)
			from, to := t.ticks(shown)-t.Edit, t.ticks(shown+int64(s.Dur))-t.Edit
			samples = append(samples, Sample{Track: traf.Tfhd.TrackID, Shown: from, Length: to - from})
		}
	}
	return samples, nil
}

// ticks rounds down, and cannot overflow.
func (t Track) ticks(media int64) storage.Ticks {
	whole, rest := media/t.Timescale, media%t.Timescale
	return storage.Ticks(whole*storage.TicksPerSecond + rest*storage.TicksPerSecond/t.Timescale)
}
