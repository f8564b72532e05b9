package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"backrow/review"
	"backrow/storage"
	"backrow/web"
)

func (b *browser) token() string {
	u, err := url.Parse(b.st.http.URL)
	check(b.st.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "backrow" {
			return c.Value
		}
	}
	return ""
}

func wantRedirect(t *testing.T, got answered, location string) {
	t.Helper()
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != location {
		t.Errorf("%s %s: %d to %q, want 303 to %q", got.Request.Method, got.Request.URL.Path,
			got.StatusCode, got.Header.Get("Location"), location)
	}
}

func TestSignInLeadsBack(t *testing.T) {
	st := newSite(t)
	b := st.browser()
	asked := "/programs/" + string(st.program.ID)
	wantRedirect(t, b.get(asked), "/login?next="+url.QueryEscape(asked))
	page := b.get("/login?next=" + url.QueryEscape(asked))
	if !strings.Contains(page.body, `name="next" value="`+asked+`"`) {
		t.Errorf("the sign-in page has forgotten where to go: %s", page.body)
	}
	form := url.Values{"email": {"Lead@Example.org "}, "password": {password}, "next": {asked}}
	wantRedirect(t, b.post("/login", form), asked)
	if got := b.get(asked); got.StatusCode != http.StatusOK {
		t.Errorf("after signing in: %d", got.StatusCode)
	}
	wantRedirect(t, b.get("/login"), "/")
}

func TestSignInNeverLeadsElsewhere(t *testing.T) {
	st := newSite(t)
	got := st.browser().post("/login", url.Values{"email": {"lead@example.org"}, "password": {password},
		"next": {"//evil.example"}})
	wantRedirect(t, got, "/")
	for _, next := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
		"javascript:alert(1)", "evil.example", "http:/evil.example", "///evil.example", "https:evil.example",
		"/\n/evil.example", "", " /account", "%2F%2Fevil.example", "/login", "/login?next=/x", "/api/me",
		"/\u0000", "/%2Fevil.example", "/%5Cevil.example",
	} {
		if got := web.LocalPath(next); got != "/" {
			t.Errorf("next=%q leads to %q", next, got)
		}
	}
	for _, next := range []string{"/", "/account", "/?program=x&after=y", "/people/1#targets", "/recordings/1?t=12"} {
		if got := web.LocalPath(next); got != next {
			t.Errorf("next=%q leads to %q", next, got)
		}
	}
}

func TestWrongPasswordKeepsWhatWasTyped(t *testing.T) {
	st := newSite(t)
	got := st.browser().post("/login", url.Values{"email": {"lead@example.org"}, "password": {"wrong"}})
	if got.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(got.body, `value="lead@example.org"`) || !strings.Contains(got.body, `role="alert"`) {
		t.Errorf("a wrong password: %d %s", got.StatusCode, got.body)
	}
	if strings.Contains(got.body, "wrong") {
		t.Error("the page repeats the password")
	}
	unknown := st.browser().post("/login", url.Values{"email": {"nobody@example.org"}, "password": {"wrong"}})
	if strings.ReplaceAll(unknown.body, "nobody@", "lead@") != got.body {
		t.Error("the page tells whether an address has an account")
	}
}

func TestGuessingIsStopped(t *testing.T) {
	st := newSite(t)
	b := st.browser()
	form := url.Values{"email": {"lead@example.org"}, "password": {"wrong"}}
	tries := 0
	for ; tries < 20; tries++ {
		if b.post("/login", form).StatusCode == http.StatusTooManyRequests {
			break
		}
	}
	if tries != 8 {
		t.Errorf("%d wrong passwords were looked at, want 8", tries)
	}
	if got := st.browser().post("/login", url.Values{"email": {"owner@example.org"},
		"password": {password}}); got.StatusCode != http.StatusSeeOther {
		t.Errorf("another person from the same address: %d", got.StatusCode)
	}
	st.clock.advance(16 * time.Minute)
	form.Set("password", password)
	wantRedirect(t, b.post("/login", form), "/")
}

