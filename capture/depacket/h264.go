package depacket

import (
	"encoding/binary"
	"errors"

	codec "github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// NAL unit types (H.264, table 7-1; RFC 6184, table 1).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalPPS   = 8
	nalAUD   = 9
	nalFill  = 12
	nalSTAPA = 24
	nalFUA   = 28
)

var errPayload = errors.New("depacket: not a payload of this codec")

// h264 collects the NAL units of an access unit, in packetization mode 1: single units, STAP-A
// and FU-A.
type h264 struct {
	units    [][]byte
	fragment []byte // the unit that FU-A payloads are being joined to; nil: none
	sps, pps []byte // the last ones seen
}

func (h *h264) starts(payload []byte) bool {
	switch payload[0] & 0x1f {
	case nalSPS, nalIDR:
		return true
	case nalSTAPA:
		return len(payload) > 3 && (payload[3]&0x1f == nalSPS || payload[3]&0x1f == nalAUD)
	case nalFUA:
		return len(payload) > 1 && payload[1]&0x80 != 0 && payload[1]&0x1f == nalIDR
	}
	return false
}

// begins takes parameter sets for the beginning. An IDR slice may be the second one of its
// picture.
func (h *h264) begins(payload []byte) bool {
	switch payload[0] & 0x1f {
	case nalSPS, nalAUD:
		return true
	case nalSTAPA:
		return h.starts(payload)
	}
	return false
}

func (h *h264) reset() { h.units, h.fragment = nil, nil }

func (h *h264) add(payload []byte, _ bool) error {
	kind := payload[0] & 0x1f
	if h.fragment != nil && kind != nalFUA {
		return errPayload // its end never came
	}
	switch {
	case kind >= 1 && kind <= 23:
		h.units = append(h.units, payload)
		return nil
	case kind == nalSTAPA:
		return h.aggregate(payload[1:])
	case kind == nalFUA:
		return h.join(payload)
	}
	return errPayload
}

// aggregate splits a STAP-A (RFC 6184, section 5.7.1).
func (h *h264) aggregate(rest []byte) error {
	for len(rest) > 0 {
		if len(rest) < 2 {
			return errPayload
		}
		size := int(binary.BigEndian.Uint16(rest))
		if size == 0 || size > len(rest)-2 {
			return errPayload
		}
		h.units = append(h.units, rest[2:2+size])
		rest = rest[2+size:]
	}
	return nil
}

// join takes a FU-A (RFC 6184, section 5.8).
func (h *h264) join(payload []byte) error {
	if len(payload) < 3 {
		return errPayload
	}
	start, end := payload[1]&0x80 != 0, payload[1]&0x40 != 0
	if start == (h.fragment != nil) || start && end {
		return errPayload
	}
	if start {
		h.fragment = []byte{payload[0]&0xe0 | payload[1]&0x1f}
	}
	h.fragment = append(h.fragment, payload[2:]...)
	if end {
		h.units = append(h.units, h.fragment)
		h.fragment = nil
	}
	return nil
}

// finish writes the units with four bytes of length each (ISO/IEC 14496-15, section 5.3). The
// parameter sets that the init segment carries are left out, as avc1 demands; an encoder's further
// ones stay where they are. A key frame whose parameter sets never came is refused.
func (h *h264) finish(format *Format) (data []byte, key, ok bool) {
	if h.fragment != nil {
		return nil, false, false
	}
	size := 0
	var fresh struct{ sps, pps bool }
	for _, unit := range h.units {
		switch unit[0] & 0x1f {
		case nalSPS:
			if !fresh.sps {
				h.sps, fresh.sps = unit, true
			}
		case nalPPS:
			if !fresh.pps {
				h.pps, fresh.pps = unit, true
			}
		case nalIDR:
			key = true
		}
		size += 4 + len(unit)
	}
	if key && !h.describe(format) {
		return nil, true, false
	}
	data = make([]byte, 0, size)
	picture := false
	for _, unit := range h.units {
		switch kind := unit[0] & 0x1f; {
		case kind == nalAUD, kind == nalFill,
			kind == nalSPS && string(unit) == string(h.sps),
			kind == nalPPS && string(unit) == string(h.pps):
			continue
		case kind >= nalSlice && kind <= nalIDR:
			picture = true
		}
		data = binary.BigEndian.AppendUint32(data, uint32(len(unit)))
		data = append(data, unit...)
	}
	if !picture {
		return nil, false, true
	}
	return data, key, true
}

// describe brings the format up to the parameter sets.
func (h *h264) describe(format *Format) bool {
	if len(h.sps) == 0 || len(h.pps) == 0 {
		return false
	}
	if format.SPS == string(h.sps) && format.PPS == string(h.pps) {
		return true
	}
	var sps codec.SPS
	if err := sps.Unmarshal(h.sps); err != nil || sps.Width() <= 0 || sps.Height() <= 0 {
		return false
	}
	format.SPS, format.PPS = string(h.sps), string(h.pps)
	format.Width, format.Height = sps.Width(), sps.Height()
	return true
}
