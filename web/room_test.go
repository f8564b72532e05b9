package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"backrow/annotate"
	"backrow/review"
	"backrow/storage"
)

// room is the path of the lesson's page.
func (l *lesson) room(rest string) string { return "/recordings/" + string(l.lesson) + rest }

// let shares the lesson with somebody.
func (l *lesson) let(who string, as review.Access) {
	l.t.Helper()
	_, err := l.review.Share(l.t.Context(), l.id("owner"), review.Share{RecordingID: l.lesson,
		UserID: l.id(who), Access: as})
	check(l.t, err)
}

func (l *lesson) mark(who, text string, visibility annotate.Visibility) annotate.Annotation {
	l.t.Helper()
	a, _, err := l.marks.Create(l.t.Context(), l.id(who), annotate.Draft{ID: storage.NewID(),
		RecordingID: l.lesson, StartMS: 41_000, EndMS: 43_000, Kind: annotate.Strength, Text: text,
		Visibility: visibility})
	check(l.t, err)
	return a
}

var roomData = regexp.MustCompile(`(?s)id="room-data">(.*?)</script>`)

func TestRoomIsCompleteWithoutScripts(t *testing.T) {
	l := newLesson(t, "Brüche <3")
	l.let("pair", review.Reviewer)
	l.rendition(storage.RenditionPoster, "image/jpeg", []byte("jpeg"))
	l.rendition(storage.RenditionMP4, "video/mp4", []byte("film"))
	shared := l.mark("pair", "You waited </script> for 3 s.", annotate.Shared)
	l.mark("pair", "Compare with October.", annotate.Private)
	page := l.as("owner").get(l.room(""))
	for _, want := range []string{
		"Brüche &lt;3", "<video controls", l.path("/playlist.m3u8"), l.path("/renditions/poster"),
		l.path("/renditions/mp4"), "00:41–00:43", "You waited &lt;/script&gt; for 3 s.",
		`id="mark-` + string(shared.ID), "Download report", "Share", "Request review", "Add feedback",
		`data-theme="dark"`,
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.body, "October") {
		t.Error("the page shows somebody's private note")
	}
	var boot struct {
		Annotations []annotate.Annotation `json:"annotations"`
		Members     []struct{ Paired bool }
	}
	check(t, json.Unmarshal([]byte(roomData.FindStringSubmatch(page.body)[1]), &boot))
	if len(boot.Annotations) != 1 || boot.Annotations[0].Text != shared.Text {
		t.Errorf("the island is given %v", boot.Annotations)
	}
	if len(boot.Members) == 0 || !boot.Members[0].Paired {
		t.Errorf("the instructor of the pair does not come first: %v", boot.Members)
	}
	page = l.as("pair").get(l.room(""))
	if strings.Contains(page.body, "renditions/mp4") || strings.Contains(page.body, "?open=share") {
		t.Error("an instructor is offered what the owner alone may do")
	}
	if !strings.Contains(page.body, "October") {
		t.Error("an instructor does not see a private note of their own")
	}
}

func TestViewerIsNotOfferedToAnnotate(t *testing.T) {
	l := newLesson(t, "Fractions")
	l.let("another", review.Viewer)
	a := l.mark("owner", "Here", annotate.Shared)
	b := l.as("another")
	page := b.get(l.room("?reply=" + string(a.ID)))
	if strings.Contains(page.body, `name="start"`) || !strings.Contains(page.body, "Send reply") {
		t.Error("a viewer replies, and does not annotate")
	}
	got := b.post(l.room("/annotations"), url.Values{"start": {"0"}, "kind": {"note"}, "text": {"x"}})
	if got.StatusCode != http.StatusForbidden {
		t.Errorf("a viewer's feedback: %d", got.StatusCode)
	}
}

func TestFeedbackByForm(t *testing.T) {
	l := newLesson(t, "Fractions")
	target := l.target()
	b := l.as("owner")
	id := storage.NewID()
	form := url.Values{"id": {string(id)}, "start": {"0:12"}, "end": {"00:15"}, "kind": {"question"},
		"text": {"What now?"}, "area": {string(target.ID)}, "private": {"1"}}
	for range 2 { // sent twice, done once
		got := b.post(l.room("/annotations"), form)
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != l.room("#mark-"+string(id)) {
			t.Fatalf("%d %s %s", got.StatusCode, got.Header.Get("Location"), got.body)
		}
	}
	marks, _, err := l.marks.List(t.Context(), l.id("owner"), l.lesson)
	check(t, err)
	if len(marks) != 1 || marks[0].StartMS != 12_000 || marks[0].EndMS != 15_000 ||
		marks[0].Visibility != annotate.Private || len(marks[0].TargetAreaIDs) != 1 {
		t.Fatalf("%+v", marks)
	}
	got := b.post(l.room("/annotations"), url.Values{"start": {"soon"}, "kind": {"note"}, "text": {"Kept text"}})
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Kept text") ||
		!strings.Contains(got.body, "such as 12:34") {
		t.Errorf("a time that is none: %d", got.StatusCode)
	}
	got = b.post(l.room("/annotations/"+string(id)+"/replies"), url.Values{"text": {"This."}})
	if got.StatusCode != http.StatusSeeOther {
		t.Errorf("reply: %d %s", got.StatusCode, got.body)
	}
	got = b.post(l.room("/annotations/"+string(id)+"/delete"), url.Values{"version": {"1"}})
	if marks, _, _ := l.marks.List(t.Context(), l.id("owner"), l.lesson); got.StatusCode != http.StatusSeeOther || len(marks) != 0 {
		t.Errorf("delete: %d, %d left", got.StatusCode, len(marks))
	}
}

