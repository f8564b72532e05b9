package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// Colour is red, green and blue.
type Colour struct{ R, G, B uint8 }

// Point is a place on a page.
type Point struct{ X, Y float64 }

// Page is one page. What is drawn later lies above.
type Page struct {
	Width, Height float64

	file    *File
	index   int
	ref     ref
	content bytes.Buffer
	marked  []ref // by marked-content id: the element that owns it
}

// AddPage adds a page at the end.
func (f *File) AddPage(width, height float64) *Page {
	p := &Page{Width: width, Height: height, file: f, index: len(f.pages), ref: f.reserve()}
	f.pages = append(f.pages, p)
	return p
}

// finish sets the page's object; tree is its parent.
func (p *Page) finish(tree ref) {
	content := p.file.reserve()
	p.file.stream(content, "", p.content.Bytes())
	p.file.set(p.ref, "<</Type /Page /Parent %v /MediaBox [0 0 %s %s] /Contents %v"+
		" /Resources %v /StructParents %d /Tabs /S>>",
		tree, number(p.Width), number(p.Height), content, p.file.resources(), p.index)
}

// Content draws what draw draws as content of e, which may have more elsewhere.
func (p *Page) Content(e *Element, draw func()) {
	id := len(p.marked)
	p.marked = append(p.marked, e.ref)
	e.kids = append(e.kids, fmt.Sprintf("<</Type /MCR /Pg %v /MCID %d>>", p.ref, id))
	fmt.Fprintf(&p.content, "/%s <</MCID %d>> BDC\n", e.role, id)
	draw()
	p.content.WriteString("EMC\n")
}

// Artifact draws what draw draws as decoration, which is not read aloud.
func (p *Page) Artifact(draw func()) {
	p.content.WriteString("/Artifact BMC\n")
	draw()
	p.content.WriteString("EMC\n")
}

// Fill fills the polygon through points.
func (p *Page) Fill(c Colour, points ...Point) {
	p.colour(c)
	for i, at := range points {
		op := "l"
		if i == 0 {
			op = "m"
		}
		fmt.Fprintf(&p.content, "%s %s %s\n", number(at.X), number(p.Height-at.Y), op)
	}
	p.content.WriteString("h f\n")
}

// Rect fills a rectangle whose corners are rounded by radius.
func (p *Page) Rect(c Colour, x, y, width, height, radius float64) {
	p.colour(c)
	p.outline(x, y, width, height, radius)
	p.content.WriteString("f\n")
}

// Circle fills a circle.
func (p *Page) Circle(c Colour, x, y, radius float64) {
	p.Rect(c, x-radius, y-radius, 2*radius, 2*radius, radius)
}

// outline is the path of a rectangle with rounded corners.
func (p *Page) outline(x, y, width, height, radius float64) {
	const k = 0.5522847498 // of the radius: where a Bézier curve's handles make a quarter circle
	radius = math.Min(radius, math.Min(width, height)/2)
	if radius <= 0 {
		fmt.Fprintf(&p.content, "%s %s %s %s re\n",
			number(x), number(p.Height-y-height), number(width), number(height))
		return
	}
	var b strings.Builder
	op := func(op string, xy ...float64) {
		for i := 0; i < len(xy); i += 2 {
			fmt.Fprintf(&b, "%s %s ", number(xy[i]), number(p.Height-xy[i+1]))
		}
		b.WriteString(op + "\n")
	}
	r, h, right, bottom := radius, radius*(1-k), x+width, y+height
	op("m", x+r, y)
	op("l", right-r, y)
	op("c", right-h, y, right, y+h, right, y+r)
	op("l", right, bottom-r)
	op("c", right, bottom-h, right-h, bottom, right-r, bottom)
	op("l", x+r, bottom)
	op("c", x+h, bottom, x, bottom-h, x, bottom-r)
	op("l", x, y+r)
	op("c", x, y+h, x+h, y, x+r, y)
	op("h")
	p.content.WriteString(b.String())
}

// Image draws im with corners rounded by radius. Within a figure's content it also says where the
// figure is.
func (p *Page) Image(e *Element, im *Image, x, y, width, height, radius float64) {
	p.Bound(e, x, y, width, height)
	p.content.WriteString("q\n")
	p.outline(x, y, width, height, radius)
	fmt.Fprintf(&p.content, "W n\n%s 0 0 %s %s %s cm\n/%s Do\nQ\n", number(width), number(height),
		number(x), number(p.Height-y-height), im.name)
}

// Bound says where the figure e is.
func (p *Page) Bound(e *Element, x, y, width, height float64) {
	e.box = [4]float64{x, p.Height - y - height, x + width, p.Height - y}
}

func (p *Page) colour(c Colour) {
	fmt.Fprintf(&p.content, "%s %s %s rg\n", number(float64(c.R)/255), number(float64(c.G)/255),
		number(float64(c.B)/255))
}

// number is v to a thousandth, as short as it can be written.
func number(v float64) string {
	s := fmt.Sprintf("%.3f", v)
	s = strings.TrimRight(s, "0")
	s = strings.TrimSuffix(s, ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}
