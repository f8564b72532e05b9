package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"backrow/annotate"
	"backrow/storage"
)

// phone is a browser that has a token and no session.
func (st *site) phone(token string) *browser {
	b := st.browser()
	b.header.Set("Authorization", "Bearer "+token)
	return b
}

// momentLink asks for a link as the owner and answers with its token.
func (st *site) momentLink(teacher *browser, recording storage.ID, elapsedMS int) string {
	st.t.Helper()
	got := teacher.json("POST", "/api/recordings/"+string(recording)+"/moment-links",
		`{"elapsed_ms": `+strconv.Itoa(elapsedMS)+`, "running": true}`)
	var link struct{ URL string }
	if err := json.Unmarshal([]byte(got.body), &link); err != nil || got.StatusCode != http.StatusCreated {
		st.t.Fatalf("no link: %d %s", got.StatusCode, got.body)
	}
	path, token, _ := strings.Cut(link.URL, "#")
	if path != "/recordings/"+string(recording)+"/moments" {
		st.t.Errorf("the phone's page is %q", path)
	}
	return token
}

func marked(t *testing.T, got answered) (moment struct {
	AtMS    int64 `json:"at_ms"`
	StartMS int64 `json:"start_ms"`
}) {
	t.Helper()
	if got.StatusCode != http.StatusCreated {
		t.Fatalf("marked: %d %s", got.StatusCode, got.body)
	}
	check(t, json.Unmarshal([]byte(got.body), &moment))
	return moment
}

func TestMoments(t *testing.T) {
	st := newSite(t)
	recording := st.recording("Fractions")
	base := "/api/recordings/" + string(recording)
	teacher := st.as("owner")
	id := base + "/moments/" + string(storage.NewID())

	// By the page, by the lesson's clock, once, however often it is sent.
	for range 2 {
		if m := marked(t, teacher.json("PUT", id, `{"at_ms": 754000, "text": "Momento"}`)); m.AtMS != 754000 || m.StartMS != 744000 {
			t.Errorf("marked %+v", m)
		}
	}
	if m := marked(t, teacher.json("PUT", base+"/moments/"+string(storage.NewID()), `{"at_ms": 4000}`)); m.StartMS != 0 {
		t.Errorf("a moment in the first seconds begins at %d ms", m.StartMS)
	}
	list, _, err := st.marks.List(t.Context(), st.id("owner"), recording)
	check(t, err)
	if len(list) != 2 || list[1].Text != "Momento" || list[1].Visibility != annotate.Private ||
		list[1].Kind != annotate.Note || list[0].Text != "Moment marked in class" {
		t.Errorf("the notes are %+v", list)
	}

	// By a phone, by how long ago it was.
	token := st.momentLink(teacher, recording, 60_000)
	phone := st.phone(token)
	mine := base + "/moments/" + string(storage.NewID())
	first := marked(t, phone.json("PUT", mine, `{"ago_ms": 5000}`))
	if first.AtMS < 55_000 || first.AtMS > 85_000 {
		t.Errorf("the phone marked %+v", first)
	}
	if again := marked(t, phone.json("PUT", mine, `{"ago_ms": 9000}`)); again != first {
		t.Errorf("repeated it became %+v", again)
	}
	if got := phone.send("DELETE", mine, "", ""); got.StatusCode != http.StatusNoContent {
		t.Errorf("undo: %d %s", got.StatusCode, got.body)
	}
	if got := phone.send("DELETE", mine, "", ""); got.StatusCode != http.StatusNoContent {
		t.Errorf("undo again: %d %s", got.StatusCode, got.body)
	}
	if list, _, err = st.marks.List(t.Context(), st.id("owner"), recording); err != nil || len(list) != 2 {
		t.Errorf("after undo there are %d notes, %v", len(list), err)
	}
	// While the lesson is paused its clock stands.
	if got := teacher.json("PUT", base+"/lesson-clock", `{"elapsed_ms": 90000, "running": false}`); got.StatusCode != http.StatusNoContent {
		t.Errorf("telling the clock: %d %s", got.StatusCode, got.body)
	}
	if m := marked(t, phone.json("PUT", base+"/moments/"+string(storage.NewID()), `{"ago_ms": 0}`)); m.AtMS != 90_000 {
		t.Errorf("while paused the phone marked %+v", m)
	}
	if got := phone.get(base + "/lesson-clock"); got.body != `{"elapsed_ms":90000,"running":false}`+"\n" {
		t.Errorf("the clock says %s", got.body)
	}
	if got := st.browser().get("/recordings/" + string(recording) + "/moments"); got.StatusCode != http.StatusOK ||
		strings.Contains(got.body, "Fractions") {
		t.Errorf("the phone's page: %d\n%s", got.StatusCode, got.body)
	}
}

