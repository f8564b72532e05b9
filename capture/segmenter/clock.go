package segmenter

import (
	"slices"
	"time"
)

// kept is how many sender reports are kept: their median is free of one that was taken at a bad
// moment, and behind a drift of 50 ppm by 0.5 ms (reports of sound come every 5 s).
const kept = 5

// clock places one track's RTP times on the timeline.
type clock struct {
	num, den int64 // RTP time × num / den is in 1/90000 s
	reports  []int64
	arrivals int64 // the least that arrival was after RTP time of late, in 1/90000 s
	before   int64 // and the least in the window before this one
	window   time.Duration
	first    time.Duration // when the first frame arrived
	last     time.Duration
	seen     bool
	origin   int64 // the timeline's zero in this clock's ticks
	placed   bool
}

const (
	// window is how long the least delay is believed: in two of it clocks that are 200 ppm apart
	// part by 24 ms.
	window = time.Minute
	// settled is for how long frames must have come before their arrival tells anything: those that
	// were held up by a slow handshake come all at once, seconds late.
	settled = time.Second
)

func (c *clock) ticks(rtp int64) int64 { return rtp * c.num / c.den }

// at is where an RTP time lies on the timeline.
func (c *clock) at(rtp int64) int64 { return c.ticks(rtp) - c.origin }

func (c *clock) set(origin int64) { c.origin, c.placed = origin, true }

func (c *clock) reported() bool { return len(c.reports) > 0 }

// report notes what NTP time is ahead of RTP time.
func (c *clock) report(ntp uint64, rtp int64) {
	seconds := int64(ntp >> 32)
	if seconds < 1<<31 {
		seconds += 1 << 32 // after February 2036 (RFC 4330, section 3)
	}
	ticks := seconds*second + int64(ntp&0xffffffff*second>>32)
	c.reports = append(c.reports, ticks-c.ticks(rtp))
	if len(c.reports) > kept {
		c.reports = c.reports[1:]
	}
}

// arrival notes what arrival, since the first frame of the take, is ahead of RTP time. The least
// delayed packet is nearest to the truth.
func (c *clock) arrival(since time.Duration, rtp int64) {
	ahead := int64(since)*9/100_000 - c.ticks(rtp) // 90000 ticks are 10⁹ ns
	switch {
	case !c.seen:
		c.seen, c.first, c.window = true, since, since
		c.arrivals, c.before = ahead, ahead
	case since-c.window > window:
		c.before, c.arrivals, c.window = c.arrivals, ahead, since
	}
	c.arrivals, c.last = min(c.arrivals, ahead), since
}

// delay is what arrival is ahead of RTP time at the least.
func (c *clock) delay() int64 { return min(c.arrivals, c.before) }

// settled tells whether arrival says something about this clock.
func (c *clock) settled() bool { return c.last-c.first >= settled }

// ntpEpoch is where NTP time begins to count (RFC 5905, section 6).
var ntpEpoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// ticksTime is ticks as wall time, to the nanosecond.
func ticksTime(ticks int64) time.Duration {
	return time.Duration(ticks/second)*time.Second + time.Duration(ticks%second)*time.Second/second
}

// absurd is how far reports may contradict arrival times: beyond it the sender's clocks are not
// one clock, and arrival is the better guess.
const absurd = 2 * second

// follow sets the origin so that a moment lies where it lies in the other clock.
func (c *clock) follow(other *clock) {
	c.set(other.origin + other.ahead(c) - c.ahead(other))
}

// ahead is what the common time is ahead of this clock's ticks.
func (c *clock) ahead(other *clock) int64 {
	if !c.reported() || !other.reported() {
		return c.delay()
	}
	byReport := c.median() - other.median()
	off := byReport - (c.delay() - other.delay())
	if (off > absurd || off < -absurd) && c.settled() && other.settled() {
		return c.delay()
	}
	return c.median()
}

func (c *clock) median() int64 {
	sorted := slices.Clone(c.reports)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}
