// Package jitter puts the packets of one RTP stream back in order, waits a bounded time for what
// is missing, and says what to ask for again (RFC 4585, generic NACK). It knows what a
// retransmission has repaired, so nothing is asked for twice that has come, and it tells lost
// packets from padding. It keeps no clock and starts nothing: times are given to it. A Buffer is
// for one goroutine at a time.
package jitter

import (
	"sort"
	"time"
)

const (
	// limit bounds the packets held: 3 s of 8 Mbit/s in packets of 1,200 bytes are 2,500.
	limit = 4096
	// maxGap is how many numbers may be missing at once and still be asked for one by one. A
	// longer gap is a network that was away for longer than the sender's history reaches.
	maxGap = 1024
	// maxHoles bounds what is asked for one by one at the same time, whatever a sender makes of its
	// numbers: a quarter of a MiB.
	maxHoles = 4096
	// resync is how far behind a packet must be to be taken for a sender that began again, when
	// a second one follows it (RFC 3550, appendix A.1, MAX_MISORDER is 100).
	resync = 3000
	// lookBack is how many packets before the first are asked for, when the first is not the
	// beginning of anything; one NACK item names 17 (RFC 4585, section 6.2.1).
	lookBack = 17
	// startHold is how long those are waited for: they may never have been.
	startHold = 500 * time.Millisecond

	// reorder is how long, or how many later packets, a missing one is given to come by itself.
	reorderTime    = 10 * time.Millisecond
	reorderPackets = 3
	// retry bounds the time between two requests for the same packet; in between it follows the
	// round trip that answers show.
	retryMin = 25 * time.Millisecond
	retryMax = 300 * time.Millisecond
	// startTries bounds the requests for what may have been before the first packet.
	startTries = 3
)

// Packet is one RTP packet in its place.
type Packet struct {
	Seq     int64 // continued to 64 bits
	Time    int64 // the RTP timestamp, continued to 64 bits
	Marker  bool
	Payload []byte // empty: padding
	Arrived time.Time
	Lost    int // how many packets just before this one were given up
}

// Counts are what a Buffer has seen.
type Counts struct {
	Packets   int64 // new ones, padding among them
	Bytes     int64 // of their payloads
	Repaired  int64 // came after they had been asked for
	Lost      int64 // given up
	Requested int64 // requests made, repeats counted
	Doubled   int64 // came twice, or after they had been given up
}

// Options configure a Buffer.
type Options struct {
	Hold time.Duration // how long a missing packet is waited for
	// Starts tells whether a payload begins something that stands alone (a key frame). With it,
	// packets before the first one received are asked for when that one begins nothing. May be nil.
	Starts func(payload []byte) bool
}

// Buffer orders one stream.
type Buffer struct {
	options Options
	packets map[int64]Packet
	holes   []hole // ascending by seq
	seq     Sequence
	times   Timestamp
	begun   bool
	first   int64 // the first number received
	next    int64 // the number to be given out next
	lost    int   // given up since the last packet given out
	highest int64
	bad     int64 // a number far behind: the next after it means that the sender began again
	trip    time.Duration
	counts  Counts
}

// hole is one missing packet.
type hole struct {
	seq   int64
	since time.Time
	until time.Time
	asked time.Time // zero: never
	tries int
}

// New makes an empty Buffer.
func New(options Options) *Buffer {
	return &Buffer{options: options, packets: map[int64]Packet{}, trip: retryMin, bad: -1}
}

// Counts tells what has been seen so far.
func (b *Buffer) Counts() Counts { return b.counts }

// Near continues a timestamp that came by another way (a sender report) to 64 bits.
func (b *Buffer) Near(timestamp uint32) int64 { return b.times.Near(timestamp) }

// Push takes a packet that arrived at now. It keeps payload. It reports whether the packet is new.
func (b *Buffer) Push(now time.Time, seq uint16, timestamp uint32, marker bool, payload []byte,
) bool {
	n := b.seq.Unwrap(seq)
	if !b.begun {
		b.begin(now, n, payload)
	}
	if n < b.next {
		if !b.restarted(n) {
			b.counts.Doubled++
			return false
		}
		n = b.seq.last
	}
	if _, have := b.packets[n]; have {
		b.counts.Doubled++
		return false
	}
	if n > b.highest {
		b.open(now, n)
		b.highest = n
	} else {
		b.close(now, n, payload)
	}
	b.packets[n] = Packet{Seq: n, Time: b.times.Unwrap(timestamp), Marker: marker,
		Payload: payload, Arrived: now}
	b.counts.Packets++
	b.counts.Bytes += int64(len(payload))
	if len(b.packets) > limit && len(b.holes) > 0 {
		b.holes[0].until = now // too much is waiting behind it
	}
	return true
}