func TestMomentsRefused(t *testing.T) {
	st := newSite(t)
	recording, other := st.recording("Fractions"), st.recording("Decimals")
	teacher := st.as("owner")
	token := st.momentLink(teacher, recording, 60_000)
	phone, base := st.phone(token), "/api/recordings/"+string(recording)
	fresh := func() string { return base + "/moments/" + string(storage.NewID()) }
	own := base + "/moments/" + string(storage.NewID())
	for _, c := range []struct {
		name         string
		who          *browser
		method, path string
		body         string
		want         int
	}{
		{"another's recording", phone, "PUT", "/api/recordings/" + string(other) + "/moments/" + string(storage.NewID()), `{"ago_ms": 0}`, 401},
		{"a token that is none", st.phone("bmt_" + strings.Repeat("A", 43)), "PUT", fresh(), `{"ago_ms": 0}`, 401},
		{"a capture token's form", st.phone("brt_" + strings.Repeat("A", 43)), "PUT", fresh(), `{"ago_ms": 0}`, 401},
		{"the clock's place by a phone", phone, "PUT", fresh(), `{"at_ms": 1}`, 422},
		{"a week ago", phone, "PUT", fresh(), `{"ago_ms": 604800000}`, 422},
		{"in the future", phone, "PUT", fresh(), `{"ago_ms": -5}`, 422},
		{"both", teacher, "PUT", fresh(), `{"ago_ms": 0, "at_ms": 5}`, 422},
		{"neither", teacher, "PUT", fresh(), `{}`, 422},
		{"before the lesson", teacher, "PUT", fresh(), `{"at_ms": -1}`, 422},
		{"a lesson of a year", teacher, "PUT", fresh(), `{"at_ms": 31536000000}`, 422},
		{"no id", teacher, "PUT", base + "/moments/7", `{"at_ms": 1}`, 422},
		{"undo of nothing", phone, "DELETE", fresh(), "", 404},
		{"telling the clock by a phone", phone, "PUT", base + "/lesson-clock", `{"elapsed_ms": 1, "running": true}`, 401},
		{"a link by a phone", phone, "POST", base + "/moment-links", `{"elapsed_ms": 1, "running": true}`, 401},
		{"reading the notes by a phone", phone, "GET", base + "/annotations", "", 401},
		{"the page by a phone", phone, "GET", "/recordings/" + string(recording), "", 303},
		{"first", phone, "PUT", own, `{"ago_ms": 0}`, 201},
		{"another teacher", st.as("other"), "PUT", fresh(), `{"at_ms": 1}`, 404},
		{"the instructor of the pair", st.as("pair"), "DELETE", own, "", 404},
	} {
		mediaType := "application/json"
		if c.body == "" {
			mediaType = ""
		}
		if got := c.who.send(c.method, c.path, mediaType, c.body); got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.StatusCode, c.want, got.body)
		}
	}
	// A phone that is stuck marks no thousands.
	limited := false
	for range 130 {
		limited = limited || phone.json("PUT", fresh(), `{"ago_ms": 0}`).StatusCode == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("a phone may mark without end")
	}
	// The end of the lesson ends the phone's leave, and so does the end of the account.
	_, err := st.db.Exec(t.Context(), `UPDATE recordings SET state = 'ready' WHERE id = ?`, recording)
	check(t, err)
	if got := phone.json("PUT", fresh(), `{"ago_ms": 0}`); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the lesson: %d %s", got.StatusCode, got.body)
	}
	token = st.momentLink(teacher, other, 0)
	st.as("operator").post("/admin/people/"+string(st.id("owner"))+"/disable", url.Values{})
	got := st.phone(token).json("PUT", "/api/recordings/"+string(other)+"/moments/"+string(storage.NewID()), `{"ago_ms": 0}`)
	if got.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the account: %d %s", got.StatusCode, got.body)
	}
}
