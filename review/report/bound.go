package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// bounded is a copy of d within the limits, in valid UTF-8, its marks in the order of the
// timeline, their areas known and each named once.
func (d Document) bounded() Document {
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	d.Title, d.Class, d.Program, d.Teacher =
		name(d.Title), name(d.Class), name(d.Program), name(d.Teacher)
	d.Duration = max(d.Duration, 0)
	d.Instructors = slices.Clone(first(d.Instructors, MaxPeople))
	for i, n := range d.Instructors {
		d.Instructors[i] = name(n)
	}
	d.Reviews = slices.Clone(first(d.Reviews, MaxPeople))
	for i := range d.Reviews {
		r := &d.Reviews[i]
		r.Instructor, r.Summary = name(r.Instructor), words(r.Summary, MaxText)
	}
	known := map[string]bool{}
	d.Areas = slices.Clone(first(d.Areas, MaxAreas))
	for i := range d.Areas {
		a := &d.Areas[i]
		known[a.ID] = true
		a.Name, a.Goal, a.Measure, a.DueOn =
			name(a.Name), words(a.Goal, MaxText), words(a.Measure, MaxText), name(a.DueOn)
		if a.Hue < 1 || a.Hue > len(areaColours()) {
			a.Hue = i%len(areaColours()) + 1
		}
	}
	d.Marks = slices.Clone(d.Marks)
	slices.SortStableFunc(d.Marks, func(a, b Mark) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	d.Marks = first(d.Marks, MaxMarks)
	for i := range d.Marks {
		m := &d.Marks[i]
		m.Kind = m.Kind.known()
		m.Start = max(m.Start, 0)
		m.End = max(m.End, m.Start)
		m.Author, m.Text = name(m.Author), words(m.Text, MaxText)
		var ids []string
		for _, id := range m.AreaIDs {
			if known[id] && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		m.AreaIDs = ids
		m.Replies = slices.Clone(first(m.Replies, MaxReplies))
		for j := range m.Replies {
			r := &m.Replies[j]
			r.Author, r.Text = name(r.Author), words(r.Text, MaxText)
		}
	}
	return d
}

func first[T any](all []T, n int) []T { return all[:min(n, len(all))] }

// name is s on one line, without controls of direction (which would turn its neighbours round)
// and within MaxName.
func name(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	return words(s, MaxName)
}

// words is s in valid UTF-8, cut to n runes, with line feeds for line ends and without control
// characters, trailing blanks and the noncharacters that no font has.
func words(s string, n int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\u2028', r == '\u2029', r == '\u0085', r == '\v', r == '\f':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r == '\ufeff', r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, s)
	for i := range s {
		if n == 0 {
			s = s[:i] + "…"
			break
		}
		n--
	}
	return strings.TrimSpace(s)
}

// clock is t as m:ss, or h:mm:ss from an hour on, as the player shows it.
func clock(t time.Duration) string {
	s := int64(t / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

func (d Document) iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.Zone).Format(time.RFC3339)
}

// printable is a bounded d with what a PDF has room for: marks while the runes of all texts last,
// stills while their bytes do.
func (d Document) printable() Document {
	runes, stills := MaxRunes, MaxStills
	for i := range d.Marks {
		m := &d.Marks[i]
		runes -= utf8.RuneCountInString(m.Text)
		for _, r := range m.Replies {
			runes -= utf8.RuneCountInString(r.Text) + utf8.RuneCountInString(r.Author)
		}
		if runes < 0 {
			d.Marks = d.Marks[:i]
			break
		}
		if len(m.Still) == 0 || len(m.Still) > MaxStillBytes || len(m.Still) > stills {
			m.Still = nil
		}
		stills -= len(m.Still)
	}
	if d.Lang == "" {
		d.Lang = "en"
	}
	return d
}
