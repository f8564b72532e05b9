package pdf_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"backrow/review/report/faces"
	"backrow/review/report/pdf"
)

func face(t *testing.T) *faces.Face {
	t.Helper()
	var set faces.Set
	f, err := set.Open(faces.Atkinson)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func written(t *testing.T, f *pdf.File) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOutlineNests(t *testing.T) {
	f := pdf.New(pdf.Info{Title: "T", Language: "en"})
	page := f.AddPage(100, 100)
	for _, level := range []int{0, 1, 2, 2, 1, 7, 0} {
		f.Bookmark(level, "B", page, 0)
	}
	out := written(t, f)
	for want, n := range map[string]int{"/Title <FEFF0042>": 7, "/Count -2": 2, "/Count -1": 1, "/Count 2": 1, "/Prev": 3, "/Next": 3} {
		if got := strings.Count(out, want); got != n {
			t.Errorf("%q is there %d times, want %d", want, got, n)
		}
	}
}

func TestAnImageIsThereOnce(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 4)), nil); err != nil {
		t.Fatal(err)
	}
	f := pdf.New(pdf.Info{})
	page := f.AddPage(100, 100)
	for range 3 {
		im, err := f.Image(b.Bytes())
		if err != nil || im.Width != 8 || im.Height != 4 {
			t.Fatalf("%+v, %v", im, err)
		}
		figure := f.Root().Add("Figure").Alt("A picture")
		page.Content(figure, func() { page.Image(figure, im, 0, 0, 8, 4, 1) })
	}
	if n := strings.Count(written(t, f), "/DCTDecode"); n != 1 {
		t.Errorf("the image is there %d times", n)
	}
	if _, err := f.Image([]byte("GIF89a")); !errors.Is(err, pdf.ErrImage) {
		t.Errorf("a GIF: %v", err)
	}
}

func TestAFontIsCutDown(t *testing.T) {
	source := face(t)
	f := pdf.New(pdf.Info{})
	font, err := f.Font("Atkinson", source.TTF)
	if err != nil {
		t.Fatal(err)
	}
	page := f.AddPage(100, 100)
	glyph, _ := source.NominalGlyph('é') // composed of two
	page.Content(f.Root().Add("P"), func() {
		page.Text(font, 10, 0, pdf.Colour{}, 0, 10, false, []pdf.Cluster{
			{Glyphs: []pdf.Glyph{{ID: uint16(glyph), Advance: 500}}, Text: "é"},
			{Glyphs: []pdf.Glyph{{ID: 60000, Advance: 500}}, Text: "?"}, // there is no such glyph
		})
	})
	if n := len(written(t, f)); n > len(source.TTF)/2 {
		t.Errorf("two glyphs of a font of %d bytes make a file of %d", len(source.TTF), n)
	}
	for name, ttf := range map[string][]byte{"nothing": nil, "text": []byte("no font at all, but some text"), "half": source.TTF[:200]} {
		if _, err := f.Font(name, ttf); err == nil {
			t.Errorf("%s was taken for a font", name)
		}
	}
}
