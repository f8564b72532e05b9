package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sync/errgroup"

	"backrow/review/report"
	"backrow/review/report/faces"
)

func TestTheFacesAreThere(t *testing.T) {
	if missing := faces.Missing(); len(missing) > 0 {
		t.Fatalf("built without %v: run scripts/fonts", missing)
	}
}

func written(t testing.TB, doc report.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.PDF(&b, doc); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read is what poppler makes of a PDF: the text of each page.
func read(t testing.TB, pdf []byte) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	text := poppler(t, "pdftotext", "-layout", file, "-")
	pages := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	return pages
}

// poppler runs a tool that must find nothing to complain about.
func poppler(t testing.TB, tool string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("poppler-utils is not installed")
	}
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v %s", tool, err, &complaints)
	}
	return string(out)
}

// plain is text without the marks of direction that poppler puts in, and with single blanks.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r >= '\u202a' && r <= '\u202e' {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

func TestPDFSaysEverything(t *testing.T) {
	doc := lesson(t)
	text := plain(strings.Join(read(t, written(t, doc)), "\n"))
	for _, want := range []string{
		"Fractions on a number line", "Dana Whitfield", "Samuel Okafor", "Nguyễn Thị Hương",
		"Year 5, Room 12", "Harbour Teacher Residency", "Tuesday 3 November 2026,", "10:15 CET", "47 min 10 s",
		"seven pupils who had not spoken in October",
		"Wait time", "I wait at least three seconds", "More hands, and hands from every table.", "12 December 2026",
		"00:41", "You counted to five before taking the first hand.", "I did not notice that while teaching.",
		"4 November 2026, 12:15", "12:31–12:58", "told under ‘Checking understanding’",
		"Without a target area", "Transition 2 min 10 s", "only you",
		"Zoë Łukaszewicz-Ñuñez", "Điều gì", "Ελένη Παπαδοπούλου", "πώς εξηγούν το κλάσμα", "Анна Ковалёва", "ещё минуту",
		"مريم الزهراء", "بعد السؤال", "נועה כהן", "זה היה רגע יפה",
		"王小明", "学生们真的理解分数的意义了吗？", "佐藤 花子", "直線の上に分数を置く活動", "김민준", "다음 수업에서는",
		"प्रिया शर्मा", "बहुत अच्छे प्रश्न पूछे", "क्षेत्र और श्रृंखला", "สมชาย ใจดี", "👍🏽",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report", want)
		}
	}
	if strings.Contains(text, "\ufffd") {
		t.Error("a character of the report has no face")
	}
	if n := strings.Count(text, "The same table answered"); n != 1 {
		t.Errorf("a mark of two areas is told %d times", n)
	}
}

func TestPDFSpeaksSpanish(t *testing.T) {
	doc := lesson(t)
	doc.Lang = "es-MX"
	text := plain(strings.Join(read(t, written(t, doc)), "\n"))
	for _, want := range []string{"Docente", "martes 3 de noviembre", "Fortaleza", "Página 1 de"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report", want)
		}
	}
}

func TestPDFSaysThatThereIsNothing(t *testing.T) {
	for name, doc := range map[string]report.Document{
		"nothing at all": {},
		"no marks":       {Title: "A lesson", Areas: []report.Area{{ID: "a", Name: "Wait time", Goal: "I wait."}}},
	} {
		pages := read(t, written(t, doc))
		if len(pages) != 1 || !strings.Contains(pages[0], "There is no feedback here yet.") {
			t.Errorf("%s: %q", name, pages)
		}
	}
}

