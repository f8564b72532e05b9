package report

import (
	"fmt"
	"slices"
	"strings"

	"backrow/review/report/pdf"
)

// The widths of the column left of the marks, with its gap.
const (
	timeOnly  = 104
	stillWide = 156
	gutterGap = 20
)

// area is a target area: its heading and goal, and its marks. The heading is kept with the
// beginning of what follows.
func (r *writer) area(a Area) {
	var own []Mark
	counts := map[Kind]int{}
	for _, m := range r.doc.Marks {
		if slices.Contains(m.AreaIDs, a.ID) {
			own = append(own, m)
			counts[m.Kind]++
		}
	}
	name := a.Name
	if name == "" {
		name = r.say.unnamed
	}
	aims := []aim{{r.say.goal, a.Goal}, {r.say.measure, a.Measure}, {r.say.by, r.say.dueOn(a.DueOn)}}
	height := 0.0
	for _, aim := range aims {
		height += r.aimHeight(aim)
	}
	section := r.section(name, areaColours()[a.Hue-1], counts, min(height, maxKept)+r.markHead(own))
	for _, aim := range aims {
		r.aim(section, aim)
	}
	if len(own) == 0 {
		r.y += 8
		r.text(section.Add("P"), r.say.noMarksForArea, bodyFace().in(muted()), side, r.column())
	}
	for i, m := range own {
		if m.AreaIDs[0] == a.ID {
			r.mark(section, m, i == 0)
		} else {
			r.pointer(section, m, i == 0)
		}
	}
}

// withoutArea are the marks that belong to no area.
func (r *writer) withoutArea() {
	var own []Mark
	counts := map[Kind]int{}
	for _, m := range r.doc.Marks {
		if len(m.AreaIDs) == 0 {
			own = append(own, m)
			counts[m.Kind]++
		}
	}
	if len(own) == 0 {
		return
	}
	section := r.section(r.say.withoutArea, muted(), counts, r.markHead(own))
	for i, m := range own {
		r.mark(section, m, i == 0)
	}
}

// section draws a heading with its colour and counts; room is what it must be kept with.
func (r *writer) section(name string, c pdf.Colour, counts map[Kind]int, room float64) *pdf.Element {
	if r.y > top {
		r.y += 20
	}
	r.need(40 + room)
	section := r.file.Root().Add("Sect")
	heading := section.Add("H2")
	r.file.Bookmark(1, name, r.page, r.y-12)
	r.page.Artifact(func() { r.page.Rect(c, side, r.y+5, 11, 11, 3) })

	tally := 0.0
	for _, k := range Kinds() {
		if counts[k] > 0 {
			tally += 13 + r.set.Width(fmt.Sprint(counts[k]), smallFace().tabular().Style) + 13
		}
	}
	y := r.y
	r.text(heading, name, headingFace(), side+20, r.column()-20-max(tally, 0)-12)
	x := r.width - side - tally + 13
	for _, k := range Kinds() {
		if counts[k] == 0 {
			continue
		}
		r.page.Artifact(func() { k.shape(r.page, k.colour(), x, y+7, 8) })
		e := section.Add("Span").Alt(fmt.Sprintf("%s: %d", r.say.kinds[k], counts[k]))
		x = r.row(e, x+13, y+4, r.width, piece{fmt.Sprint(counts[k]), smallFace().tabular().in(muted()), 13})
	}
	r.y += 5
	r.page.Artifact(func() { r.page.Rect(c, side, r.y, r.column(), 1.25, 0) })
	r.y += 11
	return section
}

// aim is a line of a target area: what it is called, and what it says.
type aim struct{ label, text string }

// The width of the labels of aims, and the height up to which aims are kept with the first mark.
const (
	aimLabel = 84
	maxKept  = 200
)

func (r *writer) aimHeight(a aim) float64 {
	if a.text == "" {
		return 0
	}
	f := bodyFace()
	return float64(len(r.set.Lines(a.text, f.Style, r.column()-aimLabel)))*f.leading + 3
}

func (r *writer) aim(section *pdf.Element, a aim) {
	if a.text == "" {
		return
	}
	f := bodyFace()
	lines := r.set.Lines(a.text, f.Style, r.column()-aimLabel)
	r.need(float64(min(2, len(lines))) * f.leading)
	e := section.Add("P")
	r.row(e, side, r.y+.8, side+aimLabel-8, piece{a.label, smallFace().in(muted()), 0})
	r.lines(e, lines, f, side+aimLabel, r.column()-aimLabel)
	r.y += 3
}

// markHead is the room that the first mark of some needs to begin.
func (r *writer) markHead(marks []Mark) float64 {
	if len(marks) == 0 {
		return 40
	}
	return r.headOf(marks[0]) + 12
}

// headOf is the height of the part of a mark that is never cut: its time, kind and author, its
// still, and the first lines of its text.
func (r *writer) headOf(m Mark) float64 {
	return max(20+2*bodyFace().leading, 20+r.stillHeight(m))
}

// stillHeight is the height of a mark's still on paper, or 0.
func (r *writer) stillHeight(m Mark) float64 {
	im := r.still(m)
	if im == nil {
		return 0
	}
	_, h := r.stillSize(im)
	return h
}

// still is a mark's still as an image of the file, or nil.
func (r *writer) still(m Mark) *pdf.Image {
	if m.Still == nil {
		return nil
	}
	im, err := r.file.Image(m.Still)
	if err != nil || max(im.Width, im.Height) > MaxStillSide {
		return nil // a report without one still is better than none
	}
	return im
}

