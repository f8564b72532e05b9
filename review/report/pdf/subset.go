package pdf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/go-text/typesetting/font/opentype"
)

// source is a TrueType font as it was given.
type source struct {
	tables map[string][]byte
	glyphs int
	long   bool // offsets of loca are 32 bits
	upem   float64
	box    [4]int16
	wide   int // glyphs with an advance of their own in hmtx

	ascent, descent int16
}

var errFont = errors.New("not a TrueType font with outlines")

func open(ttf []byte) (*source, error) {
	loader, err := opentype.NewLoader(bytes.NewReader(ttf))
	if err != nil {
		return nil, err
	}
	s := &source{tables: map[string][]byte{}}
	for _, name := range []string{"head", "hhea", "maxp", "hmtx", "loca", "glyf"} {
		table, err := loader.RawTable(opentype.MustNewTag(name))
		if err != nil {
			return nil, errFont
		}
		s.tables[name] = table
	}
	for _, name := range []string{"cvt ", "fpgm", "prep"} { // what hinted glyphs call on
		if table, err := loader.RawTable(opentype.MustNewTag(name)); err == nil {
			s.tables[name] = table
		}
	}
	head, hhea := s.tables["head"], s.tables["hhea"]
	if len(head) < 54 || len(hhea) < 36 || len(s.tables["maxp"]) < 6 {
		return nil, errFont
	}
	s.upem = float64(u16(head, 18))
	if s.upem == 0 {
		return nil, errFont
	}
	for i := range s.box {
		s.box[i] = int16(u16(head, 36+2*i))
	}
	s.long = u16(head, 50) == 1
	s.ascent, s.descent = int16(u16(hhea, 4)), int16(u16(hhea, 6))
	s.wide = int(u16(hhea, 34))
	s.glyphs = int(u16(s.tables["maxp"], 4))
	return s, nil
}

// scaled is v in thousandths of the size.
func (s *source) scaled(v int16) float64 { return float64(v) * 1000 / s.upem }

// width is the advance of a glyph in thousandths of the size.
func (s *source) width(glyph uint16) float64 {
	at := min(int(glyph), s.wide-1)
	return float64(u16(s.tables["hmtx"], 4*at)) * 1000 / s.upem
}

// bearing is the left side bearing of a glyph, in units of the font.
func (s *source) bearing(glyph uint16) uint16 {
	if int(glyph) < s.wide {
		return u16(s.tables["hmtx"], 4*int(glyph)+2)
	}
	return u16(s.tables["hmtx"], 4*s.wide+2*(int(glyph)-s.wide))
}

// outline is the description of a glyph; empty for one without ink.
func (s *source) outline(glyph uint16) []byte {
	loca, glyf := s.tables["loca"], s.tables["glyf"]
	offset := func(i int) int {
		if !s.long {
			return 2 * int(u16(loca, 2*i))
		}
		return int(u16(loca, 4*i))<<16 | int(u16(loca, 4*i+2))
	}
	from, to := offset(int(glyph)), offset(int(glyph)+1)
	if from >= to || to > len(glyf) {
		return nil
	}
	return glyf[from:to]
}

// subset is the font with the given glyphs alone, numbered as given and followed by those that
// they are composed of.
func (s *source) subset(glyphs []uint16) ([]byte, error) {
	all := slices.Clone(glyphs)
	number := map[uint16]uint16{} // new numbers, by old
	for i := len(all) - 1; i >= 0; i-- {
		number[all[i]] = uint16(i)
	}
	var glyf, loca, hmtx []byte
	for i := 0; i < len(all); i++ {
		outline := slices.Clone(s.outline(all[i]))
		for _, at := range components(outline) {
			part := u16(outline, at)
			if _, ok := number[part]; !ok {
				if len(all) == 1<<16-1 {
					return nil, errors.New("too many glyphs")
				}
				number[part] = uint16(len(all))
				all = append(all, part)
			}
			binary.BigEndian.PutUint16(outline[at:], number[part])
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = padded(append(glyf, outline...))
		width := u16(s.tables["hmtx"], 4*min(int(all[i]), s.wide-1))
		hmtx = binary.BigEndian.AppendUint16(hmtx, width)
		hmtx = binary.BigEndian.AppendUint16(hmtx, s.bearing(all[i]))
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))

	head, hhea, maxp := slices.Clone(s.tables["head"]), slices.Clone(s.tables["hhea"]), slices.Clone(s.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0)  // checkSumAdjustment, which nobody checks in a PDF
	binary.BigEndian.PutUint16(head[50:], 1) // long loca
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(all)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(all)))

	tables := map[string][]byte{"glyf": glyf, "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca, "maxp": maxp}
	var list []opentype.Table
	for _, name := range []string{"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"} {
		table, ok := tables[name]
		if !ok {
			table, ok = s.tables[name]
		}
		if ok {
			list = append(list, opentype.Table{Tag: opentype.MustNewTag(name), Content: padded(slices.Clone(table))})
		}
	}
	return opentype.WriteTTF(list), nil
}

// components are the places in a composite glyph's outline of the numbers of its parts (OpenType,
// glyf: composite glyph description).
func components(outline []byte) []int {
	if len(outline) < 10 || int16(u16(outline, 0)) >= 0 {
		return nil
	}
	const words, scale, more, two, four = 0x1, 0x8, 0x20, 0x40, 0x80
	var places []int
	for at := 10; at+4 <= len(outline); {
		flags := u16(outline, at)
		places = append(places, at+2)
		at += 6
		if flags&words != 0 {
			at += 2
		}
		switch {
		case flags&scale != 0:
			at += 2
		case flags&two != 0:
			at += 4
		case flags&four != 0:
			at += 8
		}
		if flags&more == 0 {
			break
		}
	}
	return places
}

// padded is table with zeros up to a multiple of four bytes.
func padded(table []byte) []byte {
	for len(table)%4 != 0 {
		table = append(table, 0)
	}
	return table
}
