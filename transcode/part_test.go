package transcode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/storage"
	"backrow/transcode/fragment"
)

func TestEachPartEndsWhereTheNextBegins(t *testing.T) {
	video := func(name string, times ...storage.Ticks) *part {
		return &part{file: name, tracks: map[uint32]*track{
			1: {Track: fragment.Track{Width: 1}, times: times, end: times[len(times)-1] + 10}}}
	}
	cut := func(at storage.Ticks, p *part) *part {
		p.cut = at
		return p
	}
	for _, c := range []struct {
		name  string
		parts []*part
		files []string
		used  []int // frames
	}{
		{"one after the other", []*part{video("a", 0, 10), video("b", 20, 30)}, []string{"a", "b"}, []int{2, 2}},
		{"in the wrong order", []*part{video("b", 20, 30), video("a", 10, 0)}, []string{"a", "b"}, []int{2, 2}},
		{"overlap", []*part{video("a", 0, 10, 20, 30), video("b", 20, 30)}, []string{"a", "b"}, []int{2, 2}},
		{"overlap by less than a frame", []*part{video("a", 0, 10), video("b", 15)}, []string{"a", "b"}, []int{2, 1}},
		{"wholly covered", []*part{video("a", 20, 30), video("b", 20, 30)}, []string{"b"}, []int{2}},
		{"cut", []*part{cut(30, video("a", 0, 10, 20, 30)), video("b", 40)}, []string{"a", "b"}, []int{3, 1}},
		{"cut before its first frame", []*part{cut(30, video("a", 30, 40)), video("b", 50)}, []string{"b"}, []int{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := arrange(c.parts)
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			var used []int
			for _, p := range got {
				files, used = append(files, p.file), append(used, p.video.frames())
			}
			if diff := cmp.Diff(c.files, files) + cmp.Diff(c.used, used); diff != "" {
				t.Error(diff)
			}
		})
	}
}
