package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/web"
)

// studio stands in for capture: it stops recordings in the catalogue and receives no media.
type studio struct {
	idle
	catalogue *storage.Catalogue
	saved     capture.Saved
	offers    []whip.Offer
	err       error
}

func (s *studio) Saved(context.Context, storage.ID) (capture.Saved, error) { return s.saved, s.err }

func (s *studio) Stop(ctx context.Context, id storage.ID, taughtMS int64) (storage.Recording, error) {
	if s.err != nil {
		return storage.Recording{}, s.err
	}
	if err := s.catalogue.StopRecording(ctx, id, taughtMS); err != nil {
		return storage.Recording{}, err
	}
	if err := s.catalogue.FinishRecording(ctx, id, nil); err != nil {
		return storage.Recording{}, err
	}
	return s.catalogue.Recording(ctx, id)
}

func (s *studio) Publish(_ context.Context, o whip.Offer) (whip.Session, error) {
	s.offers = append(s.offers, o)
	return whip.Session{ID: "session", Answer: "v=0", ETag: `"1"`}, s.err
}

func (s *studio) EndSession(_ context.Context, _ storage.ID, session string) error {
	if session != "session" {
		return storage.Errorf(storage.NotFound, "That session does not exist, or has ended.")
	}
	return nil
}

func newStudio(t *testing.T) (*site, *studio) {
	t.Helper()
	s := &studio{}
	st := newSite(t, func(o *web.Options) {
		s.catalogue = o.Catalogue
		o.Capture = s
	})
	return st, s
}

// with is what the body of a create differs in from newLesson.
type with map[string]any

func (st *site) newLesson(change with) string {
	st.t.Helper()
	body := with{"id": storage.NewID(), "program_id": st.program.ID, "title": "Fractions", "class": "5b"}
	for key, value := range change {
		body[key] = value
	}
	text, err := json.Marshal(body)
	check(st.t, err)
	return string(text)
}

func recordingIn(t *testing.T, got answered, status int) web.Recording {
	t.Helper()
	if got.StatusCode != status {
		t.Fatalf("%s %s: %d %s", got.Request.Method, got.Request.URL.Path, got.StatusCode, got.body)
	}
	var r web.Recording
	check(t, json.Unmarshal([]byte(got.body), &r))
	return r
}

func TestBeginRecording(t *testing.T) {
	st, _ := newStudio(t)
	target := st.target()
	owner := st.as("owner")
	body := st.newLesson(with{"title": "  Fractions  ", "target_area_ids": []storage.ID{target.ID},
		"share_with": []storage.ID{st.id("pair")}})
	r := recordingIn(t, owner.json("POST", "/api/recordings", body), http.StatusCreated)
	if r.Title != "Fractions" || r.Class != "5b" || r.State != "recording" || r.OwnerID != st.id("owner") ||
		r.EndedAt != nil || r.Version != 1 {
		t.Errorf("%+v", r)
	}
	path := "/api/recordings/" + string(r.ID)
	for who, status := range map[string]int{"owner": 200, "pair": 200, "another": 404, "lead": 404, "nobody": 401} {
		if got := st.as(who).get(path); got.StatusCode != status {
			t.Errorf("%s asks for it: %d, want %d", who, got.StatusCode, status)
		}
	}
	targets, err := st.review.RecordingTargetAreas(t.Context(), r.ID)
	check(t, err)
	if len(targets) != 1 || targets[0].ID != target.ID {
		t.Errorf("target areas: %+v", targets)
	}

	// The answer was lost, and the page asks again.
	again := recordingIn(t, owner.json("POST", "/api/recordings", body), http.StatusCreated)
	if again != r {
		t.Errorf("the second time: %+v, the first: %+v", again, r)
	}
	var list struct{ Items []web.Recording }
	check(t, json.Unmarshal([]byte(owner.get("/api/recordings").body), &list))
	if len(list.Items) != 1 {
		t.Errorf("made twice: %+v", list.Items)
	}
	if got := st.as("other").json("POST", "/api/recordings", body); problemIn(t, got).Kind != "conflict" {
		t.Errorf("somebody else with the same id: %d", got.StatusCode)
	}
}

