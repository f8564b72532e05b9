// Package typeset turns text in any script into lines of shaped glyphs: it finds the direction of
// the paragraph, cuts it by direction, script and face, shapes the pieces and breaks them into
// lines where Unicode allows (UAX #9, #14, #24, #29), within words only when there is no other way.
//
// It takes any string: what no face has is drawn as a box, never left out.
package typeset

import (
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"

	"backrow/review/report/faces"
	"backrow/review/report/pdf"
)

// Style is how text is set.
type Style struct {
	Size    float64 // points
	Bold    bool
	Tabular bool // figures of one width
}

// Line is one line of text. Its width leaves out blanks at its end.
type Line struct {
	Runs        []Run // in reading order
	Width       float64
	RightToLeft bool // of the paragraph: such a line is set flush right
}

// Run is text of one face.
type Run struct {
	Face     *faces.Face
	Embolden bool          // there is no bold face: draw it bolder
	X, Width float64       // from the line's left end
	Reversed bool          // read from right to left
	Clusters []pdf.Cluster // from left to right
}

// Setter sets the text of one document. It is for one goroutine.
type Setter struct {
	faces    faces.Set
	language language.Language
	shaper   shaping.HarfbuzzShaper
	split    shaping.Segmenter
	wrap     shaping.LineWrapper
	byFont   map[*font.Face]*faces.Face
}

// New is a setter for text that is mostly in lang (BCP 47). It fails without the house's own face.
func New(lang string) (*Setter, error) {
	s := &Setter{language: language.NewLanguage(lang), byFont: map[*font.Face]*faces.Face{}}
	s.shaper.SetFontCacheSize(2 * len(faces.All()))
	for _, name := range []faces.Name{faces.Atkinson, faces.Atkinson.Bold()} {
		face, err := s.faces.Open(name)
		if err != nil {
			return nil, err
		}
		s.byFont[face.Face] = face
	}
	return s, nil
}

const ellipsis = "…"

// em is the size at which text is shaped. Advances are 26.6 fixed-point numbers: at this size a run
// of maxChunk characters, each as wide as eight ordinary ones, does not overflow them, and what is
// rounded is a twelve-thousandth of the size.
const (
	em       = 200
	maxChunk = 20_000 // runes shaped at once
)

// thousandths is a length of shaped text in thousandths of the size.
func thousandths(v fixed.Int26_6) float64 { return float64(v) / 64 * 1000 / em }

// Lines sets text in lines of at most width points. Line feeds begin paragraphs; an empty one is
// an empty line.
func (s *Setter) Lines(text string, style Style, width float64) []Line {
	var lines []Line
	for paragraph := range strings.SplitSeq(clean(text), "\n") {
		lines = append(lines, s.paragraph(paragraph, style, width, 0)...)
	}
	return lines
}

// Line sets text in one line of at most width points, cut with an ellipsis if it is longer.
func (s *Setter) Line(text string, style Style, width float64) Line {
	return s.paragraph(strings.ReplaceAll(clean(text), "\n", " "), style, width, 1)[0]
}