// A whole school signs in from one address at eight o'clock.
func TestSigningInIsNotGuessing(t *testing.T) {
	attempts := web.NewThrottle(time.Now)
	for i := range 3 {
		if err := attempts.Spend("school", 2); err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
		attempts.Refund("school")
	}
	for range 2 {
		check(t, attempts.Spend("school", 2))
	}
	if err := attempts.Spend("school", 2); storage.KindOf(err) != storage.TooMany {
		t.Errorf("guessing: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(st *site, b *browser)
	}{
		{"unused too long", func(st *site, _ *browser) { st.clock.advance(73 * time.Hour) }},
		{"password changed elsewhere", func(st *site, _ *browser) {
			_, err := st.review.SetPassword(st.t.Context(), st.id("founder"), st.id("lead"), "another long one")
			check(st.t, err)
		}},
		{"switched off", func(st *site, _ *browser) {
			check(st.t, st.review.Disable(st.t.Context(), st.id("founder"), st.id("lead")))
		}},
		{"removed from the store", func(st *site, _ *browser) {
			_, err := st.db.Exec(st.t.Context(), `DELETE FROM sessions`)
			check(st.t, err)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newSite(t)
			b := st.as("lead")
			if got := b.get("/"); got.StatusCode != http.StatusOK {
				t.Fatalf("signed in: %d", got.StatusCode)
			}
			c.end(st, b)
			wantRedirect(t, b.get("/account"), "/login?ended=1&next=%2Faccount")
			if got := b.get("/login?ended=1&next=%2Faccount"); !strings.Contains(got.body, "Your session has ended") {
				t.Error("the sign-in page does not say why it came")
			}
			if got := b.get("/api/me"); got.StatusCode != http.StatusUnauthorized ||
				got.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("the API: %d %s", got.StatusCode, got.Header.Get("Content-Type"))
			}
		})
	}
}

func TestUseKeepsASession(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	for range 5 {
		st.clock.advance(48 * time.Hour)
		if got := b.get("/account"); got.StatusCode != http.StatusOK {
			t.Fatalf("a session in use ended: %d", got.StatusCode)
		}
	}
}

func TestSignInRenewsTheToken(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	before := b.token()
	got := b.post("/account/password", url.Values{"old": {password}, "password": {"another long one"}})
	wantRedirect(t, got, "/account")
	if after := b.token(); after == "" || after == before {
		t.Errorf("the token is %q after a new password", after)
	}
	if got := b.get("/account"); got.StatusCode != http.StatusOK {
		t.Errorf("the session that changed the password: %d", got.StatusCode)
	}
	thief := st.browser()
	thief.header.Set("Cookie", "backrow="+before)
	wantRedirect(t, thief.get("/account"), "/login?next=%2Faccount")
}

func TestTokensAreHashedAtRest(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	var kept []string
	check(t, st.db.Select(t.Context(), &kept, `SELECT token_hash FROM sessions LIMIT 10`))
	if len(kept) != 1 || kept[0] == b.token() || b.token() == "" {
		t.Errorf("the store has %q for the token %q", kept, b.token())
	}
	if strings.Contains(st.lines.all(), b.token()) {
		t.Error("the log has the token of a session")
	}
}

func TestSignOut(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	before := b.token()
	wantRedirect(t, b.post("/logout", nil), "/login")
	wantRedirect(t, b.get("/account"), "/login?next=%2Faccount")
	again := st.browser()
	again.header.Set("Cookie", "backrow="+before)
	wantRedirect(t, again.get("/account"), "/login?next=%2Faccount")
}

func TestSetup(t *testing.T) {
	st := newEmptySite(t)
	b := st.browser()
	if got := b.get("/setup?token=guess"); got.StatusCode != http.StatusNotFound {
		t.Errorf("setup with a guessed token: %d", got.StatusCode)
	}
	if got := b.get(web.SetupPath(st.setup)); got.StatusCode != http.StatusOK ||
		!strings.Contains(got.body, "Create account") {
		t.Fatalf("setup: %d %s", got.StatusCode, got.body)
	}
	form := url.Values{"token": {st.setup}, "site": {"Lakeside"}, "program": {"Induction"},
		"name": {"Olu"}, "email": {"not an address"}, "password": {password}}
	if got := b.post("/setup", form); got.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(got.body, `value="Induction"`) || !strings.Contains(got.body, `value="not an address"`) {
		t.Errorf("setup with a bad address: %d %s", got.StatusCode, got.body)
	}
	form.Set("email", "olu@example.org")
	got := b.post("/setup", form)
	if got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/programs/") {
		t.Fatalf("setup: %d %s", got.StatusCode, got.body)
	}
	if got := b.get(got.Header.Get("Location")); !strings.Contains(got.body, "Induction is ready") {
		t.Error("the program's page does not say that it is ready")
	}
	if got := st.browser().post("/setup", form); got.StatusCode != http.StatusConflict {
		t.Errorf("setup twice: %d", got.StatusCode)
	}
	if strings.Contains(st.lines.all(), st.setup) {
		t.Error("the log has the setup token")
	}
}