func TestBeginRecordingRefusals(t *testing.T) {
	st, _ := newStudio(t)
	foreign := st.target() // the owner's
	check(t, st.review.Disable(t.Context(), st.id("founder"), st.id("another")))
	other := st.as("other")
	long, many := strings.Repeat("ñ", 200), make([]storage.ID, 21)
	for i := range many {
		many[i] = st.id("pair")
	}
	for _, c := range []struct {
		name   string
		change with
		status int
		says   string
	}{
		{"a title of 200 characters", with{"title": long}, 201, ""},
		{"a title of 201", with{"title": long + "x"}, 422, "200 characters at most"},
		{"no title", with{"title": ""}, 422, "give the lesson a title"},
		{"a title of spaces", with{"title": " \t "}, 422, "give the lesson a title"},
		{"a title of two lines", with{"title": "a\nb"}, 422, "one line of text"},
		{"a class of 100 characters", with{"class": long[:len(long)/2]}, 201, ""},
		{"a class of 101", with{"class": long[:len(long)/2] + "x"}, 422, "100 characters at most"},
		{"no class", with{"class": ""}, 201, ""},
		{"an id that is none", with{"id": "7"}, 422, "not an id"},
		{"a program that is none", with{"program_id": storage.NewID()}, 404, ""},
		{"a person who is none", with{"share_with": []storage.ID{storage.NewID()}}, 422, "members of its program"},
		{"a person outside the program", with{"share_with": []storage.ID{st.id("operator")}}, 422, "members of its program"},
		{"oneself", with{"share_with": []storage.ID{st.id("other")}}, 422, "yours"},
		{"a person who is gone", with{"share_with": []storage.ID{st.id("another")}}, 422, "cannot sign in"},
		{"too many people", with{"share_with": many}, 422, "20 people at most"},
		{"a target area that is none", with{"target_area_ids": []storage.ID{storage.NewID()}}, 422, "its own teacher"},
		{"a target area of somebody else", with{"target_area_ids": []storage.ID{foreign.ID}}, 422, "its own teacher"},
		{"an unknown field", with{"colour": "blue"}, 422, "colour"},
	} {
		id := storage.NewID()
		if c.change["id"] == nil {
			c.change["id"] = id
		}
		got := other.json("POST", "/api/recordings", st.newLesson(c.change))
		if got.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, got.StatusCode, got.body, c.status)
			continue
		}
		if c.status == http.StatusCreated {
			continue
		}
		if p := problemIn(t, got); !strings.Contains(p.Detail, c.says) || !strings.HasSuffix(p.Detail, ".") {
			t.Errorf("%s: %q", c.name, p.Detail)
		}
		if left := other.get("/api/recordings/" + string(id)); left.StatusCode != http.StatusNotFound {
			t.Errorf("%s: a recording was left behind", c.name)
		}
	}
}

func TestEditRecording(t *testing.T) {
	st, _ := newStudio(t)
	owner, path := st.as("owner"), "/api/recordings/"+string(st.recording("Fractions"))
	r := recordingIn(t, owner.json("PATCH", path, `{"version":1,"title":"Halves","class":"6a"}`), http.StatusOK)
	if r.Title != "Halves" || r.Class != "6a" || r.Version != 2 {
		t.Errorf("%+v", r)
	}
	p := problemIn(t, owner.json("PATCH", path, `{"version":1,"title":"Quarters"}`))
	if p.Status != http.StatusConflict || p.Current["title"] != "Halves" || p.Current["version"] != 2.0 {
		t.Errorf("an edit of an old version: %+v", p)
	}
	for body, says := range map[string]string{
		`{"version":2,"title":" "}`:                                            "give the lesson a title",
		fmt.Sprintf(`{"version":2,"title":%q}`, strings.Repeat("x", 201)):      "200 characters",
		`{"version":2,"title":"a","class":"` + strings.Repeat("x", 101) + `"}`: "100 characters",
		`{"title":"a"}`: "version",
	} {
		if p := problemIn(t, owner.json("PATCH", path, body)); p.Status != 422 || !strings.Contains(p.Detail, says) {
			t.Errorf("%.40s: %d %q", body, p.Status, p.Detail)
		}
	}
	if got := st.as("other").json("PATCH", path, `{"version":2,"title":"Mine"}`); got.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else: %d", got.StatusCode)
	}
}

