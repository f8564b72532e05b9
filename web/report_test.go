package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"backrow/annotate"
	"backrow/review"
	"backrow/storage"
)

func TestReport(t *testing.T) {
	l := newLesson(t, "分数とわり算")
	l.let("pair", review.Reviewer)
	l.mark("pair", "You waited.", annotate.Shared)
	l.mark("pair", "Only for me.", annotate.Private)
	owner := l.as("owner")

	csv := owner.get(l.path("/report.csv"))
	if csv.StatusCode != http.StatusOK || !strings.Contains(csv.body, "You waited.") ||
		!strings.Contains(csv.Header.Get("Content-Disposition"), "filename*=UTF-8''%E5%88%86") {
		t.Errorf("%d %v\n%s", csv.StatusCode, csv.Header, csv.body)
	}
	if strings.Contains(csv.body, "Only for me") {
		t.Error("the report tells somebody's private note")
	}
	if mine := l.as("pair").get(l.path("/report.csv")); !strings.Contains(mine.body, "Only for me") {
		t.Error("the report leaves out one's own private note")
	}

	without := owner.get(l.path("/report.pdf"))
	if without.StatusCode != http.StatusOK || !strings.HasPrefix(without.body, "%PDF-") {
		t.Fatalf("%d %s", without.StatusCode, without.body[:min(200, len(without.body))])
	}
	// 40–50 s, where the mark is, is the red still.
	sheet := image.NewRGBA(image.Rect(0, 0, 320, 90))
	draw.Draw(sheet, image.Rect(160, 0, 320, 90), image.NewUniform(color.RGBA{200, 0, 0, 255}), image.Point{}, draw.Src)
	var out bytes.Buffer
	check(t, jpeg.Encode(&out, sheet, nil))
	l.rendition(storage.RenditionStoryboard, "image/jpeg", out.Bytes())
	l.rendition(storage.RenditionStoryboardIndex, "text/vtt", []byte("WEBVTT\n\n"+
		"00:00:00.000 --> 00:00:40.000\nstoryboard#xywh=0,0,160,90\n\n"+
		"00:00:40.000 --> 00:00:50.000\nstoryboard#xywh=160,0,160,90\n"))
	with := owner.get(l.path("/report.pdf"))
	if strings.Count(with.body, "/DCTDecode") != strings.Count(without.body, "/DCTDecode")+1 {
		t.Error("the report has no still")
	}
	// A sheet that cannot be read costs the report its stills and nothing else.
	l.rendition(storage.RenditionStoryboard, "image/jpeg", []byte("no picture"))
	if got := owner.get(l.path("/report.pdf")); got.StatusCode != http.StatusOK {
		t.Errorf("with a broken sheet: %d", got.StatusCode)
	}
}
