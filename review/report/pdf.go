package report

import (
	"errors"
	"io"
)

// PDF writes doc as a tagged PDF.
func PDF(w io.Writer, doc Document) error {
	return errors.New("not yet")
}

func areaColours() []string { return make([]string, 9) }
