// Package faces holds the typefaces of the reports, one for each script, packed into the program.
//
// They are too large to be committed and come from npm packages (see web/package.json): the
// command in gather copies them into the folder embedded, before the program is built. A program
// that was built without one has no such face and Missing says so.
package faces

//go:generate go run ./gather ../../../web/node_modules embedded

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/go-text/typesetting/font"
)

//go:embed all:embedded
var embedded embed.FS

// Name is the name of a face.
type Name string

// The faces. Those with a bold companion have it under the name that Bold returns.
const (
	Atkinson   Name = "atkinson" // Atkinson Hyperlegible Next: the house's own, Latin
	Sans       Name = "sans"     // Noto Sans: more Latin, Vietnamese, Greek, Cyrillic, signs
	Arabic     Name = "arabic"   // IBM Plex Sans Arabic: the shaper leaves Noto's apart at ن, ي and ق
	Hebrew     Name = "hebrew"
	Devanagari Name = "devanagari"
	Thai       Name = "thai"
	Han        Name = "han"  // Chinese, in the simplified forms where they differ
	Kana       Name = "kana" // Japanese, kana and kanji
	Hangul     Name = "hangul"
	Emoji      Name = "emoji" // in one colour
)

// All are the names of all faces, bold ones too.
func All() []Name {
	var all []Name
	for _, n := range []Name{Atkinson, Sans, Arabic, Hebrew, Devanagari, Thai} {
		all = append(all, n, n.Bold())
	}
	return append(all, Han, Kana, Hangul, Emoji)
}

// Bold is the bold companion of n, or n itself if there is none.
func (n Name) Bold() Name {
	switch n {
	case Han, Kana, Hangul, Emoji:
		return n
	}
	return n + "-bold"
}

// File is where the face is in the folder embedded.
func (n Name) File() string { return string(n) + ".ttf.gz" }

// Missing are the faces that this program was built without.
func Missing() []Name {
	var missing []Name
	for _, n := range All() {
		if _, err := fs.Stat(embedded, "embedded/"+n.File()); err != nil {
			missing = append(missing, n)
		}
	}
	return missing
}

// Face is a typeface, unpacked.
type Face struct {
	*font.Face
	Name Name
	TTF  []byte
}

// ErrMissing is the error of opening a face that the program was built without.
var ErrMissing = errors.New("built without this face; run go generate ./review/report/faces")

// Set unpacks faces as they are asked for and keeps them. It is for one goroutine, and meant to
// live as long as one document: the largest face takes 10 MB.
type Set struct{ open map[Name]*Face }

// Open is the face of that name.
func (s *Set) Open(name Name) (*Face, error) {
	if f, ok := s.open[name]; ok {
		return f, nil
	}
	packed, err := embedded.Open("embedded/" + name.File())
	if err != nil {
		return nil, fmt.Errorf("face %s: %w", name, ErrMissing)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("face %s: %w", name, err)
	}
	ttf, err := io.ReadAll(plain)
	if err != nil {
		return nil, fmt.Errorf("face %s: %w", name, err)
	}
	parsed, err := font.ParseTTF(bytes.NewReader(ttf))
	if err != nil {
		return nil, fmt.Errorf("face %s: %w", name, err)
	}
	f := &Face{Face: parsed, Name: name, TTF: ttf}
	if s.open == nil {
		s.open = map[Name]*Face{}
	}
	s.open[name] = f
	return f, nil
}
