package cmaf_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/capture/cmaf"
	"backrow/storage"
)

// lesson is a segment from 10 s on: 50 pictures of 40 ms, and 2.02 s of sound from 9.99 s on.
func lesson(t testing.TB) (init, segment []byte) {
	t.Helper()
	init, err := cmaf.Init(tracks)
	if err != nil {
		t.Fatal(err)
	}
	video := cmaf.Run{Start: 10 * 90000}
	for i := range 50 {
		video.Samples = append(video.Samples, cmaf.Sample{Duration: 3600, Key: i == 0, Data: []byte{byte(i)}})
	}
	audio := cmaf.Run{Start: 9.99 * 48000}
	for i := range 101 {
		audio.Samples = append(audio.Samples, cmaf.Sample{Duration: 960, Key: true, Data: []byte{byte(i), 1}})
	}
	if segment, err = cmaf.Segment(3, video, audio); err != nil {
		t.Fatal(err)
	}
	return init, segment
}

// samples are those of a track in a segment.
func samples(t testing.TB, init, segment []byte, track uint32) (all []mp4.FullSample) {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), segment...)))
	if err != nil {
		t.Fatal(err)
	}
	defaults, _ := file.Init.Moov.Mvex.GetTrex(track)
	for _, s := range file.Segments {
		for _, f := range s.Fragments {
			got, err := f.GetFullSamples(defaults)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, got...)
		}
	}
	return all
}

func TestTrim(t *testing.T) {
	init, segment := lesson(t)
	for _, c := range []struct {
		name                  string
		until                 storage.Ticks
		pictures, sounds      int
		lastPicture, lastNote uint32 // how long they last
	}{
		{"in the middle", 11 * 90000, 25, 51, 3600, 480},
		{"within a picture", 11*90000 + 900, 26, 51, 900, 960},
		{"before the pictures", 10*90000 - 1, 0, 1, 0, 479},
		{"after its end", 20 * 90000, 50, 101, 3600, 960},
	} {
		short, err := cmaf.Trim(init, segment, c.until)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		pictures, sounds := samples(t, init, short, cmaf.VideoTrack), samples(t, init, short, cmaf.AudioTrack)
		if len(pictures) != c.pictures || len(sounds) != c.sounds {
			t.Errorf("%s: %d pictures and %d packets of sound, want %d and %d", c.name,
				len(pictures), len(sounds), c.pictures, c.sounds)
			continue
		}
		for i, s := range pictures {
			if s.DecodeTime != uint64(900000+3600*i) || !bytes.Equal(s.Data, []byte{byte(i)}) || (s.Flags == 0) != (i == 0) {
				t.Errorf("%s: picture %d is %+v", c.name, i, s)
			}
		}
		if n := len(pictures); n > 0 && pictures[n-1].Dur != c.lastPicture {
			t.Errorf("%s: the last picture lasts %d", c.name, pictures[n-1].Dur)
		}
		if n := len(sounds); sounds[n-1].Dur != c.lastNote || !bytes.Equal(sounds[n-1].Data, []byte{byte(n - 1), 1}) {
			t.Errorf("%s: the last packet of sound is %+v", c.name, sounds[n-1])
		}
	}
	for _, until := range []storage.Ticks{0, -1, 9 * 90000} {
		if _, err := cmaf.Trim(init, segment, until); !errors.Is(err, cmaf.ErrNotMedia) {
			t.Errorf("until %d: %v", until, err)
		}
	}
}

// TestTrimPicturesOutOfOrder keeps what later pictures are decoded from.
func TestTrimPicturesOutOfOrder(t *testing.T) {
	init, err := cmaf.Init(cmaf.Tracks{Video: tracks.Video})
	if err != nil {
		t.Fatal(err)
	}
	// Shown at 0, 120, 40 and 80 ms.
	segment, err := cmaf.Segment(1, cmaf.Run{Samples: []cmaf.Sample{
		{Duration: 3600, Key: true, Data: []byte("I")}, {Duration: 3600, Offset: 7200, Data: []byte("P")},
		{Duration: 3600, Offset: -3600, Data: []byte("B")}, {Duration: 3600, Offset: -3600, Data: []byte("b")},
	}}, cmaf.Run{})
	if err != nil {
		t.Fatal(err)
	}
	short, err := cmaf.Trim(init, segment, 80*90)
	if err != nil {
		t.Fatal(err)
	}
	if got := samples(t, init, short, cmaf.VideoTrack); len(got) != 3 {
		t.Errorf("%d pictures, want the one at 40 ms and those that it needs", len(got))
	}
}

// TestTrimWhatBrowsersMake cuts what MediaRecorder wrote: other tracks, timescales and fragments.
func TestTrimWhatBrowsersMake(t *testing.T) {
	init, err := os.ReadFile("../backup/testdata/h264/1.mp4")
	if err != nil {
		t.Fatal(err)
	}
	segment, err := os.ReadFile("../backup/testdata/h264/2.mp4")
	if err != nil {
		t.Fatal(err)
	}
	file, err := mp4.DecodeFile(bytes.NewReader(init))
	if err != nil {
		t.Fatal(err)
	}
	const until = 90000
	short, err := cmaf.Trim(init, segment, until)
	if err != nil {
		t.Fatal(err)
	}
	for _, trak := range file.Moov.Traks {
		id, timescale := trak.Tkhd.TrackID, float64(trak.Mdia.Mdhd.Timescale)
		have, all := samples(t, init, short, id), samples(t, init, segment, id)
		if len(have) == 0 || len(have) >= len(all) {
			t.Errorf("track %d: %d of %d samples", id, len(have), len(all))
			continue
		}
		last := have[len(have)-1]
		if end := float64(last.DecodeTime+uint64(last.Dur)) / timescale; end < 0.99 || end > 1.001 {
			t.Errorf("track %d ends at %f s", id, end)
		}
		for i := range have {
			if !bytes.Equal(have[i].Data, all[i].Data) || have[i].DecodeTime != all[i].DecodeTime || have[i].Flags != all[i].Flags {
				t.Fatalf("track %d: sample %d is another", id, i)
			}
		}
	}
}

func FuzzTrim(f *testing.F) {
	init, segment := lesson(f)
	f.Add(init, segment, int64(990000))
	f.Add(init, init, int64(990000))
	f.Add(segment, segment, int64(-1))
	f.Add([]byte{}, []byte("moof"), int64(1)<<62)
	f.Fuzz(func(t *testing.T, init, segment []byte, until int64) {
		short, err := cmaf.Trim(init, segment, storage.Ticks(until))
		if err != nil {
			if !errors.Is(err, cmaf.ErrNotMedia) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		// What was one with its own tables may need some bytes more for each sample.
		if len(short) > 32*(len(segment)+1024) {
			t.Errorf("%d bytes of %d", len(short), len(segment))
		}
		if _, err := cmaf.Trim(init, short, storage.Ticks(until)); err != nil {
			t.Errorf("what was cut cannot be cut again: %v", err)
		}
	})
}
