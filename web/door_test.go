package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"backrow/storage"
	"backrow/web"
)

// problem is what the API says of an error.
type problem struct {
	Title, Detail, Kind, Instance string
	Status                        int
	Current                       map[string]any
	Errors                        []struct{ Field, Message string }
}

func problemIn(t *testing.T, got answered) problem {
	t.Helper()
	if got.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s: %d %s %s", got.Request.URL.Path, got.StatusCode, got.Header.Get("Content-Type"), got.body)
	}
	var p problem
	check(t, json.Unmarshal([]byte(got.body), &p))
	if p.Status != got.StatusCode || p.Instance != got.Header.Get("X-Request-Id") {
		t.Errorf("a problem of %d %s says %+v", got.StatusCode, got.Header.Get("X-Request-Id"), p)
	}
	return p
}

func TestHeaders(t *testing.T) {
	st := newEmptySite(t)
	for _, path := range []string{"/login", "/nothing", "/api/me", "/healthz", "/assets/none.js"} {
		h := st.browser().get(path).Header
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'",
			"frame-ancestors 'none'", "worker-src 'self' blob:", "media-src 'self' blob:"} {
			if !strings.Contains(csp, part+";") && !strings.HasSuffix(csp, part) {
				t.Errorf("%s: the policy %q lacks %q", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is weak: %q", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=(self), microphone=(self)") {
			t.Errorf("%s: Permissions-Policy is %q", path, h.Get("Permissions-Policy"))
		}
	}
}

func TestCookies(t *testing.T) {
	public, err := url.Parse("https://backrow.example.org")
	check(t, err)
	st := newSite(t, func(o *web.Options) { o.PublicURL = public })
	got := st.browser().post("/login", url.Values{"email": {"lead@example.org"}, "password": {password}})
	for _, c := range got.Cookies() {
		if c.Name == "__Host-backrow" {
			if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("the session's cookie is %v", c)
			}
			if got.Header.Get("Strict-Transport-Security") == "" {
				t.Error("https is not made to last")
			}
			return
		}
	}
	t.Errorf("no session cookie: %d %v", got.StatusCode, got.Cookies())
}

func TestOtherSitesAreRefused(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		b.header = http.Header{name: {value}}
		if got := b.post("/account/name", url.Values{"name": {"Mallory"}}); got.StatusCode != http.StatusForbidden ||
			!strings.Contains(got.body, "from another site") {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
		path := "/api/programs/" + string(st.program.ID) + "/invitations"
		if got := b.json("POST", path, "{}"); problemIn(t, got).Kind != "forbidden" {
			t.Errorf("%s on the API: %d", name, got.StatusCode)
		}
		if got := b.get("/account"); got.StatusCode != http.StatusOK || strings.Contains(got.body, "Mallory") {
			t.Errorf("%s: reading is not refused: %d", name, got.StatusCode)
		}
	}
}

func TestLimits(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	path := "/api/programs/" + string(st.program.ID) + "/invitations"
	body := func(size int) string {
		text := `{"id":"` + string(storage.NewID()) + `","email":"a@example.org","role":"teacher","name":""}`
		return text + strings.Repeat(" ", size-len(text))
	}
	if got := b.json("POST", path, body(1<<20)); got.StatusCode != http.StatusCreated {
		t.Errorf("1 MiB of JSON: %d %.200s", got.StatusCode, got.body)
	}
	for _, size := range []int{1<<20 + 1, 10 << 20} {
		got := b.json("POST", path, body(size))
		if p := problemIn(t, got); p.Kind != "too_large" || !strings.Contains(p.Detail, "1024 kB") {
			t.Errorf("%d bytes of JSON: %+v", size, p)
		}
	}
	if got := b.post("/account/name", url.Values{"name": {strings.Repeat("x", 256<<10)}}); got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a form that is too large: %d", got.StatusCode)
	}
}

func TestBadJSON(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	path := "/api/programs/" + string(st.program.ID) + "/invitations"
	id := string(storage.NewID())
	for _, c := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"an unknown field", `{"id":"` + id + `","email":"a@example.org","role":"teacher","colour":"secret-value"}`, 422, "colour"},
		{"a missing field", `{"id":"` + id + `","email":"a@example.org"}`, 422, "role"},
		{"a wrong role", `{"id":"` + id + `","email":"a@example.org","role":"king"}`, 422, "role"},
		{"a wrong id", `{"id":"1","email":"a@example.org","role":"teacher"}`, 422, "UUID"},
		{"a wrong address", `{"id":"` + id + `","email":"a","role":"teacher"}`, 422, "email"},
		{"no JSON", `{`, 400, "cannot be read"},
		{"nothing", ``, 400, ""},
	} {
		got := b.json("POST", path, c.body)
		p := problemIn(t, got)
		if p.Status != c.status || !strings.Contains(p.Detail, c.says) || !strings.HasSuffix(p.Detail, ".") {
			t.Errorf("%s: %d %q", c.name, p.Status, p.Detail)
		}
		if strings.Contains(got.body, "secret-value") {
			t.Errorf("%s: the answer repeats what was sent: %s", c.name, got.body)
		}
	}
	if got := b.get("/api/me?colour=blue"); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown query parameter: %d", got.StatusCode)
	}
}

