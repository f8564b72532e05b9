//go:build linux

package main

import (
	"math"
	"testing"
	"time"
)

// put sends packets of a size at even distances and returns when each arrived; -1: never.
func put(l *Link, count, size int, apart time.Duration) []time.Duration {
	packet := make([]byte, size)
	packet[0] = 4 << 4
	arrived := make([]time.Duration, count)
	for i := range arrived {
		arrived[i] = -1
		if at, ok := l.Put(time.Duration(i)*apart, packet); ok {
			arrived[i] = at
		}
	}
	return arrived
}

func TestZeroShapePassesAll(t *testing.T) {
	l := newLink(1, 1)
	for i, at := range put(l, 1000, 1200, time.Millisecond) {
		if at != time.Duration(i)*time.Millisecond {
			t.Fatalf("packet %d arrived at %v", i, at)
		}
	}
	if l.Counts.Passed != 1000 || l.Counts.Bytes != 1_200_000 {
		t.Errorf("counted %+v", l.Counts)
	}
}

func TestLossIsAsAskedAndBySeed(t *testing.T) {
	const count = 20_000
	for _, loss := range []float64{0.02, 0.05, 0.1, 0.5} {
		l, again, other := newLink(7, 1), newLink(7, 1), newLink(8, 1)
		l.Shape.Loss, again.Shape.Loss, other.Shape.Loss = loss, loss, loss
		one, same, different := put(l, count, 100, 0), put(again, count, 100, 0), put(other, count, 100, 0)
		bound := 5 * math.Sqrt(loss*(1-loss)*count) // five standard deviations
		if off := math.Abs(float64(l.Counts.Lost) - loss*count); off > bound {
			t.Errorf("%v of %v: %d were lost", loss, count, l.Counts.Lost)
		}
		differ := false
		for i := range one {
			if one[i] != same[i] {
				t.Fatalf("packet %d: one seed, two fates", i)
			}
			differ = differ || one[i] != different[i]
		}
		if !differ {
			t.Errorf("%v: two seeds, one fate", loss)
		}
	}
}

func TestRateBoundsBitsAndQueue(t *testing.T) {
	l := newLink(1, 1)
	l.Shape.Rate, l.Shape.Queue = 1_000_000, 100
	// 2 Mbit/s for 10 s: half of it passes, and waits 100 ms at most, and its own 8 ms.
	arrived := put(l, 2500, 1000, 4*time.Millisecond)
	if got := float64(8*l.Counts.Bytes) / 10; math.Abs(got-1_000_000) > 20_000 {
		t.Errorf("%.0f bit/s passed", got)
	}
	if l.Counts.Overflowed+l.Counts.Passed != 2500 {
		t.Errorf("counted %+v", l.Counts)
	}
	for i, at := range arrived {
		if waited := at - time.Duration(i)*4*time.Millisecond; at >= 0 && waited > 108*time.Millisecond {
			t.Fatalf("packet %d waited %v", i, waited)
		}
	}
}

func TestJitterKeepsOrder(t *testing.T) {
	l := newLink(3, 1)
	l.Shape.Delay, l.Shape.Jitter = 40, 30
	var before, most time.Duration
	for i, at := range put(l, 1000, 100, time.Millisecond) {
		took := at - time.Duration(i)*time.Millisecond
		most = max(most, took)
		if at < before || took < 40*time.Millisecond || took > 70*time.Millisecond {
			t.Fatalf("packet %d took %v and arrived at %v after one at %v", i, took, at, before)
		}
		before = at
	}
	if most < 60*time.Millisecond {
		t.Errorf("there was no jitter to speak of: at most %v", most)
	}
}

func TestCutAndBlocked(t *testing.T) {
	udp, tcp := make([]byte, 40), make([]byte, 40)
	udp[0], udp[9] = 4<<4, 17
	tcp[0], tcp[9] = 4<<4, 6
	for _, c := range []struct {
		shape    Shape
		udp, tcp bool
	}{
		{Shape{}, true, true},
		{Shape{NoUDP: true}, false, true},
		{Shape{Cut: true}, false, false},
	} {
		l := newLink(1, 1)
		l.Shape = c.shape
		_, gotUDP := l.Put(0, udp)
		_, gotTCP := l.Put(0, tcp)
		if gotUDP != c.udp || gotTCP != c.tcp {
			t.Errorf("%+v: UDP %v, TCP %v", c.shape, gotUDP, gotTCP)
		}
	}
}

func TestCutChangesNotWhatIsLostAfterIt(t *testing.T) {
	whole, cut := newLink(5, 1), newLink(5, 1)
	whole.Shape.Loss, cut.Shape.Loss = 0.3, 0.3
	put(whole, 500, 100, 0)
	cut.Shape.Cut = true
	put(cut, 500, 100, 0)
	cut.Shape.Cut = false
	one, other := put(whole, 500, 100, 0), put(cut, 500, 100, 0)
	for i := range one {
		if (one[i] < 0) != (other[i] < 0) {
			t.Fatalf("packet %d after the cut: another fate", i)
		}
	}
}
