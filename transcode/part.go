package transcode

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/storage"
)

// part is a stretch of a take whose segments share one init segment, fetched into one file.
// Times are on the recording's timeline.
type part struct {
	file     string // in the scratch folder
	shift    storage.Ticks
	initHash string
	tracks   map[uint32]*track
	video    *track // nil: none
	audio    *track // nil: none
}

// track is one medium of a part.
type track struct {
	codec         string // the sample entry's four characters
	timescale     int64
	width, height int // video
	channels      int // audio
	trex          *mp4.TrexBox

	times []storage.Ticks // of the samples of video; of audio only the first
	end   storage.Ticks   // of the last sample
	cut   storage.Ticks   // what begins here or later belongs to the next part; 0: all is used
}

func (t *track) first() storage.Ticks { return t.times[0] }

// until is where this part's use of the track ends.
func (t *track) until() storage.Ticks {
	if t.cut > 0 {
		return min(t.cut, t.end)
	}
	return t.end
}

// frames counts the samples of video that are used.
func (t *track) frames() int {
	if t.cut == 0 {
		return len(t.times)
	}
	n, _ := slices.BinarySearch(t.times, t.cut)
	return n
}

// begin is the time of the part's first sample of any kind, which ffmpeg takes for 0.
func (p *part) begin() storage.Ticks {
	switch {
	case p.video == nil:
		return p.audio.first()
	case p.audio == nil:
		return p.video.first()
	}
	return min(p.video.first(), p.audio.first())
}

var errNotMedia = errors.New("is not a CMAF segment")

// guard turns a panic of the parser into an error: what is parsed came from outside.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errNotMedia, p)
	}
}

// parseInit reads what the tracks of an init segment are.
func parseInit(data []byte) (tracks map[uint32]*track, err error) {
	defer guard(&err)
	if len(data) < 8 || !bytes.Equal(data[4:8], []byte("ftyp")) {
		return nil, fmt.Errorf("%w: it does not begin with ftyp", errNotMedia)
	}
	file, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotMedia, err)
	}
	if file.Init == nil || file.Init.Moov == nil || file.Init.Moov.Mvex == nil {
		return nil, fmt.Errorf("%w: it has no moov with mvex", errNotMedia)
	}
	tracks = map[uint32]*track{}
	for _, trak := range file.Init.Moov.Traks {
		t := &track{timescale: int64(trak.Mdia.Mdhd.Timescale)}
		id := trak.Tkhd.TrackID
		t.trex, _ = file.Init.Moov.Mvex.GetTrex(id)
		if t.timescale <= 0 || len(trak.Mdia.Minf.Stbl.Stsd.Children) != 1 {
			return nil, fmt.Errorf("%w: track %d is not described", errNotMedia, id)
		}
		switch entry := trak.Mdia.Minf.Stbl.Stsd.Children[0].(type) {
		case *mp4.VisualSampleEntryBox:
			t.codec, t.width, t.height = entry.Type(), int(entry.Width), int(entry.Height)
		case *mp4.AudioSampleEntryBox:
			t.codec, t.channels = entry.Type(), int(entry.ChannelCount)
		default:
			continue
		}
		switch t.codec {
		case "avc1", "avc3", "vp08", "vp09", "Opus", "mp4a":
			tracks[id] = t
		default:
			return nil, fmt.Errorf("%w: %q is not a codec that is known here", errNotMedia, t.codec)
		}
	}
	return tracks, nil
}

// add notes the samples of one segment.
func (p *part) add(data []byte) (err error) {
	defer guard(&err)
	file, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", errNotMedia, err)
	}
	if len(file.Segments) == 0 || file.Moov != nil {
		return fmt.Errorf("%w: it has no fragment", errNotMedia)
	}
	for _, segment := range file.Segments {
		for _, fragment := range segment.Fragments {
			for _, traf := range fragment.Moof.Trafs {
				if t := p.tracks[traf.Tfhd.TrackID]; t != nil {
					p.addRun(t, traf)
				}
			}
		}
	}
	return nil
}

func (p *part) addRun(t *track, traf *mp4.TrafBox) {
	onTimeline := func(media int64) storage.Ticks {
		whole, rest := media/t.timescale, media%t.timescale
		return p.shift + storage.Ticks(whole*storage.TicksPerSecond+
			rest*storage.TicksPerSecond/t.timescale)
	}
	decode := int64(traf.Tfdt.BaseMediaDecodeTime())
	for _, run := range traf.Truns {
		run.AddSampleDefaultValues(traf.Tfhd, t.trex)
		for _, sample := range run.Samples {
			shown := decode + int64(sample.CompositionTimeOffset)
			if t.width > 0 || len(t.times) == 0 {
				t.times = append(t.times, onTimeline(shown))
			}
			decode += int64(sample.Dur)
			t.end = max(t.end, onTimeline(shown+int64(sample.Dur)))
		}
	}
}

// longest is how long a timeline may be: a wrong offset must not make hours of silence.
const longest = 24 * time.Hour

// arrange puts the parts in the order of the timeline and lets each end where the next begins:
// where two takes overlap, the later one is what the person at the camera began anew.
func arrange(parts []*part) (video, audio []*part, err error) {
	for _, p := range parts {
		for _, t := range p.tracks {
			if len(t.times) == 0 {
				continue
			}
			slices.Sort(t.times)
			if t.first() < 0 || t.end.Duration() > longest {
				return nil, nil, storage.Errorf(storage.Invalid,
					"This recording says that it lasts longer than %d hours, which cannot be right.",
					int(longest.Hours()))
			}
			switch {
			case t.width > 0 && p.video == nil:
				p.video = t
			case t.channels > 0 && p.audio == nil:
				p.audio = t
			}
		}
	}
	video = inOrder(parts, func(p *part) *track { return p.video })
	audio = inOrder(parts, func(p *part) *track { return p.audio })
	return video, audio, nil
}

func inOrder(parts []*part, medium func(*part) *track) []*part {
	var have []*part
	for _, p := range parts {
		if medium(p) != nil {
			have = append(have, p)
		}
	}
	slices.SortStableFunc(have, func(a, b *part) int {
		return cmp.Compare(medium(a).first(), medium(b).first())
	})
	var used []*part
	for i, p := range have {
		t := medium(p)
		if i+1 < len(have) {
			next := medium(have[i+1]).first()
			if next <= t.first() {
				continue // wholly covered
			}
			if next < t.end {
				t.cut = next
			}
		}
		used = append(used, p)
	}
	return used
}
