package jitter_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"backrow/capture/jitter"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }

type step struct {
	ms  int
	seq uint16
}

// drain pops all that may be popped, as numbers, with a negative number for packets given up.
func drain(b *jitter.Buffer, now time.Time) (out []int) {
	for {
		p, ok := b.Pop(now)
		if !ok {
			return out
		}
		if p.Lost > 0 {
			out = append(out, -p.Lost)
		}
		out = append(out, int(uint16(p.Seq)))
	}
}

func TestOrder(t *testing.T) {
	tests := []struct {
		name  string
		steps []step
		until int // when it is read
		want  []int
	}{
		{"in order", []step{{0, 1}, {1, 2}, {2, 3}}, 3, []int{1, 2, 3}},
		{"reordered", []step{{0, 1}, {1, 3}, {2, 2}}, 3, []int{1, 2, 3}},
		{"doubled", []step{{0, 1}, {1, 1}, {2, 2}, {3, 2}}, 4, []int{1, 2}},
		{"wrapped", []step{{0, 65534}, {1, 0}, {2, 65535}, {3, 1}}, 4, []int{65534, 65535, 0, 1}},
		{"waited for", []step{{0, 1}, {1, 3}}, 900, []int{1}},
		{"given up", []step{{0, 1}, {1, 3}, {2, 4}}, 1001, []int{1, -1, 3, 4}},
		{"two given up in turn", []step{{0, 1}, {1, 3}, {500, 5}}, 1501, []int{1, -1, 3, -1, 5}},
		{"repaired late", []step{{0, 1}, {1, 3}, {999, 2}}, 1000, []int{1, 2, 3}},
		{"gap too long to ask for", []step{{0, 1}, {1, 5000}, {2, 5001}}, 3, []int{1, -4998, 5000, 5001}},
		{"hole behind a long gap", []step{{0, 1}, {1, 5000}, {2, 5002}}, 3, []int{1, -4998, 5000}},
		{"one stray from far behind", []step{{0, 9000}, {1, 100}, {2, 9001}}, 3, []int{9000, 9001}},
		{"sender began again", []step{{0, 9000}, {1, 100}, {2, 101}, {3, 102}}, 4,
			[]int{9000, -(1<<17 - 9000 + 101 - 1), 101, 102}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := jitter.New(jitter.Options{Hold: time.Second})
			for _, s := range test.steps {
				b.Push(at(s.ms), s.seq, uint32(s.ms)*90, false, []byte{1})
			}
			var got []int
			for ms := 0; ms <= test.until; ms++ {
				got = append(got, drain(b, at(ms))...)
			}
			want := test.want
			if test.name == "sender began again" { // the size of that gap is nobody's business
				got, want = onlyPackets(got), onlyPackets(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func onlyPackets(in []int) (out []int) {
	for _, n := range in {
		if n >= 0 {
			out = append(out, n)
		}
	}
	return out
}

func TestRequests(t *testing.T) {
	b := jitter.New(jitter.Options{Hold: time.Second})
	push := func(ms int, seq uint16) { b.Push(at(ms), seq, 0, false, []byte{1}) }
	ask := func(ms int) []uint16 { return b.Requests(at(ms)) }
	check := func(what string, got, want []uint16) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	push(0, 1)
	push(0, 3)
	check("given 10 ms to come by itself", ask(5), nil)
	check("asked for", ask(10), []uint16{2})
	check("not asked for twice at once", ask(20), nil)
	check("asked for again", ask(60), []uint16{2})
	push(70, 7)
	check("three later packets are enough", ask(71), []uint16{4})
	push(80, 2)
	push(81, 4)
	check("what was repaired is not asked for", ask(140), []uint16{5, 6})
	if c := b.Counts(); c.Repaired != 2 || c.Requested != 5 || c.Lost != 0 {
		t.Errorf("counts: %+v", c)
	}
}

func TestPacketsBeforeTheFirst(t *testing.T) {
	key := func(p []byte) bool { return p[0] == 'K' }
	b := jitter.New(jitter.Options{Hold: time.Second, Starts: key})
	b.Push(at(0), 10, 0, false, []byte("d"))
	if got := len(b.Requests(at(10))); got != 17 {
		t.Fatalf("asked for %d packets before the first, want 17", got)
	}
	b.Push(at(20), 9, 0, false, []byte("d"))
	if got := drain(b, at(20)); got != nil {
		t.Fatalf("gave out %v before the beginning was known", got)
	}
	b.Push(at(30), 8, 0, false, []byte("K"))
	if diff := cmp.Diff([]int{8, 9, 10}, drain(b, at(30))); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}

	b = jitter.New(jitter.Options{Hold: time.Second, Starts: key})
	b.Push(at(0), 10, 0, false, []byte("d"))
	if diff := cmp.Diff([]int{10}, drain(b, at(500))); diff != "" {
		t.Errorf("when none came (-want +got):\n%s", diff)
	}
	if c := b.Counts(); c.Lost != 0 {
		t.Errorf("%d counted as lost that may never have been", c.Lost)
	}
}

// TestNothingThatCameIsLost sends a stream through a network that delays, doubles and drops, and
// answers requests: what comes out is in order, each once, and all that ever arrived in time.
func TestNothingThatCameIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const hold = 1000
		first := rapid.Uint16().Draw(t, "first")
		n := rapid.IntRange(1, 400).Draw(t, "packets")
		loss := rapid.IntRange(0, 40).Draw(t, "loss percent")
		b := jitter.New(jitter.Options{Hold: hold * time.Millisecond})
		due := map[int][]uint16{0: {first}} // the first is not lost: nothing tells of it
		roll := func() bool { return rapid.IntRange(0, 99).Draw(t, "roll") < loss }
		for i := 1; i < n; i++ {
			if roll() {
				continue
			}
			ms := i*4 + rapid.IntRange(0, 30).Draw(t, "delay")
			due[ms] = append(due[ms], first+uint16(i))
			if rapid.IntRange(0, 20).Draw(t, "double") == 0 {
				due[ms+7] = append(due[ms+7], first+uint16(i))
			}
		}
		var came int
		var last int64
		end := n*4 + 30 + hold + 50
		for ms := 0; ms <= end; ms++ {
			for _, seq := range due[ms] {
				if b.Push(at(ms), seq, uint32(seq), false, []byte{byte(seq)}) {
					came++
				}
			}
			for _, seq := range b.Requests(at(ms)) {
				if !roll() {
					due[ms+20] = append(due[ms+20], seq)
				}
			}
			for {
				p, ok := b.Pop(at(ms))
				if !ok {
					break
				}
				came--
				if last != 0 && p.Seq != last+1+int64(p.Lost) {
					t.Fatalf("after %d came %d with %d lost between", last, p.Seq, p.Lost)
				}
				if byte(p.Seq) != p.Payload[0] {
					t.Fatalf("packet %d carries the payload of another", p.Seq)
				}
				last = p.Seq
			}
		}
		if came != 0 {
			t.Fatalf("%d packets went in and did not come out", came)
		}
	})
}

func TestUnwrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s jitter.Sequence
		var ts jitter.Timestamp
		seq := rapid.Int64Range(0, 1<<16-1).Draw(t, "seq")
		tick := rapid.Int64Range(0, 1<<32-1).Draw(t, "tick")
		seq0, tick0 := s.Unwrap(uint16(seq))-seq, ts.Unwrap(uint32(tick))-tick
		for range 200 {
			seq += rapid.Int64Range(-100, 20000).Draw(t, "seq step")
			tick += rapid.Int64Range(-90000, 1<<30).Draw(t, "tick step")
			if got := s.Unwrap(uint16(seq)) - seq0; got != seq {
				t.Fatalf("sequence: got %d, want %d", got, seq)
			}
			if got := ts.Unwrap(uint32(tick)) - tick0; got != tick {
				t.Fatalf("timestamp: got %d, want %d", got, tick)
			}
		}
	})
}
