// Package stills lays small pictures of a recording out on one sheet, tells a player by WebVTT
// which part of the sheet belongs to which moment, and judges which picture would make a poster.
// It decodes nothing itself.
package stills

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"time"
)

// A sheet has at most mostTiles, in rows of columns. Tiles are as large as a report prints them,
// where there are not many; a sheet of 100 large ones is 3200 × 1800 at 16:9, one of 200 small ones
// 2400 × 2700: about 2 MB as JPEG, and 26 MB while it is drawn.
const (
	mostTiles = 200
	mostLarge = 100
	columns   = 10
)

// A tile fits into one of these boxes.
var (
	largeTile = image.Pt(320, 240)
	smallTile = image.Pt(240, 180)
)

// Grid says which pictures are on a sheet, and where: row by row from the top left.
type Grid struct {
	Seconds       int // from one to the next, beginning at 0
	Tiles         int
	Columns       int
	Width, Height int // of one tile
}

// steps are intervals that a person can reckon with.
var steps = []int{1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600}

// Plan chooses the shortest interval that keeps a recording of this length within 200 tiles
// (beyond 33 hours the last tile stands for the rest) and the largest tile of the picture's shape.
func Plan(length time.Duration, width, height int) Grid {
	var g Grid
	for _, g.Seconds = range steps {
		// A rest of less than a tenth of the interval belongs to the tile before it.
		interval := time.Duration(g.Seconds) * time.Second
		g.Tiles = int(max((length+interval*9/10)/interval, 1))
		if g.Tiles <= mostTiles {
			break
		}
	}
	g.Tiles = min(g.Tiles, mostTiles)
	g.Columns = min(columns, g.Tiles)
	width, height = max(width, 1), max(height, 1)
	box := largeTile
	if g.Tiles > mostLarge {
		box = smallTile
	}
	g.Width, g.Height = box.X, even(box.X*height/width)
	if g.Height > box.Y {
		g.Width, g.Height = even(box.Y*width/height), box.Y
	}
	return g
}

func even(n int) int { return max(2, (n+1)/2*2) }

// at is where a tile lies on the sheet.
func (g Grid) at(tile int) image.Point {
	return image.Pt(tile%g.Columns*g.Width, tile/g.Columns*g.Height)
}

// Index is a WebVTT file of media fragments: for each stretch of the recording the part of the
// sheet (whose relative URI is given) that shows it.
func (g Grid) Index(uri string, length time.Duration) string {
	var vtt strings.Builder
	vtt.WriteString("WEBVTT\n")
	for tile := range g.Tiles {
		from := time.Duration(tile*g.Seconds) * time.Second
		to := from + time.Duration(g.Seconds)*time.Second
		if tile == g.Tiles-1 {
			to = max(length, from+time.Millisecond)
		}
		at := g.at(tile)
		fmt.Fprintf(&vtt, "\n%s --> %s\n%s#xywh=%d,%d,%d,%d\n", clock(from), clock(to), uri,
			at.X, at.Y, g.Width, g.Height)
	}
	return vtt.String()
}

func clock(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}

// Sheet is drawn by writing the tiles to it, as 8-bit RGB, one after the other. It is not safe
// for concurrent use.
type Sheet struct {
	grid    Grid
	image   *image.RGBA
	tile    []byte // as far as it has come
	quality []Quality
}

// NewSheet is an empty sheet.
func NewSheet(g Grid) *Sheet {
	rows := (g.Tiles + g.Columns - 1) / g.Columns
	return &Sheet{grid: g, image: image.NewRGBA(image.Rect(0, 0, g.Columns*g.Width, rows*g.Height)),
		tile: make([]byte, 0, 3*g.Width*g.Height)}
}

// Write never fails; tiles beyond the grid's are let go.
func (s *Sheet) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), cap(s.tile)-len(s.tile))
		s.tile, p = append(s.tile, p[:n]...), p[n:]
		if len(s.tile) == cap(s.tile) {
			if len(s.quality) < s.grid.Tiles {
				s.draw(len(s.quality))
				s.quality = append(s.quality, Judge(s.tile, s.grid.Width, s.grid.Height))
			}
			s.tile = s.tile[:0]
		}
	}
	return written, nil
}

func (s *Sheet) draw(tile int) {
	at := s.grid.at(tile)
	for i := range s.grid.Width * s.grid.Height {
		s.image.SetRGBA(at.X+i%s.grid.Width, at.Y+i/s.grid.Width,
			color.RGBA{s.tile[3*i], s.tile[3*i+1], s.tile[3*i+2], 0xff})
	}
}

// Drawn says how many tiles there are so far.
func (s *Sheet) Drawn() int { return len(s.quality) }

// Image is the sheet; where the picture ended before the recording did, the last tile is repeated.
func (s *Sheet) Image() image.Image {
	if last := len(s.quality) - 1; last >= 0 {
		from := image.Rectangle{s.grid.at(last), s.grid.at(last).Add(image.Pt(s.grid.Width, s.grid.Height))}
		for tile := last + 1; tile < s.grid.Tiles; tile++ {
			at := s.grid.at(tile)
			for y := range s.grid.Height {
				for x := range s.grid.Width {
					s.image.SetRGBA(at.X+x, at.Y+y, s.image.RGBAAt(from.Min.X+x, from.Min.Y+y))
				}
			}
		}
	}
	return s.image
}
