package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/storage"
)

func TestEmptyStatesSayWhatToDo(t *testing.T) {
	st := newSite(t)
	program := "/programs/" + string(st.program.ID)
	for _, c := range []struct{ who, path, says string }{
		{"owner", "/", "Press Record a lesson to make the first one"},
		{"other", "/", "The lead of your program pairs you with one"},
		{"another", "/", "Nobody is waiting for you"},
		{"operator", "/", "You run this installation"},
		{"lead", program + "/framework", "Name yours below"},
		{"owner", program + "/framework", "Its lead adds one"},
		{"pair", "/people/" + string(st.id("owner")), "has not shared a recording with you"},
	} {
		if got := st.as(c.who).get(c.path); got.StatusCode != http.StatusOK || !strings.Contains(got.body, c.says) {
			t.Errorf("%s as %s: %d, and not %q", c.path, c.who, got.StatusCode, c.says)
		}
	}
}

func TestFramework(t *testing.T) {
	st := newSite(t)
	lead, path := st.as("lead"), "/programs/"+string(st.program.ID)
	framework, area := string(storage.NewID()), string(storage.NewID())
	form := url.Values{"id": {framework}, "name": {"Danielson"}}
	wantRedirect(t, lead.post(path+"/frameworks", form), path+"/framework")
	wantRedirect(t, lead.post(path+"/frameworks", form), path+"/framework") // sent twice, made once
	form = url.Values{"id": {area}, "framework": {framework}, "name": {"Wait time"}, "description": {"Silence"}}
	wantRedirect(t, lead.post(path+"/areas", form), path+"/framework#framework-"+framework)
	page := lead.get(path + "/framework")
	if strings.Count(page.body, "Danielson") != 1 || !strings.Contains(page.body, "Wait time") {
		t.Errorf("the framework: %s", page.body)
	}
	got := lead.post(path+"/areas/"+area, url.Values{"name": {""}, "description": {"Kept text"}})
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Kept text") {
		t.Errorf("an area without a name: %d", got.StatusCode)
	}
	wantRedirect(t, lead.post(path+"/areas/"+area, url.Values{"name": {"Waiting"}}), path+"/framework#area-"+area)
	wantRedirect(t, lead.post(path+"/areas/"+area+"/remove", nil), path+"/framework")
}

func TestMembers(t *testing.T) {
	st := newSite(t)
	lead, path := st.as("lead"), "/programs/"+string(st.program.ID)
	spare := path + "/members/" + string(st.id("spare"))
	got := lead.post(spare+"/remove", url.Values{"confirm": {"somebody"}})
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Nobody was removed") {
		t.Errorf("removing without the name: %d", got.StatusCode)
	}
	wantRedirect(t, lead.post(spare+"/role", url.Values{"role": {"instructor"}}), path)
	if got := lead.get(path); !strings.Contains(got.body, "The role of spare was changed.") {
		t.Error("the page does not say what was done")
	}
	wantRedirect(t, lead.post(spare+"/remove", url.Values{"confirm": {"spare"}}), path)
	if strings.Contains(st.as("owner").get(path).body, "@example.org") {
		t.Error("a teacher is shown the addresses of others")
	}
}

func TestMembersOverTheAPI(t *testing.T) {
	st := newSite(t)
	path := "/api/programs/" + string(st.program.ID) + "/members?limit=2"
	owner, names := st.as("owner"), []string(nil)
	for after := ""; ; {
		got := owner.get(path + after)
		var part struct {
			Items []struct{ Name, Email, Role string }
			Next  string
		}
		check(t, json.Unmarshal([]byte(got.body), &part))
		for _, m := range part.Items {
			names = append(names, m.Name+" "+m.Role+m.Email)
		}
		if part.Next == "" {
			break
		}
		after = "&after=" + part.Next
	}
	want := []string{"Founder lead", "other teacher", "owner teacher", "pair instructor",
		"another instructor", "lead lead", "spare teacher"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("the members (-want +got):\n%s", diff)
	}
	if got := st.as("lead").get(path); !strings.Contains(got.body, "founder@example.org") {
		t.Errorf("the lead is not shown addresses: %s", got.body)
	}
}

func TestPairing(t *testing.T) {
	st := newSite(t)
	lead, path := st.as("lead"), "/programs/"+string(st.program.ID)
	got := lead.post(path+"/cycles", url.Values{"instructor": {string(st.id("another"))},
		"teacher": {""}, "starts": {"2026-11-23"}, "ends": {"2027-01-24"}})
	if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Choose a teacher.") ||
		!strings.Contains(got.body, `value="2027-01-24"`) {
		t.Errorf("a pair of one: %d", got.StatusCode)
	}
	wantRedirect(t, lead.post(path+"/cycles", url.Values{"instructor": {string(st.id("another"))},
		"teacher": {string(st.id("other"))}, "starts": {"2026-11-23"}, "ends": {"2027-01-24"}}), path+"/pairing")
	if got := lead.get(path + "/pairing"); !strings.Contains(got.body, "another now works with other.") {
		t.Error("the page does not say who was paired")
	}
}

func TestTargetAreas(t *testing.T) {
	st := newSite(t)
	target := st.target()
	owner, page := st.as("owner"), "/people/"+string(st.id("owner"))
	if got := owner.get("/"); !strings.Contains(got.body, "Wait five seconds") {
		t.Error("the home page does not show what the teacher works on")
	}
	edit := "/target-areas/" + string(target.ID)
	form := url.Values{"version": {"1"}, "goal": {"Wait six seconds"}, "status": {"reached"}, "due": {"soon"}}
	if got := owner.post(edit, form); got.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(got.body, "Wait six seconds") {
		t.Errorf("a due date that is none: %d", got.StatusCode)
	}
	form.Set("due", "")
	wantRedirect(t, owner.post(edit, form), page)
	if got := owner.post(edit, form); got.StatusCode != http.StatusConflict {
		t.Errorf("an edit of an old version: %d", got.StatusCode)
	}
	got := st.as("pair").json("PATCH", "/api"+edit, `{"version":1,"goal":"x","status":"active"}`)
	if p := problemIn(t, got); p.Status != http.StatusConflict || p.Current["goal"] != "Wait six seconds" {
		t.Errorf("the API: %+v", p)
	}
}

func TestPreferences(t *testing.T) {
	st := newSite(t)
	b := st.as("owner")
	wantRedirect(t, b.post("/account/preferences", url.Values{"theme": {"dark"}, "language": {"es"}}), "/account")
	got := b.get("/")
	if !strings.Contains(got.body, `<html lang="es" data-theme="dark"`) || !strings.Contains(got.body, "Grabar una clase") {
		t.Errorf("the home page: %.300s", got.body)
	}
	if got := b.post("/account/preferences", url.Values{"theme": {"pink"}, "language": {"es"}}); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a theme that is none: %d", got.StatusCode)
	}
}

func TestTextsAreShownAsTyped(t *testing.T) {
	st := newSite(t)
	b := st.as("owner")
	wantRedirect(t, b.post("/account/name", url.Values{"name": {`<b onclick="x">Dana</b>`}}), "/account")
	if got := b.get("/"); strings.Contains(got.body, "<b onclick") || !strings.Contains(got.body, "&lt;b onclick") {
		t.Error("a name is not escaped")
	}
}
