package capture

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"

	"backrow/storage"
)

// socketBuffer is asked of the kernel for each media socket. At 100 streams 1 MiB collapses in a
// storm of retransmissions and 2 MiB do not; the kernel allows more where net.core.rmem_max does.
const socketBuffer = 4 << 20

// network is the media sockets: one UDP port on each address, and one TCP port.
type network struct {
	net       transport.Net
	addresses map[netip.Addr]bool
	loopback  bool
	udp       *ice.MultiUDPMuxDefault
	sockets   []net.PacketConn
	tcp       *ice.TCPMuxDefault // nil: none
	udpPort   int
	tcpPort   int
}

// listen opens the sockets.
func listen(o Options, logs logging.LoggerFactory) (_ *network, err error) {
	n := &network{net: o.Net, addresses: map[netip.Addr]bool{}, udpPort: o.UDPPort}
	if n.net == nil {
		if n.net, err = stdnet.NewNet(); err != nil {
			return nil, storage.Errorf(storage.Unavailable, "The network cannot be read: %w", err)
		}
	}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	addresses, err := n.choose(o)
	if err != nil {
		return nil, err
	}
	var muxes []ice.UDPMux
	for _, address := range addresses {
		socket, err := n.net.ListenUDP(udpNetwork(address),
			&net.UDPAddr{IP: address.AsSlice(), Port: n.udpPort})
		if err != nil {
			return nil, portError("UDP", n.udpPort, "--media-udp-port", err)
		}
		n.sockets = append(n.sockets, socket)
		n.udpPort = socket.LocalAddr().(*net.UDPAddr).Port
		enlarge(socket, o.Log)
		n.addresses[address] = true
		n.loopback = n.loopback || address.IsLoopback()
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket, Net: n.net,
			Logger: logs.NewLogger("ice")}))
	}
	n.udp = ice.NewMultiUDPMuxDefault(muxes...)
	if o.TCPPort >= 0 {
		return n, n.listenTCP(o, addresses, logs)
	}
	return n, nil
}

func (n *network) listenTCP(o Options, addresses []netip.Addr, logs logging.LoggerFactory) error {
	at := &net.TCPAddr{Port: o.TCPPort}
	if len(addresses) == 1 {
		at.IP = addresses[0].AsSlice()
	}
	listener, err := net.ListenTCP("tcp", at)
	if err != nil {
		return portError("TCP", o.TCPPort, "--media-tcp-port", err)
	}
	n.tcpPort = listener.Addr().(*net.TCPAddr).Port
	n.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: listener, Logger: logs.NewLogger("ice"),
		ReadBufferSize: 512}) // packets: half a second of 10 Mbit/s
	return nil
}

// choose lists the addresses to listen on. Each gets a socket of its own, so that answers leave
// from the address that was asked.
func (n *network) choose(o Options) (chosen []netip.Addr, err error) {
	for _, text := range o.ListenIPs {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, storage.Errorf(storage.Invalid,
				"--media-ip must be an IP address of this machine, not %q.", text)
		}
		if !address.IsUnspecified() {
			chosen = append(chosen, address.Unmap())
		}
	}
	if len(chosen) > 0 {
		return chosen, nil
	}
	interfaces, err := n.net.Interfaces()
	if err != nil {
		return nil, storage.Errorf(storage.Unavailable, "The network cannot be read: %w", err)
	}
	var loops []netip.Addr
	for _, one := range interfaces {
		if one.Flags&net.FlagUp == 0 {
			continue
		}
		addresses, err := one.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addresses {
			prefix, err := netip.ParsePrefix(a.String())
			address := prefix.Addr().Unmap()
			switch {
			case err != nil, address.IsLinkLocalUnicast():
			case !address.IsLoopback():
				chosen = append(chosen, address)
			case address.Is4():
				loops = append(loops, address)
			}
		}
	}
	if o.Loopback || len(chosen) == 0 {
		chosen = append(chosen, loops...)
	}
	if len(chosen) == 0 {
		return nil, storage.Errorf(storage.Unavailable,
			"This machine has no address for media to arrive at: give one with --media-ip.")
	}
	return chosen, nil
}

func udpNetwork(a netip.Addr) string {
	if a.Is4() {
		return "udp4"
	}
	return "udp6"
}

func portError(protocol string, port int, setting string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return storage.Errorf(storage.Unavailable,
			"%s port %d, where lessons arrive, is taken by another program. "+
				"Stop that program, or choose another port with %s. %w", protocol, port, setting, err)
	}
	return storage.Errorf(storage.Unavailable,
		"%s port %d, where lessons arrive, cannot be opened (%s). Choose another with %s. %w",
		protocol, port, cause(err), setting, err)
}

// cause is the last link of an error, which for system calls is the kernel's own words.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// enlarge asks for large socket buffers and says so when the kernel gives less.
func enlarge(socket transport.UDPConn, log *slog.Logger) {
	if err := errors.Join(socket.SetReadBuffer(socketBuffer),
		socket.SetWriteBuffer(socketBuffer)); err != nil {
		log.Warn("capture: socket buffers cannot be set", "error", err)
		return
	}
	raw, ok := socket.(syscall.Conn)
	if !ok {
		return // a virtual network
	}
	conn, err := raw.SyscallConn()
	if err != nil {
		return
	}
	var got int
	if conn.Control(func(fd uintptr) {
		got, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	}) != nil || err != nil {
		return
	}
	// The kernel doubles what is asked for, for its own book-keeping (socket(7)).
	if got /= 2; got < socketBuffer {
		log.Warn("capture: the kernel gives smaller socket buffers than wanted; with many streams "+
			"packets will be lost. Set net.core.rmem_max (sysctl) to at least the size wanted.",
			"address", fmt.Sprint(socket.LocalAddr()), "wanted", socketBuffer, "given", got)
	}
}

// keeps tells whether an address is one that is listened on.
func (n *network) keeps(ip net.IP) bool {
	address, ok := netip.AddrFromSlice(ip)
	return ok && n.addresses[address.Unmap()]
}

func (n *network) close() error {
	var errs []error
	if n.udp != nil {
		errs = append(errs, n.udp.Close()) // and with it its sockets
		n.sockets = nil
	}
	for _, socket := range n.sockets {
		if err := socket.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if n.tcp != nil {
		if err := n.tcp.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// String says where media arrives, for the log.
func (n *network) String() string {
	text := "UDP " + strconv.Itoa(n.udpPort)
	if n.tcp != nil {
		text += ", TCP " + strconv.Itoa(n.tcpPort)
	}
	return text
}
