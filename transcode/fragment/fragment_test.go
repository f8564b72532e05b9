package fragment_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/google/go-cmp/cmp"

	"backrow/transcode/fragment"
)

// segments are an init segment of one VP9 track at 1000 ticks a second and a segment of two
// pictures that begins at 2 s.
func segments(t testing.TB) (start, media []byte) {
	t.Helper()
	var a, b bytes.Buffer
	init := mp4.CreateEmptyInit()
	track := init.AddEmptyTrack(1000, "video", "und")
	track.Mdia.Minf.Stbl.Stsd.AddChild(mp4.CreateVisualSampleEntryBox("vp09", 320, 180, nil))
	if err := init.Encode(&a); err != nil {
		t.Fatal(err)
	}
	one, err := mp4.CreateFragment(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, length := range []uint32{100, 50} {
		one.AddFullSample(mp4.FullSample{Sample: mp4.Sample{Dur: length, Size: 1},
			DecodeTime: uint64(2000 + 100*i), Data: []byte{0}})
	}
	if err := one.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

func TestSamples(t *testing.T) {
	start, media := segments(t)
	init, err := fragment.ReadInit(start)
	if err != nil {
		t.Fatal(err)
	}
	if got := init[1]; len(init) != 1 || got.Codec != "vp09" || got.Width != 320 || got.Height != 180 {
		t.Errorf("tracks %+v", init)
	}
	got, err := init.Samples(media)
	want := []fragment.Sample{{Track: 1, Shown: 180000, Length: 9000}, {Track: 1, Shown: 189000, Length: 4500}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestNotMedia(t *testing.T) {
	start, media := segments(t)
	init, err := fragment.ReadInit(start)
	if err != nil {
		t.Fatal(err)
	}
	unknown := bytes.Replace(start, []byte("vp09"), []byte("hev1"), 1)
	for name, data := range map[string][]byte{
		"nothing": nil, "a playlist": []byte("#EXTM3U\nfile:///etc/passwd\n"), "a segment": media,
		"a piece": start[:len(start)/2], "another codec": unknown,
	} {
		if _, err := fragment.ReadInit(data); !errors.Is(err, fragment.ErrNotMedia) {
			t.Errorf("%s as an init segment: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "a playlist": []byte("#EXTM3U\nfile:///etc/passwd\n"), "an init segment": start,
		"a piece": media[:len(media)/2],
	} {
		if _, err := init.Samples(data); !errors.Is(err, fragment.ErrNotMedia) {
			t.Errorf("%s as a segment: %v", name, err)
		}
	}
}

func FuzzSegments(f *testing.F) {
	start, media := segments(f)
	f.Add(start, media)
	f.Add([]byte("#EXTM3U\n"), []byte("#EXTM3U\n"))
	f.Add(start, start)
	f.Fuzz(func(t *testing.T, start, media []byte) {
		init, err := fragment.ReadInit(start)
		if err != nil {
			return
		}
		samples, err := init.Samples(media)
		if err != nil && !errors.Is(err, fragment.ErrNotMedia) {
			t.Errorf("an error of another kind: %v", err)
		}
		if len(samples) > len(media) {
			t.Errorf("%d samples of %d bytes", len(samples), len(media))
		}
	})
}
