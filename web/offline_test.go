package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// What is kept on the device says nothing of who asked for it.
func TestWhatIsKeptForEverybodyIsOfNobody(t *testing.T) {
	st := newSite(t)
	b := st.as("owner")
	for _, path := range []string{"/offline", "/manifest.webmanifest", "/service-worker.js"} {
		got := b.get(path)
		if got.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
		if got.Header.Get("Backrow-Person") != "" || strings.Contains(got.body, string(st.id("owner"))) ||
			strings.Contains(got.body, "data-person") {
			t.Errorf("%s is of a person: %s", path, got.body)
		}
	}
}

func TestPagesSayWhoseTheyAre(t *testing.T) {
	st := newSite(t)
	if got := st.as("owner").get("/record"); got.Header.Get("Backrow-Person") != string(st.id("owner")) ||
		!strings.Contains(got.body, `data-person="`+string(st.id("owner"))+`"`) {
		t.Errorf("the recorder of the owner is of %q", got.Header.Get("Backrow-Person"))
	}
	if got := st.browser().get("/login"); got.Header.Get("Backrow-Person") != "nobody" ||
		!strings.Contains(got.body, `data-person="nobody"`) {
		t.Errorf("the sign-in page is of %q", got.Header.Get("Backrow-Person"))
	}
}

func TestKeepingAPageTakesNoNotice(t *testing.T) {
	st := newSite(t)
	b := st.as("owner")
	wantRedirect(t, b.post("/account/name", map[string][]string{"name": {"Olu"}}), "/account")
	b.header.Set("Backrow-Keep", "1")
	if got := b.get("/record"); strings.Contains(got.body, `role="status"`) {
		t.Error("the page that is kept says what is for the next page")
	}
	b.header.Del("Backrow-Keep")
	if got := b.get("/account"); !strings.Contains(got.body, `role="status"`) {
		t.Error("the notice is lost")
	}
}

// A database that is away for a moment signs nobody out: a laptop would forget its recorder.
func TestNotToKnowIsNotToBeSignedOut(t *testing.T) {
	st := newSite(t)
	b := st.as("owner")
	check(t, st.db.Close())
	got := b.get("/record")
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Backrow-Person") != "" {
		t.Errorf("without a database: %d, of %q", got.StatusCode, got.Header.Get("Backrow-Person"))
	}
}

func TestServiceWorkerIsAskedFor(t *testing.T) {
	st := newEmptySite(t)
	b := st.browser()
	got := b.get("/service-worker.js")
	if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "no-cache" ||
		!strings.HasPrefix(got.Header.Get("Content-Type"), "text/javascript") {
		t.Fatalf("the service worker: %d %v", got.StatusCode, got.Header)
	}
	b.header.Set("If-None-Match", got.Header.Get("ETag"))
	if again := b.get("/service-worker.js"); again.StatusCode != http.StatusNotModified || again.body != "" {
		t.Errorf("the same again: %d", again.StatusCode)
	}
	b.header.Set("If-None-Match", `"another"`)
	if again := b.get("/service-worker.js"); again.StatusCode != http.StatusOK {
		t.Errorf("another: %d", again.StatusCode)
	}
}

func TestManifest(t *testing.T) {
	st := newEmptySite(t)
	b := st.browser()
	b.header.Set("Accept-Language", "es")
	got := b.get("/manifest.webmanifest")
	if got.Header.Get("Content-Type") != "application/manifest+json" {
		t.Errorf("the manifest is %s", got.Header.Get("Content-Type"))
	}
	var m struct {
		Lang  string
		Start string `json:"start_url"`
		Scope string
		Icons []struct{ Src, Type, Purpose, Sizes string }
	}
	check(t, json.Unmarshal([]byte(got.body), &m))
	if m.Lang != "es" || m.Start != "/record" || m.Scope != "/" {
		t.Errorf("the manifest says %+v", m)
	}
	purposes := map[string]bool{}
	for _, icon := range m.Icons {
		purposes[icon.Purpose+icon.Sizes] = true
		if answer := b.get(icon.Src); answer.StatusCode != http.StatusOK ||
			answer.Header.Get("Content-Type") != icon.Type {
			t.Errorf("%s: %d %s", icon.Src, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
	}
	for _, want := range []string{"any192x192", "any512x512", "maskable512x512", "anyany"} {
		if !purposes[want] {
			t.Errorf("there is no icon %s", want)
		}
	}
	if page := st.browser().get("/login"); !strings.Contains(page.body, `<link rel="manifest" href="/manifest.webmanifest">`) {
		t.Error("pages do not name the manifest")
	}
}