func TestFinishRecording(t *testing.T) {
	st, s := newStudio(t)
	owner, path := st.as("owner"), "/api/recordings/"+string(st.recording("Fractions"))
	for range 2 { // an answer that was lost is asked for again
		r := recordingIn(t, owner.json("POST", path+"/finish", ""), http.StatusOK)
		if r.State != "ready" || r.EndedAt == nil {
			t.Errorf("%+v", r)
		}
	}
	for who, status := range map[string]int{"other": 404, "lead": 404, "nobody": 401} {
		if got := st.as(who).json("POST", path+"/finish", ""); got.StatusCode != status {
			t.Errorf("%s: %d, want %d", who, got.StatusCode, status)
		}
	}
	for body, status := range map[string]int{`{}`: 200, `{"taught_ms":31420}`: 200, `{"taught_ms":-1}`: 422,
		`{"taught_ms":86400001}`: 422, `{"taught_ms":"long"}`: 422} {
		if got := owner.json("POST", path+"/finish", body); got.StatusCode != status {
			t.Errorf("%s: %d, want %d: %s", body, got.StatusCode, status, got.body)
		}
	}
	if r := recordingIn(t, owner.get(path), http.StatusOK); r.TaughtMS != 31_420 {
		t.Errorf("what was taught: %+v", r)
	}
	s.err = storage.Errorf(storage.Unavailable, "The database does not answer.")
	p := problemIn(t, owner.json("POST", path+"/finish", ""))
	if p.Status != http.StatusServiceUnavailable || p.Detail != "The database does not answer." {
		t.Errorf("a server that cannot: %+v", p)
	}
}

func TestSaved(t *testing.T) {
	st, s := newStudio(t)
	owner, path := st.as("owner"), "/api/recordings/"+string(st.recording("Fractions"))+"/saved"
	s.saved = capture.Saved{UntilMS: 31_420, Reached: 40_000, LiveTake: true, Pending: 2,
		Problem: "The store is slow.", Settled: true, Covered: 36_000, TaughtMS: 41_000}
	var saved web.Saved
	check(t, json.Unmarshal([]byte(owner.get(path).body), &saved))
	if want := (web.Saved{UntilMS: 31_420, ReachedMS: 40_000, Live: true, Pending: 2,
		Problem: "The store is slow.", Settled: true, CoveredMS: 36_000, TaughtMS: 41_000}); saved != want {
		t.Errorf("%+v", saved)
	}
	if got := st.as("other").get(path); got.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else: %d", got.StatusCode)
	}
}

func TestDeleteRecording(t *testing.T) {
	st, _ := newStudio(t)
	owner, path := st.as("owner"), "/api/recordings/"+string(st.recording("Fractions"))
	if got := owner.json("DELETE", path, ""); got.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	for _, got := range []answered{owner.get(path), owner.json("DELETE", path, ""), owner.json("POST", path+"/finish", "")} {
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s afterwards: %d", got.Request.Method, got.StatusCode)
		}
	}
}

