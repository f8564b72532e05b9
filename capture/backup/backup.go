// Package backup reads the blobs that a browser's MediaRecorder makes of a lesson while the live
// route has its own copy. Where they are fragmented MP4 (ISO/IEC 14496-12) in a codec that HLS
// players play, as Chromium's are, it says where in a blob the init segment and each fragment lie,
// and their times: they are then shown as they are. Of everything else (WebM, boxes that reach from
// one blob into the next, encryption…) it says why not, so that it is transcoded once it is all there.
//
// A blob is read when it arrives, perhaps long before those that precede it: what it says of times is
// in the tracks' own timescales. Blobs come from a browser and may hold anything: nothing here
// panics, and what is allocated is bounded by the blob's own size.
//
// How Chromium 156 writes them: the first blob is ftyp and moov alone (ftyp is a blob of its own
// where the timeslice is very short); every other one is whole moof and mdat pairs, whatever the
// timeslice, each of which begins with a key frame of the video; both tracks count from zero,
// wherever their first samples were; the last duration of each run is a guess, and for sound a bad
// one (21 ms, for packets of 60). A player in a browser takes the hole that this leaves for a break
// (Media Source Extensions, section 3.5.8, "more than 2 times last frame duration") and waits for the
// next key frame: two seconds of picture are not shown. Read mends that, and Lead the first samples.
package backup

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"
)

// Blob is what a blob holds.
type Blob struct {
	Why       string // it cannot be shown as it is; empty: it can
	Init      *Init
	Fragments []Fragment

	mends  []mend
	tracks []Track // that its fragments have samples of
}

// Lead is by how much the picture of a take is too early against its sound, where its recorder has
// both count from zero though the first frame came after the first sound.
type Lead struct {
	MS     int64
	Tracks []Track // of the take, as far as they are known before its blob is read
}

// mend is one field that is changed for players that would stumble over it.
type mend struct {
	field []byte
	with  []byte
}

// Init is an init segment.
type Init struct {
	Data          []byte // ftyp and moov
	Codecs        string // RFC 6381, video first
	Width, Height int
	Tracks        []Track
}

// Track is a track that an init segment describes.
type Track struct {
	Number    uint32
	Kind      string // video, audio
	Codec     string // h264, vp9, opus, aac
	Timescale uint32
}

// Fragment is one moof with its mdat.
type Fragment struct {
	From, Bytes int64 // in the blob
	Runs        []Run // of each track that it has samples of
}

// Run is what a fragment has of one track, in the track's timescale.
type Run struct {
	Track      uint32
	Start, End int64 // of what is shown first and last
	Key        bool  // the first sample can be decoded without others
}

// maxFragments of one blob: at the shortest that makes sense, half a minute.
const maxFragments = 256

// Read reads a blob, and changes in data what players would stumble over: the length stays the same,
// and so does all of a blob that cannot be shown as it is. It keeps no reference to data.
func Read(data []byte) Blob {
	return Lead{}.Read(data)
}

// Read is Read, and has the picture come later by the lead. A blob must be read so once alone.
func (l Lead) Read(data []byte) Blob {
	b := Blob{tracks: l.Tracks}
	if err := b.read(data, l.MS); err != nil {
		return Blob{Why: err.Error()}
	}
	for _, m := range b.mends {
		copy(m.field, m.with)
	}
	b.mends, b.tracks = nil, nil
	return b
}

// late is by how much a track's samples are to come later, in its own timescale: none but those of a
// picture that has sound.
func (b *Blob) late(number uint32, leadMS int64) int64 {
	of := func(kind string) int {
		return slices.IndexFunc(b.tracks, func(t Track) bool { return t.Kind == kind })
	}
	picture, sound := of("video"), of("audio")
	if picture < 0 || sound < 0 || b.tracks[picture].Number != number {
		return 0
	}
	return (leadMS*int64(b.tracks[picture].Timescale) + 500) / 1000
}

func (b *Blob) read(data []byte, leadMS int64) error {
	if bytes.HasPrefix(data, []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		return fmt.Errorf("it is WebM")
	}
	var kind []byte // ftyp
	for at := 0; at < len(data); {
		box, err := next(data[at:])
		if err != nil {
			return err
		}
		size := len(box.whole)
		switch box.kind {
		case "ftyp":
			kind = box.whole
		case "moov":
			if b.Init != nil || len(b.Fragments) > 0 {
				return fmt.Errorf("there is an init segment in the middle of a blob")
			}
			if b.Init, err = readInit(kind, box); err != nil {
				return err
			}
			b.tracks = b.Init.Tracks
		case "moof":
			media, err := next(data[at+size:])
			if err != nil {
				return err
			}
			if media.kind != "mdat" {
				return fmt.Errorf("there is a fragment without its media")
			}
			size += len(media.whole)
			if err := b.add(data[at:at+size], box, int64(at), leadMS); err != nil {
				return err
			}
		case "mdat":
			return fmt.Errorf("there is media outside of fragments")
		case "styp", "sidx", "free", "skip", "prft", "emsg", "mfra", "uuid":
		default:
			return fmt.Errorf("it is not fragmented MP4")
		}
		at += size
	}
	return nil
}

// add takes up a fragment. One without samples is left out.
func (b *Blob) add(data []byte, moof box, from, leadMS int64) error {
	if len(b.Fragments) == maxFragments {
		return fmt.Errorf("a blob has more than %d fragments", maxFragments)
	}
	f := Fragment{From: from, Bytes: int64(len(data))}
	mends, err := f.read(data, moof, func(track uint32) int64 { return b.late(track, leadMS) })
	if err == nil && len(f.Runs) > 0 {
		b.Fragments = append(b.Fragments, f)
		b.mends = append(b.mends, mends...)
	}
	return err
}

// containers are the media types that MediaRecorder knows in some browser, and that ffmpeg reads.
var containers = []string{"video/mp4", "audio/mp4", "video/webm", "audio/webm", "video/x-matroska",
	"audio/x-matroska", "video/quicktime", "audio/ogg"}

// CheckType says of a media type whether it is one that browsers record in, and whether its blobs
// may be shown as they are.
func CheckType(text string) (known, direct bool) {
	name, _, err := mime.ParseMediaType(text)
	if err != nil && name == "" {
		// MediaRecorder does not quote its codecs, whose comma is no token: RFC 2045, section 5.1.
		name = strings.ToLower(strings.TrimSpace(text))
		name, _, _ = strings.Cut(name, ";")
		name = strings.TrimSpace(name)
	}
	return slices.Contains(containers, name), strings.HasSuffix(name, "/mp4")
}
