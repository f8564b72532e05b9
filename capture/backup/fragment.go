package backup

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The flags of tfhd and trun (sections 8.8.7 and 8.8.8).
const (
	hasBaseOffset   = 0x1
	hasDescription  = 0x2
	hasDuration     = 0x8
	hasSize         = 0x10
	hasFlags        = 0x20
	baseIsMoof      = 0x20000
	runHasOffset    = 0x1
	runHasFirst     = 0x4
	runHasDurations = 0x100
	runHasSizes     = 0x200
	runHasFlags     = 0x400
	runHasShifts    = 0x800
)

const (
	// dependsOnOthers and notSync are of a sample's flags (section 8.8.3.1).
	dependsOnOthers = 1 << 24
	notSync         = 1 << 16
	// maxTime bounds times in any timescale, so that sums of them cannot overflow: a year in
	// nanoseconds is half of it.
	maxTime    = 1 << 56
	maxSamples = 1 << 16 // of a run
)

// read reads what a moof box says of the samples in the mdat behind it; data is both. late is by how
// much a track is to come later than it says.
func (f *Fragment) read(data []byte, moof box, late func(track uint32) int64) (mends []mend, err error) {
	empty := 0
	err = each(moof.body, func(b box) error {
		if b.kind != "traf" {
			return nil
		}
		t := traf{moof: len(moof.whole), media: data, durations: map[uint32]int{}}
		if err := each(b.body, t.read); err != nil {
			return err
		}
		if t.number == 0 {
			return fmt.Errorf("a fragment does not say of which track it is")
		}
		switch {
		case t.samples == 0:
			// Chromium writes such ones, with a time of 0, and hls.js takes the earliest time of all
			// of them for the fragment's.
			empty++
			mends = append(mends, mend{field: b.whole[4:8], with: []byte("free")})
		case !t.timed:
			return fmt.Errorf("a fragment does not say when it is")
		case slices.ContainsFunc(f.Runs, func(r Run) bool { return r.Track == t.number }):
			return fmt.Errorf("a fragment has a track twice")
		default:
			mends = append(mends, t.mendLast()...)
			if by := late(t.number); by != 0 {
				m, err := t.mendTime(by)
				if err != nil {
					return err
				}
				mends = append(mends, m)
			}
			f.Runs = append(f.Runs, Run{Track: t.number, Start: t.start, End: t.end, Key: t.key})
		}
		if len(f.Runs) > maxTracks {
			return fmt.Errorf("a fragment has too many tracks")
		}
		if !t.anchored && (empty > 0 || len(f.Runs) > 1) {
			return errOffsets
		}
		return nil
	})
	return mends, err
}

var errOffsets = fmt.Errorf("its media is not where its fragments are")

// traf is one track's part of a fragment, as it is read.
type traf struct {
	moof  int    // bytes of the moof box
	media []byte // it and its mdat

	number   uint32
	anchored bool // offsets count from the moof's first byte
	duration uint32
	size     uint32
	flags    uint32
	defaults uint32 // which of the three there are

	timed      bool
	decode     []byte // where the time of the first sample's decoding is written, in 4 bytes or 8
	time       int64  // of the next sample's decoding
	samples    int
	start, end int64
	key        bool

	delta     bool           // there is a sample that needs others, or it is not said that there is none
	durations map[uint32]int // how many samples have which, the last one aside
	last      sample
}

// sample is what is known of the last sample.
type sample struct {
	field    []byte // where its duration is written; nil: nowhere
	duration uint32
	shown    int64
	data     []byte
}

func (t *traf) read(b box) error {
	c := cursor{data: b.body}
	switch b.kind {
	case "tfhd":
		return t.readHeader(&c)
	case "tfdt":
		length := 4
		if version, _ := c.full(); version == 1 {
			length = 8
		}
		t.decode = c.take(length)
		t.time = int64(number(t.decode))
		if c.short || t.time < 0 || t.time > maxTime || t.samples > 0 {
			return errTime
		}
		t.timed = true
	case "trun":
		return t.readRun(&c)
	case "senc", "saiz", "saio":
		return fmt.Errorf("it is encrypted")
	}
	return nil
}

var errTime = fmt.Errorf("a fragment's time cannot be right")

// number is what 4 bytes or 8 say.
func number(field []byte) uint64 {
	if len(field) == 8 {
		return binary.BigEndian.Uint64(field)
	}
	return uint64(binary.BigEndian.Uint32(field))
}

