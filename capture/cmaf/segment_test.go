package cmaf_test

import (
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"backrow/capture/cmaf"
)

func runs(t *rapid.T) (video, audio cmaf.Run) {
	data := rapid.SliceOfN(rapid.Byte(), 1, 40)
	of := func(name string, most int, offsets bool) cmaf.Run {
		r := cmaf.Run{Start: rapid.Int64Range(0, 1<<40).Draw(t, name+" start")}
		for range rapid.IntRange(0, most).Draw(t, name+" samples") {
			s := cmaf.Sample{Duration: rapid.Uint32Range(1, 1<<20).Draw(t, "duration"), Key: true,
				Data: data.Draw(t, "data")}
			if offsets {
				s.Key = rapid.Bool().Draw(t, "key")
				s.Offset = rapid.Int32Range(-1<<20, 1<<20).Draw(t, "offset")
			}
			r.Samples = append(r.Samples, s)
		}
		return r
	}
	return of("video", 20, true), of("audio", 20, false)
}

// TestAnySegment reads any segment with a library that did not write it.
func TestAnySegment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		video, audio := runs(t)
		data, err := cmaf.Segment(9, video, audio)
		if len(video.Samples)+len(audio.Samples) == 0 {
			if err == nil {
				t.Fatal("a segment without samples was written")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var parts fmp4.Parts
		if err := parts.Unmarshal(data); err != nil {
			t.Fatal(err)
		}
		if len(parts) != 1 || parts[0].SequenceNumber != 9 {
			t.Fatalf("%d fragments, want one of number 9", len(parts))
		}
		got := map[int]cmaf.Run{}
		for _, track := range parts[0].Tracks {
			r := cmaf.Run{Start: int64(track.BaseTime)}
			for _, s := range track.Samples {
				r.Samples = append(r.Samples, cmaf.Sample{Duration: s.Duration, Offset: s.PTSOffset,
					Key: !s.IsNonSyncSample, Data: s.Payload})
			}
			got[track.ID] = r
		}
		for id, want := range map[int]cmaf.Run{cmaf.VideoTrack: video, cmaf.AudioTrack: audio} {
			if len(want.Samples) == 0 {
				want = cmaf.Run{}
			}
			if diff := cmp.Diff(want, got[id]); diff != "" {
				t.Fatalf("track %d:\n%s", id, diff)
			}
		}
	})
}

// BenchmarkSegment writes two seconds of 2 Mbit/s; "described" is the same by mediacommon, which
// writes boxes by reflection.
func BenchmarkSegment(b *testing.B) {
	var video, audio cmaf.Run
	part := &fmp4.Part{Tracks: []*fmp4.PartTrack{{ID: 1}, {ID: 2}}}
	for range 60 {
		s := cmaf.Sample{Duration: 3000, Data: make([]byte, 8000)}
		video.Samples = append(video.Samples, s)
		part.Tracks[0].Samples = append(part.Tracks[0].Samples, &fmp4.Sample{Duration: 3000, Payload: s.Data})
	}
	for range 100 {
		s := cmaf.Sample{Duration: 960, Key: true, Data: make([]byte, 160)}
		audio.Samples = append(audio.Samples, s)
		part.Tracks[1].Samples = append(part.Tracks[1].Samples, &fmp4.Sample{Duration: 960, Payload: s.Data})
	}
	b.Run("written", func(b *testing.B) {
		for b.Loop() {
			if _, err := cmaf.Segment(1, video, audio); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("described", func(b *testing.B) {
		for b.Loop() {
			var out seekablebuffer.Buffer
			if err := part.Marshal(&out); err != nil {
				b.Fatal(err)
			}
		}
	})
}
