package backup

import (
	"fmt"
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

// read reads what a moof box says of the samples in the mdat behind it; data is both.
func (f *Fragment) read(data []byte, moof box) error {
	empty := 0
	err := each(moof.body, func(b box) error {
		if b.kind != "traf" {
			return nil
		}
		t := traf{moof: len(moof.whole), whole: len(data)}
		if err := each(b.body, t.read); err != nil {
			return err
		}
		if t.number == 0 {
			return fmt.Errorf("a fragment does not say of which track it is")
		}
		switch {
		case t.samples == 0:
			empty++
		case !t.timed:
			return fmt.Errorf("a fragment does not say when it is")
		case slices.ContainsFunc(f.Runs, func(r Run) bool { return r.Track == t.number }):
			return fmt.Errorf("a fragment has a track twice")
		default:
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
	if err == nil && empty > 0 && len(f.Runs) > 0 {
		f.Mended = withoutEmpty(data, moof)
	}
	return err
}

var errOffsets = fmt.Errorf("its media is not where its fragments are")

// traf is one track's part of a fragment, as it is read.
type traf struct {
	moof, whole int // bytes of the moof box, and of it with its mdat

	number   uint32
	anchored bool // offsets count from the moof's first byte
	duration uint32
	size     uint32
	flags    uint32
	defaults uint32 // which of the three there are

	timed      bool
	time       int64 // of the next sample's decoding
	samples    int
	start, end int64
	key        bool
}

func (t *traf) read(b box) error {
	c := cursor{data: b.body}
	switch b.kind {
	case "tfhd":
		return t.readHeader(&c)
	case "tfdt":
		version, _ := c.full()
		if version == 1 {
			t.time = int64(c.u64())
		} else {
			t.time = int64(c.u32())
		}
		if c.short || t.time < 0 || t.time > maxTime || t.samples > 0 {
			return fmt.Errorf("a fragment's time cannot be right")
		}
		t.timed = true
	case "trun":
		return t.readRun(&c)
	case "senc", "saiz", "saio":
		return fmt.Errorf("it is encrypted")
	}
	return nil
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
	first, known := t.flags, t.defaults&hasFlags != 0
	if flags&runHasFirst != 0 {
		first, known = c.u32(), true
	}
	for i := range count {
		duration, size, shift := t.duration, t.size, int64(0)
		if flags&runHasDurations != 0 {
			duration = c.u32()
		}
		if flags&runHasSizes != 0 {
			size = c.u32()
		}
		if flags&runHasFlags != 0 {
			own := c.u32()
			if i == 0 && flags&runHasFirst == 0 {
				first, known = own, true
			}
		}
		if flags&runHasShifts != 0 {
			shift = int64(int32(c.u32())) // negative in version 1 alone, and nobody means 2^31
		}
		if t.samples == 0 {
			t.key = known && first&(notSync|dependsOnOthers) == 0
			t.start = t.time + shift
		}
		t.samples++
		t.start = min(t.start, t.time+shift)
		t.end = max(t.end, t.time+shift+int64(duration))
		t.time += int64(duration)
		at += int64(size)
	}
	if c.short || at > int64(t.whole) || t.time > maxTime {
		return errOffsets
	}
	return nil
}

// withoutEmpty is a fragment whose trafs without samples are made free space of the same size:
// Chromium writes such ones, with a time of 0, and hls.js takes the earliest time of all of them for
// the fragment's.
func withoutEmpty(data []byte, moof box) []byte {
	out := slices.Clone(data)
	at := len(moof.whole) - len(moof.body)
	//nolint:errcheck // it has been read before
	each(moof.body, func(b box) error {
		if b.kind == "traf" && !hasSamples(b.body) {
			copy(out[at+4:], "free")
		}
		at += len(b.whole)
		return nil
	})
	return out
}

func hasSamples(traf []byte) (any bool) {
	//nolint:errcheck // it has been read before
	each(traf, func(b box) error {
		c := cursor{data: b.body}
		c.full()
		any = any || b.kind == "trun" && c.u32() > 0
		return nil
	})
	return any
}
