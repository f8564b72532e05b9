package segmenter_test

import (
	"encoding/binary"
	"testing"
	"time"

	"backrow/capture/depacket"
	"backrow/capture/segmenter"
)

// FuzzFrames gives a segmenter frames and reports with any times: it makes no more of them than
// there was, but for silence in gaps of bounded length.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 0, 10, 1, 0, 20, 2, 0, 0, 3, 1, 0, 1, 7, 255, 0, 9, 0})
	f.Add([]byte{1, 128, 0, 1, 127, 255, 0, 64, 0, 4, 0, 0, 1, 255, 255})
	f.Add([]byte("010700010100\xb500000000000000")) // sound leaps by nine minutes
	f.Fuzz(func(t *testing.T, steps []byte) {
		s := segmenter.New(segmenter.Options{Video: true, Audio: true, Length: 2 * time.Second, Reports: true})
		video, audio, now := int64(videoBase), int64(audioBase), time.Duration(0)
		var out []segmenter.Segment
		n := 0
		for ; len(steps) >= 3 && n < 500; n, steps = n+1, steps[3:] {
			by := int64(int16(binary.BigEndian.Uint16(steps[1:]))) << (steps[0] >> 4)
			now += time.Duration(steps[2]) * time.Millisecond
			switch steps[0] & 7 {
			case 0, 4:
				video += by
				s.Video(depacket.Frame{Time: video, Key: steps[0]&8 != 0 || n == 0, Arrived: zero.Add(now),
					Format: depacket.Format{Codec: depacket.VP9, Width: 16 + int(steps[1]&1), Height: 16}, Data: []byte{1}})
			case 1, 5:
				audio += by
				s.Audio(depacket.Frame{Time: audio, Key: true, Arrived: zero.Add(now), Data: packet(int64(n)),
					Format: depacket.Format{Codec: depacket.Opus, Channels: 2}})
			case 2:
				s.VideoReport(uint64(by)<<(steps[1]&31), video+by)
			case 3:
				s.AudioReport(uint64(by)<<(steps[1]&31), audio+by)
			case 6:
				s.Await(steps[1]&1 != 0, steps[1]&2 != 0)
			case 7:
				now += time.Duration(steps[1]) * time.Second
			}
			out = append(out, s.Done(zero.Add(now))...)
		}
		out = append(out, s.Flush()...)
		samples := 0
		for i, segment := range out {
			samples += len(segment.Video.Samples) + len(segment.Audio.Samples)
			if segment.Length <= 0 || i > 0 && segment.Start < out[i-1].Start {
				t.Fatalf("segment %d is at %d for %d", i, segment.Start, segment.Length)
			}
		}
		if most := (n + 1) * 5000; samples > most { // as many packets of silence are 100 s
			t.Errorf("%d steps became %d samples", n, samples)
		}
		s.Zero()
	})
}
