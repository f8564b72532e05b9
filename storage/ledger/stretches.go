package ledger

import (
	"slices"
	"sort"

	"backrow/storage"
)

// Stretch is a part of the timeline.
type Stretch struct{ Begin, End storage.Ticks }

// Stretches are parts of the timeline: in order, not empty, and apart from each other.
type Stretches []Stretch

// Add adds what is between two moments, after the timeline's zero.
func (s *Stretches) Add(begin, end storage.Ticks) {
	begin = max(begin, 0)
	if begin >= end {
		return
	}
	all := *s
	from := sort.Search(len(all), func(i int) bool { return all[i].End >= begin })
	to := from + sort.Search(len(all)-from, func(i int) bool { return all[from+i].Begin > end })
	if from < to {
		begin, end = min(begin, all[from].Begin), max(end, all[to-1].End)
	}
	*s = slices.Replace(all, from, to, Stretch{begin, end})
}

// Length is how long they are together.
func (s Stretches) Length() (all storage.Ticks) {
	for _, stretch := range s {
		all += stretch.End - stretch.Begin
	}
	return all
}

// Prefix is how far they reach from the timeline's zero on, when holes up to tolerance are not
// counted as such.
func (s Stretches) Prefix(tolerance storage.Ticks) (until storage.Ticks) {
	for _, stretch := range s {
		if stretch.Begin > until+tolerance {
			break
		}
		until = stretch.End
	}
	return until
}

// Gaps are what they leave of the timeline up to its end.
func (s Stretches) Gaps(end storage.Ticks) (gaps Stretches) {
	var until storage.Ticks
	for _, stretch := range s {
		gaps.Add(until, min(stretch.Begin, end))
		until = stretch.End
	}
	gaps.Add(until, end)
	return gaps
}

// Within are the parts of s that are in other too.
func (s Stretches) Within(other Stretches) (both Stretches) {
	for _, a := range s {
		for _, b := range other {
			both.Add(max(a.Begin, b.Begin), min(a.End, b.End))
		}
	}
	return both
}

// Stretches are what of the timeline a cover shows. Seams that are no breaks are none here either.
func (c Cover) Stretches() (s Stretches) {
	for _, r := range c.Runs() {
		s.Add(r.Begin(), r.Begin()+r.Length())
	}
	return s
}

// Covered is how much of the timeline is there.
func (c Cover) Covered() storage.Ticks { return c.Stretches().Length() }

// Prefix is Stretches.Prefix of what is there.
func (c Cover) Prefix(tolerance storage.Ticks) storage.Ticks { return c.Stretches().Prefix(tolerance) }

// Hole is the shortest break in what is there that is told to people: 0.5 s.
const Hole = storage.TicksPerSecond / 2

// Expected are the gaps in the best cover of a source, up to the timeline's end, that may still be
// filled: a laptop has recorded there, and not all of it has come.
func Expected(takes []Take, source string, end storage.Ticks) Stretches {
	var recorded Stretches
	for i := range takes {
		t := &takes[i]
		if t.Source != source || t.State == "dropped" || t.complete() {
			continue
		}
		length := end
		if t.LengthMS > 0 {
			length = offset(t.Take) + storage.Ticks(t.LengthMS)*(storage.TicksPerSecond/1000)
		}
		recorded.Add(offset(t.Take), min(length, end))
	}
	gaps := Best(takes, source).Stretches().Gaps(end).Within(recorded)
	return slices.DeleteFunc(gaps, func(gap Stretch) bool { return gap.End-gap.Begin < Hole })
}