func TestWHIPIsMounted(t *testing.T) {
	st, s := newStudio(t)
	owner, recording, take := st.as("owner"), st.recording("Fractions"), storage.NewID()
	path := fmt.Sprintf("/api/recordings/%s/takes/%s/whip", recording, take)
	got := owner.send("POST", path+"?offset_ms=1500", "application/sdp", "v=0\r\n")
	if got.StatusCode != http.StatusCreated || got.Header.Get("Location") != path+"/session" || got.body != "v=0" {
		t.Errorf("an offer: %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	if len(s.offers) != 1 || s.offers[0].Recording != recording || s.offers[0].Take != take ||
		s.offers[0].OffsetMS == nil || *s.offers[0].OffsetMS != 1500 {
		t.Errorf("capture was told %+v", s.offers)
	}
	if got := owner.send("DELETE", path+"/session", "", ""); got.StatusCode != http.StatusOK {
		t.Errorf("the end: %d", got.StatusCode)
	}
	if p := problemIn(t, owner.send("DELETE", path+"/other", "", "")); p.Status != http.StatusNotFound {
		t.Errorf("the end of another: %+v", p)
	}
	s.err = storage.Errorf(storage.TooMany, "This server is recording 50 lessons.")
	p := problemIn(t, owner.send("POST", path, "application/sdp", "v=0\r\n"))
	if p.Status != http.StatusTooManyRequests || p.Detail != "This server is recording 50 lessons." {
		t.Errorf("a full server: %+v", p)
	}
	if got := st.as("pair").send("POST", path, "application/sdp", "v=0\r\n"); got.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else: %d", got.StatusCode)
	}
}

func TestListRecordings(t *testing.T) {
	st, _ := newStudio(t)
	for n := range 5 {
		st.recording(fmt.Sprintf("Lesson %d", n))
	}
	owner := st.as("owner")
	var titles []string
	for after := ""; ; {
		var page struct {
			Items []web.Recording
			Next  string
		}
		check(t, json.Unmarshal([]byte(owner.get("/api/recordings?limit=2&after="+after).body), &page))
		for _, r := range page.Items {
			titles = append(titles, r.Title)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if got := strings.Join(titles, ", "); got != "Lesson 4, Lesson 3, Lesson 2, Lesson 1, Lesson 0" {
		t.Errorf("page by page: %s", got)
	}
	if got := st.as("other").get("/api/recordings").body; !strings.Contains(got, `"items":[]`) {
		t.Errorf("somebody without any: %s", got)
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x"} {
		if got := owner.get("/api/recordings?" + query); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, got.StatusCode)
		}
	}
}

func TestBeginRecordingAfterwards(t *testing.T) {
	st, _ := newStudio(t)
	owner := st.as("owner")
	now := storage.At(st.clock.Now()).Time
	st.clock.advance(now.Sub(st.clock.Now())) // to what a column keeps
	for _, c := range []struct {
		name string
		said any
		want time.Time // zero: it is refused
		says string
	}{
		{"two days ago", now.Add(-48 * time.Hour), now.Add(-48 * time.Hour), ""},
		{"in another zone", now.Add(-time.Hour).In(time.FixedZone("", -5*3600)), now.Add(-time.Hour), ""},
		{"30 days ago", now.Add(-storage.LocalFor), now.Add(-storage.LocalFor), ""},
		{"a moment longer ago", now.Add(-storage.LocalFor - time.Microsecond), time.Time{}, "within 30 days"},
		{"now", now, now, ""},
		{"5 minutes ahead", now.Add(5 * time.Minute), now, ""},
		{"a moment more", now.Add(5*time.Minute + time.Microsecond), time.Time{}, "clock of the laptop"},
		{"no date", "yesterday", time.Time{}, "date-time"},
		{"a number", 7, time.Time{}, "."},
	} {
		got := owner.json("POST", "/api/recordings", st.newLesson(with{"started_at": c.said}))
		if c.want.IsZero() {
			if p := problemIn(t, got); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(p.Detail, c.says) {
				t.Errorf("%s: %d %s", c.name, got.StatusCode, got.body)
			}
			continue
		}
		if r := recordingIn(t, got, http.StatusCreated); !r.StartedAt.Equal(c.want) {
			t.Errorf("%s: began %v, want %v", c.name, r.StartedAt, c.want)
		}
	}

	// Registered once more, as by another page of the laptop, it began when it did.
	body := with{"id": storage.NewID(), "started_at": now.Add(-time.Hour)}
	first := recordingIn(t, owner.json("POST", "/api/recordings", st.newLesson(body)), http.StatusCreated)
	delete(body, "started_at")
	again := recordingIn(t, owner.json("POST", "/api/recordings", st.newLesson(body)), http.StatusCreated)
	if again != first {
		t.Errorf("the second time: %+v, the first: %+v", again, first)
	}
}