func TestSharingAndReviewByForm(t *testing.T) {
	l := newLesson(t, "Fractions")
	owner := l.as("owner")
	got := owner.post(l.room("/shares"), url.Values{"user": {string(l.id("another"))}, "access": {"viewer"}})
	if got.StatusCode != http.StatusSeeOther || !strings.Contains(owner.get(l.room("?open=share")).body, "another</b>") {
		t.Fatalf("share: %d", got.StatusCode)
	}
	owner.post(l.room("/shares/"+string(l.id("another"))+"/remove"), nil)
	if seen := l.as("another").get(l.room("")); seen.StatusCode != http.StatusNotFound {
		t.Errorf("after it was taken back: %d", seen.StatusCode)
	}
	got = owner.post(l.room("/shares"), url.Values{"user": {string(l.id("another"))}, "access": {"viewer"}, "until": {"2001-01-01"}})
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="share-user"`) {
		t.Errorf("a day that is over: %d", got.StatusCode)
	}
	got = owner.post(l.room("/reviews"), url.Values{"instructor": {string(l.id("pair"))}})
	if got.StatusCode != http.StatusSeeOther {
		t.Fatalf("request: %d %s", got.StatusCode, got.body)
	}
	pair := l.as("pair")
	page := pair.get(l.room("?open=return"))
	form := regexp.MustCompile(`action="(/recordings/[^"]+/return)"\s*>\s*<input type="hidden" name="version" value="(\d+)"`).FindStringSubmatch(page.body)
	if form == nil {
		t.Fatal("there is no form to return the review")
	}
	got = pair.post(form[1], url.Values{"version": {form[2]}, "summary": {"Keep waiting like this."}})
	if got.StatusCode != http.StatusSeeOther {
		t.Fatalf("return: %d %s", got.StatusCode, got.body)
	}
	if page := owner.get(l.room("")); !strings.Contains(page.body, "Keep waiting like this.") {
		t.Error("the owner does not see the summary")
	}
}

func TestALongListIsCutIntoPages(t *testing.T) {
	l := newLesson(t, "Fractions")
	for i := range 201 {
		l.mark("owner", fmt.Sprintf("mark number %d.", i), annotate.Shared)
	}
	b := l.as("owner")
	first, second := b.get(l.room("")), b.get(l.room("?from=200"))
	if n := strings.Count(first.body, `<li class="mark"`); n != 200 || !strings.Contains(first.body, "?from=200") {
		t.Errorf("the first page has %d", n)
	}
	if n := strings.Count(second.body, `<li class="mark"`); n != 1 || strings.Contains(second.body, "?from=") {
		t.Errorf("the second page has %d", n)
	}
}

func TestAnnotationsOverTheAPI(t *testing.T) {
	l := newLesson(t, "Fractions")
	l.let("pair", review.Reviewer)
	pair, owner := l.as("pair"), l.as("owner")
	id, answer := storage.NewID(), storage.NewID()
	create := fmt.Sprintf(`{"id":%q,"start_ms":5000,"kind":"note","text":"Here"}`, id)
	for _, c := range []struct {
		name         string
		by           *browser
		method, path string
		body         string
		status       int
		want         string
	}{
		{"create", pair, "POST", "/annotations", create, 201, `"end_ms":5000`},
		{"create again", pair, "POST", "/annotations", create, 201, `"version":1`},
		{"another under the id", pair, "POST", "/annotations", strings.Replace(create, "Here", "There", 1), 409, `"current"`},
		{"an unknown field", pair, "POST", "/annotations", `{"colour":"red"}`, 422, "colour"},
		{"edit", pair, "PATCH", "/annotations/" + string(id), `{"version":1,"kind":"strength"}`, 200, `"version":2`},
		{"edit an old version", pair, "PATCH", "/annotations/" + string(id), `{"version":1,"text":"Old"}`, 409, `"current":{"id":"` + string(id)},
		{"edit another's", owner, "PATCH", "/annotations/" + string(id), `{"version":2,"text":"Mine"}`, 403, ""},
		{"reply", owner, "POST", "/annotations/" + string(id) + "/replies", fmt.Sprintf(`{"id":%q,"text":"Yes"}`, answer), 201, `"annotation_id":"` + string(id)},
		{"edit reply", owner, "PATCH", "/replies/" + string(answer), `{"version":1,"text":"No"}`, 200, `"text":"No"`},
		{"list", owner, "GET", "/annotations", "", 200, `"text":"No"`},
		{"delete reply", owner, "DELETE", "/replies/" + string(answer) + "?version=2", "", 200, `"deleted":true`},
		{"restore reply", owner, "POST", "/replies/" + string(answer) + "/restore", `{"version":3}`, 200, `"text":"No"`},
		{"delete", pair, "DELETE", "/annotations/" + string(id) + "?version=2", "", 200, `"deleted":true`},
		{"delete without version", pair, "DELETE", "/annotations/" + string(id), "", 422, "version"},
		{"restore", pair, "POST", "/annotations/" + string(id) + "/restore", `{"version":3}`, 200, `"text":"Here"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.by.json(c.method, l.path(c.path), c.body)
			if got.StatusCode != c.status || !strings.Contains(got.body, c.want) {
				t.Errorf("%d %s, want %d %s", got.StatusCode, got.body, c.status, c.want)
			}
		})
	}
}

func TestProcessing(t *testing.T) {
	l := newLesson(t, "Fractions")
	l.rendition(storage.RenditionWaveform, "application/json", []byte("{}"))
	got := l.as("owner").get(l.path("/processing"))
	for _, want := range []string{`"state":"done"`, `"percent":100`, `"recording_state":"recording"`, `"renditions":["waveform"]`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("%s lacks %s", got.body, want)
		}
	}
}