// begin sets the place of the first packet.
func (b *Buffer) begin(now time.Time, n int64, payload []byte) {
	b.begun = true
	b.first, b.next, b.highest = n, n, n-1
	if b.options.Starts == nil || b.options.Starts(payload) {
		return
	}
	b.next = n - lookBack
	for i := b.next; i < n; i++ {
		b.holes = append(b.holes, hole{seq: i, since: now, until: now.Add(startHold)})
	}
}

// restarted tells whether n, which has been given out or given up already, is the second packet
// of a sender that began again with another number, and then goes on after a gap.
func (b *Buffer) restarted(n int64) bool {
	if b.highest-n < resync {
		return false
	}
	if n != b.bad+1 {
		b.bad = n
		return false
	}
	b.bad = -1
	const twice = 1 << 17 // far enough to be a gap whatever the low bits are
	b.seq = Sequence{last: b.highest&^0xffff + twice + n&0xffff, begun: true}
	return true
}

// open notes what is missing between the highest number so far and n.
func (b *Buffer) open(now time.Time, n int64) {
	from := b.highest + 1
	if n-from > maxGap || len(b.holes)+int(n-from) > maxHoles {
		return // Pop finds them missing without a hole, and does not wait
	}
	for i := from; i < n; i++ {
		b.holes = append(b.holes, hole{seq: i, since: now, until: now.Add(b.options.Hold)})
	}
}

// close notes that n has come.
func (b *Buffer) close(now time.Time, n int64, payload []byte) {
	at := sort.Search(len(b.holes), func(i int) bool { return b.holes[i].seq >= n })
	if at == len(b.holes) || b.holes[at].seq != n {
		return
	}
	if h := b.holes[at]; h.tries > 0 {
		b.counts.Repaired++
		if h.tries == 1 { // otherwise it is not known which request was answered
			b.trip += (now.Sub(h.asked) - b.trip) / 8 // RFC 6298's gain
		}
	}
	b.holes = append(b.holes[:at], b.holes[at+1:]...)
	if n < b.first && b.options.Starts(payload) {
		b.holes, b.first, b.next = b.holes[at:], n, n // what is before it is of no use
	}
}

// Pop returns the next packet in order, or false when it is still waited for at now.
func (b *Buffer) Pop(now time.Time) (Packet, bool) {
	if len(b.packets) == 0 {
		return Packet{}, false
	}
	lost := b.skip(now)
	b.counts.Lost += int64(lost)
	b.lost += lost
	p, ok := b.packets[b.next]
	if !ok {
		return Packet{}, false
	}
	delete(b.packets, b.next)
	b.next++
	p.Lost, b.lost = b.lost, 0
	return p, true
}

// skip gives up what is missing at the front and has been waited for long enough. It returns how
// many packets that is.
func (b *Buffer) skip(now time.Time) int {
	lost := 0
	for {
		if _, ok := b.packets[b.next]; ok {
			break
		}
		if len(b.holes) > 0 && b.holes[0].seq == b.next {
			if now.Before(b.holes[0].until) {
				break
			}
			b.holes = b.holes[1:]
		} else {
			// A gap too long for holes: go to the first thing known behind it.
			to := b.lowest()
			if len(b.holes) > 0 {
				to = min(to, b.holes[0].seq)
			}
			lost += int(to - b.next)
			b.next = to
			continue
		}
		if b.next >= b.first { // what came before the first may never have been
			lost++
		}
		b.next++
	}
	return lost
}

func (b *Buffer) lowest() int64 {
	low := b.highest
	for n := range b.packets {
		low = min(low, n)
	}
	return low
}

// Flush gives up everything that is missing, so that Pop returns all that has come.
func (b *Buffer) Flush() {
	for i := range b.holes {
		b.holes[i].until = time.Time{}
	}
}

// Waiting reports whether something is missing that may still come.
func (b *Buffer) Waiting() bool { return len(b.holes) > 0 }

// Stuck returns for how long the packet that is next in order has been missing; 0 when it is not.
func (b *Buffer) Stuck(now time.Time) time.Duration {
	if len(b.holes) == 0 || b.holes[0].seq != b.next || len(b.packets) == 0 {
		return 0
	}
	return now.Sub(b.holes[0].since)
}

// Requests returns the numbers to ask for at now, and notes that they have been.
func (b *Buffer) Requests(now time.Time) []uint16 {
	var ask []uint16
	wait := min(max(b.trip+b.trip/2, retryMin), retryMax)
	for i := range b.holes {
		h := &b.holes[i]
		switch {
		case h.tries > 0 && now.Sub(h.asked) < wait, h.seq < b.first && h.tries == startTries:
			continue
		case h.tries == 0 && now.Sub(h.since) < reorderTime && b.highest-h.seq < reorderPackets:
			continue
		}
		h.asked = now
		h.tries++
		ask = append(ask, uint16(h.seq))
	}
	b.counts.Requested += int64(len(ask))
	return ask
}
