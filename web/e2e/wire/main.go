//go:build linux

// Command wire is a network between a browser and a server that a test controls. It makes a
// network namespace for the browser, joins it to this machine by a pair of TUN interfaces, and
// carries the packets between them itself, with loss, delay, jitter, a rate, or not at all.
//
// It needs Linux, /dev/net/tun and root, and no program. It says where it lies in one line of JSON
//
//	{"seed":7,"namespace":"/proc/12/task/15/ns/net","near":"198.18.4.2","far":"198.18.4.1"}
//
// and then obeys lines of JSON on standard input, each answered with a line of counts:
//
//	{"up":{"loss":0.05,"delay":40},"down":{"cut":true}}     what is not named stays as it is
//	{"relay":9222}                                          a loopback port of the namespace, on ours
//
// Up is from the browser, down to it. Everything that it made is gone when it ends, however it
// ends: the interfaces with its files, the namespace with the last process in it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

type place struct {
	Seed      uint64 `json:"seed"`
	Namespace string `json:"namespace"`
	Near      string `json:"near"`
	Far       string `json:"far"`
}

type order struct {
	Up    json.RawMessage `json:"up"`
	Down  json.RawMessage `json:"down"`
	Relay int             `json:"relay"`
}

type report struct {
	Up    Counts `json:"up"`
	Down  Counts `json:"down"`
	Error string `json:"error,omitempty"`
}

func main() {
	seed := flag.Uint64("seed", rand.Uint64N(1<<32), "what decides which packets are lost")
	flag.Parse()
	if err := run(*seed, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "wire:", err)
		os.Exit(1)
	}
}

// run lays a wire and obeys until in ends.
func run(seed uint64, in io.Reader, out io.Writer) error {
	w, err := lay(seed)
	if err != nil {
		return err
	}
	answer := json.NewEncoder(out)
	if err := answer.Encode(place{seed, w.room.path, w.near.String(), w.far.String()}); err != nil {
		return err
	}
	orders := bufio.NewScanner(in)
	for orders.Scan() {
		said := report{}
		if err := w.obey(orders.Bytes()); err != nil {
			said.Error = err.Error()
		}
		said.Up, said.Down = w.up.counts(), w.down.counts()
		if err := answer.Encode(said); err != nil {
			return err
		}
	}
	return orders.Err()
}

func (w *wire) obey(line []byte) error {
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	for c, change := range map[*carrier]json.RawMessage{w.up: o.Up, w.down: o.Down} {
		if change == nil {
			continue
		}
		if err := c.shape(func(s *Shape) error { return json.Unmarshal(change, s) }); err != nil {
			return err
		}
	}
	if o.Relay == 0 {
		return nil
	}
	return w.relay(o.Relay)
}
