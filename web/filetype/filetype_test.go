package filetype_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"backrow/storage"
	"backrow/web/filetype"
)

// archive is a ZIP of files, the first of them not compressed.
func archive(t testing.TB, names ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, name := range names {
		name, content, _ := strings.Cut(name, "=")
		method := zip.Deflate
		if i == 0 {
			method = zip.Store
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestOf(t *testing.T) {
	many := []string{"[Content_Types].xml=x", "word/document.xml=x"}
	for range 5000 {
		many = append(many, "word/x.xml=")
	}
	for _, c := range []struct{ name, content, want string }{
		{"pdf", "%PDF-1.7\n", "application/pdf"},
		{"png", "\x89PNG\r\n\x1a\n....", "image/png"},
		{"jpeg", "\xff\xd8\xff\xe0....", "image/jpeg"},
		{"webp", "RIFF....WEBPVP8 ", "image/webp"},
		{"heic", "\x00\x00\x00\x18ftypheic....", "image/heic"},
		{"mp4", "\x00\x00\x00\x18ftypisom....", "video/mp4"},
		{"mp3", "ID3\x04....", "audio/mpeg"},
		{"rtf", `{\rtf1 Plan}`, "application/rtf"},
		{"text", "Plan — Brüche\n1. Warm-up\n", "text/plain; charset=utf-8"},
		{"long text, cut in a character", strings.Repeat("a", 64<<10-1) + "é", "text/plain; charset=utf-8"},
		{"docx", archive(t, "[Content_Types].xml=x", "word/document.xml=x"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"pptx", archive(t, "_rels/.rels=x", "[Content_Types].xml=x", "ppt/presentation.xml=x"), "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
		{"odt", archive(t, "mimetype=application/vnd.oasis.opendocument.text", "content.xml=x"), "application/vnd.oasis.opendocument.text"},

		{"nothing", "", ""},
		{"html", "<!doctype html><script>alert(1)</script>", ""},
		{"html after space", " \n\ufeff<p onclick=x>", ""},
		{"html inside of text", "Hello <script>alert(1)</script>", "text/plain; charset=utf-8"}, // is served as text
		{"svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="x"/>`, ""},
		{"xml", `<?xml version="1.0"?><a/>`, ""},
		{"program", "\x7fELF\x02\x01\x01", ""},
		{"windows program", "MZ\x90\x00", ""},
		{"text of another encoding", "Br\xfcche", ""},
		{"text with a control", "a\x1b[2Jb", ""},
		{"old Word", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ""},
		{"zip", archive(t, "a.txt=x"), ""},
		{"jar", archive(t, "META-INF/MANIFEST.MF=x", "a.class=x"), ""},
		{"macros", archive(t, "[Content_Types].xml=x", "word/document.xml=x", "word/vbaProject.bin=x"), ""},
		{"broken zip", "PK\x03\x04 and no more", ""},
		{"zip of thousands", archive(t, many...), ""},
	} {
		got, err := filetype.Of(strings.NewReader(c.content), int64(len(c.content)))
		if got.Media != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s is %q, %v; want %q", c.name, got.Media, err, c.want)
		}
		if err != nil && (storage.KindOf(err) != storage.Invalid || len(storage.MessageOf(err)) < 10) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestName(t *testing.T) {
	pdf := filetype.Type{Media: "application/pdf", Extensions: []string{".pdf"}}
	for name, want := range map[string]string{
		"Lesson plan.pdf":           "Lesson plan.pdf",
		"PLAN.PDF":                  "PLAN.pdf",
		"../../etc/passwd":          "passwd.pdf",
		`C:\Users\dana\plan.pdf`:    "plan.pdf",
		"plan.exe":                  "plan.exe.pdf",
		"plan.pdf.html":             "plan.pdf.html.pdf",
		"\u202efdp.exe":             "fdp.exe.pdf",
		"a\r\nSet-Cookie: b.pdf":    "aSet-Cookie- b.pdf",
		"":                          "file.pdf",
		"...":                       "file.pdf",
		".pdf":                      "pdf.pdf",
		"分数 — план.pdf":             "分数 — план.pdf",
		"\xff\xfe.pdf":              "pdf.pdf",
		strings.Repeat("長", 500):    strings.Repeat("長", 116) + ".pdf",
		"what?<b>\"plan\"|now*.pdf": "what--b--plan--now-.pdf",
	} {
		if got := filetype.Name(name, pdf); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add([]byte("%PDF-1.7"))
	f.Add([]byte("plain"))
	f.Add([]byte(archive(f, "[Content_Types].xml=x", "word/document.xml=x")))
	f.Add([]byte(archive(f, "mimetype=application/vnd.oasis.opendocument.text")))
	f.Fuzz(func(t *testing.T, content []byte) {
		is, err := filetype.Of(bytes.NewReader(content), int64(len(content)))
		if err == nil && (is.Media == "" || len(is.Extensions) == 0) {
			t.Errorf("a type without a name: %+v", is)
		}
		if strings.Contains(is.Media, "html") || strings.Contains(is.Media, "svg") || strings.Contains(is.Media, "xml\"") {
			t.Errorf("taken as %s", is.Media)
		}
	})
}

func FuzzName(f *testing.F) {
	f.Add("../x\r\n.pdf")
	f.Fuzz(func(t *testing.T, name string) {
		got := filetype.Name(name, filetype.Type{Media: "image/png", Extensions: []string{".png"}})
		if !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\r\n\x00\":<>|") ||
			!strings.HasSuffix(got, ".png") || len(got) < 5 || utf8.RuneCountInString(got) > 120 || got[0] == '.' {
			t.Errorf("%q became %q", name, got)
		}
		if again := filetype.Name(got, filetype.Type{Media: "image/png", Extensions: []string{".png"}}); again != got {
			t.Errorf("%q became %q and then %q", name, got, again)
		}
	})
}
