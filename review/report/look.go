package report

import (
	"backrow/review/report/pdf"
	"backrow/review/report/typeset"
)

// The look is that of the screens: the colours of their light theme on white paper, a 4-point grid,
// hairlines instead of boxes, and six sizes of type.

func rgb(hex uint32) pdf.Colour {
	return pdf.Colour{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex)}
}

func ink() pdf.Colour    { return rgb(0x1d2327) }
func muted() pdf.Colour  { return rgb(0x5b6670) }
func line() pdf.Colour   { return rgb(0xe4e1da) }
func sunken() pdf.Colour { return rgb(0xf3f1ec) }
func accent() pdf.Colour { return rgb(0x0e6b56) }
func white() pdf.Colour  { return rgb(0xffffff) }

// areaColours are the colours of the hues 1 to 9. An area is never known by its colour alone.
func areaColours() []pdf.Colour {
	return []pdf.Colour{rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xcc79a7), rgb(0xa6761d),
		rgb(0x56b4e9), rgb(0x7b61c9), rgb(0xc23b5a), rgb(0x4d7c0f)}
}

func (k Kind) colour() pdf.Colour {
	switch k {
	case Strength:
		return rgb(0x1a7f4b)
	case Suggestion:
		return rgb(0xa85404)
	case Question:
		return rgb(0x3b5bdb)
	}
	return rgb(0x5b6670)
}

// shape draws the shape by which the kind is known, in a square of the given size.
func (k Kind) shape(p *pdf.Page, c pdf.Colour, x, y, size float64) {
	half := size / 2
	switch k {
	case Strength:
		p.Fill(c, pdf.Point{X: x + half, Y: y}, pdf.Point{X: x + size, Y: y + half},
			pdf.Point{X: x + half, Y: y + size}, pdf.Point{X: x, Y: y + half})
	case Suggestion:
		p.Fill(c, pdf.Point{X: x + half, Y: y}, pdf.Point{X: x + size, Y: y + size}, pdf.Point{X: x, Y: y + size})
	case Question:
		p.Circle(c, x+half, y+half, half)
	default:
		p.Rect(c, x+size*.04, y+size*.04, size*.92, size*.92, size/7)
	}
}

// face is a size of type with its leading and colour.
type face struct {
	typeset.Style
	leading float64
	colour  pdf.Colour
}

func titleFace() face {
	return face{typeset.Style{Size: 24, Bold: true}, 30, ink()}
}
func headingFace() face { return face{typeset.Style{Size: 15, Bold: true}, 21, ink()} }
func bodyFace() face    { return face{typeset.Style{Size: 10.5}, 16, ink()} }
func smallFace() face   { return face{typeset.Style{Size: 9.5}, 14, ink()} }
func tinyFace() face    { return face{typeset.Style{Size: 8.5}, 12, muted()} }

// baseline is how far below the top of a line its letters stand.
func (f face) baseline() float64 { return (f.leading-f.Size)/2 + f.Size*.82 }

func (f face) bold() face {
	f.Bold = true
	return f
}

func (f face) in(c pdf.Colour) face {
	f.colour = c
	return f
}

func (f face) tabular() face {
	f.Tabular = true
	return f
}
