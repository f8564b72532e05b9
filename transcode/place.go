package transcode

import (
	"io"
	"sync/atomic"
)

// place is a place in a stream of PCM, in bytes. What is written past end is let go.
type place struct {
	to  io.Writer
	end int64
	at  atomic.Int64 // asked for by the progress report
}

func (p *place) written() int64 { return p.at.Load() }

func (p *place) Write(data []byte) (int, error) {
	room := max(p.end-p.at.Load(), 0)
	n, err := p.to.Write(data[:min(int64(len(data)), room)])
	p.at.Add(int64(n))
	if err != nil {
		return n, err
	}
	return len(data), nil
}

// silenceTo writes silence until the place is reached; when it is past it already, nothing.
func (p *place) silenceTo(place int64) error {
	var zeros [32 << 10]byte
	for left := place - p.at.Load(); left > 0; left = place - p.at.Load() {
		n, err := p.to.Write(zeros[:min(left, int64(len(zeros)))])
		p.at.Add(int64(n))
		if err != nil {
			return err
		}
	}
	return nil
}
