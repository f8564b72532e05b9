package typeset_test

import (
	"strings"
	"testing"
	"unicode"

	"backrow/review/report/faces"
	"backrow/review/report/typeset"
)

func setter(t testing.TB) *typeset.Setter {
	t.Helper()
	s, err := typeset.New("en")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// said is the text that lines stand for.
func said(lines []typeset.Line) string {
	var b strings.Builder
	for _, l := range lines {
		for _, r := range l.Runs {
			for i := range r.Clusters {
				c := r.Clusters[i]
				if r.Reversed {
					c = r.Clusters[len(r.Clusters)-1-i]
				}
				b.WriteString(c.Text)
			}
		}
	}
	return b.String()
}

func TestLinesSayAllAndFit(t *testing.T) {
	s := setter(t)
	style := typeset.Style{Size: 10.5}
	for _, text := range []string{
		"You counted to five before taking the first hand. Three more went up.",
		"Nguyễn Thị Hương và Đặng Thái Sơn", "Дайте парам ещё минуту: первые ответы были слишком быстрыми.",
		"Ήθελα να ακούσω πώς εξηγούν το κλάσμα.", "שלום, זה היה רגע יפה בשיעור.",
		"أحسنتِ الانتظار بعد السؤال، فقد رفع ثلاثة تلاميذ آخرون أيديهم.", "مُعَلِّمَةٌ رائعة",
		"学生们真的理解分数的意义了吗？也许可以请他们用数轴说明。", "直線の上に分数を置く活動は、とても分かりやすかった。",
		"다음 수업에서는 짝 활동을 더 길게 해 보세요.", "विद्यार्थियों ने बहुत अच्छे प्रश्न पूछे।", "นักเรียนตั้งใจฟังและช่วยกันคิดคำตอบได้ดีมาก",
		"Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
		strings.Repeat("W", 500), "a 👍🏽 b ✓ c → d", "Mixed שלום and مرحبا and 你好.",
	} {
		for _, width := range []float64{60, 150, 327} {
			lines := s.Lines(text, style, width)
			if got := said(lines); got != text {
				t.Errorf("%q became %q", text, got)
			}
			for _, l := range lines {
				sum := 0.0
				for _, r := range l.Runs {
					sum += r.Width
				}
				if l.Width > width+.01 || sum > l.Width+.01 {
					t.Errorf("a line of %q is %.2f wide, its runs %.2f, of %.0f", text, l.Width, sum, width)
				}
			}
		}
	}
}

func TestFaces(t *testing.T) {
	s := setter(t)
	for _, c := range []struct {
		text string
		bold bool
		want []faces.Name
	}{
		{"Wait time", false, []faces.Name{faces.Atkinson}},
		{"Wait time", true, []faces.Name{faces.Atkinson.Bold()}},
		{"Hương", false, []faces.Name{faces.Sans}}, // the whole word, though it has letters of ours
		{"Ελένη", true, []faces.Name{faces.Sans.Bold()}},
		{"Анна", false, []faces.Name{faces.Sans}},
		{"مريم", false, []faces.Name{faces.Arabic}},
		{"נועה", true, []faces.Name{faces.Hebrew.Bold()}},
		{"王小明", true, []faces.Name{faces.Han}},
		{"直線の", false, []faces.Name{faces.Kana}},
		{"김민준", false, []faces.Name{faces.Hangul}},
		{"प्रिया", false, []faces.Name{faces.Devanagari}},
		{"สมชาย", false, []faces.Name{faces.Thai}},
		{"👍🏽", false, []faces.Name{faces.Emoji}},
		{"2 + 2", false, []faces.Name{faces.Atkinson}},
		{"ok 👍", false, []faces.Name{faces.Atkinson, faces.Emoji}},
		{"ᠮᠣᠩ", false, []faces.Name{faces.Atkinson}}, // there is none: boxes
	} {
		line := s.Line(c.text, typeset.Style{Size: 10, Bold: c.bold}, 1000)
		var got []faces.Name
		for _, r := range line.Runs {
			if n := len(got); n == 0 || got[n-1] != r.Face.Name {
				got = append(got, r.Face.Name)
			}
			if plain := r.Face.Name.Bold() == r.Face.Name && !strings.HasSuffix(string(r.Face.Name), "-bold"); r.Embolden != (c.bold && plain) {
				t.Errorf("%q: emboldened is %v", c.text, r.Embolden)
			}
		}
		if strings.Join(names(got), " ") != strings.Join(names(c.want), " ") {
			t.Errorf("%q is set in %v, want %v", c.text, got, c.want)
		}
	}
}

func names(all []faces.Name) (names []string) {
	for _, n := range all {
		names = append(names, string(n))
	}
	return names
}

// Each of these letters alone is another glyph than between two others.
func TestArabicIsJoined(t *testing.T) {
	s := setter(t)
	style := typeset.Style{Size: 10}
	for _, letter := range strings.Split("ب ت ث ج ح خ س ش ص ض ط ظ ع غ ف ق ك ل م ن ه ي پ چ گ ی", " ") {
		alone := s.Line(letter, style, 100).Runs[0].Clusters
		middle := s.Line("ـ"+letter+"ـ", style, 100).Runs[0].Clusters
		if len(middle) != 3 || middle[1].Glyphs[0].ID == alone[0].Glyphs[0].ID {
			t.Errorf("%s is not joined", letter)
		}
	}
}

func TestDirection(t *testing.T) {
	s := setter(t)
	for text, want := range map[string]bool{
		"Hello שלום": false, "שלום Hello": true, "12:31 مرحبا": true, "12:31": false, "": false,
		"\u2068Hello\u2069 שלום": true, "«…» Да": false,
	} {
		if got := s.Line(text, typeset.Style{Size: 10}, 1000).RightToLeft; got != want {
			t.Errorf("%q from right to left: %v", text, got)
		}
	}
	line := s.Line("אב cd הו", typeset.Style{Size: 10}, 1000)
	if len(line.Runs) < 3 || line.Runs[0].X <= line.Runs[1].X || line.Runs[1].X <= line.Runs[len(line.Runs)-1].X {
		t.Errorf("the runs lie at %+v", line.Runs)
	}
}

func TestLineIsCut(t *testing.T) {
	s := setter(t)
	style := typeset.Style{Size: 10}
	for _, text := range []string{"Samuel Okafor of the Harbour Teacher Residency", "مريم الزهراء بنت عبد الرحمن", strings.Repeat("W", 300)} {
		line := s.Line(text, style, 80)
		if got := said([]typeset.Line{line}); line.Width > 80 || !strings.HasSuffix(got, "…") {
			t.Errorf("%q was cut to %q, %.1f wide", text, got, line.Width)
		}
	}
	if got := said([]typeset.Line{s.Line("one\ntwo", style, 80)}); got != "one two" {
		t.Errorf("two lines became %q", got)
	}
}

func TestParagraphs(t *testing.T) {
	s := setter(t)
	if n := len(s.Lines("one\n\nthree\n", typeset.Style{Size: 10}, 100)); n != 4 {
		t.Errorf("%d lines", n)
	}
	long := strings.Repeat("word ", 9000)
	if got := said(s.Lines(long, typeset.Style{Size: 10}, 300)); got != long {
		t.Error("a very long paragraph lost something")
	}
}

// printed is text without controls and line ends, which lines leave out.
func printed(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, text)
}

func FuzzLines(f *testing.F) {
	for _, text := range []string{
		"Wait time", "Nguyễn Thị Hương", "مُعَلِّمَةٌ (00:41) abc", "שלום cd 12", "学生们，", "क्षेत्र", "ที่นี่", "👍🏽 ok",
		"\xff\xfe", "\u202e\u2066\u2067\u2069\u202cx", "a\u0301\u0301\u0301", "\u200d\u200c\u00ad", "\n\n", "( [ {ا) ] }", "\U000e0001\U0010ffff",
	} {
		f.Add(text, 100.0, false)
	}
	s := setter(f)
	f.Fuzz(func(t *testing.T, text string, width float64, bold bool) {
		if len(text) > 1000 || width != width {
			return
		}
		width = min(max(width, 0), 1e4)
		style := typeset.Style{Size: 10, Bold: bold}
		lines := s.Lines(text, style, width)
		want := printed(strings.ToValidUTF8(text, "\ufffd"))
		if got := printed(said(lines)); got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, l := range lines {
			if l.Width > width+.01 && len(l.Runs) > 1 && width > 100 {
				t.Errorf("%q: a line is %.1f wide of %.1f", text, l.Width, width)
			}
		}
		s.Line(text, style, width)
	})
}
