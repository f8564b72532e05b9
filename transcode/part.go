package transcode

import (
	"cmp"
	"slices"
	"time"

	"backrow/storage"
	"backrow/transcode/fragment"
)

// part is a run of the cover, of segments of one take that share an init segment, fetched into one
// file. Times are on the recording's timeline.
type part struct {
	file   string        // in the scratch folder
	shift  storage.Ticks // where the take's time 0 lies
	cut    storage.Ticks // what begins here or later is shown by another part; 0: all is used
	init   fragment.Init
	steady *fragment.Steady // of a take by a browser's own recorder; otherwise nil
	tracks map[uint32]*track
	video  *track // nil: none
	audio  *track // nil: none
}

// track is one medium of a part.
type track struct {
	fragment.Track

	times []storage.Ticks // of the samples of video; of audio only the first
	end   storage.Ticks   // of the last sample
	cut   storage.Ticks   // what begins here or later is another part's; 0: all is used
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

// newPart is a part whose file is still empty.
func newPart(file string, shift storage.Ticks, init fragment.Init) *part {
	p := &part{file: file, shift: shift, init: init, tracks: map[uint32]*track{}}
	for id, described := range init {
		p.tracks[id] = &track{Track: described}
	}
	return p
}

// add notes the samples of one segment.
func (p *part) add(data []byte) error {
	samples, err := p.init.Samples(data)
	if err != nil {
		return err
	}
	for _, s := range samples {
		t := p.tracks[s.Track]
		if t.Width > 0 || len(t.times) == 0 {
			t.times = append(t.times, max(p.shift+s.Shown, 0))
		}
		t.end = max(t.end, p.shift+s.Shown+s.Length)
	}
	return nil
}

// longest is how long a timeline may be: a wrong offset must not make hours of silence.
const longest = 24 * time.Hour

// arrange puts the parts in the order of the timeline, and lets each end where the cover goes on to
// another: a track ends at the latest where the next part's track of its kind begins.
func arrange(parts []*part) (video, audio []*part, err error) {
	for _, p := range parts {
		for _, t := range p.tracks {
			if len(t.times) == 0 {
				continue
			}
			slices.Sort(t.times)
			if t.end.Duration() > longest {
				return nil, nil, storage.Errorf(storage.Invalid,
					"This recording says that it lasts longer than %d hours, which cannot be right.",
					int(longest.Hours()))
			}
			t.cut = p.cut
			switch {
			case t.Width > 0 && p.video == nil:
				p.video = t
			case t.Channels > 0 && p.audio == nil:
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
		if t := medium(p); t != nil && (t.cut == 0 || t.first() < t.cut) {
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
			if next < t.until() {
				t.cut = next
			}
		}
		used = append(used, p)
	}
	return used
}
