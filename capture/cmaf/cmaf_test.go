package cmaf_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/capture/cmaf"
	"backrow/capture/depacket"
)

var tracks = cmaf.Tracks{
	Video: depacket.Format{Codec: depacket.H264, Width: 640, Height: 360,
		SPS: "\x67\x42\xc0\x1e\xd9\x00\xa0\x2f\xf9\x70\x11\x00\x00\x03\x00\x01\x00\x00\x03\x00\x3c\x0f\x16\x2e\x48",
		PPS: "\x68\xcb\x83\xcb\x20"},
	Audio: depacket.Format{Codec: depacket.Opus, Channels: 2},
}

// nonSync is sample_is_non_sync_sample (ISO/IEC 14496-12, section 8.8.3.1).
const nonSync = 1 << 16

// TestReadBack reads with another library what was written.
func TestReadBack(t *testing.T) {
	init, err := cmaf.Init(tracks)
	if err != nil {
		t.Fatal(err)
	}
	segment, err := cmaf.Segment(7,
		cmaf.Run{Start: 1 << 33, Samples: []cmaf.Sample{
			{Duration: 3000, Key: true, Data: []byte("key")},
			{Duration: 3003, Data: []byte("delta"), Offset: -5}}},
		cmaf.Run{Start: 480, Samples: []cmaf.Sample{{Duration: 960, Key: true, Data: []byte("sound")}}})
	if err != nil {
		t.Fatal(err)
	}
	file, err := mp4.DecodeFile(bytes.NewReader(append(init, segment...)))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(file.Init.Moov.Traks); got != 2 {
		t.Fatalf("%d tracks, want 2", got)
	}
	video := file.Init.Moov.Traks[0]
	if video.Mdia.Mdhd.Timescale != 90000 || video.Mdia.Minf.Stbl.Stsd.AvcX == nil ||
		video.Mdia.Minf.Stbl.Stsd.AvcX.Width != 640 {
		t.Errorf("the video track is %+v", video.Mdia.Minf.Stbl.Stsd)
	}
	fragment := file.Segments[0].Fragments[0]
	if fragment.Moof.Mfhd.SequenceNumber != 7 || len(fragment.Moof.Trafs) != 2 {
		t.Fatalf("fragment %d with %d tracks", fragment.Moof.Mfhd.SequenceNumber, len(fragment.Moof.Trafs))
	}
	samples, err := fragment.GetFullSamples(file.Init.Moov.Mvex.Trexs[0])
	if err != nil {
		t.Fatal(err)
	}
	if s := samples[1]; len(samples) != 2 || string(s.Data) != "delta" || s.DecodeTime != 1<<33+3000 ||
		s.PresentationTime() != 1<<33+2995 || s.Flags != nonSync || samples[0].Flags != 0 {
		t.Errorf("samples: %+v", samples)
	}
}

func TestCodecs(t *testing.T) {
	tests := map[string]cmaf.Tracks{
		"avc1.42c01e,opus": tracks,
		"vp09.00.31.08":    {Video: depacket.Format{Codec: depacket.VP9, Width: 1280, Height: 720, BitDepth: 8}},
		"vp08.00.10.08":    {Video: depacket.Format{Codec: depacket.VP8, Width: 640, Height: 360}},
		"opus":             {Audio: depacket.Format{Codec: depacket.Opus}},
	}
	for want, tracks := range tests {
		if got := tracks.Codecs(); got != want {
			t.Errorf("codecs %q, want %q", got, want)
		}
	}
}

func TestNothingToWrite(t *testing.T) {
	if _, err := cmaf.Init(cmaf.Tracks{}); err == nil {
		t.Error("an init segment without tracks was written")
	}
	if _, err := cmaf.Segment(1, cmaf.Run{}, cmaf.Run{}); err == nil {
		t.Error("a segment without samples was written")
	}
}

// TestSilence has ffmpeg decode the packet that stands in for lost sound: it must be silent, and
// as long as it says.
func TestSilence(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatal("ffmpeg is not installed: run scripts/setup test")
	}
	init, err := cmaf.Init(cmaf.Tracks{Audio: tracks.Audio})
	if err != nil {
		t.Fatal(err)
	}
	var run cmaf.Run
	for range 50 {
		for i, ticks := range []uint32{960, 480, 240, 120} {
			run.Samples = append(run.Samples, cmaf.Sample{Duration: ticks, Key: true,
				Data: []byte{byte(31-i)<<3 | 4, 0xff, 0xfe}})
		}
	}
	segment, err := cmaf.Segment(1, cmaf.Run{}, run)
	if err != nil {
		t.Fatal(err)
	}
	var pcm, said bytes.Buffer
	decode := exec.Command("ffmpeg", "-nostdin", "-v", "warning", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "pipe:1")
	decode.Stdin, decode.Stdout, decode.Stderr = bytes.NewReader(append(init, segment...)), &pcm, &said
	if err := decode.Run(); err != nil || strings.TrimSpace(said.String()) != "" {
		t.Fatalf("ffmpeg: %v: %s", err, said.String())
	}
	want := 50 * 1800 * 2 // bytes
	if got := pcm.Len(); got < want-2*960*2 || got > want {
		t.Errorf("%d bytes of sound, want about %d", got, want)
	}
	for i, b := range pcm.Bytes() {
		if b != 0 && b != 0xff && b != 1 {
			t.Fatalf("silence has the byte %d at %d", b, i)
		}
	}
}
