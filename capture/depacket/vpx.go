package depacket

import (
	header "github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
	"github.com/pion/rtp/codecs"
)

// vp9 joins the payloads of a picture. Several spatial layers (k-SVC) are not asked for in any
// answer of ours; if they came all the same they would be joined, which no decoder minds.
type vp9 struct{ data []byte }

func (v *vp9) starts(payload []byte) bool {
	var p codecs.VP9Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.B && !p.P && p.SID == 0
}

func (v *vp9) begins(payload []byte) bool {
	var p codecs.VP9Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.B && p.SID == 0
}

func (v *vp9) reset() { v.data = nil }

func (v *vp9) add(payload []byte, first bool) error {
	var p codecs.VP9Packet
	part, err := p.Unmarshal(payload)
	if err != nil {
		return err
	}
	if first && !p.B {
		return errPayload // the beginning is missing
	}
	v.data = append(v.data, part...)
	return nil
}

func (v *vp9) finish(format *Format) (data []byte, key, ok bool) {
	if len(v.data) == 0 {
		return nil, false, false
	}
	var h header.Header
	if err := h.Unmarshal(v.data); err != nil {
		return nil, false, false
	}
	key = !h.NonKeyFrame && !h.ShowExistingFrame
	if key {
		if h.FrameSize == nil || h.ColorConfig == nil {
			return nil, true, false
		}
		format.Width, format.Height = h.Width(), h.Height()
		format.Profile, format.BitDepth = h.Profile, h.ColorConfig.BitDepth
		format.Chroma = h.ChromaSubsampling()
	}
	return v.data, key, true
}

// vp8 joins the partitions of a picture.
type vp8 struct{ data []byte }

func (v *vp8) starts(payload []byte) bool {
	var p codecs.VP8Packet
	part, err := p.Unmarshal(payload)
	return err == nil && p.S == 1 && p.PID == 0 && len(part) > 0 && part[0]&1 == 0
}

func (v *vp8) begins(payload []byte) bool {
	var p codecs.VP8Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.S == 1 && p.PID == 0
}

func (v *vp8) reset() { v.data = nil }

func (v *vp8) add(payload []byte, first bool) error {
	var p codecs.VP8Packet
	part, err := p.Unmarshal(payload)
	if err != nil {
		return err
	}
	if first && (p.S != 1 || p.PID != 0) {
		return errPayload // the beginning is missing
	}
	v.data = append(v.data, part...)
	return nil
}

// finish reads the frame tag and the key frame header (RFC 6386, section 9.1).
func (v *vp8) finish(format *Format) (data []byte, key, ok bool) {
	if len(v.data) < 3 {
		return nil, false, false
	}
	key = v.data[0]&1 == 0
	if key {
		if len(v.data) < 10 || v.data[3] != 0x9d || v.data[4] != 0x01 || v.data[5] != 0x2a {
			return nil, true, false
		}
		format.Width = int(v.data[6]) | int(v.data[7]&0x3f)<<8
		format.Height = int(v.data[8]) | int(v.data[9]&0x3f)<<8
		if format.Width == 0 || format.Height == 0 {
			return nil, true, false
		}
	}
	return v.data, key, true
}
