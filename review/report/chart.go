package report

import (
	"fmt"
	"strings"

	"backrow/review/report/pdf"
)

// tally is how many marks of each kind an area has.
type tally struct {
	name   string
	counts map[Kind]int
	total  int
}

func (t *tally) add(k Kind) {
	if t.counts == nil {
		t.counts = map[Kind]int{}
	}
	t.counts[k]++
	t.total++
}

// tallies are the rows of the chart: the areas in their order, then the marks without one, if
// there are any; all counts every mark once.
func (d Document) tallies(withoutArea string) (rows []tally, all tally) {
	at := map[string]int{}
	for i, a := range d.Areas {
		at[a.ID] = i
		rows = append(rows, tally{name: a.Name})
	}
	rest := tally{name: withoutArea}
	for _, m := range d.Marks {
		all.add(m.Kind)
		for _, id := range m.AreaIDs {
			rows[at[id]].add(m.Kind)
		}
		if len(m.AreaIDs) == 0 {
			rest.add(m.Kind)
		}
	}
	if rest.total > 0 {
		rows = append(rows, rest)
	}
	return rows, all
}

// told is t in words, for those who do not see the chart.
func (t tally) told(say phrases) string {
	var parts []string
	for _, k := range Kinds() {
		if t.counts[k] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", say.kinds[k], t.counts[k]))
		}
	}
	if len(parts) == 0 {
		return t.name + ": 0"
	}
	return t.name + ": " + strings.Join(parts, ", ")
}

// chart draws stacked bars, one for each area, of its marks by kind. Every part says its kind by
// shape and its number; a part that is too narrow for that is told to the right of its bar.
func (r *writer) chart() {
	rows, all := r.doc.tallies(r.say.withoutArea)
	const rowHeight, barHeight, gap = 26, 18, 1.5
	r.need(64 + min(float64(len(rows)), 12)*rowHeight)
	section := r.file.Root().Add("Sect")
	r.row(section.Add("H2"), side, r.y, r.width-side, piece{r.say.chart, smallFace().bold(), 0})
	r.y += 20
	r.legend(section.Add("P"), all)
	r.y += 24

	most, sum := 1, 0
	for _, row := range rows {
		most = max(most, row.total)
		sum += row.total
	}
	const labels, totals = 156, 120
	unit := min((r.column()-labels-totals)/float64(most), 30)
	for _, row := range rows {
		r.need(rowHeight)
		figure := section.Add("Figure").Alt(row.told(r.say))
		r.page.Bound(figure, side, r.y, r.column(), rowHeight)
		r.page.Content(figure, func() { r.bar(row, labels, barHeight, unit, gap) })
		r.y += rowHeight
	}
	if sum > all.total {
		r.y += 2
		r.text(section.Add("P"), r.say.several, tinyFace(), side+labels, r.column()-labels)
	}
	r.y += 12
}

// legend says which shape and colour is which kind, and how many marks there are of it.
func (r *writer) legend(e *pdf.Element, all tally) {
	x := float64(side)
	for _, k := range Kinds() {
		r.page.Artifact(func() { k.shape(r.page, k.colour(), x, r.y+3, 8.5) })
		x = r.row(e, x+13, r.y, r.width-side,
			piece{r.say.kinds[k], smallFace(), 5},
			piece{fmt.Sprint(all.counts[k]), smallFace().tabular().in(muted()), 18})
	}
	l := r.set.Line(fmt.Sprintf(r.say.total, all.total), smallFace().Style, 120)
	r.page.Content(e, func() {
		r.put(l, smallFace().in(muted()), r.width-side-l.Width, r.y, l.Width)
	})
}

// bar draws one row of the chart at r.y.
func (r *writer) bar(row tally, labels, height, unit, gap float64) {
	name := smallFace()
	if row.name == "" {
		row.name = r.say.unnamed
	}
	l := r.set.Line(row.name, name.Style, labels-16)
	l.RightToLeft = false
	r.put(l, name, side, r.y+2, 0)
	x := side + labels
	number := tinyFace().bold().tabular()
	narrow := false
	for _, k := range Kinds() {
		n := row.counts[k]
		if n == 0 {
			continue
		}
		width := float64(n)*unit - gap
		r.page.Rect(k.colour(), x, r.y, max(width, .75), height, 3)
		label := r.set.Line(fmt.Sprint(n), number.Style, 60)
		switch {
		case width >= label.Width+16:
			at := x + (width-label.Width-10)/2
			k.shape(r.page, white(), at, r.y+5.5, 7)
			r.put(label, number.in(white()), at+10, r.y+3, 0)
		case width >= label.Width+5:
			r.put(label, number.in(white()), x+(width-label.Width)/2, r.y+3, 0)
		default:
			narrow = true
		}
		x += float64(n) * unit
	}
	x += 6
	if row.total == 0 {
		x = side + labels
		r.page.Rect(line(), x, r.y+height/2-.5, 12, 1, 0)
		x += 18
	}
	total := r.set.Line(fmt.Sprint(row.total), number.Style, 60)
	r.put(total, number.in(muted()), x, r.y+3, 0)
	x += total.Width + 8
	if !narrow {
		return
	}
	for _, k := range Kinds() {
		if row.counts[k] == 0 {
			continue
		}
		k.shape(r.page, k.colour(), x, r.y+6.5, 5)
		l := r.set.Line(fmt.Sprint(row.counts[k]), number.Style, 60)
		r.put(l, number.in(muted()), x+7, r.y+3, 0)
		x += l.Width + 12
	}
}