// clean is text in valid UTF-8 without control characters but line feeds. The others that end a
// paragraph (UAX #9, class B) become line feeds: text behind one would be lost.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		properties, _ := bidi.LookupString(string(r))
		switch {
		case properties.Class() == bidi.B, r == '\u2028', r == '\v', r == '\f':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// paragraph sets text, which has no line feeds, in as many lines as it takes or at most most.
func (s *Setter) paragraph(text string, style Style, width float64, most int) []Line {
	runes := []rune(text)
	var lines []Line
	for {
		n := len(runes)
		if n > maxChunk {
			n = maxChunk
			for n > maxChunk/2 && !unicode.IsSpace(runes[n-1]) {
				n--
			}
		}
		lines = append(lines, s.chunk(runes[:n], style, width, most)...)
		if runes = runes[n:]; len(runes) == 0 || most > 0 && len(lines) >= most {
			return lines
		}
	}
}

func (s *Setter) chunk(runes []rune, style Style, width float64, most int) []Line {
	direction := di.DirectionLTR
	if rightToLeft(runes) {
		direction = di.DirectionRTL
	}
	empty := []Line{{RightToLeft: direction == di.DirectionRTL}}
	if len(runes) == 0 {
		return empty
	}
	outputs := s.shape(runes, direction, style)
	config := shaping.WrapConfig{Direction: direction, TruncateAfterLines: most}
	if most > 0 {
		if dots := s.shape([]rune(ellipsis), direction, style); len(dots) == 1 {
			config.Truncator = dots[0]
		}
	}
	limit := fixed.Int26_6(max(width, 1) / style.Size * em * 64)
	wrapped, cut := s.wrap.WrapParagraphF(config, limit, runes, shaping.NewSliceIterator(outputs))
	var lines []Line
	for i, line := range wrapped {
		lines = append(lines, s.line(line, runes, direction, style, cut > 0 && i == len(wrapped)-1))
	}
	if len(lines) == 0 {
		return empty
	}
	return lines
}

// shape shapes runes, in reading order.
func (s *Setter) shape(runes []rune, direction di.Direction, style Style) []shaping.Output {
	base := s.base(style.Bold)
	pieces := s.split.Split(shaping.Input{
		Text: runes, RunEnd: len(runes), Direction: direction, Size: fixed.I(em),
		Language: s.language, FontFeatures: features(style),
	}, only{base.Face})
	japanese := hasKana(runes)
	var outputs []shaping.Output
	for _, piece := range pieces {
		for _, part := range s.byFace(piece, style.Bold, japanese) {
			// The extents are needed: the wrapper takes a glyph without width for a blank.
			outputs = append(outputs, s.shaper.Shape(part))
		}
	}
	return outputs
}

func features(style Style) []shaping.FontFeature {
	if !style.Tabular {
		return nil
	}
	return []shaping.FontFeature{{Tag: font.Tag('t')<<24 | 'n'<<16 | 'u'<<8 | 'm', Value: 1}}
}

// only is a font map of one face: faces are chosen afterwards, by word.
type only struct{ face *font.Face }

func (o only) ResolveFace(rune) *font.Face { return o.face }

// line is a wrapped line in points. The last run of a line that is cut
// is the ellipsis.
func (s *Setter) line(wrapped shaping.Line, runes []rune, direction di.Direction, style Style, cut bool) Line {
	line := Line{RightToLeft: direction == di.DirectionRTL, Runs: make([]Run, len(wrapped))}
	for i, out := range wrapped {
		if cut && i == len(wrapped)-1 {
			runes = []rune(ellipsis)
		}
		face := s.byFont[out.Face]
		run := Run{
			Face:     face,
			Embolden: style.Bold && face.Name.Bold() == face.Name && !strings.HasSuffix(string(face.Name), "-bold"),
			Width:    thousandths(out.Advance) / 1000 * style.Size,
			Reversed: out.Direction == di.DirectionRTL,
			Clusters: apart(clusters(out, runes), out.Direction),
		}
		line.Runs[i] = run
		line.Width += run.Width
	}
	visual := make([]int, len(wrapped)) // runs by place
	for i, out := range wrapped {
		visual[out.VisualIndex] = i
	}
	x := 0.0
	for _, i := range visual {
		line.Runs[i].X = x
		x += line.Runs[i].Width
	}
	return line
}

// clusters are the glyphs of out from left to right, those together that share their text.
func clusters(out shaping.Output, runes []rune) []pdf.Cluster {
	var all []pdf.Cluster
	last := -1
	for _, g := range out.Glyphs {
		glyph := pdf.Glyph{
			ID:      uint16(g.GlyphID),
			Advance: thousandths(g.Advance),
			X:       thousandths(g.XOffset),
			Y:       thousandths(g.YOffset),
		}
		at := g.TextIndex()
		if n := len(all); n > 0 && at == last {
			all[n-1].Glyphs = append(all[n-1].Glyphs, glyph)
			continue
		}
		last = at
		var text string
		if at >= 0 && at < len(runes) {
			text = string(runes[at:min(at+max(g.RunesCount(), 1), len(runes))])
		}
		all = append(all, pdf.Cluster{Glyphs: []pdf.Glyph{glyph}, Text: text})
	}
	return all
}

// apart takes apart the clusters of Arabic and Hebrew: the last glyph is the letter, and the ones
// before it are the marks on it. Programs that extract text lose them as one piece.
func apart(together []pdf.Cluster, direction di.Direction) []pdf.Cluster {
	if direction != di.DirectionRTL {
		return together
	}
	var all []pdf.Cluster
	for _, c := range together {
		runes := []rune(c.Text)
		letter := len(c.Glyphs) - 1
		if letter == 0 || letter != 1 && letter != len(runes)-1 || len(runes) < 2 {
			all = append(all, c)
			continue
		}
		for i, g := range c.Glyphs {
			text := string(runes[0])
			switch {
			case i < letter && letter == 1:
				text = string(runes[1:])
			case i < letter:
				text = string(runes[letter-i])
			}
			all = append(all, pdf.Cluster{Glyphs: []pdf.Glyph{g}, Text: text})
		}
	}
	return all
}

// rightToLeft is whether the first strong character says so (UAX #9, P2 and P3, without isolates).
func rightToLeft(runes []rune) bool {
	depth := 0
	for _, r := range runes {
		switch r {
		case '\u2066', '\u2067', '\u2068':
			depth++
		case '\u2069':
			depth = max(depth-1, 0)
		}
		if depth > 0 {
			continue
		}
		properties, _ := bidi.LookupString(string(r))
		switch properties.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// Width is how wide text would be on one line.
func (s *Setter) Width(text string, style Style) float64 {
	return s.Line(text, style, 1e4).Width
}
