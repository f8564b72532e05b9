package stills_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"backrow/transcode/stills"
)

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		length        time.Duration
		width, height int
		want          stills.Grid
	}{
		{0, 1280, 720, stills.Grid{Seconds: 1, Tiles: 1, Columns: 1, Width: 320, Height: 180}},
		{5500 * time.Millisecond, 640, 480, stills.Grid{Seconds: 1, Tiles: 6, Columns: 6, Width: 320, Height: 240}},
		{200 * time.Second, 1280, 720, stills.Grid{Seconds: 1, Tiles: 200, Columns: 10, Width: 240, Height: 136}},
		{7050 * time.Millisecond, 1280, 720, stills.Grid{Seconds: 1, Tiles: 7, Columns: 7, Width: 320, Height: 180}},
		{200*time.Second + 150*time.Millisecond, 1280, 720, stills.Grid{Seconds: 2, Tiles: 100, Columns: 10, Width: 320, Height: 180}},
		{45 * time.Minute, 720, 1280, stills.Grid{Seconds: 15, Tiles: 180, Columns: 10, Width: 102, Height: 180}},
		{3 * time.Hour, 1, 5000, stills.Grid{Seconds: 60, Tiles: 180, Columns: 10, Width: 2, Height: 180}},
		{1000 * time.Hour, 0, 0, stills.Grid{Seconds: 600, Tiles: 200, Columns: 10, Width: 180, Height: 180}},
	} {
		if diff := cmp.Diff(c.want, stills.Plan(c.length, c.width, c.height)); diff != "" {
			t.Errorf("%v of %d×%d: %s", c.length, c.width, c.height, diff)
		}
	}
}

func TestIndexCoversTheRecordingWithoutHoles(t *testing.T) {
	length := 3661*time.Second + 250*time.Millisecond
	g := stills.Plan(length, 1280, 720)
	lines := strings.Split(strings.TrimSpace(g.Index("storyboard", length)), "\n")
	if lines[0] != "WEBVTT" {
		t.Fatalf("begins with %q", lines[0])
	}
	until, cues := "00:00:00.000", 0
	for i := 2; i < len(lines); i += 3 {
		from, to, _ := strings.Cut(lines[i], " --> ")
		if from != until {
			t.Errorf("cue %d begins at %s, the one before ended at %s", cues, from, until)
		}
		want := fmt.Sprintf("storyboard#xywh=%d,%d,240,136", cues%10*240, cues/10*136)
		if lines[i+1] != want {
			t.Errorf("cue %d names %s, want %s", cues, lines[i+1], want)
		}
		until = to
		cues++
	}
	if cues != g.Tiles || until != "01:01:01.250" {
		t.Errorf("%d cues of %d, until %s", cues, g.Tiles, until)
	}
}

func tile(g stills.Grid, at func(x, y int) color.RGBA) []byte {
	var out []byte
	for y := range g.Height {
		for x := range g.Width {
			c := at(x, y)
			out = append(out, c.R, c.G, c.B)
		}
	}
	return out
}

func plain(c color.RGBA) func(x, y int) color.RGBA {
	return func(int, int) color.RGBA { return c }
}

func TestSheetIsDrawnRowByRowAndFilledUp(t *testing.T) {
	g := stills.Grid{Seconds: 1, Tiles: 5, Columns: 2, Width: 4, Height: 2}
	red, blue := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 0, 255, 255}
	all := bytes.Join([][]byte{tile(g, plain(red)), tile(g, plain(red)), tile(g, plain(blue))}, nil)
	s := stills.NewSheet(g)
	for _, b := range all { // however it arrives
		s.Write([]byte{b})
	}
	if s.Drawn() != 3 {
		t.Fatalf("%d drawn, want 3", s.Drawn())
	}
	got := s.Image()
	if got.Bounds() != image.Rect(0, 0, 8, 6) {
		t.Fatalf("bounds %v", got.Bounds())
	}
	for at, want := range map[image.Point]color.RGBA{
		{0, 0}: red, {7, 1}: red, {0, 2}: blue, {7, 3}: blue, {3, 5}: blue, {4, 4}: {},
	} {
		if got.At(at.X, at.Y) != want {
			t.Errorf("at %v: %v, want %v", at, got.At(at.X, at.Y), want)
		}
	}
}

func TestBestIsNeitherDarkNorFlatNorBlurred(t *testing.T) {
	g := stills.Plan(4*time.Second, 1280, 720)
	stripes := func(period int) func(x, y int) color.RGBA {
		return func(x, y int) color.RGBA { v := uint8(60 + 120*(x/period%2)); return color.RGBA{v, v, v, 255} }
	}
	s := stills.NewSheet(g)
	s.Write(tile(g, plain(color.RGBA{0, 0, 0, 255})))
	s.Write(tile(g, plain(color.RGBA{128, 128, 128, 255})))
	s.Write(tile(g, stripes(40)))
	s.Write(tile(g, stripes(4)))
	if diff := cmp.Diff([]int{3, 2}, s.Best(2)); diff != "" {
		t.Error(diff)
	}
	if len(s.Best(9)) != 4 {
		t.Errorf("more named than drawn: %v", s.Best(9))
	}
}
