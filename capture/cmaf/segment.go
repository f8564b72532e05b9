package cmaf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Sizes of the boxes of a movie fragment (ISO/IEC 14496-12, sections 8.8.4 to 8.8.12), in bytes.
const (
	boxHead  = 8
	fullHead = boxHead + 4      // with version and flags
	mfhdSize = fullHead + 4     // sequence_number
	tfhdSize = fullHead + 4     // track_ID
	tfdtSize = fullHead + 8     // baseMediaDecodeTime, version 1
	trunHead = fullHead + 4 + 4 // sample_count, data_offset
	trafHead = boxHead + tfhdSize + tfdtSize
)

// What a trun box has of each sample (section 8.8.8).
const (
	dataOffset      = 0x000001
	sampleDuration  = 0x000100
	sampleSize      = 0x000200
	sampleFlags     = 0x000400
	sampleOffset    = 0x000800
	defaultBaseMoof = 0x020000 // of tfhd: data offsets count from the moof
)

// nonSyncSample is sample_is_non_sync_sample (section 8.8.3.1); a sync sample has no flag.
const nonSyncSample = 1 << 16

// track is a run under its number.
type track struct {
	id  uint32
	run Run
}

// Segment writes a media segment: one moof and one mdat. A track without samples is left out. It
// is written by hand, in one piece of its exact size: a library that describes boxes by reflection
// took 8 % of the CPU time of a recorded stream.
func Segment(number int64, video, audio Run) ([]byte, error) {
	var tracks []track
	moof, mdat := boxHead+mfhdSize, boxHead
	for _, t := range []track{{VideoTrack, video}, {AudioTrack, audio}} {
		if len(t.run.Samples) == 0 {
			continue
		}
		tracks = append(tracks, t)
		moof += trafHead + trunHead + len(t.run.Samples)*t.perSample()
		mdat += t.run.bytes()
	}
	switch {
	case len(tracks) == 0:
		return nil, errors.New("cmaf: a segment needs a sample")
	case moof+mdat > math.MaxInt32: // data_offset is signed
		return nil, fmt.Errorf("cmaf: a segment of %d bytes is too large", moof+mdat)
	}
	out := make([]byte, 0, moof+mdat)
	out = box(out, moof, "moof")
	out = full(out, mfhdSize, "mfhd", 0, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(number))
	at := moof + boxHead // of the track's data, from the moof on
	for _, t := range tracks {
		out = t.describe(out, at)
		at += t.run.bytes()
	}
	out = box(out, mdat, "mdat")
	for _, t := range tracks {
		for _, s := range t.run.Samples {
			out = append(out, s.Data...)
		}
	}
	return out, nil
}

func (r Run) bytes() (n int) {
	for _, s := range r.Samples {
		n += len(s.Data)
	}
	return n
}

// fields says what trun has of each of the track's samples. Every packet of sound is a sync sample,
// and sound is never reordered: both are said once, by what the init segment has by default.
func (t track) fields() uint32 {
	if t.id == AudioTrack {
		return sampleDuration | sampleSize
	}
	return sampleDuration | sampleSize | sampleFlags | sampleOffset
}

func (t track) perSample() int {
	if t.id == AudioTrack {
		return 8
	}
	return 16
}

// describe writes the track's traf. at is where its data begin.
func (t track) describe(out []byte, at int) []byte {
	trun := trunHead + len(t.run.Samples)*t.perSample()
	out = box(out, trafHead+trun, "traf")
	out = full(out, tfhdSize, "tfhd", 0, defaultBaseMoof)
	out = binary.BigEndian.AppendUint32(out, t.id)
	out = full(out, tfdtSize, "tfdt", 1, 0)
	out = binary.BigEndian.AppendUint64(out, uint64(t.run.Start))
	out = full(out, trun, "trun", 1, dataOffset|t.fields()) // version 1: offsets are signed
	out = binary.BigEndian.AppendUint32(out, uint32(len(t.run.Samples)))
	out = binary.BigEndian.AppendUint32(out, uint32(at))
	for _, s := range t.run.Samples {
		out = binary.BigEndian.AppendUint32(out, s.Duration)
		out = binary.BigEndian.AppendUint32(out, uint32(len(s.Data)))
		if t.id == AudioTrack {
			continue
		}
		flags := uint32(nonSyncSample)
		if s.Key {
			flags = 0
		}
		out = binary.BigEndian.AppendUint32(out, flags)
		out = binary.BigEndian.AppendUint32(out, uint32(s.Offset))
	}
	return out
}

func box(out []byte, size int, name string) []byte {
	return append(binary.BigEndian.AppendUint32(out, uint32(size)), name...)
}

func full(out []byte, size int, name string, version byte, flags uint32) []byte {
	return binary.BigEndian.AppendUint32(box(out, size, name), uint32(version)<<24|flags)
}
