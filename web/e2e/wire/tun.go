//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// mtu is Ethernet's.
const mtu = 1500

// openTUN makes a network interface with an address in the network namespace of the calling
// thread. Reading gives the IP packets that the kernel sends to its network. It is gone when the
// file is closed or the process is killed.
func openTUN(address netip.Prefix) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq("wire%d") // the kernel finds the number
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make a TUN interface: %w", err)
	}
	if err := bringUp(request.Name(), address); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), request.Name()), nil
}

// bringUp gives an interface its address, unless that is the zero one, and starts it.
func bringUp(name string, address netip.Prefix) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("set up %s: %w", name, err)
	}
	defer unix.Close(socket)
	set := func(what uint, fill func(*unix.Ifreq) error) error {
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		if err := fill(request); err != nil {
			return err
		}
		return unix.IoctlIfreq(socket, what, request)
	}
	if address.IsValid() {
		host, mask := address.Addr().As4(), ^uint32(0)<<(32-address.Bits())
		if err := set(unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(host[:]) }); err != nil {
			return fmt.Errorf("give %s the address %v: %w", name, address, err)
		}
		bytes := []byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)}
		if err := set(unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(bytes) }); err != nil {
			return fmt.Errorf("give %s the network of %v: %w", name, address, err)
		}
		if err := set(unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(mtu); return nil }); err != nil {
			return fmt.Errorf("give %s its MTU: %w", name, err)
		}
	}
	up := func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil }
	if err := set(unix.SIOCSIFFLAGS, up); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return nil
}

// room is a network namespace without a name: it lasts as long as this process and those that it
// was given to.
type room struct {
	path string // for nsenter --net
	do   chan func()
}

// newRoom makes a namespace with nothing in it but its loopback interface.
func newRoom() (*room, error) {
	r := &room{do: make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is the room
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			made <- fmt.Errorf("make a network namespace (are you root?): %w", err)
			return
		}
		r.path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
		made <- bringUp("lo", netip.Prefix{})
		for f := range r.do {
			f()
		}
	}()
	return r, <-made
}

// in runs f in the room.
func (r *room) in(f func()) {
	done := make(chan struct{})
	r.do <- func() { f(); close(done) }
	<-done
}
