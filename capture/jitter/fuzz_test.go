package jitter_test

import (
	"encoding/binary"
	"testing"
	"time"

	"backrow/capture/jitter"
)

// FuzzBuffer pushes packets of any number at any time: they come out ascending, no more of them than
// went in, and no more is asked for at once than the bound.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 2, 10, 0, 9, 10, 0, 3, 0})
	f.Add([]byte{255, 250, 0, 255, 251, 0, 0, 3, 0, 128, 0, 200, 128, 1, 0})
	f.Fuzz(func(t *testing.T, steps []byte) {
		b := jitter.New(jitter.Options{Hold: 2 * time.Second, Starts: func(p []byte) bool { return p[0] == 7 }})
		now := time.Unix(0, 0)
		in, out, last := 0, 0, int64(-1)
		pop := func() {
			for {
				p, ok := b.Pop(now)
				if !ok {
					return
				}
				if p.Seq <= last || p.Lost < 0 {
					t.Fatalf("packet %d after %d, %d lost", p.Seq, last, p.Lost)
				}
				last = p.Seq
				out++
			}
		}
		for ; len(steps) >= 3; steps = steps[3:] {
			now = now.Add(time.Duration(steps[2]) * time.Millisecond)
			if b.Push(now, binary.BigEndian.Uint16(steps), uint32(steps[1])<<24, false, steps[2:3]) {
				in++
			}
			if n := len(b.Requests(now)); n > 4096+17 {
				t.Fatalf("%d packets are asked for", n)
			}
			if steps[2]&1 == 0 {
				pop()
			}
		}
		b.Flush()
		pop()
		if out > in {
			t.Errorf("%d packets became %d", in, out)
		}
	})
}