func TestInvitation(t *testing.T) {
	st := newSite(t)
	lead := st.as("lead")
	path := "/programs/" + string(st.program.ID)
	wantRedirect(t, lead.post(path+"/invitations", url.Values{"email": {"new@example.org"},
		"name": {"Sam"}, "role": {"teacher"}}), path+"#invite")
	page := lead.get(path)
	_, after, _ := strings.Cut(page.body, st.http.URL+"/invitations/")
	token, _, found := strings.Cut(after, `"`)
	if !found {
		t.Fatalf("the page shows no link: %s", page.body)
	}
	if strings.Contains(lead.get(path).body, token) {
		t.Error("the link is shown twice")
	}
	b := st.browser()
	if got := b.get("/invitations/" + token); got.StatusCode != http.StatusOK ||
		!strings.Contains(got.body, "Join Induction") {
		t.Fatalf("the invitation: %d %s", got.StatusCode, got.body)
	}
	short := b.post("/invitations/"+token, url.Values{"name": {"Sam R."}, "password": {"short"}})
	if short.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(short.body, `value="Sam R."`) {
		t.Errorf("a short password: %d", short.StatusCode)
	}
	wantRedirect(t, b.post("/invitations/"+token, url.Values{"name": {"Sam"}, "password": {password}}), "/")
	if got := b.get("/"); !strings.Contains(got.body, "Record a lesson") {
		t.Error("the new teacher cannot record a lesson")
	}
	if got := st.browser().get("/invitations/" + token); got.StatusCode != http.StatusConflict {
		t.Errorf("the invitation once more: %d", got.StatusCode)
	}
	if strings.Contains(st.lines.all(), token) {
		t.Error("the log has the token of an invitation")
	}
}

func TestPasswordLink(t *testing.T) {
	st := newSite(t)
	operator := st.as("operator")
	wantRedirect(t, operator.post("/admin/people/"+string(st.id("owner"))+"/reset", nil), "/admin/people")
	_, after, _ := strings.Cut(operator.get("/admin/people").body, st.http.URL+"/password/")
	token, _, _ := strings.Cut(after, `"`)
	old := st.as("owner")
	b := st.browser()
	if got := b.get("/password/" + token); got.StatusCode != http.StatusOK {
		t.Fatalf("the link: %d", got.StatusCode)
	}
	wantRedirect(t, b.post("/password/"+token, url.Values{"password": {"another long one"}}), "/")
	if got := b.get("/account"); got.StatusCode != http.StatusOK {
		t.Errorf("after the new password: %d", got.StatusCode)
	}
	wantRedirect(t, old.get("/account"), "/login?ended=1&next=%2Faccount")
	if got := st.browser().get("/password/" + token); got.StatusCode != http.StatusNotFound {
		t.Errorf("the link once more: %d", got.StatusCode)
	}
}

func TestAccountInTwoPrograms(t *testing.T) {
	st := newSite(t)
	second, err := st.review.CreateProgram(t.Context(), st.id("founder"), review.Program{Name: "Residency"})
	check(t, err)
	_, err = st.review.AddMember(t.Context(), st.id("founder"), second.ID, st.id("pair"), review.Lead)
	check(t, err)
	b := st.as("pair")
	if got := b.get("/"); !strings.Contains(got.body, "Reviews waiting") ||
		!strings.Contains(got.body, "/?program="+string(second.ID)) {
		t.Errorf("the first program: %s", got.body)
	}
	if got := b.get("/?program=" + string(second.ID)); !strings.Contains(got.body, "Coverage") {
		t.Errorf("the second program: %s", got.body)
	}
	if got := st.as("owner").get("/?program=" + string(second.ID)); got.StatusCode != http.StatusNotFound {
		t.Errorf("a program of others: %d", got.StatusCode)
	}
}
