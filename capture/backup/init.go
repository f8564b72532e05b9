package backup

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

const (
	maxTracks = 8
	maxSide   = 1 << 14 // pixels
)

// usualKind stands in for an ftyp that came in a blob of its own.
var usualKind = []byte("\x00\x00\x00\x18ftypiso6\x00\x00\x00\x00iso6mp41")

// readInit reads a moov box: what there is of each track.
func readInit(kind []byte, moov box) (*Init, error) {
	if kind == nil {
		kind = usualKind
	}
	i := &Init{Data: slices.Concat(kind, moov.whole)}
	var codecs []string
	err := each(moov.body, func(b box) error {
		if b.kind != "trak" {
			return nil
		}
		t, entry, err := readTrack(b.body)
		if err != nil {
			return err
		}
		if len(i.Tracks) == maxTracks || slices.ContainsFunc(i.Tracks, func(o Track) bool {
			return o.Number == t.Number || o.Kind == t.Kind
		}) {
			return fmt.Errorf("there are several tracks of a kind")
		}
		t.Codec = entry.codec
		i.Tracks = append(i.Tracks, t)
		if t.Kind == "video" {
			i.Width, i.Height = entry.width, entry.height
			codecs = slices.Insert(codecs, 0, entry.name)
		} else {
			codecs = append(codecs, entry.name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(i.Tracks) == 0 || find(moov.body, "mvex") == nil {
		return nil, fmt.Errorf("it is not fragmented MP4")
	}
	i.Codecs = strings.Join(codecs, ",")
	return i, nil
}

func readTrack(trak []byte) (t Track, entry sampleEntry, err error) {
	if t.Number = trackNumber(find(trak, "tkhd")); t.Number == 0 {
		return t, entry, fmt.Errorf("a track has no number")
	}
	header := cursor{data: find(trak, "mdia", "mdhd")}
	if version, _ := header.full(); version == 1 {
		header.skip(16)
	} else {
		header.skip(8)
	}
	if t.Timescale = header.u32(); header.short || t.Timescale == 0 {
		return t, entry, fmt.Errorf("a track has no timescale")
	}
	handler := cursor{data: find(trak, "mdia", "hdlr")}
	handler.skip(8)
	switch string(handler.take(4)) {
	case "vide":
		t.Kind = "video"
	case "soun":
		t.Kind = "audio"
	default:
		return t, entry, fmt.Errorf("a track is neither picture nor sound")
	}
	if err := plainEdits(find(trak, "edts", "elst")); err != nil {
		return t, entry, err
	}
	entry, err = readEntry(t.Kind, find(trak, "mdia", "minf", "stbl", "stsd"))
	return t, entry, err
}

// trackNumber is the track_ID of a tkhd box (section 8.3.2), 0 where there is none.
func trackNumber(tkhd []byte) uint32 {
	c := cursor{data: tkhd}
	if version, _ := c.full(); version == 1 {
		c.skip(16)
	} else {
		c.skip(8)
	}
	return c.u32()
}

// plainEdits refuses edit lists (section 8.6.6) that say more than that the track begins at its
// beginning: players differ about them.
func plainEdits(elst []byte) error {
	if elst == nil {
		return nil
	}
	c := cursor{data: elst}
	version, _ := c.full()
	count := c.u32()
	var media int64
	if version == 1 {
		c.skip(8)
		media = int64(c.u64())
	} else {
		c.skip(4)
		media = int64(int32(c.u32()))
	}
	if count > 1 || count == 1 && (c.short || media != 0) {
		return fmt.Errorf("its tracks are edited")
	}
	return nil
}

// sampleEntry is what an stsd box says of a track's coding.
type sampleEntry struct {
	codec         string
	name          string // RFC 6381
	width, height int
}

const (
	visualEntry = 78 // bytes before the boxes in a visual sample entry (section 12.1.3)
	audioEntry  = 28 // and in one of sound (section 12.2.3)
)

func readEntry(kind string, stsd []byte) (e sampleEntry, err error) {
	if len(stsd) < 8 || binary.BigEndian.Uint32(stsd[4:]) != 1 {
		return e, fmt.Errorf("a track is coded in several ways")
	}
	entry, err := next(stsd[8:])
	if err != nil {
		return e, err
	}
	head := audioEntry
	if kind == "video" {
		head = visualEntry
	}
	if len(entry.body) < head {
		return e, fmt.Errorf("a track does not say how it is coded")
	}
	if kind == "video" {
		e.width = int(binary.BigEndian.Uint16(entry.body[24:]))
		e.height = int(binary.BigEndian.Uint16(entry.body[26:]))
		if e.width == 0 || e.height == 0 || e.width > maxSide || e.height > maxSide {
			return e, fmt.Errorf("its picture has no size")
		}
	}
	read, ok := entries[kind+" "+entry.kind]
	if !ok {
		return e, fmt.Errorf("players do not play %s", printable(entry.kind))
	}
	err = read(&e, entry.body[head:])
	return e, err
}

// printable is a box's type as a log can show it.
func printable(kind string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, kind)
}