func TestNothingHere(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	if got := b.get("/nothing"); got.StatusCode != http.StatusNotFound || !strings.Contains(got.body, "<h1>Nothing here</h1>") {
		t.Errorf("a page that is not there: %d", got.StatusCode)
	}
	if p := problemIn(t, b.get("/api/nothing")); p.Status != http.StatusNotFound {
		t.Errorf("an operation that is not there: %+v", p)
	}
	if got := b.get("/logout"); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET /logout: %d, Allow %q", got.StatusCode, got.Header.Get("Allow"))
	}
	if got := b.get("/people/not-an-id"); got.StatusCode != http.StatusNotFound {
		t.Errorf("what is not an id: %d", got.StatusCode)
	}
}

func TestHealth(t *testing.T) {
	st := newEmptySite(t)
	b := st.browser()
	if got := b.get("/healthz"); got.StatusCode != http.StatusOK {
		t.Errorf("healthz: %d", got.StatusCode)
	}
	got := b.get("/readyz")
	if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "object store does not answer") {
		t.Errorf("readyz without a store: %d %s", got.StatusCode, got.body)
	}
}

func TestMetrics(t *testing.T) {
	st := newEmptySite(t)
	b := st.browser()
	if got := b.get("/metrics"); got.StatusCode != http.StatusOK {
		t.Errorf("from the machine itself: %d", got.StatusCode)
	}
	b.header.Set("X-Forwarded-For", "192.0.2.1")
	if got := b.get("/metrics"); got.StatusCode != http.StatusNotFound {
		t.Errorf("through a proxy: %d", got.StatusCode)
	}
	guarded := newEmptySite(t, func(o *web.Options) { o.MetricsToken = "sesame" }).browser()
	for token, want := range map[string]int{"": 404, "Bearer wrong": 404, "Bearer sesame": 200} {
		guarded.header.Set("Authorization", token)
		got := guarded.get("/metrics")
		if got.StatusCode != want {
			t.Errorf("with the token %q: %d", token, got.StatusCode)
		}
	}
	// A request is counted when it has been answered, which may be after its answer is here.
	guarded.header.Set("Authorization", "Bearer sesame")
	for deadline := time.Now().Add(30 * time.Second); ; {
		if strings.Contains(guarded.get("/metrics").body, "backrow_http_request_seconds") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the requests are not counted")
		}
	}
}

type parameter struct{ In, Name string }

func TestOpenAPI(t *testing.T) {
	text, err := web.OpenAPI()
	check(t, err)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ Parameters []parameter }
	}
	check(t, json.Unmarshal(text, &doc))
	if doc.OpenAPI != "3.1.0" || doc.Paths["/api/me"] == nil {
		t.Errorf("the description is %.200s", text)
	}
	// A path value that is not declared would reach its handler empty.
	for path, operations := range doc.Paths {
		for method, o := range operations {
			for _, part := range strings.Split(path, "/") {
				if name, ok := strings.CutPrefix(part, "{"); ok && !slices.ContainsFunc(o.Parameters,
					func(p parameter) bool { return p.In == "path" && p.Name+"}" == name }) {
					t.Errorf("%s %s does not declare %s", method, path, part)
				}
			}
		}
	}
	got := newEmptySite(t).browser().get("/api/openapi.json")
	if got.StatusCode != http.StatusOK || got.body != string(text) {
		t.Errorf("the server describes another API: %d", got.StatusCode)
	}
}

func TestFailuresOfOursAreLoggedNotTold(t *testing.T) {
	st := newSite(t)
	b := st.as("lead")
	_, err := st.db.Exec(t.Context(), `DROP TABLE cycles`)
	check(t, err)
	got := b.get("/programs/" + string(st.program.ID) + "/pairing")
	if got.StatusCode != http.StatusInternalServerError || strings.Contains(got.body, "cycles") ||
		!strings.Contains(got.body, got.Header.Get("X-Request-Id")) {
		t.Errorf("a broken database: %d %s", got.StatusCode, got.body)
	}
	if !strings.Contains(st.lines.all(), "no such table: cycles") {
		t.Error("the log does not say what is broken")
	}
}
