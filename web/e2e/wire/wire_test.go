//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

// layOne lays a wire for a test. Its interfaces go with the test process.
func layOne(t *testing.T, seed uint64) *wire {
	t.Helper()
	w, err := lay(seed)
	if err != nil {
		if os.Getenv("CI") == "" && os.Getuid() != 0 {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	return w
}

// echo answers what it is sent, on this machine's end of the wire.
func echo(t *testing.T, w *wire) string {
	t.Helper()
	socket, err := net.ListenPacket("udp4", net.JoinHostPort(w.far.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		buffer := make([]byte, mtu)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = socket.WriteTo(buffer[:n], from)
		}
	}()
	return socket.LocalAddr().String()
}

// ask sends count datagrams from the room and returns how many come back within a while after the
// last, and how long the first of them took.
func ask(t *testing.T, w *wire, address string, count int, within time.Duration) (back int, first time.Duration) {
	t.Helper()
	var socket net.Conn
	var err error
	w.room.in(func() { socket, err = net.Dial("udp4", address) })
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	sent := time.Now()
	for i := range count {
		if _, err := fmt.Fprintf(socket, "%d", i); err != nil {
			t.Fatal(err)
		}
	}
	buffer := make([]byte, mtu)
	for back < count {
		_ = socket.SetReadDeadline(time.Now().Add(within))
		if _, err := socket.Read(buffer); err != nil {
			break
		}
		if back++; back == 1 {
			first = time.Since(sent)
		}
	}
	return back, first
}

func obey(t *testing.T, w *wire, line string) {
	t.Helper()
	if err := w.obey([]byte(line)); err != nil {
		t.Fatal(err)
	}
}

func TestPacketsCrossAndAreHeldBack(t *testing.T) {
	w := layOne(t, 1)
	address := echo(t, w)
	if back, _ := ask(t, w, address, 50, 5*time.Second); back != 50 {
		t.Fatalf("%d of 50 came back over a wire that does nothing", back)
	}
	obey(t, w, `{"up":{"delay":30},"down":{"delay":20}}`)
	if back, took := ask(t, w, address, 50, 5*time.Second); back != 50 || took < 50*time.Millisecond {
		t.Errorf("%d came back, the first after %v", back, took)
	}
	obey(t, w, `{"up":{"cut":true}}`)
	if back, _ := ask(t, w, address, 5, 200*time.Millisecond); back != 0 {
		t.Errorf("%d came back over a wire that is cut one way", back)
	}
	obey(t, w, `{"up":{"cut":false},"down":{"no_udp":true}}`)
	if back, _ := ask(t, w, address, 5, 200*time.Millisecond); back != 0 {
		t.Errorf("%d came back where UDP is blocked", back)
	}
	obey(t, w, `{"down":{"no_udp":false}}`)
	if back, _ := ask(t, w, address, 5, 5*time.Second); back != 5 {
		t.Errorf("%d of 5 came back when it was mended", back)
	}
	if up := w.up.counts(); up.Blocked < 5 {
		t.Errorf("up counted %+v", up)
	}
	if err := w.obey([]byte(`{"up":{"loss":2}}`)); err == nil {
		t.Error("a loss of 2 was accepted")
	}
}

func TestRelayGoesBesideTheWire(t *testing.T) {
	w := layOne(t, 1)
	var inside net.Listener
	var err error
	w.room.in(func() { inside, err = net.Listen("tcp", "127.0.0.1:0") })
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	go func() {
		conn, err := inside.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("hello"))
	}()
	obey(t, w, `{"up":{"cut":true},"down":{"cut":true}}`)
	obey(t, w, fmt.Sprintf(`{"relay":%d}`, inside.Addr().(*net.TCPAddr).Port))
	conn, err := net.Dial("tcp", inside.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	said := make([]byte, 5)
	if n, err := conn.Read(said); err != nil || string(said[:n]) != "hello" {
		t.Errorf("heard %q, %v", said[:n], err)
	}
}
