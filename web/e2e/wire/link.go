//go:build linux

package main

import (
	"math/rand/v2"
	"time"
)

// Shape is what a link does to the packets that are put on it. The zero Shape does nothing.
type Shape struct {
	Loss   float64 `json:"loss"`   // the share of packets lost, each by itself: 0 to 1
	Delay  float64 `json:"delay"`  // milliseconds on the way
	Jitter float64 `json:"jitter"` // up to so many milliseconds more; packets keep their order
	Rate   float64 `json:"rate"`   // bits a second; 0: no bound
	Queue  float64 `json:"queue"`  // milliseconds that a packet may wait for its turn; 0: 200
	Cut    bool    `json:"cut"`    // nothing arrives
	NoUDP  bool    `json:"no_udp"` // no UDP packet arrives
}

// defaultQueue is that of a modest router.
const defaultQueue = 200 * time.Millisecond

// Counts are the packets that were put on a link, by what became of them.
type Counts struct {
	Passed     int64 `json:"passed"`
	Lost       int64 `json:"lost"`       // by Shape.Loss
	Overflowed int64 `json:"overflowed"` // the queue before Shape.Rate was full
	Blocked    int64 `json:"blocked"`    // by Shape.Cut and Shape.NoUDP
	Bytes      int64 `json:"bytes"`      // of those that passed
}

// Link is one direction of a wire. It knows no clock and no network: it is told what is put on it
// when, and answers when that arrives. The same seed loses the same packets.
type Link struct {
	Shape  Shape
	Counts Counts

	random *rand.Rand
	free   time.Duration // when the last bit before the next packet has left
	last   time.Duration // when the last packet arrives
}

func newLink(seed, stream uint64) *Link {
	return &Link{random: rand.New(rand.NewPCG(seed, stream))}
}

// Put says when an IPv4 packet that is put on the link at now arrives, and whether it does.
func (l *Link) Put(now time.Duration, packet []byte) (time.Duration, bool) {
	// Drawn for every packet, so that a cut does not change which ones are lost after it.
	lost, jitter := l.random.Float64() < l.Shape.Loss, l.random.Float64()
	switch {
	case l.Shape.Cut || l.Shape.NoUDP && isUDP(packet):
		l.Counts.Blocked++
		return 0, false
	case lost:
		l.Counts.Lost++
		return 0, false
	}
	leaves := now
	if l.Shape.Rate > 0 {
		queue := milliseconds(l.Shape.Queue)
		if queue == 0 {
			queue = defaultQueue
		}
		if l.free-now > queue {
			l.Counts.Overflowed++
			return 0, false
		}
		l.free = max(l.free, now) + time.Duration(float64(8*len(packet))/l.Shape.Rate*float64(time.Second))
		leaves = l.free
	}
	l.Counts.Passed++
	l.Counts.Bytes += int64(len(packet))
	l.last = max(l.last, leaves+milliseconds(l.Shape.Delay+jitter*l.Shape.Jitter))
	return l.last, true
}

func milliseconds(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// isUDP reads the protocol of an IPv4 packet (RFC 791, section 3.1).
func isUDP(packet []byte) bool { return len(packet) > 9 && packet[0]>>4 == 4 && packet[9] == 17 }
