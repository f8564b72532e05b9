package depacket_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"

	"backrow/capture/depacket"
	"backrow/capture/jitter"
)

// Parameter sets of a 640×360 constrained baseline stream by x264.
var (
	sps = []byte{0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,
		0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x16, 0x2e, 0x48}
	pps = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
)

func unit(kind byte, size int) []byte {
	return append([]byte{kind}, bytes.Repeat([]byte{0xab}, size)...)
}

func annexB(units ...[]byte) (out []byte) {
	for _, u := range units {
		out = append(append(out, 0, 0, 0, 1), u...)
	}
	return out
}

// send makes packets of frames and gives them to a new Depacketizer, without those of lost.
func send(codec depacket.Codec, payload func([]byte) [][]byte, frames [][]byte, lost ...int,
) ([]depacket.Frame, depacket.Counts) {
	d := depacket.New(codec)
	gone := map[int]bool{}
	for _, n := range lost {
		gone[n] = true
	}
	var out []depacket.Frame
	n, missing := 0, 0
	for i, frame := range frames {
		payloads := payload(frame)
		for j, p := range payloads {
			n++
			if gone[n-1] {
				missing++
				continue
			}
			out = append(out, d.Push(jitter.Packet{Seq: int64(n), Time: int64(i) * 3000,
				Marker: j == len(payloads)-1, Payload: p, Arrived: time.Unix(int64(i), 0),
				Lost: missing})...)
			missing = 0
		}
	}
	return append(out, d.Flush()...), d.Counts()
}

func TestH264(t *testing.T) {
	key := annexB(sps, pps, unit(0x65, 3000))
	delta := annexB(unit(0x41, 200))
	payload := func(f []byte) [][]byte { return (&codecs.H264Payloader{}).Payload(1200, f) }
	// key: STAP-A, three FU-A; delta: one.
	tests := []struct {
		name    string
		frames  [][]byte
		lost    []int
		times   []int64
		dropped int64
	}{
		{"whole", [][]byte{key, delta, delta}, nil, []int64{0, 3000, 6000}, 0},
		{"does not begin with a key frame", [][]byte{delta, key, delta}, nil, []int64{3000, 6000}, 1},
		{"no parameter sets", [][]byte{annexB(unit(0x65, 100)), delta, key}, nil, []int64{6000}, 2},
		{"middle of a key frame lost", [][]byte{key, delta, key}, []int{2}, []int64{6000}, 2},
		{"parameter sets lost", [][]byte{key, key, delta}, []int{4}, []int64{0}, 2},
		{"delta frame lost", [][]byte{key, delta, delta, key, delta}, []int{4}, []int64{0, 9000, 12000}, 1},
		{"end of a key frame lost", [][]byte{key, key}, []int{3}, []int64{3000}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			frames, counts := send(depacket.H264, payload, test.frames, test.lost...)
			var times []int64
			for _, f := range frames {
				times = append(times, f.Time)
			}
			if len(times) != len(test.times) || counts.Dropped != test.dropped {
				t.Fatalf("frames at %v with %d dropped, want %v with %d", times, counts.Dropped,
					test.times, test.dropped)
			}
			for i := range times {
				if times[i] != test.times[i] {
					t.Fatalf("frames at %v, want %v", times, test.times)
				}
			}
			first := frames[0]
			if !first.Key || first.Format.Width != 640 || first.Format.Height != 360 {
				t.Errorf("first frame: key %v, %d×%d", first.Key, first.Format.Width, first.Format.Height)
			}
			// The parameter sets are in the format; the sample holds the slice alone.
			if size := binary.BigEndian.Uint32(first.Data); int(size) != len(first.Data)-4 || first.Data[4] != 0x65 {
				t.Errorf("the sample begins with % x", first.Data[:5])
			}
		})
	}
}

// vp9Key is the beginning of a VP9 key frame of 640×360 (VP9 bitstream specification, 6.2).
var vp9Key = append([]byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xf0, 0x16, 0x70}, make([]byte, 3000)...)

