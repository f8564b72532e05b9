package waveform_test

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/transcode/waveform"
)

func pcm(samples ...int16) []byte {
	var out []byte
	for _, s := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(s))
	}
	return out
}

func TestPeaks(t *testing.T) {
	// 40 samples a second, one channel: two samples a stretch.
	for _, c := range []struct {
		name   string
		heard  []int16
		peaks  waveform.Peaks
		length int64
	}{
		{"nothing", nil, waveform.Peaks{}, 0},
		{"silence", []int16{0, 0, 0, 0}, waveform.Peaks{0, 0}, 100},
		{"full scale", []int16{0, 32767, -32768, 0}, waveform.Peaks{255, 255}, 100},
		{"a half", []int16{100, -16384}, waveform.Peaks{127}, 50},
		{"a stretch begun", []int16{0, 0, 32767}, waveform.Peaks{0, 255}, 75},
	} {
		t.Run(c.name, func(t *testing.T) {
			for cut := 0; cut <= 2*len(c.heard); cut++ {
				l := waveform.Listen(40, 1)
				sound := pcm(c.heard...)
				l.Write(sound[:cut])
				l.Write(sound[cut:])
				want := waveform.Waveform{Version: 1, DurationMS: c.length, PeaksPerSecond: 20,
					Peaks: c.peaks}
				if diff := cmp.Diff(want, l.Waveform()); diff != "" {
					t.Fatalf("cut at byte %d: %s", cut, diff)
				}
			}
		})
	}
}

func TestLongSoundHasFewerPeaks(t *testing.T) {
	l := waveform.Listen(20, 1)
	second := make([]int16, 20)
	second[7] = 32767
	for range 3 * 3600 {
		l.Write(pcm(second...))
	}
	got := l.Waveform()
	if got.PeaksPerSecond != 1 || len(got.Peaks) != 3*3600 || got.DurationMS != 3*3600*1000 {
		t.Fatalf("%d peaks at %d a second, %d ms", len(got.Peaks), got.PeaksPerSecond, got.DurationMS)
	}
	for i, peak := range got.Peaks {
		if peak != 255 {
			t.Fatalf("peak %d is %d: it was lost when peaks were put together", i, peak)
		}
	}
}

func TestJSON(t *testing.T) {
	l := waveform.Listen(40, 2)
	l.Write(pcm(0, 0, 0, 32767, 0, 0, 0, 0))
	got, err := json.Marshal(l.Waveform())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"duration_ms":100,"peaks_per_second":20,"peaks":[255,0]}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
