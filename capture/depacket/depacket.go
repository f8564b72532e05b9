// Package depacket puts the payloads of RTP packets, given in order, together to frames as an MP4
// file holds them: H.264 (RFC 6184), VP9 (RFC 9628), VP8 (RFC 7741) and Opus (RFC 7587). A frame
// of which a packet is missing is never given out, and neither is one that needs it, up to the next
// key frame. Payloads come from the network: whatever they hold, nothing panics and memory is
// bounded. A Depacketizer is for one goroutine at a time.
package depacket

import (
	"time"

	"backrow/capture/jitter"
)

// Codec names a codec as the catalogue does.
type Codec string

// The codecs that can be received.
const (
	H264 Codec = "h264"
	VP9  Codec = "vp9"
	VP8  Codec = "vp8"
	Opus Codec = "opus"
)

// maxFrame bounds one frame. A key frame of 4K video at its worst is about 4 MiB.
const maxFrame = 8 << 20

// Format is what a decoder must know before a key frame. Formats are compared with ==: another
// Format is another init segment.
type Format struct {
	Codec    Codec
	Width    int
	Height   int
	SPS, PPS string // H.264: the parameter sets, without start codes
	Profile  uint8  // VP9
	BitDepth uint8  // VP9
	Chroma   uint8  // VP9: chroma subsampling as in vpcC
	Channels int    // Opus
}

// Frame is one access unit, or one Opus packet.
type Frame struct {
	Time    int64 // the RTP timestamp, continued to 64 bits
	Key     bool  // it can be decoded without an earlier one
	Format  Format
	Data    []byte // as an MP4 sample
	Arrived time.Time
}

// Counts are what a Depacketizer has seen.
type Counts struct {
	Frames  int64 // given out
	Dropped int64 // begun but incomplete, without parameter sets, or leaning on such a one
	Bad     int64 // packets that are not what the codec's RFC says
}

// Depacketizer makes frames of packets.
type Depacketizer struct {
	parser  parser
	open    bool  // a frame is being put together
	broken  bool  // and a packet of it is missing or bad
	time    int64 // its timestamp
	arrived time.Time
	size    int
	begun   bool // a packet has been seen
	waiting bool // for a key frame
	format  Format
	counts  Counts
}

// parser is what differs between codecs. A frame is reset, then added to, then finished.
type parser interface {
	// starts tells whether a payload is the first of a key frame.
	starts(payload []byte) bool
	// begins tells whether a payload is surely the first of a frame, key or not.
	begins(payload []byte) bool
	reset()
	// add takes a payload of the frame; first says whether it is the first one of the frame. An
	// error is a payload that is not the codec's.
	add(payload []byte, first bool) error
	// finish returns the frame: data nil when it holds no picture, ok false when it cannot be used.
	finish(format *Format) (data []byte, key, ok bool)
}

// New makes a Depacketizer.
func New(codec Codec) *Depacketizer {
	d := &Depacketizer{waiting: true}
	switch codec {
	case H264:
		d.parser = &h264{}
	case VP9:
		d.parser = &vp9{}
	case VP8:
		d.parser = &vp8{}
	default:
		d.parser = &opus{}
	}
	d.format.Codec = codec
	return d
}

// Starts tells whether a payload is the first of a frame that stands alone.
func (d *Depacketizer) Starts(payload []byte) bool {
	return len(payload) > 0 && d.parser.starts(payload)
}

// NeedsKey reports whether nothing more comes out before a key frame goes in.
func (d *Depacketizer) NeedsKey() bool { return d.waiting }

// Open reports whether a frame has begun and not ended.
func (d *Depacketizer) Open() bool { return d.open }

// Counts tells what has been seen so far.
func (d *Depacketizer) Counts() Counts { return d.counts }

// Push takes the next packet and returns the frames that it completes: at most two, when the
// packet begins a frame and the one before had lost its marker.
func (d *Depacketizer) Push(p jitter.Packet) []Frame {
	var done []Frame
	blind := p.Lost > 0 || !d.begun // what came before this packet is not known
	d.begun = true
	if p.Lost > 0 {
		// What is missing may have been the end of the open frame, whole frames, or the beginning
		// of this one: decoding begins again at a key frame.
		if d.open && p.Time == d.time {
			d.broken = true
		} else {
			d.abandon()
		}
		d.waiting = d.format.Codec != Opus
	}
	if len(p.Payload) == 0 {
		return nil // padding
	}
	if d.open && p.Time != d.time {
		done = d.finish(done)
	}
	if !d.open {
		d.open, d.broken, d.time, d.arrived, d.size = true, false, p.Time, p.Arrived, 0
		d.parser.reset()
		d.broken = blind && !d.parser.begins(p.Payload)
	}
	first := d.size == 0
	d.size += len(p.Payload)
	if d.size > maxFrame {
		d.broken = true
		d.parser.reset()
	}
	if !d.broken {
		if err := d.parser.add(p.Payload, first); err != nil {
			d.broken = true
			d.counts.Bad++
		}
	}
	if p.Marker || d.format.Codec == Opus {
		done = d.finish(done)
	}
	return done
}

// Flush returns the open frame, if it is complete as far as can be told.
func (d *Depacketizer) Flush() []Frame {
	if !d.open {
		return nil
	}
	return d.finish(nil)
}

func (d *Depacketizer) abandon() {
	if d.open {
		d.counts.Dropped++
	}
	d.open = false
}

func (d *Depacketizer) finish(done []Frame) []Frame {
	d.open = false
	var data []byte
	var key, ok bool
	if !d.broken {
		data, key, ok = d.parser.finish(&d.format)
		if ok && data == nil {
			return done // parameter sets only
		}
	}
	if !ok || d.waiting && !key {
		d.waiting = d.format.Codec != Opus
		d.counts.Dropped++
		return done
	}
	d.waiting = false
	d.counts.Frames++
	return append(done, Frame{Time: d.time, Key: key, Format: d.format, Data: data,
		Arrived: d.arrived})
}