func (t *traf) readHeader(c *cursor) error {
	_, flags := c.full()
	t.number = c.u32()
	t.anchored = flags&baseIsMoof != 0
	if flags&hasBaseOffset != 0 {
		return errOffsets // from the beginning of a file that there is not
	}
	if flags&hasDescription != 0 && c.u32() != 1 {
		return fmt.Errorf("a track is coded in several ways")
	}
	t.defaults = flags & (hasDuration | hasSize | hasFlags)
	if flags&hasDuration != 0 {
		t.duration = c.u32()
	}
	if flags&hasSize != 0 {
		t.size = c.u32()
	}
	if flags&hasFlags != 0 {
		t.flags = c.u32()
	}
	if c.short {
		return errStraddles
	}
	return nil
}

func (t *traf) readRun(c *cursor) error {
	_, flags := c.full()
	count := c.u32()
	if count == 0 {
		return nil
	}
	switch {
	case count > maxSamples:
		return fmt.Errorf("a fragment has too many samples")
	case flags&runHasDurations == 0 && t.defaults&hasDuration == 0,
		flags&runHasSizes == 0 && t.defaults&hasSize == 0:
		return fmt.Errorf("a fragment leaves to the init segment what its samples are")
	}
	at := int64(t.moof + 8)
	if flags&runHasOffset != 0 {
		at = int64(int32(c.u32()))
	} else if t.samples > 0 {
		return errOffsets
	}
	if at < int64(t.moof) {
		return errOffsets
	}
	first, known := uint32(0), t.defaults&hasFlags != 0
	if flags&runHasFirst != 0 {
		first = c.u32()
	}
	for i := range count {
		own := sample{duration: t.duration}
		size, shift, sync := t.size, int64(0), t.flags
		if flags&runHasDurations != 0 {
			own.field = c.take(4)
			own.duration = binary.BigEndian.Uint32(own.field)
		}
		if flags&runHasSizes != 0 {
			size = c.u32()
		}
		if flags&runHasFlags != 0 {
			sync, known = c.u32(), true
		}
		said := known
		if i == 0 && flags&runHasFirst != 0 {
			sync, said = first, true
		}
		if flags&runHasShifts != 0 {
			shift = int64(int32(c.u32())) // negative in version 1 alone, and nobody means 2^31
		}
		independent := said && sync&(notSync|dependsOnOthers) == 0
		own.shown = t.time + shift
		if t.samples == 0 {
			t.key, t.start = independent, own.shown
		} else {
			t.durations[t.last.duration]++
		}
		t.delta = t.delta || !independent
		t.samples++
		t.start = min(t.start, own.shown)
		t.end = max(t.end, own.shown+int64(own.duration))
		t.time += int64(own.duration)
		if at < int64(len(t.media)) {
			own.data = t.media[at:min(at+int64(size), int64(len(t.media)))]
		}
		at += int64(size)
		t.last = own
	}
	if c.short || at > int64(len(t.media)) || t.time > maxTime {
		return errOffsets
	}
	return nil
}

// guessed is what Chromium takes for the length of a packet of sound that it does not know, at 48 kHz.
const guessed = 1008

// mendLast makes the last packet of a run of sound as long as it is: where that has been guessed, as
// long as most of the others, or as long as Opus itself says.
func (t *traf) mendLast() []mend {
	if t.delta || t.last.field == nil {
		return nil
	}
	var usual uint32
	for duration, count := range t.durations {
		if most := t.durations[usual]; count > most || count == most && duration < usual {
			usual = duration
		}
	}
	if t.samples == 1 && t.last.duration == guessed {
		usual = opusLength(t.last.data)
	}
	if usual <= t.last.duration {
		return nil
	}
	t.end = max(t.end, t.last.shown+int64(usual))
	return []mend{{field: t.last.field, with: binary.BigEndian.AppendUint32(nil, usual)}}
}

// mendTime has all samples come so much later.
func (t *traf) mendTime(by int64) (mend, error) {
	begins := int64(number(t.decode)) + by
	if t.time+by > maxTime || len(t.decode) == 4 && begins > math.MaxUint32 {
		return mend{}, errTime
	}
	t.start, t.end = t.start+by, t.end+by
	with := binary.BigEndian.AppendUint64(nil, uint64(begins))
	return mend{field: t.decode, with: with[8-len(t.decode):]}, nil
}

// opusLength is how long an Opus packet is (RFC 6716, section 3.1), in 1/48000 s; 0: it is none.
func opusLength(packet []byte) uint32 {
	if len(packet) < 2 {
		return 0
	}
	var frame uint32
	switch config := packet[0] >> 3; {
	case config < 12:
		frame = []uint32{480, 960, 1920, 2880}[config%4]
	case config < 16:
		frame = []uint32{480, 960}[config%2]
	default:
		frame = []uint32{120, 240, 480, 960}[config%4]
	}
	frames := uint32(1)
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		frames = uint32(packet[1] & 0x3f)
	}
	if frame*frames > 5760 {
		return 0
	}
	return frame * frames
}
