package report_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"

	"backrow/review/report"
)

// lesson is a report such as people take home, with names and texts in many scripts.
func lesson(t testing.TB) report.Document {
	zone := time.FixedZone("CET", 3600)
	day := time.Date(2026, 11, 3, 9, 15, 0, 0, time.UTC)
	return report.Document{
		Title:       "Fractions on a number line",
		Class:       "Year 5, Room 12",
		Program:     "Harbour Teacher Residency",
		Teacher:     "Dana Whitfield",
		Instructors: []string{"Samuel Okafor", "Nguyễn Thị Hương"},
		RecordedAt:  day,
		Duration:    47*time.Minute + 10*time.Second,
		GeneratedAt: day.Add(50 * time.Hour),
		Zone:        zone,
		Lang:        "en",
		Reviews: []report.Review{{
			Instructor: "Samuel Okafor", ReturnedAt: day.Add(48 * time.Hour),
			Summary: "Dana, the room thinks before it speaks now. That is your waiting, and it shows in who answers: seven pupils who had not spoken in October did so today.\n\nOne thing for next time: let somebody else say it back before you do.",
		}},
		Areas: []report.Area{
			{ID: "wait", Name: "Wait time", Goal: "I wait at least three seconds after a question, and again after an answer.",
				Measure: "More hands, and hands from every table.", DueOn: "2026-12-12", Hue: 1},
			{ID: "check", Name: "Checking understanding", Goal: "Every pupil shows me what they understand before we move on.", Hue: 2},
			{ID: "talk", Name: "Partner talk", Goal: "Pairs talk about the question, and I listen to three of them.", Hue: 3},
		},
		Marks: []report.Mark{
			mark(t, 41*time.Second, 0, report.Strength, "Samuel Okafor", []string{"wait"},
				"You counted to five before taking the first hand. Three more went up.", true,
				report.Reply{Author: "Dana Whitfield", At: day.Add(26 * time.Hour), Text: "I did not notice that while teaching."},
				report.Reply{Author: "Samuel Okafor", At: day.Add(27 * time.Hour), Text: "It is becoming a habit. Watch 12:31 next."}),
			mark(t, 751*time.Second, 27*time.Second, report.Suggestion, "Samuel Okafor", []string{"check", "wait"},
				"The same table answered four times in a row. Who in the group by the window could say it back in their own words?", true),
			mark(t, 920*time.Second, 0, report.Question, "Nguyễn Thị Hương", []string{"talk"},
				"What did you hope the partner talk would show you here? Điều gì khiến em chọn câu hỏi này?", true,
				report.Reply{Author: "Ελένη Παπαδοπούλου", At: day.Add(30 * time.Hour), Text: "Ήθελα να ακούσω πώς εξηγούν το κλάσμα."}),
			mark(t, 1265*time.Second, 0, report.Note, "Dana Whitfield", nil, "Transition 2 min 10 s, compare with October.", false),
			mark(t, 1300*time.Second, 12*time.Second, report.Strength, "مريم الزهراء", []string{"wait"},
				"أحسنتِ الانتظار بعد السؤال، فقد رفع ثلاثة تلاميذ آخرون أيديهم (انظري 00:41). مُعَلِّمَةٌ رائعة.", true,
				report.Reply{Author: "נועה כהן", At: day.Add(31 * time.Hour), Text: "שלום, זה היה רגע יפה בשיעור של Year 5."}),
			mark(t, 1420*time.Second, 0, report.Question, "王小明", []string{"check"},
				"学生们真的理解分数的意义了吗？也许可以请他们用数轴说明，而不只是给出答案。", true,
				report.Reply{Author: "佐藤 花子", At: day.Add(32 * time.Hour), Text: "直線の上に分数を置く活動は、とても分かりやすかったです。"},
				report.Reply{Author: "김민준", At: day.Add(33 * time.Hour), Text: "다음 수업에서는 짝 활동을 더 길게 해 보세요."}),
			mark(t, 1600*time.Second, 0, report.Suggestion, "Анна Ковалёва", []string{"talk"},
				"Дайте парам ещё минуту: первые ответы были слишком быстрыми.", true,
				report.Reply{Author: "प्रिया शर्मा", At: day.Add(34 * time.Hour), Text: "विद्यार्थियों ने बहुत अच्छे प्रश्न पूछे। क्षेत्र और श्रृंखला।"},
				report.Reply{Author: "สมชาย ใจดี", At: day.Add(35 * time.Hour), Text: "นักเรียนตั้งใจฟังและช่วยกันคิดคำตอบได้ดีมาก"}),
			mark(t, 1800*time.Second, 95*time.Second, report.Strength, "Zoë Łukaszewicz-Ñuñez", []string{"talk", "check"},
				"Lovely 👍🏽: every pair had something on paper ✓ 📐 and you heard three of them → exactly the goal.", true),
			mark(t, 2400*time.Second, 0, report.Note, "Dana Whitfield", []string{"wait"}, "Think about the second row.", true),
		},
	}
}

func mark(t testing.TB, at, long time.Duration, kind report.Kind, author string, areas []string, text string, still bool, replies ...report.Reply) report.Mark {
	m := report.Mark{Start: at, End: at + long, Kind: kind, Author: author, AreaIDs: areas, Text: text, Replies: replies}
	if still {
		m.Still = classroom(t, uint8(at/time.Second))
	} else {
		m.Private = true
	}
	return m
}

// classroom is a JPEG of a blackboard and some heads.
func classroom(t testing.TB, seed uint8) []byte {
	im := image.NewRGBA(image.Rect(0, 0, 160, 90))
	for y := range 90 {
		for x := range 160 {
			c := color.RGBA{86 - uint8(y/3), 106 - uint8(y/3), 104, 255}
			if x > 40 && x < 120 && y > 10 && y < 45 {
				c = color.RGBA{36, 72, 62, 255}
			}
			for i := range 3 {
				cx, cy := 25+50*i+int(seed)%20, 70
				if (x-cx)*(x-cx)+(y-cy)*(y-cy) < 75 || (x-cx)*(x-cx)/2+(y-100)*(y-100) < 300 {
					c = color.RGBA{31, 41, 43, 255}
				}
			}
			im.SetRGBA(x, y, c)
		}
	}
	return jpegOf(t, im)
}

func jpegOf(t testing.TB, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// long is the lesson with n marks.
func long(t testing.TB, n int) report.Document {
	doc := lesson(t)
	some := doc.Marks
	doc.Marks = nil
	for i := range n {
		m := some[i%len(some)]
		m.Start = time.Duration(i) * 13 * time.Second
		m.End = m.Start
		m.Text = fmt.Sprintf("%s (%d)", m.Text, i)
		doc.Marks = append(doc.Marks, m)
	}
	return doc
}
