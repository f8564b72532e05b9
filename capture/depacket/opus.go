package depacket

import codec "github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"

// opus takes each payload as a frame (RFC 7587, section 4.2).
type opus struct{ data []byte }

// starts is always false: there is no telling whether a packet is a stream's first.
func (o *opus) starts([]byte) bool { return false }

func (o *opus) begins([]byte) bool { return true }

func (o *opus) reset() { o.data = nil }

func (o *opus) add(payload []byte, _ bool) error {
	// RFC 6716, section 3.2.5: a packet is at most 120 ms.
	if d := codec.PacketDuration2(payload); d <= 0 || d > 5760 {
		return errPayload
	}
	o.data = payload
	return nil
}

// finish calls everything stereo: that is what WebRTC's decoders are told to expect, whatever a
// packet itself says (RFC 7587, section 6.1).
func (o *opus) finish(format *Format) (data []byte, key, ok bool) {
	format.Channels = 2
	return o.data, true, len(o.data) > 0
}

// OpusTicks is how long an Opus packet plays, in 1/48000 s.
func OpusTicks(packet []byte) int64 { return codec.PacketDuration2(packet) }
