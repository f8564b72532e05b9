package typeset

import (
	"slices"
	"unicode"

	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"

	"backrow/review/report/faces"
)

// byFace cuts piece, which is of one script and direction, so that each part has one face. A whole
// word keeps to one face where there is one that has all of it: a word with a single borrowed
// letter looks like a ransom note.
func (s *Setter) byFace(piece shaping.Input, bold, japanese bool) []shaping.Input {
	chain := candidates(piece.Script, japanese)
	var parts []shaping.Input
	put := func(from, to int, face *faces.Face) {
		if n := len(parts); n > 0 && parts[n-1].Face == face.Face {
			parts[n-1].RunEnd = to
			return
		}
		part := piece
		part.RunStart, part.RunEnd, part.Face = from, to, face.Face
		parts = append(parts, part)
	}
	blankFace := s.first(chain, bold) // or the one of the last whole word
	for at := piece.RunStart; at < piece.RunEnd; {
		end := at + 1
		blank := unicode.IsSpace(piece.Text[at])
		for end < piece.RunEnd && unicode.IsSpace(piece.Text[end]) == blank {
			end++
		}
		word := piece.Text[at:end]
		if blank {
			put(at, end, blankFace)
		} else if face := s.covering(word, chain, bold); face != nil {
			put(at, end, face)
			if face.Name != faces.Emoji { // whose blank is as wide as its pictures
				blankFace = face
			}
		} else {
			s.byCluster(word, chain, bold, func(from, to int, face *faces.Face) {
				put(at+from, at+to, face)
			})
		}
		at = end
	}
	return parts
}

// byCluster finds a face for each grapheme cluster of word: one that has all of it, or else its
// first character, or else the chain's first, which draws a box.
func (s *Setter) byCluster(word []rune, chain []faces.Name, bold bool, put func(from, to int, face *faces.Face)) {
	var seg segmenter.Segmenter
	seg.Init(word)
	clusters := seg.GraphemeIterator()
	for clusters.Next() {
		cluster := clusters.Grapheme()
		names := chain
		if isEmoji(cluster.Text) {
			names = append([]faces.Name{faces.Emoji}, chain...)
		}
		face := s.covering(cluster.Text, names, bold)
		if face == nil {
			face = s.covering(cluster.Text[:1], names, bold)
		}
		if face == nil {
			face = s.first(chain, bold)
		}
		put(cluster.Offset, cluster.Offset+len(cluster.Text), face)
	}
}

// covering is the first face of the chain that has all of text, or nil.
func (s *Setter) covering(text []rune, chain []faces.Name, bold bool) *faces.Face {
	for _, name := range chain {
		if !slices.ContainsFunc(text, func(r rune) bool { return plausible(name, r) }) {
			continue
		}
		face := s.open(name, bold)
		if face != nil && !slices.ContainsFunc(text, func(r rune) bool {
			if invisible(r) {
				return false
			}
			_, ok := face.NominalGlyph(r)
			return !ok
		}) {
			return face
		}
	}
	return nil
}

// first is the first face of the chain that the program has.
func (s *Setter) first(chain []faces.Name, bold bool) *faces.Face {
	for _, name := range chain {
		if face := s.open(name, bold); face != nil {
			return face
		}
	}
	return s.base(bold)
}

// base is the house's own face, without which there is no Setter.
func (s *Setter) base(bold bool) *faces.Face { return s.open(faces.Atkinson, bold) }

// open is a face, or nil if the program has none of that name.
func (s *Setter) open(name faces.Name, bold bool) *faces.Face {
	face, err := s.faces.Open(bolder(name, bold))
	if err != nil {
		return nil
	}
	s.byFont[face.Face] = face
	return face
}

func bolder(name faces.Name, bold bool) faces.Name {
	if bold {
		return name.Bold()
	}
	return name
}

// candidates are the faces for a script, best first. The last ones hold signs that occur in all.
func candidates(script language.Script, japanese bool) []faces.Name {
	tail := []faces.Name{faces.Atkinson, faces.Sans, faces.Emoji, faces.Han, faces.Hangul}
	lead := func(names ...faces.Name) []faces.Name { return append(names, tail...) }
	switch script {
	case language.Arabic:
		return lead(faces.Arabic)
	case language.Hebrew:
		return lead(faces.Hebrew)
	case language.Devanagari:
		return lead(faces.Devanagari)
	case language.Thai:
		return lead(faces.Thai)
	case language.Han:
		if japanese {
			return lead(faces.Kana, faces.Han)
		}
		return lead(faces.Han, faces.Kana)
	case language.Bopomofo:
		return lead(faces.Han)
	case language.Hiragana, language.Katakana:
		return lead(faces.Kana, faces.Han)
	case language.Hangul:
		return lead(faces.Hangul)
	case language.Greek, language.Cyrillic:
		return lead(faces.Sans)
	}
	return tail
}

func hasKana(runes []rune) bool {
	return slices.ContainsFunc(runes, func(r rune) bool {
		return unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r)
	})
}

// isEmoji is whether a cluster asks for a picture.
func isEmoji(cluster []rune) bool {
	return slices.Contains(cluster, '\ufe0f') || emojiBase(cluster[0]) && cluster[0] > 0xffff
}

// plausible is whether a face may have r. It saves unpacking the largest ones for what they have
// not, and keeps the emoji face from lending its figures.
func plausible(name faces.Name, r rune) bool {
	switch name {
	case faces.Emoji:
		return emojiBase(r)
	case faces.Hangul:
		return unicode.Is(unicode.Hangul, r) || r >= 0x3000 && r <= 0x33ff
	case faces.Han, faces.Kana:
		return r >= 0x2e80 && r <= 0x9fff || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe4f ||
			r >= 0xff00 && r <= 0xffef || r >= 0x20000 && r <= 0x3ffff
	}
	return true
}

// emojiBase is whether r is of a block that has emoji, digits and letters aside.
func emojiBase(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x2bff || r == 0x3030 || r == 0x303d ||
		r == 0x3297 || r == 0x3299 || r == 0x203c || r == 0x2049
}

// invisible is whether r is drawn by no font, so that a face need not have it.
func invisible(r rune) bool {
	return r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u200e' || r == '\u200f' ||
		r == '\u00ad' || r == '\u061c' || r == '\u2060' || r >= '\u202a' && r <= '\u202e' ||
		r >= '\u2066' && r <= '\u2069' || r >= '\ufe00' && r <= '\ufe0f' ||
		r >= 0xe0000 && r <= 0xe0fff
}
