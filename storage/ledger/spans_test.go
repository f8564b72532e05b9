package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/storage"
	"backrow/storage/ledger"
)

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes []string
		want  ledger.Spans
	}{
		{"nothing", []string{"live 0"}, nil},
		{"one take", []string{"live 0 2000 2001"}, ledger.Spans{{Timeline: 0, Media: 0, Length: 4001 * ms}}},
		{"another init is no gap", []string{"live 0 2000 | 100"}, ledger.Spans{{Timeline: 0, Media: 0, Length: 2100 * ms}}},
		{"a seam is no gap", []string{"live 0 2000 +10 1000"}, ledger.Spans{{Timeline: 0, Media: 0, Length: 3010 * ms}}},
		{"a take that follows at once", []string{"live 0 1000", "live 1000 1000"},
			ledger.Spans{{Timeline: 0, Media: 0, Length: 2000 * ms}}},
		{"gaps between takes and inside one", []string{"live 0 2003", "live 9000 2000 +3000 1000"},
			ledger.Spans{
				{Timeline: 0, Media: 0, Length: 2003 * ms},
				{Timeline: 9 * second, Media: 2003 * ms, Length: 2000 * ms},
				{Timeline: 14 * second, Media: 4003 * ms, Length: 1000 * ms},
			}},
		{"takes that overlap a little", []string{"live 0 2000", "live 1800 2000"},
			ledger.Spans{{Timeline: 0, Media: 0, Length: 3800 * ms}}},
		{"a first take that begins later", []string{"live 0", "live 2500 1000"},
			ledger.Spans{{Timeline: 2500 * ms, Media: 0, Length: 1000 * ms}}},
	} {
		if diff := cmp.Diff(c.want, ledger.Best(takes(t, c.takes...), ledger.Camera).Spans()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestThereAndBack(t *testing.T) {
	spans := ledger.Best(takes(t, "live 1000 2000", "live 9000 2000 2000"), ledger.Camera).Spans()
	for _, c := range []struct{ timeline, media, back storage.Ticks }{
		{0, 0, 1000}, {1000, 0, 1000}, {2999, 1999, 2999}, {3000, 2000, 9000}, {7000, 2000, 9000},
		{9000, 2000, 9000}, {12999, 5999, 12999}, {13000, 6000, 13000}, {99000, 6000, 13000},
	} {
		if got := spans.Media(c.timeline * ms); got != c.media*ms {
			t.Errorf("timeline %d is at %d, want %d", c.timeline, got/ms, c.media)
		}
		if got := spans.Timeline(c.media * ms); got != c.back*ms {
			t.Errorf("media %d is at %d, want %d", c.media, got/ms, c.back)
		}
	}
	var none ledger.Spans
	if none.Media(second) != 0 || none.Timeline(second) != 0 {
		t.Error("of nothing there is more than nothing")
	}
}

func TestStretches(t *testing.T) {
	var s ledger.Stretches
	for _, add := range [][2]storage.Ticks{{10, 20}, {30, 40}, {20, 25}, {-5, 3}, {50, 50}, {24, 31}, {60, 70}, {0, 5}} {
		s.Add(add[0], add[1])
	}
	if diff := cmp.Diff(ledger.Stretches{{0, 5}, {10, 40}, {60, 70}}, s); diff != "" {
		t.Fatal(diff)
	}
	if s.Length() != 45 || s.Prefix(4) != 5 || s.Prefix(5) != 40 || s.Prefix(20) != 70 {
		t.Errorf("length %d, prefixes %d %d %d", s.Length(), s.Prefix(4), s.Prefix(5), s.Prefix(20))
	}
	if diff := cmp.Diff(ledger.Stretches{{5, 10}, {40, 60}, {70, 75}}, s.Gaps(75)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ledger.Stretches{{5, 10}, {40, 50}}, s.Gaps(50)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ledger.Stretches{{2, 5}, {10, 11}}, s.Within(ledger.Stretches{{2, 11}})); diff != "" {
		t.Error(diff)
	}
}

func TestExpected(t *testing.T) {
	all := takes(t, "live 0 2000 +8000 2000", "LOCAL 1000 2000", "local 6000")
	all[1].LengthMS = 7000
	want := ledger.Stretches{{3 * second, 8 * second}}
	if diff := cmp.Diff(want, ledger.Expected(all, ledger.Camera, 20*second)); diff != "" {
		t.Errorf("a take of known length (-want +got):\n%s", diff)
	}
	all[1].LengthMS = 0
	want = ledger.Stretches{{3 * second, 10 * second}, {12 * second, 20 * second}}
	if diff := cmp.Diff(want, ledger.Expected(all, ledger.Camera, 20*second)); diff != "" {
		t.Errorf("one that goes on (-want +got):\n%s", diff)
	}
	all[1].CompletedAt = storage.Now()
	if got := ledger.Expected(all, ledger.Camera, 20*second); len(got) > 0 {
		t.Errorf("one of which all is here: %v", got)
	}
}
