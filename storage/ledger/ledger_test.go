package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"backrow/storage"
	"backrow/storage/ledger"
)

const (
	ms     = storage.TicksPerSecond / 1000
	second = storage.TicksPerSecond
)

// take reads a take from a line: its route, its offset in ms, and then its segments' lengths in ms;
// +n is a hole of n ms, @n the number of the arrival of what follows, | a new init segment. A
// route in capitals is a local take of which something is missing.
func take(t *testing.T, id, line string) ledger.Take {
	t.Helper()
	words := strings.Fields(line)
	route := strings.ToLower(words[0])
	out := ledger.Take{Take: storage.Take{ID: storage.ID(id), Route: storage.Route(route),
		Source: ledger.Camera, State: "ended"}}
	if route == "local" && words[0] == route {
		out.CompletedAt = storage.Now()
	}
	fmt.Sscan(words[1], &out.OffsetMS)
	at, arrived, init := storage.Ticks(0), int64(0), int64(1)
	for _, word := range words[2:] {
		var n int64
		switch fmt.Sscan(strings.Trim(word, "@|+"), &n); word[0] {
		case '+':
			at += storage.Ticks(n) * ms
		case '@':
			arrived = n
		case '|':
			init++
		default:
			out.Segments = append(out.Segments, storage.Segment{TakeID: out.ID, InitNumber: init,
				Number: int64(len(out.Segments) + 1), Start: at, Length: storage.Ticks(n) * ms, Arrived: arrived})
			if arrived > 0 {
				arrived++
			}
			at += storage.Ticks(n) * ms
		}
	}
	return out
}

// takes reads takes, named a, b, c, …
func takes(t *testing.T, lines ...string) (all []ledger.Take) {
	t.Helper()
	for i, line := range lines {
		all = append(all, take(t, string(rune('a'+i)), line))
	}
	return all
}

// text tells a cover: each piece with its place in ms.
func text(c ledger.Cover) string {
	var out []string
	for _, p := range c {
		out = append(out, fmt.Sprintf("%s%d %d-%d", p.Take.ID, p.Segment.Number,
			p.Begin()/ms, p.End()/ms))
	}
	return strings.Join(out, ", ")
}

