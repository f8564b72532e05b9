package report

import (
	"fmt"
	"io"
	"strings"

	"backrow/review/report/pdf"
	"backrow/review/report/typeset"
	"backrow/storage"
)

// PDF writes doc as a tagged PDF: a header, what the reviews say as a whole, a chart, then for each
// target area its marks, and those without one at the end. A mark of several areas is told under
// the first of them and pointed to under the others.
//
// It takes some milliseconds and, for Chinese and Japanese, 30 MB of memory while it works. Its
// only errors are those of w, and Unavailable when the program was built without typefaces.
func PDF(w io.Writer, doc Document) error {
	given := len(doc.Marks)
	doc = doc.bounded().printable()
	say := phrasesIn(doc.Lang)
	if doc.Title == "" {
		doc.Title = say.untitled
	}
	set, err := typeset.New(doc.Lang)
	if err != nil {
		return storage.Errorf(storage.Unavailable,
			"This installation was built without the typefaces of its reports. The CSV can still be downloaded. %w", err)
	}
	file := pdf.New(pdf.Info{
		Title: doc.Title, Author: strings.Join(doc.Instructors, ", "), Subject: say.report + " · " + doc.Teacher,
		Creator: "Backrow", Language: doc.Lang, Created: doc.GeneratedAt,
	})
	r := &writer{doc: doc, say: say, sheet: newSheet(file, set, doc.Paper)}
	r.broken = r.runningHead
	r.gutter = timeOnly
	for _, m := range doc.Marks {
		if m.Still != nil {
			r.gutter = stillWide
		}
	}

	r.header()
	r.reviews()
	if len(doc.Marks) == 0 {
		r.nothing()
	} else {
		r.chart()
	}
	for _, a := range doc.Areas {
		r.area(a)
	}
	r.withoutArea()
	if more := given - len(doc.Marks); more > 0 {
		r.need(40)
		r.y += 16
		r.text(file.Root().Add("P"), fmt.Sprintf(say.more, more), smallFace().in(muted()), side, r.column())
	}
	r.feet()
	if r.err != nil {
		return r.err
	}
	_, err = file.WriteTo(w)
	return err
}

// writer writes one document on a sheet.
type writer struct {
	*sheet
	doc    Document
	say    phrases
	gutter float64 // the width of the column of times and stills
}

// header is the house's mark, the title, and the facts in a grid.
func (r *writer) header() {
	root := r.file.Root()
	r.y = 48
	r.page.Artifact(func() { seats(r.page, side, r.y) })
	r.row(root.Add("P"), side+22, r.y+.5, r.width-side, piece{"Backrow", smallFace().bold(), 8},
		piece{r.say.report, smallFace().in(muted()), 0})
	r.y += 40
	title := root.Add("H1")
	r.file.Bookmark(0, r.doc.Title, r.page, 0)
	r.text(title, r.doc.Title, titleFace(), side, r.column())
	r.y += 16

	people := r.say.instructor
	if len(r.doc.Instructors) > 1 {
		people = r.say.instructors
	}
	facts := [][2]string{
		{r.say.teacher, r.doc.Teacher},
		{people, strings.Join(r.doc.Instructors, "\n")},
		{r.say.class, r.doc.Class},
		{r.say.recorded, r.say.moment(r.doc.RecordedAt, r.doc.Zone)},
		{r.say.length, length(r.doc.Duration)},
		{r.say.program, r.doc.Program},
	}
	r.rule(side, r.column())
	r.y += 14
	const columns, gap = 3, 20
	width := (r.column() - (columns-1)*gap) / columns
	start, lowest, n := r.y, r.y, 0
	for _, fact := range facts {
		if strings.TrimSpace(fact[1]) == "" {
			continue
		}
		if n > 0 && n%columns == 0 {
			start = lowest + 12
		}
		r.y = start
		x := side + float64(n%columns)*(width+gap)
		e := root.Add("P")
		r.row(e, x, r.y, x+width, piece{fact[0], tinyFace(), 0})
		r.y += 14
		lines := r.set.Lines(fact[1], bodyFace().Style, width)
		for i := range lines {
			lines[i].RightToLeft = false // beneath its label, whatever its script
		}
		r.lines(e, lines, bodyFace(), x, width)
		lowest = max(lowest, r.y)
		n++
	}
	r.y = lowest + 14
	r.rule(side, r.column())
	r.y += 24
}

// seats is the mark of the house, 16 points wide: three rows of seats, the last one at the back lit.
func seats(p *pdf.Page, x, y float64) {
	const scale = 16.0 / 26
	for i := range 8 {
		p.Circle(muted(), x+float64(5+8*(i%3))*scale, y+float64(4+7*(i/3))*scale, 2*scale)
	}
	p.Circle(accent(), x+21*scale, y+18*scale, 3*scale)
}

// reviews are the summaries, each beside a bar.
func (r *writer) reviews() {
	for _, review := range r.doc.Reviews {
		if review.Summary == "" {
			continue
		}
		section := r.file.Root().Add("Sect")
		r.need(20 + 2*bodyFace().leading)
		pieces := []piece{{r.say.summary, smallFace().bold(), 8}, {review.Instructor, smallFace().in(muted()), 8}}
		if !review.ReturnedAt.IsZero() {
			pieces = append(pieces, piece{r.say.day(review.ReturnedAt.In(r.doc.Zone)), smallFace().in(muted()), 0})
		}
		r.row(section.Add("H2"), side, r.y, r.width-side, pieces...)
		r.y += 18
		r.text(section.Add("P"), review.Summary, bodyFace(), side, r.column())
		r.y += 20
	}
}

// nothing is what an empty report says.
func (r *writer) nothing() {
	e := r.file.Root().Add("P")
	r.page.Artifact(func() { r.page.Rect(sunken(), side, r.y, r.column(), 72, 8) })
	r.y += 18
	r.text(e, r.say.noMarks, bodyFace().bold(), side+20, r.column()-40)
	r.y += 2
	r.text(e, r.say.noMarksHint, smallFace().in(muted()), side+20, r.column()-40)
	r.y += 40
}

// runningHead is above the text of all pages but the first.
func (r *writer) runningHead(p *pdf.Page) {
	p.Artifact(func() {
		f := tinyFace()
		l := r.set.Line(r.doc.Title, f.Style, r.column()*.6)
		r.put(l, f, side, 36, l.Width)
		l = r.set.Line(r.doc.Teacher, f.Style, r.column()*.35)
		r.put(l, f, r.width-side-l.Width, 36, l.Width)
	})
}

// feet are the page numbers.
func (r *writer) feet() {
	f := tinyFace()
	for i, p := range r.pages {
		r.page = p
		p.Artifact(func() {
			if made := r.say.moment(r.doc.GeneratedAt, r.doc.Zone); made != "" {
				l := r.set.Line(fmt.Sprintf(r.say.generated, made), f.Style, r.column()*.7)
				r.put(l, f, side, r.height-44, l.Width)
			}
			l := r.set.Line(fmt.Sprintf(r.say.page, i+1, len(r.pages)), f.tabular().Style, r.column()*.3)
			r.put(l, f, r.width-side-l.Width, r.height-44, l.Width)
		})
	}
}
