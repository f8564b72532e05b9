package capture_test

import (
	"bytes"
	"os/exec"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/capture/whip"
	"backrow/storage/dbtest"
)

// reordered is a clip as encoders that are no browsers make it: H.264 high profile with B-frames,
// in the order of decoding, and by how many frames each is shown later than it is sent.
func reordered(t *testing.T) (units [][][]byte, shifts []int) {
	t.Helper()
	var out, said bytes.Buffer
	encode := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi",
		"-i", "testsrc2=s=320x180:r=30", "-frames:v", "360", "-c:v", "libx264", "-profile:v", "high",
		"-preset", "veryfast", "-bf", "2", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0",
		"-x264-params", "slices=1", "-threads", "1", "-pix_fmt", "yuv420p", "-video_track_timescale", "30",
		"-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-")
	encode.Stdout, encode.Stderr = &out, &said
	if err := encode.Run(); err != nil {
		t.Fatal(said.String())
	}
	file, err := mp4.DecodeFile(&out)
	if err != nil {
		t.Fatal(err)
	}
	sets := file.Init.Moov.Trak.Mdia.Minf.Stbl.Stsd.AvcX.AvcC
	for _, segment := range file.Segments {
		for _, fragment := range segment.Fragments {
			samples, err := fragment.GetFullSamples(file.Init.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			for _, sample := range samples {
				nals, err := avc.GetNalusFromSample(sample.Data)
				if err != nil {
					t.Fatal(err)
				}
				var unit [][]byte
				if nals[len(nals)-1][0]&0x1f == 5 {
					unit = append(unit, sets.SPSnalus[0], sets.PPSnalus[0])
				}
				for _, nal := range nals {
					if nal[0]&0x1f != 6 {
						unit = append(unit, nal)
					}
				}
				shifts = append(shifts, int(sample.PresentationTime())-len(units))
				units = append(units, unit)
			}
		}
	}
	first := shifts[0]
	for i := range shifts {
		shifts[i] -= first
	}
	return units, shifts
}

// TestReorderedFrames records an encoder with B-frames: each frame is shown when it is due.
func TestReorderedFrames(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	sender, _, _ := b.publishOn(recording, line{}, whip.Offer{})
	units, shifts := reordered(t)
	moved := false
	for _, shift := range shifts {
		moved = moved || shift != 0
	}
	if !moved {
		t.Fatal("the clip has no B-frames")
	}
	sender.clip, sender.shifts = func() ([][][]byte, error) { return units, nil }, shifts
	sender.send(t.Context(), 8*time.Second, 0)
	b.stop(recording)
	s := b.read(recording)
	if len(s.times) != sender.frames || s.keyless > 0 {
		t.Errorf("%d of %d frames, %d segments without a key frame", len(s.times), sender.frames, s.keyless)
	}
	for n := range sender.frames {
		// Sound may have begun before pictures: only their distances are the encoder's.
		if want := s.times[0] + float64(n)*1000/30; s.times[n] < want-2 || s.times[n] > want+2 {
			t.Errorf("frame %d is at %.1f ms, want %.1f", n, s.times[n], want)
		}
	}
	s.decode(t)
}
