// Command gather packs the typefaces of the reports for embedding: it takes them from npm packages,
// leaves out what reports do not need, and compresses the rest.
//
//	gather <node_modules> <folder>
//
// A face that is there already and newer than its source is left as it is.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/text/encoding/japanese"

	"backrow/review/report/faces"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gather:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: gather <node_modules> <folder>")
	}
	from, to := args[0], args[1]
	var bytes int64
	for _, name := range faces.All() {
		source, ok := sources()[name]
		if !ok {
			return fmt.Errorf("face %s has no source", name)
		}
		file := filepath.Join(to, name.File())
		if err := pack(filepath.Join(from, source.path), file, source.keep); err != nil {
			return fmt.Errorf("face %s: %w (run npm ci in web first)", name, err)
		}
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		bytes += info.Size()
	}
	fmt.Printf("typefaces: %d, %.1f MB packed\n", len(faces.All()), float64(bytes)/1e6)
	return nil
}

// source is where a face comes from, and which characters it is wanted for; nil: all.
type source struct {
	path string
	keep func(rune) bool
}

func sources() map[faces.Name]source {
	const google, latin = "@expo-google-fonts/", "@embedpdf/fonts-latin/fonts/"
	return map[faces.Name]source{
		faces.Atkinson:          {google + "atkinson-hyperlegible-next/400Regular/AtkinsonHyperlegibleNext_400Regular.ttf", nil},
		faces.Atkinson.Bold():   {google + "atkinson-hyperlegible-next/700Bold/AtkinsonHyperlegibleNext_700Bold.ttf", nil},
		faces.Sans:              {latin + "NotoSans-Regular.ttf", nil},
		faces.Sans.Bold():       {latin + "NotoSans-Bold.ttf", nil},
		faces.Arabic:            {google + "ibm-plex-sans-arabic/400Regular/IBMPlexSansArabic_400Regular.ttf", nil},
		faces.Arabic.Bold():     {google + "ibm-plex-sans-arabic/700Bold/IBMPlexSansArabic_700Bold.ttf", nil},
		faces.Hebrew:            {google + "noto-sans-hebrew/400Regular/NotoSansHebrew_400Regular.ttf", nil},
		faces.Hebrew.Bold():     {google + "noto-sans-hebrew/700Bold/NotoSansHebrew_700Bold.ttf", nil},
		faces.Devanagari:        {google + "noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf", nil},
		faces.Devanagari.Bold(): {google + "noto-sans-devanagari/700Bold/NotoSansDevanagari_700Bold.ttf", nil},
		faces.Thai:              {google + "noto-sans-thai/400Regular/NotoSansThai_400Regular.ttf", nil},
		faces.Thai.Bold():       {google + "noto-sans-thai/700Bold/NotoSansThai_700Bold.ttf", nil},
		faces.Han:               {google + "noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf", chinese},
		faces.Kana:              {google + "noto-sans-jp/400Regular/NotoSansJP_400Regular.ttf", nipponese},
		faces.Hangul:            {google + "noto-sans-kr/400Regular/NotoSansKR_400Regular.ttf", korean},
		faces.Emoji:             {google + "noto-emoji/400Regular/NotoEmoji_400Regular.ttf", nil},
	}
}

func chinese(r rune) bool { return !unicode.Is(unicode.Hangul, r) }

// nipponese is whether r is in JIS X 0208 and its neighbours: what Japanese is written with.
func nipponese(r rune) bool {
	_, err := japanese.ShiftJIS.NewEncoder().String(string(r))
	return err == nil
}

func korean(r rune) bool { return !unicode.Is(unicode.Han, r) }

// unwanted are the tables that neither shaping nor a PDF looks at.
func unwanted() []string {
	return []string{"DSIG", "STAT", "MVAR", "gasp", "vhea", "vmtx", "VORG", "hdmx", "VDMX", "LTSH", "meta"}
}

