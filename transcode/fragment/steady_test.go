package fragment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/storage"
	"backrow/transcode/fragment"
)

// talk is the init segment of one track of Opus at 1/48000 s.
func talk(t testing.TB) (start []byte, init fragment.Init) {
	t.Helper()
	var out bytes.Buffer
	file := mp4.CreateEmptyInit()
	track := file.AddEmptyTrack(48000, "audio", "und")
	track.Mdia.Minf.Stbl.Stsd.AddChild(mp4.CreateAudioSampleEntryBox("Opus", 1, 16, 48000,
		&mp4.DopsBox{OutputChannelCount: 1, InputSampleRate: 48000}))
	if err := file.Encode(&out); err != nil {
		t.Fatal(err)
	}
	init, err := fragment.ReadInit(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), init
}

// said is a segment of packets of 20 ms that are dated so, in ms; the last lasts as long as it is.
func said(t testing.TB, at ...int) []byte {
	t.Helper()
	var out bytes.Buffer
	one, err := mp4.CreateFragment(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, ms := range at {
		length := 20
		if i+1 < len(at) {
			length = at[i+1] - ms
		}
		one.AddFullSample(mp4.FullSample{DecodeTime: uint64(ms * 48), Data: []byte{9 << 3}, // SILK, 20 ms
			Sample: mp4.Sample{Dur: uint32(length * 48), Size: 1, Flags: mp4.SyncSampleFlags}})
	}
	if err := one.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func every20(from, to int) (at []int) {
	for ; from < to; from += 20 {
		at = append(at, from)
	}
	return at
}

func TestSteady(t *testing.T) {
	late := every20(0, 1000)
	for i := 3; i < len(late); i += 7 {
		late[i] += 90 // and the next ones right behind
		for n := i + 1; n < i+5 && n < len(late); n++ {
			late[n] = max(late[n], late[n-1]+1)
		}
	}
	for _, c := range []struct {
		name     string
		segments [][]int
		want     func(i int) int // where packet i belongs, in ms
	}{
		{"as it should be", [][]int{every20(0, 1000), every20(1000, 2000)}, func(i int) int { return 20 * i }},
		{"late now and then", [][]int{late, every20(1000, 2000)}, func(i int) int { return 20 * i }},
		{"begins later", [][]int{every20(700, 1700)}, func(i int) int { return 700 + 20*i }},
		{"a gap", [][]int{append(every20(0, 500), every20(800, 1500)...)}, func(i int) int {
			if i < 25 {
				return 20 * i
			}
			return 300 + 20*i
		}},
		{"a gap between segments", [][]int{every20(0, 1000), every20(1500, 2500)}, func(i int) int {
			if i < 50 {
				return 20 * i
			}
			return 500 + 20*i
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, init := talk(t)
			steady := fragment.NewSteady(init)
			n := 0
			for _, at := range c.segments {
				data := said(t, at...)
				made, err := steady.Segment(data)
				if err != nil || len(made) != len(data) {
					t.Fatalf("%d bytes of %d: %v", len(made), len(data), err)
				}
				samples, err := init.Samples(made)
				if err != nil || len(samples) != len(at) {
					t.Fatalf("%d samples of %d: %v", len(samples), len(at), err)
				}
				for _, s := range samples {
					want := storage.Ticks(c.want(n) * 90)
					if off := (s.Shown - want).Milliseconds(); off < -5 || off > 5 {
						t.Fatalf("packet %d: %d ms off", n, off)
					}
					n++
				}
			}
		})
	}
}

func FuzzSteady(f *testing.F) {
	start, _ := talk(f)
	f.Add(start, said(f, every20(0, 200)...))
	f.Add(start, said(f, 500, 500, 510, 900))
	other, media := segments(f)
	f.Add(other, media)
	f.Fuzz(func(t *testing.T, start, media []byte) {
		init, err := fragment.ReadInit(start)
		if err != nil {
			return
		}
		steady := fragment.NewSteady(init)
		for range 2 {
			made, err := steady.Segment(media)
			if err != nil && !errors.Is(err, fragment.ErrNotMedia) {
				t.Errorf("an error of another kind: %v", err)
			}
			if err == nil && len(made) != len(media) {
				t.Errorf("%d bytes of %d", len(made), len(media))
			}
		}
	})
}

func FuzzScan(f *testing.F) {
	start, media := segments(f)
	f.Add(append(append([]byte(nil), start...), media...))
	f.Add(append(append([]byte(nil), start...), media[:len(media)/2]...))
	f.Add([]byte("\x00\x00\x00\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		scan := fragment.Scan(bytes.NewReader(data), 1<<20)
		for {
			at, piece, err := scan.Next()
			if err != nil {
				return
			}
			if !bytes.Equal(piece, data[at:at+int64(len(piece))]) {
				t.Fatalf("the piece at %d is not what lies there", at)
			}
		}
	})
}
