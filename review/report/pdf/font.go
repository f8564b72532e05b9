package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// Font is a TrueType font of the file. Of its glyphs only those are embedded that are drawn.
type Font struct {
	file  *File
	name  string // among the resources
	ref   ref
	label string // PostScript name
	src   *source

	codes map[meaning]uint16
	used  []meaning // by code
}

// meaning is a glyph and what it stands for. One glyph that stands for two texts (a hyphen and a
// soft hyphen) has two codes, so that each is copied as what it was.
type meaning struct {
	glyph uint16
	text  string
}

// Font adds a TrueType font; label is its PostScript name.
func (f *File) Font(label string, ttf []byte) (*Font, error) {
	src, err := open(ttf)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", label, err)
	}
	font := &Font{
		file: f, name: fmt.Sprintf("F%d", len(f.fonts)+1), ref: f.reserve(), label: label, src: src,
		codes: map[meaning]uint16{}, used: []meaning{{0, "\ufffd"}},
	}
	font.codes[font.used[0]] = 0
	f.fonts = append(f.fonts, font)
	return font, nil
}

// code is the character code that shows glyph and means text, and the glyph's width.
func (f *Font) code(glyph uint16, text string) (code uint16, width float64) {
	if int(glyph) >= f.src.glyphs {
		glyph = 0
	}
	m := meaning{glyph, text}
	code, ok := f.codes[m]
	if !ok && len(f.used) < 1<<16-1 {
		code = uint16(len(f.used))
		f.codes[m] = code
		f.used = append(f.used, m)
	}
	return code, f.src.width(glyph)
}

// embed sets the objects of the font (9.7): its codes are the glyphs of the subset.
func (f *Font) embed() error {
	glyphs := make([]uint16, len(f.used))
	for i, m := range f.used {
		glyphs[i] = m.glyph
	}
	subset, err := f.src.subset(glyphs)
	if err != nil {
		return fmt.Errorf("font %s: %w", f.label, err)
	}
	sum := sha256.Sum256(subset)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	name := fmt.Sprintf("%s+%s", tag, f.label)

	program := f.file.reserve()
	f.file.stream(program, fmt.Sprintf("/Length1 %d", len(subset)), subset)
	s := f.src
	descriptor := f.file.add("<</Type /FontDescriptor /FontName /%s /Flags 4"+
		" /FontBBox [%.0f %.0f %.0f %.0f] /ItalicAngle 0 /Ascent %.0f /Descent %.0f /CapHeight %.0f"+
		" /StemV 80 /FontFile2 %v>>", name, s.scaled(s.box[0]), s.scaled(s.box[1]),
		s.scaled(s.box[2]), s.scaled(s.box[3]), s.scaled(s.ascent), s.scaled(s.descent),
		s.scaled(s.ascent)*0.7, program)

	var widths strings.Builder
	for _, g := range glyphs {
		fmt.Fprintf(&widths, "%s ", number(s.width(g)))
	}
	cid := f.file.add("<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDToGIDMap /Identity"+
		" /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>>"+
		" /FontDescriptor %v /W [0 [%s]]>>", name, descriptor, &widths)
	unicode := f.file.reserve()
	f.file.stream(unicode, "", f.toUnicode())
	f.file.set(f.ref, "<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H"+
		" /DescendantFonts [%v] /ToUnicode %v>>", name, cid, unicode)
	return nil
}

// toUnicode is the map from codes to what they mean (9.10.3).
func (f *Font) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	const most = 100 // entries of one bfchar, a limit of the format
	for from := 0; from < len(f.used); from += most {
		some := f.used[from:min(from+most, len(f.used))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(some))
		for i, m := range some {
			means := m.text
			if means == "" {
				means = "\u200c" // part of a cluster that an ActualText tells
			}
			fmt.Fprintf(&b, "<%04X> <%s>\n", from+i, hex16(means))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}

// u16 is the big-endian number at i of b, or 0 past its end.
func u16(b []byte, i int) uint16 {
	if i < 0 || i+2 > len(b) {
		return 0
	}
	return binary.BigEndian.Uint16(b[i:])
}
