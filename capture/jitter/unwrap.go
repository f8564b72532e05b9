package jitter

// Sequence continues a 16-bit RTP sequence number (RFC 3550, section 5.1) to 64 bits. The zero
// value is ready; the first number is taken as it is, one wrap above zero, so that numbers before
// the first stay positive.
type Sequence struct {
	last  int64
	begun bool
}

// Unwrap returns the number nearest to the highest so far that ends in n.
func (s *Sequence) Unwrap(n uint16) int64 {
	if !s.begun {
		s.begun = true
		s.last = 1<<16 + int64(n)
		return s.last
	}
	long := s.last + int64(int16(n-uint16(s.last)))
	s.last = max(s.last, long)
	return long
}

// Timestamp continues a 32-bit RTP timestamp to 64 bits. At 90 kHz it wraps every 13 hours. The
// zero value is ready.
type Timestamp struct {
	last  int64
	begun bool
}

// Unwrap returns the time nearest to the last one that ends in t.
func (s *Timestamp) Unwrap(t uint32) int64 {
	if !s.begun {
		s.begun = true
		s.last = 1<<32 + int64(t)
		return s.last
	}
	s.last += int64(int32(t - uint32(s.last)))
	return s.last
}

// Near returns the time nearest to the last one that ends in t, without moving on: for times
// that reports carry.
func (s *Timestamp) Near(t uint32) int64 {
	if !s.begun {
		return s.Unwrap(t)
	}
	return s.last + int64(int32(t-uint32(s.last)))
}
