package demo

import (
	"image"
	"image/color"
	"io"
	"math"
)

// The scene is a classroom seen from its back row: a blackboard on which something is written line by
// line, a teacher who walks, and pupils of whom some raise a hand.

var (
	wall   = color.RGBA{0x56, 0x6a, 0x68, 0xff}
	floor  = color.RGBA{0x39, 0x48, 0x4a, 0xff}
	frame  = color.RGBA{0x8a, 0x7a, 0x5c, 0xff}
	board  = color.RGBA{0x24, 0x48, 0x3e, 0xff}
	chalk  = color.RGBA{0xd9, 0xe6, 0xdf, 0xff}
	yellow = color.RGBA{0xf3, 0xd9, 0x8b, 0xff}
	person = color.RGBA{0x2a, 0x35, 0x37, 0xff}
	sleeve = color.RGBA{0x4c, 0x5d, 0x5c, 0xff}
)

var pupils = [...]color.RGBA{
	{0x1f, 0x29, 0x2b, 0xff}, {0x2b, 0x2a, 0x35, 0xff}, {0x33, 0x29, 0x26, 0xff},
	{0x22, 0x30, 0x2a, 0xff}, {0x2d, 0x25, 0x2e, 0xff},
}

// drawLesson writes the frames of a lesson as RGBA, one after the other.
func drawLesson(w io.Writer, seconds int) error {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for n := range seconds * framesPerSecond {
		drawScene(picture, float64(n)/framesPerSecond)
		if _, err := w.Write(picture.Pix); err != nil {
			return err
		}
	}
	return nil
}

func drawScene(p *image.RGBA, t float64) {
	box(p, 0, 0, width, 235, wall)
	box(p, 0, 235, width, height, floor)
	box(p, 160, 40, 480, 185, frame)
	box(p, 167, 47, 473, 178, board)
	for line := range 5 {
		written := math.Min(1, math.Max(0, (t-3-float64(line)*6)/4)) // one every six seconds
		y := 66 + line*21
		box(p, 190, y, 190+int(written*float64(120-(line%2)*30)), y+4, chalk)
	}
	for tick := range 7 { // a number line
		x := 350 + tick*16
		box(p, x, 100, x+2, 112, yellow)
	}
	box(p, 350, 105, 448, 107, yellow)

	x := 505 + 38*math.Sin(t*0.35) // the teacher
	body(p, x, 262, 25, 128, person)
	disc(p, x, 116, 18, person)
	if math.Sin(t*0.35) < -0.3 {
		box(p, int(x)-52, 152, int(x)-14, 161, sleeve) // points at the board
	}
	for i, shade := range pupils {
		x := 70 + float64(i)*125 + 2*math.Sin(t*1.3+float64(i))
		if math.Sin(t*0.5+float64(i)*1.9) > 0.55 {
			box(p, int(x)+24, 215, int(x)+33, 300, shade)
			disc(p, x+28, 212, 8, shade)
		}
		body(p, x, height+30, 46, 97, shade)
		disc(p, x, 290+2*math.Sin(t*0.9+float64(i)*2), 27, shade)
	}
}

func box(p *image.RGBA, x0, y0, x1, y1 int, c color.RGBA) {
	for y := max(y0, 0); y < min(y1, height); y++ {
		for x := max(x0, 0); x < min(x1, width); x++ {
			p.SetRGBA(x, y, c)
		}
	}
}

func disc(p *image.RGBA, cx, cy, r float64, c color.RGBA) {
	for y := int(cy - r); y <= int(cy+r); y++ {
		half := math.Sqrt(math.Max(0, r*r-(float64(y)-cy)*(float64(y)-cy)))
		box(p, int(cx-half), y, int(cx+half), y+1, c)
	}
}

// body is shoulders and what is below them: a dome of the given half width whose foot is at y.
func body(p *image.RGBA, x, y, half, tall float64, c color.RGBA) {
	for row := 0.0; row < tall; row++ {
		span := half * math.Sqrt(math.Max(0, 1-math.Pow(1-math.Min(1, row/half), 2)))
		box(p, int(x-span), int(y-tall+row), int(x+span), int(y-tall+row)+1, c)
	}
}