// stillSize fits an image into the column, at most 4:3 of its width high.
func (r *writer) stillSize(im *pdf.Image) (width, height float64) {
	width = r.gutter - gutterGap
	height = width * float64(im.Height) / float64(im.Width)
	if most := width * 4 / 3; height > most {
		width, height = width*most/height, most
	}
	return width, max(height, 1)
}

// mark is one mark: to the left its time and still, to the right what was said.
func (r *writer) mark(section *pdf.Element, m Mark, isFirst bool) {
	r.separate(isFirst, r.headOf(m))
	e := section.Add("Sect")
	heading := e.Add("H3")
	page, start := r.page, r.y
	when := span(m)
	x, right := side+r.gutter, r.width-side

	r.row(heading, side, r.y, x, piece{when, bodyFace().bold().tabular(), 0})
	r.page.Artifact(func() { m.Kind.shape(r.page, m.Kind.colour(), x, r.y+3.8, 8.5) })
	pieces := []piece{{r.say.kinds[m.Kind], smallFace().bold().in(m.Kind.colour()), 8},
		{m.Author, smallFace().in(muted()), 8}}
	if m.Private {
		pieces = append(pieces, piece{r.say.private, smallFace().bold().in(muted()), 0})
	}
	r.row(heading, x+15, r.y+bodyFace().baseline()-smallFace().baseline(), right, pieces...)
	r.file.Bookmark(2, when+" "+r.say.kinds[m.Kind], page, r.y-8)

	after := r.y + 18
	if im := r.still(m); im != nil {
		figure := e.Add("Figure").Alt(fmt.Sprintf(r.say.still, when))
		w, h := r.stillSize(im)
		r.page.Content(figure, func() { r.page.Image(figure, im, side, r.y+20, w, h, 4) })
		after = r.y + 20 + h
	}

	r.broken = func(p *pdf.Page) {
		r.runningHead(p)
		p.Artifact(func() {
			f := tinyFace()
			r.put(r.set.Line(when+" "+r.say.continued, f.Style, r.gutter-gutterGap/2), f, side, r.y+2, 0)
		})
	}
	r.y = start + 18
	if m.Text != "" {
		r.text(e.Add("P"), m.Text, bodyFace(), x, right-x)
	}
	if len(m.AreaIDs) > 1 {
		r.y += 4
		r.text(e.Add("P"), r.say.alsoFor+" "+strings.Join(r.names(m.AreaIDs[1:]), ", "), tinyFace(), x, right-x)
	}
	r.replies(e, m.Replies, x, right)
	r.broken = r.runningHead
	if r.page == page {
		r.y = max(r.y, after)
	}
}

// replies are the answers to a mark, along a hairline.
func (r *writer) replies(e *pdf.Element, replies []Reply, x, right float64) {
	if len(replies) == 0 {
		return
	}
	const indent = 14
	list := e.Add("L")
	for _, reply := range replies {
		r.y += 8
		r.need(15 + 2*smallFace().leading)
		body := list.Add("LI").Add("LBody")
		page, from := r.page, r.y
		author := reply.Author
		if author == "" {
			author = r.say.unnamed
		}
		pieces := []piece{{author, smallFace().bold(), 8}}
		if !reply.At.IsZero() {
			at := reply.At.In(r.doc.Zone)
			pieces = append(pieces, piece{r.say.day(at) + at.Format(", 15:04"), tinyFace(), 0})
		}
		r.row(body.Add("P"), x+indent, r.y, right, pieces...)
		r.y += 15
		r.text(body.Add("P"), reply.Text, smallFace(), x+indent, right-x-indent)
		to := r.y
		if r.page != page {
			r.page.Artifact(func() { r.page.Rect(line(), x, top, 2, to-top, 1) })
			to = r.height - bottom
		}
		page.Artifact(func() { page.Rect(line(), x, from+1, 2, to-from-1, 1) })
	}
}

// pointer says where a mark is told that belongs to an earlier area too.
func (r *writer) pointer(section *pdf.Element, m Mark, isFirst bool) {
	r.separate(isFirst, 20)
	x := side + r.gutter
	e := section.Add("P")
	r.row(e, side, r.y, x, piece{span(m), bodyFace().bold().tabular(), 0})
	r.page.Artifact(func() { m.Kind.shape(r.page, m.Kind.colour(), x, r.y+3.8, 8.5) })
	r.row(e, x+15, r.y+bodyFace().baseline()-smallFace().baseline(), r.width-side,
		piece{r.say.kinds[m.Kind], smallFace().bold().in(m.Kind.colour()), 8},
		piece{fmt.Sprintf(r.say.seeUnder, r.names(m.AreaIDs[:1])[0]), smallFace().in(muted()), 0})
	r.y += 16
}

// separate leaves room between marks, or begins a page if there is none for the next.
func (r *writer) separate(isFirst bool, next float64) {
	if isFirst {
		r.y += 10
		r.need(next)
		return
	}
	r.y += 14
	if r.left() < 14+next {
		r.breakPage()
		return
	}
	r.rule(side, r.column())
	r.y += 14
}

// names are the names of areas by id.
func (r *writer) names(ids []string) []string {
	var names []string
	for _, id := range ids {
		for _, a := range r.doc.Areas {
			if a.ID == id {
				names = append(names, a.Name)
				break
			}
		}
	}
	return names
}

// span is a mark's time, or its times with an en dash between.
func span(m Mark) string {
	from, to := clock(m.Start), clock(m.End)
	if from == to {
		return from
	}
	return from + "–" + to
}