func TestPDFIsTheSameEachTime(t *testing.T) {
	doc := long(t, 40)
	var reports [2]bytes.Buffer // written at the same time, since people do
	var group errgroup.Group
	for i := range reports {
		group.Go(func() error { return report.PDF(&reports[i], doc) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(reports[0].Bytes(), reports[1].Bytes()) {
		t.Error("two reports of one document differ")
	}
}

func TestPDFMetadata(t *testing.T) {
	doc := lesson(t)
	for paper, size := range map[report.Paper]string{report.A4: "595.28 x 841.89 pts (A4)", report.Letter: "612 x 792 pts (letter)"} {
		doc.Paper = paper
		file := filepath.Join(t.TempDir(), "report.pdf")
		if err := os.WriteFile(file, written(t, doc), 0o600); err != nil {
			t.Fatal(err)
		}
		info := plain(poppler(t, "pdfinfo", file))
		for _, want := range []string{"Title: Fractions on a number line", "Author: Samuel Okafor, Nguyễn Thị Hương",
			"Tagged: yes", "Metadata Stream: yes", "Page size: " + size, "Encrypted: no"} {
			if !strings.Contains(info, want) {
				t.Errorf("pdfinfo does not say %q: %s", want, info)
			}
		}
		fonts := poppler(t, "pdffonts", file)
		for i, line := range strings.Split(strings.TrimSpace(fonts), "\n") {
			if i > 1 && !strings.Contains(line, "yes yes yes") { // embedded, subset, with Unicode
				t.Errorf("font %s", line)
			}
		}
		structure := poppler(t, "pdfinfo", "-struct", file)
		for _, role := range []string{"H1", "H2", "H3", "Figure", "LBody"} {
			if !strings.Contains(structure, role) {
				t.Errorf("nothing is tagged %s", role)
			}
		}
	}
}

// spoken is how a text stands in the file where it is told instead of shown.
func spoken(text string) []byte {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.Bytes()
}

func TestChartCounts(t *testing.T) {
	doc := lesson(t)
	pdf := written(t, doc)
	for _, want := range []string{
		"Wait time: Strength 2, Suggestion 1, Note 1",
		"Checking understanding: Strength 1, Suggestion 1, Question 1",
		"Partner talk: Strength 1, Suggestion 1, Question 1",
		"Without a target area: Note 1",
	} {
		if !bytes.Contains(pdf, append([]byte("/Alt <FEFF"), append(spoken(want), '>')...)) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	text := plain(read(t, pdf)[0])
	for _, want := range []string{"Strength 3 Suggestion 2 Question 2 Note 2 9 in all", "Wait time 2 1 1 4",
		"A mark tied to several areas is counted in each."} {
		if !strings.Contains(text, want) {
			t.Errorf("the chart does not show %q: %s", want, text)
		}
	}
}

// A part that is too narrow for its number is told beside its bar.
func TestChartCountsOfNarrowParts(t *testing.T) {
	doc := report.Document{Areas: []report.Area{{ID: "a", Name: "Wait time"}}}
	for i := range 300 {
		m := report.Mark{Start: time.Duration(i) * time.Second, Kind: report.Strength, AreaIDs: []string{"a"}}
		if i == 7 {
			m.Kind = report.Question
		}
		doc.Marks = append(doc.Marks, m)
	}
	if text := plain(read(t, written(t, doc))[0]); !strings.Contains(text, "Wait time 299 300 299 1") {
		t.Errorf("the chart shows %s", text)
	}
}

func TestNoMarkIsCutFromItsHeading(t *testing.T) {
	for _, stills := range []bool{false, true} {
		doc := report.Document{Title: "Lesson"}
		for i := range 12 {
			area := fmt.Sprintf("area %d.", i)
			doc.Areas = append(doc.Areas, report.Area{ID: area, Name: "About " + area, Goal: strings.Repeat("A goal. ", i*9)})
			for j := range 7 {
				n := i*100 + j
				m := report.Mark{
					Start: time.Duration(n) * time.Second, Author: fmt.Sprintf("Author %d.", n), AreaIDs: []string{area},
					Text: fmt.Sprintf("Text %d. %s", n, strings.Repeat("And on it goes. ", n%17*n%29)),
				}
				if stills && j%2 == 0 {
					m.Still = classroom(t, uint8(n))
				}
				doc.Marks = append(doc.Marks, m)
			}
		}
		pages := read(t, written(t, doc))
		for _, m := range doc.Marks {
			text, _, _ := strings.Cut(m.Text, ". ")
			together := false
			for _, p := range pages {
				together = together || strings.Contains(p, m.Author) && strings.Contains(p, text+".")
			}
			if !together {
				t.Errorf("%s and %s are on different pages", m.Author, text)
			}
		}
		for i, a := range doc.Areas {
			first := fmt.Sprintf("Author %d.", i*100)
			together := false
			for _, p := range pages {
				together = together || strings.Contains(p, a.Name) && strings.Contains(p, first)
			}
			if height := len(a.Goal) / 80 * 16; !together && height < 150 {
				t.Errorf("%s is on another page than its first mark", a.Name)
			}
		}
		for i, p := range pages {
			if want := fmt.Sprintf("Page %d of %d", i+1, len(pages)); !strings.Contains(p, want) {
				t.Errorf("page %d does not say %q", i+1, want)
			}
		}
	}
}

func TestLongTextsFlowOverPages(t *testing.T) {
	var text, reply strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&text, "word%d ", i)
		fmt.Fprintf(&reply, "answer%d ", i)
	}
	doc := report.Document{Marks: []report.Mark{{
		Text: text.String(), Author: "Sam", Still: classroom(t, 1),
		Replies: []report.Reply{{Author: "Dana", Text: reply.String()}},
	}}}
	pages := read(t, written(t, doc))
	if len(pages) < 4 {
		t.Fatalf("%d pages", len(pages))
	}
	all := " " + plain(strings.Join(pages, " ")) + " "
	for i := range 1500 {
		for _, word := range []string{"word", "answer"} {
			if want := fmt.Sprintf(" %s%d ", word, i); strings.Count(all, want) != 1 {
				t.Fatalf("%q is there %d times", want, strings.Count(all, want))
			}
		}
	}
	if !strings.Contains(pages[1], "00:00 continued") {
		t.Error("the second page does not say what is continued")
	}
}

func TestPDFBounds(t *testing.T) {
	doc := report.Document{Marks: make([]report.Mark, report.MaxMarks+7)}
	for i := range doc.Marks {
		doc.Marks[i].Start = time.Duration(i) * time.Second
	}
	pages := read(t, written(t, doc))
	if last := plain(pages[len(pages)-1]); !strings.Contains(last, "7 more marks are beyond what one report holds.") {
		t.Errorf("the last page says %s", last)
	}

	small, large := written(t, long(t, 1)), written(t, func() report.Document {
		doc := long(t, 1)
		doc.Marks[0].Still = append(doc.Marks[0].Still, make([]byte, report.MaxStillBytes)...)
		return doc
	}())
	if len(large) >= len(small) {
		t.Error("a still that is too large was not left out")
	}
}

func TestStillsThatAreNone(t *testing.T) {
	good := classroom(t, 1)
	for name, still := range map[string][]byte{
		"empty": {}, "text": []byte("no picture"), "cut": good[:40], "a wide one": jpegOf(t, image.NewGray(image.Rect(0, 0, 3000, 10))),
	} {
		doc := report.Document{Marks: []report.Mark{{Text: "Here.", Still: still}}}
		if pdf := written(t, doc); bytes.Contains(pdf, []byte("DCTDecode")) && name != "a wide one" {
			t.Errorf("%s: is in the file", name)
		}
	}
}

func TestReportIsSmall(t *testing.T) {
	doc := long(t, 200)
	for i := range doc.Marks {
		doc.Marks[i].Still = nil
	}
	if n := len(written(t, doc)); n > 500_000 {
		t.Errorf("200 marks without stills are %d bytes", n)
	}
}

func BenchmarkPDF200Marks(b *testing.B) {
	doc := long(b, 200)
	for b.Loop() {
		written(b, doc)
	}
}

// FuzzText is any text in any place of a report.
func FuzzText(f *testing.F) {
	for _, m := range lesson(f).Marks {
		f.Add(m.Text, m.Author)
	}
	for _, text := range []string{
		"", "\xff\xfe\x80", "\u202e\u2066\u2067\u2069\u202c evil", strings.Repeat("\u202b", 300) + "a",
		"👩\u200d👩\u200d👧\u200d👦🏳\ufe0f\u200d🌈🇨🇭", "a" + strings.Repeat("\u0301", 500), strings.Repeat("W", 3000), strings.Repeat("ぁ", 3000),
		"\u200d\u200d\u200c", "\x00\x1b[31m\u0085\u2028\ufeff\uffff", "\U0010ffff\U000e0001", "ﷺ", "ᠮᠣᠩᠭᠣᠯ", "\n\n\n",
		"( [ {\u0627) ] }", "क्\u200dष", "เเเเเ", "가\u1100\u1161", "\u00ad\u00ad", "=\u202d1",
	} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		doc := report.Document{
			Title: name, Class: text, Program: name, Teacher: text, Instructors: []string{name, text},
			Lang:    name,
			Reviews: []report.Review{{Instructor: name, Summary: text}},
			Areas:   []report.Area{{ID: "a", Name: name, Goal: text, Measure: text, DueOn: name}, {ID: "b", Name: text}},
			Marks: []report.Mark{{Kind: report.Kind(name), AreaIDs: []string{"a", "b"}, Text: text, Author: name, Still: []byte(text),
				Replies: []report.Reply{{Author: text, Text: name}}}},
		}
		var b bytes.Buffer
		if err := report.PDF(&b, doc); err != nil {
			t.Fatal(err)
		}
		b.Reset()
		if err := report.CSV(&b, doc); err != nil {
			t.Fatal(err)
		}
	})
}
