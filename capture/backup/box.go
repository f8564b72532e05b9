package backup

import (
	"encoding/binary"
	"fmt"
)

// box is one box of a file (ISO/IEC 14496-12, section 4.2).
type box struct {
	kind  string
	whole []byte
	body  []byte // behind size and type
}

// next is the box at the beginning of data.
func next(data []byte) (box, error) {
	if len(data) < 8 {
		return box{}, errStraddles
	}
	size, head := uint64(binary.BigEndian.Uint32(data)), 8
	if size == 1 {
		if len(data) < 16 {
			return box{}, errStraddles
		}
		size, head = binary.BigEndian.Uint64(data[8:]), 16
	}
	switch {
	case size == 0:
		return box{}, fmt.Errorf("a box does not say how long it is")
	case size < uint64(head):
		return box{}, fmt.Errorf("it is not MP4")
	case size > uint64(len(data)):
		return box{}, errStraddles
	}
	return box{kind: string(data[4:8]), whole: data[:size], body: data[head:size]}, nil
}

var errStraddles = fmt.Errorf("a box reaches beyond its blob, or it is not MP4")

// each runs do for each box in data.
func each(data []byte, do func(box) error) error {
	for len(data) > 0 {
		b, err := next(data)
		if err != nil {
			return err
		}
		if err := do(b); err != nil {
			return err
		}
		data = data[len(b.whole):]
	}
	return nil
}

// find is the body of the first box of that kind on the path through data, or nil.
func find(data []byte, path ...string) []byte {
	for _, kind := range path {
		var found []byte
		for rest := data; len(rest) > 0 && found == nil; {
			b, err := next(rest)
			if err != nil {
				return nil
			}
			if b.kind == kind {
				found = b.body
			}
			rest = rest[len(b.whole):]
		}
		if found == nil {
			return nil
		}
		data = found
	}
	return data
}

// cursor reads fields one after the other. Beyond the end they are 0, and short is set.
type cursor struct {
	data  []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.data) {
		c.short, c.data = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	taken := c.data[:n]
	c.data = c.data[n:]
	return taken
}

func (c *cursor) skip(n int) {
	if n > len(c.data) {
		c.short, c.data = true, nil
		return
	}
	c.data = c.data[n:]
}

func (c *cursor) u8() uint8   { return c.take(1)[0] }
func (c *cursor) u32() uint32 { return binary.BigEndian.Uint32(c.take(4)) }
func (c *cursor) u64() uint64 { return binary.BigEndian.Uint64(c.take(8)) }

// full reads version and flags of a full box (section 4.2).
func (c *cursor) full() (version uint8, flags uint32) {
	word := c.u32()
	return uint8(word >> 24), word & 0xffffff
}
