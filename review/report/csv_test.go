package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"backrow/review/report"
)

func rows(t *testing.T, doc report.Document) (header []string, rows []map[string]string) {
	t.Helper()
	var b bytes.Buffer
	if err := report.CSV(&b, doc); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(b.String(), "\ufeff")
	if !ok {
		t.Fatal("no byte order mark")
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

func TestCSVColumns(t *testing.T) {
	header, none := rows(t, report.Document{})
	want := []string{"recording", "teacher", "program", "class", "recorded_at", "row", "mark",
		"start", "start_ms", "end", "end_ms", "kind", "target_areas", "author", "text", "written_at", "private"}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
	if len(none) != 0 {
		t.Errorf("an empty report has %d rows", len(none))
	}
}

func TestCSVRows(t *testing.T) {
	doc := lesson(t)
	_, got := rows(t, doc)
	replies := 0
	for _, m := range doc.Marks {
		replies += len(m.Replies)
	}
	if want := len(doc.Marks) + replies; len(got) != want {
		t.Fatalf("%d rows, want %d", len(got), want)
	}
	want := map[string]string{
		"recording": "Fractions on a number line", "teacher": "Dana Whitfield",
		"program": "Harbour Teacher Residency", "class": "Year 5, Room 12",
		"recorded_at": "2026-11-03T10:15:00+01:00", "row": "mark", "mark": "2",
		"start": "12:31", "start_ms": "751000", "end": "12:58", "end_ms": "778000",
		"kind": "suggestion", "target_areas": "Checking understanding; Wait time", "author": "Samuel Okafor",
		"text":       "The same table answered four times in a row. Who in the group by the window could say it back in their own words?",
		"written_at": "", "private": "false",
	}
	if diff := cmp.Diff(want, got[3]); diff != "" {
		t.Error(diff)
	}
	reply := got[1]
	if reply["row"] != "reply" || reply["mark"] != "1" || reply["author"] != "Dana Whitfield" ||
		reply["written_at"] != "2026-11-04T12:15:00+01:00" || reply["start_ms"] != "41000" {
		t.Errorf("the first reply is %v", reply)
	}
}

func TestCSVTimes(t *testing.T) {
	for _, c := range []struct {
		at       time.Duration
		text, ms string
	}{
		{0, "00:00", "0"},
		{999 * time.Millisecond, "00:00", "999"},
		{59*time.Minute + 59*time.Second, "59:59", "3599000"},
		{time.Hour, "1:00:00", "3600000"},
		{3*time.Hour + 2*time.Minute + time.Second, "3:02:01", "10921000"},
		{-time.Second, "00:00", "0"},
	} {
		_, got := rows(t, report.Document{Marks: []report.Mark{{Start: c.at, End: c.at}}})
		if got[0]["start"] != c.text || got[0]["start_ms"] != c.ms || got[0]["end"] != c.text {
			t.Errorf("%v is %q and %q", c.at, got[0]["start"], got[0]["start_ms"])
		}
	}
}

func TestCSVIsHarmless(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"=1+1", "'=1+1"},
		{"+41 44 000", "'+41 44 000"},
		{"-2", "'-2"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"  =cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{"\t=1", "'=1"},
		{"\r=1", "'=1"},
		{"\u00a0=1", "'=1"},
		{"＝1+1", "'＝1+1"},
		{"\u202d=1", "'\u202d=1"},
		{"\u200b=1", "'\u200b=1"},
		{"a=1", "a=1"},
		{"3 > 2", "3 > 2"},
		{`say "why", then wait`, `say "why", then wait`},
		{"one\r\ntwo\rthree", "one\ntwo\nthree"},
		{"مرحبا", "مرحبا"},
		{"\xff\xfe", "\ufffd"},
		{"", ""},
	} {
		_, got := rows(t, report.Document{Marks: []report.Mark{{Text: c.text}}})
		if got[0]["text"] != c.want {
			t.Errorf("%q became %q, want %q", c.text, got[0]["text"], c.want)
		}
	}
	_, got := rows(t, report.Document{
		Title: "=title", Teacher: "@teacher", Class: "-class", Program: "+program",
		Areas: []report.Area{{ID: "a", Name: "=area"}},
		Marks: []report.Mark{{AreaIDs: []string{"a", "gone", "a"}, Author: "=author"}},
	})
	for column, want := range map[string]string{"recording": "'=title", "teacher": "'@teacher",
		"class": "'-class", "program": "'+program", "target_areas": "'=area", "author": "'=author"} {
		if got[0][column] != want {
			t.Errorf("%s is %q, want %q", column, got[0][column], want)
		}
	}
}

func TestCSVBounds(t *testing.T) {
	doc := report.Document{Marks: make([]report.Mark, report.MaxMarks+1)}
	doc.Marks[0].Text = strings.Repeat("é", report.MaxText+1)
	doc.Marks[0].Replies = make([]report.Reply, report.MaxReplies+1)
	_, got := rows(t, doc)
	if want := report.MaxMarks + report.MaxReplies; len(got) != want {
		t.Errorf("%d rows, want %d", len(got), want)
	}
	if n := len([]rune(got[0]["text"])); n != report.MaxText+1 || !strings.HasSuffix(got[0]["text"], "é…") {
		t.Errorf("the text has %d characters", n)
	}
}

func TestErrorsOfTheWriterAreReturned(t *testing.T) {
	full := errors.New("full")
	if err := report.CSV(failing{full}, lesson(t)); !errors.Is(err, full) {
		t.Errorf("CSV: %v", err)
	}
	if err := report.PDF(failing{full}, lesson(t)); !errors.Is(err, full) {
		t.Errorf("PDF: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
