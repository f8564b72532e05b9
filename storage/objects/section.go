package objects

import (
	"errors"
	"io"
)

// section is a stretch of a body, read and rewound by itself. It is for one reader at a time, and
// moves the body under it.
type section struct {
	body            io.ReadSeeker
	start, size, at int64
}

func newSection(body io.ReadSeeker, start, size int64) (*section, error) {
	s := &section{body: body, start: start, size: size}
	_, err := s.Seek(0, io.SeekStart)
	if err != nil {
		return nil, unreadable(err)
	}
	return s, nil
}

func (s *section) Read(p []byte) (int, error) {
	left := s.size - s.at
	if left <= 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	n, err := s.body.Read(p)
	s.at += int64(n)
	if err == io.EOF && s.at < s.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (s *section) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of a body")
	}
	if _, err := s.body.Seek(s.start+offset, io.SeekStart); err != nil {
		return 0, err
	}
	s.at = offset
	return offset, nil
}
