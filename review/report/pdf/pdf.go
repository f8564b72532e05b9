// Package pdf writes tagged PDF files (ISO 32000-1) of shaped text, vector shapes and JPEG images.
//
// It exists because the libraries at hand take a font for a table from character to glyph: they
// can print neither joined Devanagari nor a stacked Arabic vowel, say nothing of what a shaped
// glyph means to those who copy, search or listen, and know no structure. Here text arrives as
// glyphs with the characters that they stand for; fonts are cut down to those glyphs; and all that
// is drawn belongs to an element of the structure tree or is an artifact.
//
// Lengths are points, 1/72 inch; y grows downwards from the top of the page. Nothing is random:
// the same calls give the same bytes. A File is for one goroutine.
package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"io"
	"time"
	"unicode/utf16"
)

// Info is what a file says about itself.
type Info struct {
	Title    string
	Author   string
	Subject  string
	Creator  string // the program
	Language string // BCP 47
	Created  time.Time
}

// File is a PDF in the making.
type File struct {
	info      Info
	objects   [][]byte // object n is objects[n-1]
	pages     []*Page
	fonts     []*Font
	images    map[[sha256.Size]byte]*Image
	root      *Element
	elements  []*Element
	imageList []*Image
	shared    ref // the resources of all pages, once they are known
	bookmarks []bookmark
}

// ref is the number of an object.
type ref int

func (r ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

// New is an empty file.
func New(info Info) *File {
	f := &File{info: info, images: map[[sha256.Size]byte]*Image{}}
	f.root = &Element{file: f, role: "Document", ref: f.reserve()}
	return f
}

// reserve takes the next object's number, to be filled by set.
func (f *File) reserve() ref {
	f.objects = append(f.objects, nil)
	return ref(len(f.objects))
}

func (f *File) set(r ref, format string, args ...any) {
	f.objects[r-1] = fmt.Appendf(nil, format, args...)
}

func (f *File) add(format string, args ...any) ref {
	r := f.reserve()
	f.set(r, format, args...)
	return r
}

// stream sets object r to data, compressed, with the entries of dict.
func (f *File) stream(r ref, dict string, data []byte) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(data) // a bytes.Buffer does not fail
	z.Close()
	f.raw(r, dict+" /Filter /FlateDecode", packed.Bytes())
}

func (f *File) raw(r ref, dict string, data []byte) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<<%s /Length %d>>\nstream\n", dict, len(data))
	b.Write(data)
	b.WriteString("\nendstream")
	f.objects[r-1] = b.Bytes()
}

// WriteTo writes the file. Nothing may be added to it afterwards.
func (f *File) WriteTo(w io.Writer) (int64, error) {
	for _, font := range f.fonts {
		if err := font.embed(); err != nil {
			return 0, err
		}
	}
	catalog, info := f.finish()

	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(f.objects))
	for i, object := range f.objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n", i+1)
		b.Write(object)
		b.WriteString("\nendobj\n")
	}
	start := b.Len()
	id := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %v /Info %v /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(offsets)+1, catalog, info, id[:16], id[:16], start)
	return b.WriteTo(w)
}

// finish sets the objects that know of all others, and returns the catalogue's and the
// information dictionary's numbers.
func (f *File) finish() (catalog, info ref) {
	tree := f.reserve()
	var kids bytes.Buffer
	for _, p := range f.pages {
		fmt.Fprintf(&kids, "%v ", p.ref)
		p.finish(tree)
	}
	f.set(tree, "<</Type /Pages /Count %d /Kids [%s]>>", len(f.pages), &kids)

	meta := f.reserve()
	f.raw(meta, "/Type /Metadata /Subtype /XML", f.xmp())
	catalog = f.add("<</Type /Catalog /Pages %v /Lang %s /Metadata %v /StructTreeRoot %v%s"+
		" /MarkInfo <</Marked true>> /ViewerPreferences <</DisplayDocTitle true>>>>",
		tree, text(f.info.Language), meta, f.structure(), f.outline())

	date := f.info.Created.UTC().Format("D:20060102150405Z")
	info = f.add("<</Title %s /Author %s /Subject %s /Creator %s /Producer %s"+
		" /CreationDate (%s) /ModDate (%s)>>", text(f.info.Title), text(f.info.Author),
		text(f.info.Subject), text(f.info.Creator), text(f.info.Creator), date, date)
	return catalog, info
}

func (f *File) xmp() []byte {
	esc := func(s string) string {
		var b bytes.Buffer
		xml.EscapeText(&b, []byte(s)) // a bytes.Buffer does not fail
		return b.String()
	}
	date := f.info.Created.UTC().Format(time.RFC3339)
	return fmt.Appendf(nil, `<?xpacket begin="`+"\ufeff"+`" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>%s</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>%s</xmp:CreatorTool><xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`, esc(f.info.Title), esc(f.info.Author), esc(f.info.Subject),
		esc(f.info.Language), esc(f.info.Creator), date, date)
}

// text is s as a text string: UTF-16BE with its mark, in hexadecimal (7.9.2.2).
func text(s string) string { return "<FEFF" + hex16(s) + ">" }

func hex16(s string) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}
