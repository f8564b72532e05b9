package pdf

import (
	"fmt"
	"strings"
)

// Glyph is one glyph of shaped text. Lengths are thousandths of the font's size.
type Glyph struct {
	ID      uint16  // in the font
	Advance float64 // to the next glyph, whatever the font says
	X, Y    float64 // offset from where it would be; Y upwards
}

// Cluster is glyphs that together stand for some characters and cannot be told apart further.
type Cluster struct {
	Glyphs []Glyph // from left to right
	Text   string  // in reading order
}

// Weight is how letters are made bolder for want of a bold font: the width of the line drawn
// around them, in thousandths of the size. 0 is as the font is.
type Weight float64

// Text draws clusters from left to right; the first one's origin is at x on the baseline y. With
// reversed they are read the other way round, as Arabic and Hebrew are: the file says so
// (14.8.2.3.3), and has them from left to right because that is what programs that extract text
// reckon with.
func (p *Page) Text(font *Font, size float64, weight Weight, c Colour, x, y float64, reversed bool, clusters []Cluster) {
	if len(clusters) == 0 {
		return
	}
	p.colour(c)
	b := &p.content
	if weight > 0 {
		fmt.Fprintf(b, "q %s %s %s RG %s w 2 Tr\n", number(float64(c.R)/255),
			number(float64(c.G)/255), number(float64(c.B)/255), number(float64(weight)*size/1000))
	}
	fmt.Fprintf(b, "BT /%s %s Tf 1 0 0 1 %s %s Tm\n", font.name, number(size), number(x), number(p.Height-y))
	line := showing{font: font, size: size, out: b.WriteString}
	if reversed {
		b.WriteString("/ReversedChars BMC\n")
	}
	for _, cluster := range clusters {
		line.cluster(cluster)
	}
	line.flush()
	if reversed {
		b.WriteString("EMC\n")
	}
	if line.rise != 0 {
		b.WriteString("0 Ts\n") // it outlives the text object
	}
	b.WriteString("ET\n")
	if weight > 0 {
		b.WriteString("Q\n")
	}
}

// showing gathers glyphs into TJ operators.
type showing struct {
	font *Font
	size float64
	out  func(string) (int, error)

	pending strings.Builder // inside of the array of a TJ
	codes   strings.Builder // inside of its last string
	owed    float64         // thousandths to move right before the next glyph
	rise    float64
}

func (s *showing) cluster(c Cluster) {
	replaced := len(c.Glyphs) > 1 // several glyphs for some text: only an ActualText says it right
	if replaced {
		s.flush()
		s.out("/Span <</ActualText " + text(c.Text) + ">> BDC\n")
	}
	for i, g := range c.Glyphs {
		means := c.Text
		if i > 0 {
			means = ""
		}
		if g.Y != s.rise {
			s.flush()
			s.rise = g.Y
			s.out(number(g.Y*s.size/1000) + " Ts\n")
		}
		code, width := s.font.code(g.ID, means)
		s.move(s.owed + g.X)
		fmt.Fprintf(&s.codes, "%04X", code)
		s.owed = g.Advance - g.X - width
	}
	if replaced {
		s.flush()
		s.out("EMC\n")
	}
}

// move puts a shift to the right, if it is one that can be seen.
func (s *showing) move(right float64) {
	if right > -0.5 && right < 0.5 {
		return
	}
	s.close()
	fmt.Fprintf(&s.pending, "%s", number(-right))
}

func (s *showing) close() {
	if s.codes.Len() > 0 {
		fmt.Fprintf(&s.pending, "<%s>", s.codes.String())
		s.codes.Reset()
	}
}

func (s *showing) flush() {
	s.close()
	if s.pending.Len() > 0 {
		s.out("[" + s.pending.String() + "] TJ\n")
		s.pending.Reset()
	}
}
