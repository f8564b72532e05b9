package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"backrow/review"
	"backrow/storage"
)

// boot is what the page tells its recorder.
type boot struct {
	Me          storage.ID `json:"me"`
	ProgramID   storage.ID `json:"program_id"`
	Programs    []struct{ ID, Name string }
	TargetAreas []struct {
		ID, Name, Goal string
		Hue            int
	} `json:"target_areas"`
	People []struct {
		ID     storage.ID
		Name   string
		Paired bool
	}
}

func bootIn(t *testing.T, got answered) boot {
	t.Helper()
	if got.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", got.Request.URL, got.StatusCode, got.body)
	}
	_, rest, _ := strings.Cut(got.body, `<script type="application/json" id="recorder-data">`)
	text, _, found := strings.Cut(rest, "</script>")
	if !found {
		t.Fatalf("the page has no data: %s", got.body)
	}
	var b boot
	check(t, json.Unmarshal([]byte(text), &b))
	return b
}

// names joins people's names, those first whom the teacher works with, marked by a star.
func (b boot) names() string {
	var names []string
	for _, p := range b.People {
		if p.Paired {
			p.Name += "*"
		}
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestRecorderKnowsThePerson(t *testing.T) {
	st := newSite(t)
	target := st.target()
	b := bootIn(t, st.as("owner").get("/record"))
	if b.Me != st.id("owner") || b.ProgramID != st.program.ID || len(b.Programs) != 1 {
		t.Errorf("%+v", b)
	}
	if len(b.TargetAreas) != 1 || b.TargetAreas[0].ID != string(target.ID) ||
		b.TargetAreas[0].Name != "Wait time" || b.TargetAreas[0].Goal != "Wait five seconds" {
		t.Errorf("target areas: %+v", b.TargetAreas)
	}
	// Teachers are not offered, and the instructor of the pair comes first.
	if got := b.names(); got != "pair* another Founder lead" {
		t.Errorf("people: %q", got)
	}
	if b := bootIn(t, st.as("other").get("/record")); len(b.TargetAreas) != 0 ||
		b.names() != "another Founder lead pair" {
		t.Errorf("another teacher: %+v", b)
	}
	_, err := st.review.EditTargetArea(t.Context(), st.id("owner"), target.ID, target.Version,
		review.TargetEdit{Goal: target.Goal, Status: review.Reached})
	check(t, err)
	if b := bootIn(t, st.as("owner").get("/record")); len(b.TargetAreas) != 0 {
		t.Errorf("a target that was reached is still worked on: %+v", b.TargetAreas)
	}
}

func TestRecorderOffersNobodyWhoIsGone(t *testing.T) {
	st := newSite(t)
	check(t, st.review.Disable(t.Context(), st.id("founder"), st.id("another")))
	if got := bootIn(t, st.as("owner").get("/record")).names(); got != "pair* Founder lead" {
		t.Errorf("people: %q", got)
	}
}

func TestRecorderFindsInstructorsInALargeProgram(t *testing.T) {
	st := newSite(t)
	for n := range 230 {
		_, err := st.db.Exec(t.Context(), `INSERT INTO users (id, email, email_folded, name,
    password_hash, is_operator, created_at) VALUES (?, ?, ?, ?, '', 0, ?)`, storage.NewID(),
			fmt.Sprintf("t%d@example.org", n), fmt.Sprintf("t%d@example.org", n), "Teacher", storage.Now())
		check(t, err)
	}
	_, err := st.db.Exec(t.Context(), `INSERT INTO members (program_id, user_id, role, created_at)
SELECT ?, id, 'teacher', created_at FROM users WHERE name = 'Teacher'`, st.program.ID)
	check(t, err)
	late := st.user("zoe")
	_, err = st.review.AddMember(t.Context(), st.id("founder"), st.program.ID, late.ID, review.Instructor)
	check(t, err)
	if got := bootIn(t, st.as("owner").get("/record")).names(); !strings.HasSuffix(got, " zoe") {
		t.Errorf("people: %q", got)
	}
}

func TestRecorderAsksForTheProgram(t *testing.T) {
	st := newSite(t)
	second, err := st.review.CreateProgram(t.Context(), st.id("founder"), review.Program{Name: "Mentoring"})
	check(t, err)
	for _, who := range []string{"owner", "pair"} {
		role := review.Teacher
		if who == "pair" {
			role = review.Instructor
		}
		_, err = st.review.AddMember(t.Context(), st.id("founder"), second.ID, st.id(who), role)
		check(t, err)
	}
	owner := st.as("owner")
	b := bootIn(t, owner.get("/record"))
	if b.ProgramID != st.program.ID || len(b.Programs) != 2 || b.Programs[1].Name != "Mentoring" {
		t.Errorf("without being asked: %+v", b)
	}
	b = bootIn(t, owner.get("/record?program="+string(second.ID)))
	if b.ProgramID != second.ID || b.names() != "pair" {
		t.Errorf("the second program, in which they are no pair: %+v", b)
	}
	for _, path := range []string{"/record?program=" + string(storage.NewID()), "/record?program=x",
		"/record?program=" + string(second.ID)} {
		if got := st.as("other").get(path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
	got := st.as("operator").get("/record")
	if got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "ask its lead for an invitation") {
		t.Errorf("somebody in no program: %d", got.StatusCode)
	}
}

func TestRecorderSpeaksTheReadersLanguage(t *testing.T) {
	st := newSite(t)
	b := st.as("owner")
	b.header.Set("Accept-Language", "es")
	got := b.get("/record")
	for _, text := range []string{`"record.start":"Empezar a grabar"`, "Para grabar hace falta JavaScript"} {
		if !strings.Contains(got.body, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	if got.Header.Get("Permissions-Policy") == "" ||
		!strings.Contains(got.Header.Get("Permissions-Policy"), "camera=(self)") {
		t.Errorf("camera and microphone are not allowed: %q", got.Header.Get("Permissions-Policy"))
	}
}