func TestBest(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes []string
		want  string
	}{
		{"nothing", nil, ""},
		{"a take without segments", []string{"live 0"}, ""},
		{"one take", []string{"live 0 2000 2000"}, "a1 0-2000, a2 2000-4000"},
		{"local before live", []string{"live 3 2000 2000", "local 0 2000 2000"}, "b1 0-2000, b2 2000-4000"},
		{"upload before live", []string{"live 0 2000", "upload 0 2000"}, "b1 0-2000"},
		{"local before upload", []string{"upload 0 2000", "local 0 2000"}, "b1 0-2000"},
		{"live fills a hole, and the better piece is cut where it begins",
			[]string{"live 500 2000 2000 2000", "LOCAL 0 2000 +2000 2000"},
			"b1 0-500, a1 500-2500, a2 2500-4000, b2 4000-4500, a3 4500-6500"},
		{"live goes on where local ends",
			[]string{"live 500 2000 2000 2000", "LOCAL 0 2000 2000"},
			"b1 0-2000, b2 2000-2500, a2 2500-4500, a3 4500-6500"},
		{"a hole shorter than a frame is left", []string{"live 0 2000 2000 2000", "LOCAL 0 2000 +39 2000 1961"},
			"b1 0-2000, b2 2039-4039, b3 4039-6000"},
		{"and one of a frame is filled", []string{"live 1000 2000 2000", "LOCAL 0 2000 +40 2000"},
			"b1 0-1000, a1 1000-2040, b2 2040-3000, a2 3000-5000"},
		{"a better piece in the middle of a worse one is left out for the hole after it",
			[]string{"live 0 10000", "LOCAL 3000 2000"}, "a1 0-10000"},
		{"but kept when all after the hole is there",
			[]string{"live 0 10000", "LOCAL 3000 2000 2000 3000"}, "a1 0-3000, b1 3000-5000, b2 5000-7000, b3 7000-10000"},
		{"the earlier of two laptops wins, the other fills",
			[]string{"local 0 2000 2000 +4000 2000", "local 1000 2000 2000 2000 2000 2000"},
			"a1 0-2000, a2 2000-3000, b2 3000-5000, b3 5000-7000, b4 7000-8000, a3 8000-9000, b5 9000-11000"},
		{"takes that follow each other with some ms in common",
			[]string{"local 0 2000 1010", "local 3000 2000"}, "a1 0-2000, a2 2000-3000, b1 3000-5000"},
		{"the live route's fringe around a complete lesson",
			[]string{"live 0 2300 2000 2000 400", "local 300 2000 2000 2000"},
			"b1 300-2300, b2 2300-4300, b3 4300-6300"},
		{"no fringe while more may come", []string{"live 0 2000 2000 700", "LOCAL 0 2000 2000"},
			"b1 0-2000, b2 2000-4000, a3 4000-4700"},
		{"no fringe that is a second long", []string{"live 0 2000 2000 1000", "local 0 2000 2000"},
			"b1 0-2000, b2 2000-4000, a3 4000-5000"},
		{"a hole between two complete takes is no fringe",
			[]string{"live 0 2000 2000 2000", "local 0 2000", "local 2300 1700"},
			"b1 0-2000, a2 2000-2300, c1 2300-4000, a3 4000-6000"},
		{"what ends before zero", []string{"live -3000 2000 2000"}, "a2 -1000-1000"},
		{"a take that steps back", []string{"live 0 2000 +-500 2000"}, "a1 0-1500, a2 1500-3500"},
	} {
		if got := text(ledger.Best(takes(t, c.takes...), ledger.Camera)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestSourcesHaveCoversOfTheirOwn(t *testing.T) {
	all := takes(t, "live 0 2000", "live 500 2000", "live 0 4000")
	all[1].Source = ledger.Screen
	all[2].State = "dropped"
	if got := text(ledger.Best(all, ledger.Camera)); got != "a1 0-2000" {
		t.Error(got)
	}
	if got := text(ledger.Best(all, ledger.Screen)); got != "b1 500-2500" {
		t.Error(got)
	}
	if got := ledger.Main(all); got != ledger.Camera {
		t.Error(got)
	}
	if got := ledger.Main(all[1:]); got != ledger.Screen {
		t.Error(got)
	}
	if got := ledger.Main(nil); got != ledger.Camera {
		t.Error(got)
	}
}

func TestSpare(t *testing.T) {
	all := takes(t, "live 0 2000 2000", "local 0 4000", "live 4000 2000", "live 6010 1000")
	if got := fmt.Sprint(ledger.Spare(all, ledger.Camera)); got != "[a]" {
		t.Error(got)
	}
}

func TestGrowing(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes []string
		want  string
	}{
		{"nothing", nil, ""},
		{"one take", []string{"live 0 @1 2000 2000"}, "a1 0-2000, a2 2000-4000"},
		{"local alone is followed at once", []string{"local 0 @1 2000 2000"}, "a1 0-2000, a2 2000-4000"},
		{"live first, though local comes first every time",
			[]string{"live 0 @1 2000 @4 2000 @6 2000", "local 0 @2 2000 @3 2000 @5 2000 @7 2000"},
			"a1 0-2000, a2 2000-4000, a3 4000-6000"},
		{"local takes over where live ends",
			[]string{"live 0 @1 2000 @3 2000", "local 0 @2 2000 @4 2000 @5 2000 @6 2000 @7 2000 @8 2000 @9 2000"},
			"a1 0-2000, a2 2000-4000, b3 4000-6000, b4 6000-8000, b5 8000-10000, b6 10000-12000, b7 12000-14000"},
		{"a short silence of live is filled before it goes on",
			[]string{"live 0 @1 2000 @2 2000 +3000 @6 2000", "local 0 @3 2000 2000 @4 3000 2000"},
			"a1 0-2000, a2 2000-4000, b3 4000-7000, a3 7000-9000"},
		{"what comes too late is left to the best cover",
			[]string{"live 0 @1 2000 +8000 @2 2000", "local 2000 @3 2000 2000"},
			"a1 0-2000, a2 10000-12000"},
		{"a new connection", []string{"live 0 @1 2000 2000", "live 20000 @3 2000 2000"},
			"a1 0-2000, a2 2000-4000, b1 20000-22000, b2 22000-24000"},
		{"takes that overlap a little", []string{"live 0 @1 2000", "live 1500 @2 2000", "live 2999 @3 2000"},
			"a1 0-2000"},
		{"the first of two laptops stays",
			[]string{"live 0 @1 2000 @3 2000 @5 2000", "live 1900 @2 2000 @4 2000 @6 2000"},
			"a1 0-2000, a2 2000-4000, a3 4000-6000"},
	} {
		all := takes(t, c.takes...)
		if got := text(ledger.Growing(all, ledger.Camera)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
