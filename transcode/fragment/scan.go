package fragment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Scanner takes a fragmented file apart: its init segment, and the fragments that follow. What
// belongs to neither is passed over.
type Scanner struct {
	from io.Reader
	most int64
	at   int64
}

// Scan begins with a file's first byte. No piece is larger than most bytes.
func Scan(from io.Reader, most int64) *Scanner { return &Scanner{from: from, most: most} }

// Next is the next piece and where in the file it begins: the init segment first. After the last it
// is io.EOF, and so it is where the file breaks off; what is not of this form is ErrNotMedia.
func (s *Scanner) Next() (at int64, piece []byte, err error) {
	for {
		begin := s.at
		kind, box, err := s.box()
		if err != nil {
			return 0, nil, err
		}
		switch kind {
		case "ftyp", "moof":
			if len(piece) > 0 {
				return 0, nil, fmt.Errorf("%w: %s in the middle of a piece", ErrNotMedia, kind)
			}
			at, piece = begin, box
		case "moov", "mdat":
			if len(piece) == 0 {
				return 0, nil, fmt.Errorf("%w: %s out of place", ErrNotMedia, kind)
			}
			if piece = append(piece, box...); int64(len(piece)) > s.most {
				return 0, nil, fmt.Errorf("%w: a piece of %d bytes", ErrNotMedia, len(piece))
			}
			return at, piece, nil
		}
	}
}

// box reads one box whole. One that is passed over is returned empty.
func (s *Scanner) box() (kind string, box []byte, err error) {
	header := make([]byte, 8, 16)
	if _, err := io.ReadFull(s.from, header); err != nil {
		return "", nil, brokenOff(err)
	}
	size := int64(binary.BigEndian.Uint32(header))
	if size == 1 { // a 64-bit one follows (ISO/IEC 14496-12, section 4.2)
		header = header[:16]
		if _, err := io.ReadFull(s.from, header[8:]); err != nil {
			return "", nil, brokenOff(err)
		}
		size = int64(binary.BigEndian.Uint64(header[8:]))
	}
	rest := size - int64(len(header))
	if rest < 0 {
		return "", nil, fmt.Errorf("%w: a box of %d bytes", ErrNotMedia, size)
	}
	kind = string(header[4:8])
	s.at += size
	switch kind {
	case "ftyp", "moov", "moof", "mdat":
	default:
		_, err := io.CopyN(io.Discard, s.from, rest)
		return kind, nil, brokenOff(err)
	}
	if size > s.most {
		return "", nil, fmt.Errorf("%w: a box of %d bytes", ErrNotMedia, size)
	}
	// It grows with what is there, not with what is said.
	body, err := io.ReadAll(io.LimitReader(s.from, rest))
	if err == nil && int64(len(body)) < rest {
		err = io.EOF
	}
	return kind, append(header, body...), brokenOff(err)
}

func brokenOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}
