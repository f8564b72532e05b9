package report

import (
	"fmt"

	"backrow/review/report/faces"
	"backrow/review/report/pdf"
	"backrow/review/report/typeset"
)

// The margins of a page, in points. The running head and foot lie within them.
const (
	side   = 56
	top    = 64
	bottom = 64
)

// sheet is the paper that the report is written on, from top to bottom and page after page.
type sheet struct {
	file  *pdf.File
	set   *typeset.Setter
	fonts map[faces.Name]*pdf.Font

	width, height float64 // of a page
	page          *pdf.Page
	pages         []*pdf.Page
	y             float64           // where the next thing goes
	broken        func(p *pdf.Page) // called after a page break, with what it broke into
	err           error             // the first one
}

func newSheet(file *pdf.File, set *typeset.Setter, paper Paper) *sheet {
	s := &sheet{file: file, set: set, fonts: map[faces.Name]*pdf.Font{}, width: 595.28, height: 841.89}
	if paper == Letter {
		s.width, s.height = 612, 792
	}
	s.breakPage()
	return s
}

// column is the width between the margins.
func (s *sheet) column() float64 { return s.width - 2*side }

// left is how much room the page has.
func (s *sheet) left() float64 { return s.height - bottom - s.y }

func (s *sheet) breakPage() {
	s.page = s.file.AddPage(s.width, s.height)
	s.pages = append(s.pages, s.page)
	s.y = top
	if s.broken != nil {
		s.broken(s.page)
	}
}

// need begins a page if this one has less room than height, unless it is empty.
func (s *sheet) need(height float64) {
	if s.left() < height && s.y > top {
		s.breakPage()
	}
}

// put draws a line whose box begins at y; one from right to left ends at x + width.
func (s *sheet) put(l typeset.Line, f face, x, y, width float64) {
	if l.RightToLeft {
		x += width - l.Width
	}
	baseline := y + f.baseline()
	for _, run := range l.Runs {
		font, err := s.font(run.Face)
		if err != nil {
			s.err = err
			return
		}
		var weight pdf.Weight
		if run.Embolden {
			weight = 28
		}
		s.page.Text(font, f.Size, weight, f.colour, x+run.X, baseline, run.Reversed, run.Clusters)
	}
}

func (s *sheet) font(face *faces.Face) (*pdf.Font, error) {
	if have, ok := s.fonts[face.Name]; ok {
		return have, nil
	}
	font, err := s.file.Font("Backrow-"+string(face.Name), face.TTF)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	s.fonts[face.Name] = font
	return font, nil
}

// text draws text as content of e at x, over as many lines and pages as it takes. Neither a
// paragraph's first nor its last line is left alone on a page.
func (s *sheet) text(e *pdf.Element, text string, f face, x, width float64) {
	s.lines(e, s.set.Lines(text, f.Style, width), f, x, width)
}

func (s *sheet) lines(e *pdf.Element, lines []typeset.Line, f face, x, width float64) {
	for len(lines) > 0 {
		fit := min(int(s.left()/f.leading+1e-6), len(lines))
		if rest := len(lines) - fit; rest == 1 && fit > 2 {
			fit--
		}
		if fit < min(2, len(lines)) && s.y > top {
			s.breakPage()
			continue
		}
		fit = max(fit, 1)
		s.page.Content(e, func() {
			for _, l := range lines[:fit] {
				s.put(l, f, x, s.y, width)
				s.y += f.leading
			}
		})
		if lines = lines[fit:]; len(lines) > 0 {
			s.breakPage()
		}
	}
}

// row draws pieces of text side by side on one line as content of e, without moving down; the last
// one has what room is left.
func (s *sheet) row(e *pdf.Element, x, y, right float64, pieces ...piece) float64 {
	y += pieces[0].face.baseline() // which all share
	s.page.Content(e, func() {
		for _, p := range pieces {
			if right-x < p.face.Size {
				break
			}
			l := s.set.Line(p.text, p.face.Style, right-x)
			l.RightToLeft = false
			s.put(l, p.face, x, y-p.face.baseline(), l.Width)
			x += l.Width + p.gap
		}
	})
	return x
}

// piece is text of a row, and the gap after it.
type piece struct {
	text string
	face face
	gap  float64
}

// rule draws a hairline across the column.
func (s *sheet) rule(x, width float64) {
	s.page.Artifact(func() { s.page.Rect(line(), x, s.y-.25, width, .75, 0) })
}
