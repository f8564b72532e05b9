//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// network is set aside for trying out networks (RFC 2544): no machine that matters is in it.
var network = netip.MustParsePrefix("198.18.0.0/15")

// held is the most packets that a link carries at a time; what is beyond overflows, as in a router
// that has no more memory.
const held = 1 << 16

// wire joins this machine to a room by two links.
type wire struct {
	room     *room
	near     netip.Addr // in the room, where the browser is
	far      netip.Addr // on this machine, where the server is
	up, down *carrier   // from the room, to the room
}

// lay makes a room and a wire to it.
func lay(seed uint64) (*wire, error) {
	room, err := newRoom()
	if err != nil {
		return nil, err
	}
	w := &wire{room: room}
	far, err := w.openFar()
	if err != nil {
		return nil, err
	}
	var near *os.File
	// The room's network is the whole one, so that it reaches the servers of other wires too.
	room.in(func() { near, err = openTUN(netip.PrefixFrom(w.near, network.Bits())) })
	if err != nil {
		return nil, err
	}
	w.up, w.down = carry(near, far, newLink(seed, 1)), carry(far, near, newLink(seed, 2))
	return w, nil
}

// openFar finds four addresses that nobody has, and makes this machine's interface.
func (w *wire) openFar() (*os.File, error) {
	for range 100 {
		base := network.Addr().As4()
		base[1] |= byte(rand.IntN(2))
		base[2], base[3] = byte(rand.IntN(256)), byte(rand.IntN(64)*4)
		far := netip.AddrFrom4(base).Next()
		if taken(far) {
			continue
		}
		w.far, w.near = far, far.Next()
		return openTUN(netip.PrefixFrom(far, 30))
	}
	return nil, errors.New("no address is free")
}

func taken(address netip.Addr) bool {
	all, _ := net.InterfaceAddrs()
	for _, one := range all {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && prefix.Masked().Contains(address) {
			return true
		}
	}
	return false
}

// carrier carries packets over one link, from one interface to another.
type carrier struct {
	mu   sync.Mutex
	link *Link // guarded by mu
}

type flying struct {
	packet []byte
	at     time.Duration
}

func carry(from, to *os.File, link *Link) *carrier {
	c := &carrier{link: link}
	begun := time.Now()
	air := make(chan flying, held)
	go func() {
		defer close(air)
		buffer := make([]byte, 2*mtu)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			c.mu.Lock()
			at, arrives := c.link.Put(time.Since(begun), buffer[:n])
			if arrives && len(air) == cap(air) {
				c.link.Counts.Passed--
				c.link.Counts.Overflowed++
				arrives = false
			}
			c.mu.Unlock()
			if arrives {
				air <- flying{packet: append([]byte(nil), buffer[:n]...), at: at}
			}
		}
	}()
	go func() {
		for f := range air {
			time.Sleep(f.at - time.Since(begun))
			_, _ = to.Write(f.packet) // an interface that takes no more loses it, as they do
		}
	}()
	return c
}

// shape changes a link while it is in use. What is on its way already arrives.
func (c *carrier) shape(change func(*Shape) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.link.Shape
	if err := change(&next); err != nil {
		return err
	}
	if next.Loss < 0 || next.Loss > 1 || next.Delay < 0 || next.Jitter < 0 || next.Rate < 0 || next.Queue < 0 {
		return fmt.Errorf("no link is like that: %+v", next)
	}
	c.link.Shape = next
	return nil
}

func (c *carrier) counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link.Counts
}
