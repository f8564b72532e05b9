package pages_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/web/pages"
)

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// messages reads one language's file as it is.
func messages(t *testing.T, language string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("messages", language+".json"))
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]any)
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

// holes are the placeholders of a text, or of all forms of one that counts.
func holes(t *testing.T, text any) []string {
	t.Helper()
	var found []string
	switch v := text.(type) {
	case string:
		found = placeholder.FindAllString(v, -1)
	case map[string]any:
		for _, form := range v {
			found = append(found, holes(t, form)...)
		}
	default:
		t.Fatalf("a message is %T", text)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	catalogue, err := pages.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	source := messages(t, pages.SourceLanguage)
	for _, language := range catalogue.Languages() {
		texts := messages(t, language)
		for key, text := range source {
			other, ok := texts[key]
			if !ok {
				t.Errorf("%s lacks %q", language, key)
				continue
			}
			if diff := cmp.Diff(holes(t, text), holes(t, other)); diff != "" {
				t.Errorf("%s has other placeholders in %q:\n%s", language, key, diff)
			}
		}
		for key := range texts {
			if _, ok := source[key]; !ok && !strings.HasPrefix(key, "said:") {
				t.Errorf("%s has %q, which the source lacks", language, key)
			}
		}
	}
}

func TestTemplatesNameMessagesThatExist(t *testing.T) {
	source := messages(t, pages.SourceLanguage)
	files, err := filepath.Glob("*/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	call := regexp.MustCompile(`\bT "([^"]+)"`)
	style := regexp.MustCompile(`\sstyle=|<script>|<style|\son[a-z]+="`)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range call.FindAllStringSubmatch(string(raw), -1) {
			if _, ok := source[found[1]]; !ok {
				t.Errorf("%s names the message %q, which does not exist", file, found[1])
			}
		}
		if found := style.FindString(string(raw)); found != "" {
			t.Errorf("%s has %q, which the content security policy forbids", file, found)
		}
	}
}

func TestText(t *testing.T) {
	catalogue, err := pages.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		language, key string
		pairs         []any
		want          string
	}{
		{"en", "login.submit", nil, "Sign in"},
		{"es", "login.submit", nil, "Iniciar sesión"},
		{"fr", "login.submit", nil, "Sign in"},
		{"en", "home.days_since", []any{"count", 1}, "1 day since feedback"},
		{"en", "home.days_since", []any{"count", 0}, "0 days since feedback"},
		{"es", "home.days_since", []any{"count", 12}, "12 días desde el último comentario"},
		{"en", "home.teacher", []any{"name", "{name}"}, "Hello, {name}"},
	} {
		got, err := catalogue.Text(c.language, c.key, c.pairs...)
		if err != nil || got != c.want {
			t.Errorf("Text(%s, %s) = %q, %v; want %q", c.language, c.key, got, err, c.want)
		}
	}
	if _, err := catalogue.Text("en", "no.such"); err == nil {
		t.Error("a message that does not exist was found")
	}
}

func TestMatch(t *testing.T) {
	catalogue, err := pages.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ chosen, accept, want string }{
		{"", "", "en"},
		{"", "es-MX,es;q=0.9", "es"},
		{"", "de-DE", "en"},
		{"", "not a header;;;", "en"},
		{"es", "en-US", "es"},
		{"xx", "es", "es"},
	} {
		if got := catalogue.Match(c.chosen, c.accept); got != c.want {
			t.Errorf("Match(%q, %q) = %s, want %s", c.chosen, c.accept, got, c.want)
		}
	}
}

func TestAssets(t *testing.T) {
	assets, err := pages.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	if !assets.Built() {
		t.Fatal("there is no build of the assets: run scripts/build")
	}
	style := regexp.MustCompile(`href="([^"]+\.css)"`).FindStringSubmatch(string(assets.Tags("site")))
	if style == nil {
		t.Fatalf("the site has no style: %s", assets.Tags("site"))
	}
	for _, c := range []struct {
		path, accept, encoding string
		status                 int
	}{
		{style[1], "", "", 200},
		{style[1], "gzip, br", "br", 200},
		{style[1], "gzip;q=1.0", "gzip", 200},
		{style[1], "br;q=0, gzip;q=0", "", 200},
		{"/assets/manifest.json", "", "", 404},
		{"/assets/.keep", "", "", 404},
		{"/assets/../pages.go", "", "", 404},
		{"/assets/", "", "", 404},
		{"/assets/none.js", "br", "", 404},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = c.path
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		assets.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Content-Encoding") != c.encoding {
			t.Errorf("%s for %q: %d %q, want %d %q", c.path, c.accept, w.Code,
				w.Header().Get("Content-Encoding"), c.status, c.encoding)
		}
		if c.status == http.StatusOK && !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be kept: %q", c.path, w.Header().Get("Cache-Control"))
		}
	}
}