func pack(from, to string, keep func(rune) bool) error {
	if source, err := os.Stat(from); err != nil {
		return err
	} else if have, err := os.Stat(to); err == nil && have.ModTime().After(source.ModTime()) {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	loader, err := opentype.NewLoader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	face, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		return err
	}
	var tables []opentype.Table
	for _, tag := range loader.Tables() {
		if slices.Contains(unwanted(), tag.String()) {
			continue
		}
		table, err := loader.RawTable(tag)
		if err != nil {
			return err
		}
		if keep != nil && tag.String() == "glyf" {
			if err := blank(face, loader, table, keep); err != nil {
				return err
			}
		}
		if keep != nil && tag.String() == "cmap" {
			table = mapping(face, keep)
		}
		for len(table)%4 != 0 {
			table = append(table, 0)
		}
		tables = append(tables, opentype.Table{Tag: tag, Content: table})
	}
	slices.SortFunc(tables, func(a, b opentype.Table) int { return int(int64(a.Tag) - int64(b.Tag)) })
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(opentype.WriteTTF(tables)); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	half := to + ".part"
	if err := os.WriteFile(half, packed.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(half, to)
}

// blank zeroes in glyf the outlines of the characters that are not to be kept: they take their
// place still, which compresses to nothing, so that no table has to be renumbered.
func blank(face *font.Face, loader *opentype.Loader, glyf []byte, keep func(rune) bool) error {
	loca, err := loader.RawTable(opentype.MustNewTag("loca"))
	if err != nil {
		return err
	}
	wanted := map[font.GID]bool{0: true}
	mapped := map[font.GID]bool{}
	for chars := face.Cmap.Iter(); chars.Next(); {
		r, glyph := chars.Char()
		mapped[glyph] = true
		if keep(r) {
			wanted[glyph] = true
		}
	}
	for glyph := range mapped {
		if wanted[glyph] {
			continue
		}
		from, to := span(loca, int(glyph))
		if from < to && to <= len(glyf) {
			clear(glyf[from:to])
		}
	}
	return nil
}

// span is where in glyf the outline of a glyph is, by a loca of 32-bit offsets: every font that is
// large enough to be cut has one.
func span(loca []byte, glyph int) (from, to int) {
	at := func(i int) int {
		if 4*i+4 > len(loca) {
			return 0
		}
		return int(loca[4*i])<<24 | int(loca[4*i+1])<<16 | int(loca[4*i+2])<<8 | int(loca[4*i+3])
	}
	return at(glyph), at(glyph + 1)
}

// mapping is a cmap table of the characters to be kept: one subtable of format 12 (OpenType, cmap),
// a group for each run of characters whose glyphs run with them.
func mapping(face *font.Face, keep func(rune) bool) []byte {
	type group struct{ from, to, glyph uint32 }
	chars := map[rune]font.GID{}
	for all := face.Cmap.Iter(); all.Next(); {
		if r, glyph := all.Char(); keep(r) {
			chars[r] = glyph
		}
	}
	var groups []group
	for _, r := range slices.Sorted(maps.Keys(chars)) {
		c, glyph := uint32(r), uint32(chars[r])
		if n := len(groups); n > 0 {
			g := &groups[n-1]
			if g.to+1 == c && g.glyph+(c-g.from) == glyph {
				g.to = c
				continue
			}
		}
		groups = append(groups, group{c, c, glyph})
	}
	long := binary.BigEndian.AppendUint32
	short := binary.BigEndian.AppendUint16
	table := short(short(nil, 0), 1)             // version, subtables
	table = long(short(short(table, 3), 10), 12) // Windows, all of Unicode, offset
	table = long(short(short(table, 12), 0), uint32(16+12*len(groups)))
	table = long(long(table, 0), uint32(len(groups)))
	for _, g := range groups {
		table = long(long(long(table, g.from), g.to), g.glyph)
	}
	return table
}
