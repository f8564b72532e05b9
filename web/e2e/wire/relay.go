//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// relay carries connections from a port of this machine's loopback to the same port of the room's,
// beside the wire: for a browser whose remote control is a port.
func (w *wire) relay(port int) error {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer near.Close()
				var far net.Conn
				var err error
				w.room.in(func() { far, err = net.Dial("tcp", address) })
				if err != nil {
					return
				}
				defer far.Close()
				join(near, far)
			}()
		}
	}()
	return nil
}

// join carries bytes both ways until both sides have ended.
func join(one, other net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{one, other}, {other, one}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].(*net.TCPConn).CloseWrite()
		})
	}
	both.Wait()
}