func TestVP9(t *testing.T) {
	payloader := &codecs.VP9Payloader{InitialPictureIDFn: func() uint16 { return 7 }}
	payload := func(f []byte) [][]byte { return payloader.Payload(1200, f) }
	delta := append([]byte{0x86, 0x00}, make([]byte, 100)...)
	frames, counts := send(depacket.VP9, payload, [][]byte{vp9Key, delta, vp9Key, delta}, 4)
	if len(frames) != 4-1-1 || counts.Dropped != 2 {
		// The second key frame's first packet is lost, and with it the delta frame that leans on it.
		t.Fatalf("%d frames, %d dropped", len(frames), counts.Dropped)
	}
	if f := frames[0]; !f.Key || !bytes.Equal(f.Data, vp9Key) || f.Format.Width != 640 || f.Format.Height != 360 {
		t.Errorf("key %v, %d bytes, %d×%d", f.Key, len(f.Data), f.Format.Width, f.Format.Height)
	}
}

func TestVP8(t *testing.T) {
	key := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}, make([]byte, 3000)...)
	delta := append([]byte{0x11}, make([]byte, 100)...)
	payload := func(f []byte) [][]byte { return (&codecs.VP8Payloader{}).Payload(1200, f) }
	frames, _ := send(depacket.VP8, payload, [][]byte{key, delta, delta})
	if len(frames) != 3 || frames[0].Format.Width != 640 || frames[0].Format.Height != 360 {
		t.Fatalf("%d frames, first %+v", len(frames), frames)
	}
	if !bytes.Equal(frames[0].Data, key) {
		t.Error("the key frame is not what was sent")
	}
}

func TestPaddingIsNoFrame(t *testing.T) {
	d := depacket.New(depacket.VP8)
	if frames := d.Push(jitter.Packet{Time: 1, Marker: true}); frames != nil {
		t.Errorf("padding made %d frames", len(frames))
	}
	if c := d.Counts(); c != (depacket.Counts{}) {
		t.Errorf("padding was counted: %+v", c)
	}
}

func fuzz(f *testing.F, codec depacket.Codec, seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed, seed, byte(0))
		f.Add(seed, []byte{}, byte(7))
	}
	f.Fuzz(func(t *testing.T, a, b []byte, flags byte) {
		d := depacket.New(codec)
		size := 0
		for i, payload := range [][]byte{a, b, a, b} {
			d.Starts(payload)
			frames := d.Push(jitter.Packet{Time: int64(i) / 2, Marker: flags>>i&1 == 1,
				Payload: payload, Lost: int(flags >> 7)})
			for _, frame := range frames {
				size += len(frame.Data)
				if frame.Key && codec != depacket.Opus && (frame.Format.Width <= 0 || frame.Format.Height <= 0) {
					t.Errorf("a key frame of %d×%d", frame.Format.Width, frame.Format.Height)
				}
			}
		}
		for _, frame := range d.Flush() {
			size += len(frame.Data)
		}
		if limit := 4 * (len(a) + len(b)) * 2; size > limit+64 {
			t.Errorf("%d bytes became %d", len(a)+len(b), size)
		}
	})
}

func FuzzH264(f *testing.F) {
	fuzz(f, depacket.H264, sps, pps, unit(0x65, 20), []byte{0x7c, 0x85, 1, 2}, []byte{0x7c, 0x45, 3},
		append(append([]byte{0x78, 0, byte(len(sps))}, sps...), append([]byte{0, byte(len(pps))}, pps...)...))
}

func FuzzVP9(f *testing.F) {
	fuzz(f, depacket.VP9, append([]byte{0x08}, vp9Key[:40]...), []byte{0x8c, 0x80, 1, 0x86, 0})
}

func FuzzVP8(f *testing.F) {
	fuzz(f, depacket.VP8, []byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}, []byte{0x90, 0x80, 5})
}

func FuzzOpus(f *testing.F) { fuzz(f, depacket.Opus, []byte{0xfc, 0xff, 0xfe}, []byte{3, 63}) }
