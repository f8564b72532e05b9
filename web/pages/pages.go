// Package pages holds what the server sends to a browser: the HTML templates, the message
// catalogue and the built assets (scripts, styles, fonts), all embedded in the binary. A page is
// complete and readable before any script runs; what is alive on it is a custom element whose
// script the page names by its entry in the manifest.
//
// Every text that a person reads comes from the catalogue: one file per language under messages/,
// checked by a test to have the same keys and placeholders.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

//go:embed layout/*.html templates/*.html
var sources embed.FS

// Set is every page in every language, parsed. It is safe for concurrent use.
type Set struct {
	catalogue *Catalogue
	assets    *Assets
	pages     map[string]map[string]*template.Template // language, then page
}

// Parse reads all templates. It fails on the first that cannot be parsed.
func Parse(catalogue *Catalogue, assets *Assets) (*Set, error) {
	names, err := fs.Glob(sources, "templates/*.html")
	if err != nil {
		return nil, err
	}
	set := &Set{catalogue: catalogue, assets: assets,
		pages: make(map[string]map[string]*template.Template)}
	for _, language := range catalogue.Languages() {
		layout, err := template.New("layout.html").Funcs(set.functions(language)).
			ParseFS(sources, "layout/*.html")
		if err != nil {
			return nil, fmt.Errorf("pages: parse layout: %w", err)
		}
		set.pages[language] = make(map[string]*template.Template, len(names))
		for _, name := range names {
			page, err := template.Must(layout.Clone()).ParseFS(sources, name)
			if err != nil {
				return nil, fmt.Errorf("pages: parse %s: %w", name, err)
			}
			set.pages[language][strings.TrimSuffix(path.Base(name), ".html")] = page
		}
	}
	return set, nil
}

// Render makes the page of that name (its file without .html) in a language of the catalogue.
// Nothing is returned of a page that fails half way.
func (s *Set) Render(language, name string, data any) ([]byte, error) {
	page, ok := s.pages[language][name]
	if !ok {
		return nil, fmt.Errorf("pages: there is no page %q in %q", name, language)
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "layout.html", data); err != nil {
		return nil, fmt.Errorf("pages: render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// functions are what a template may call beside the methods of its data.
func (s *Set) functions(language string) template.FuncMap {
	return template.FuncMap{
		// T "key" "name" value …: the message, its {name} replaced by value.
		"T": func(key string, pairs ...any) (string, error) {
			return s.catalogue.Text(language, key, pairs...)
		},
		// say translates a sentence that the server made, where the catalogue knows it.
		"say": func(sentence string) string { return s.catalogue.Sentence(language, sentence) },
		// messages "room.": what an island needs, for a <script type="application/json">.
		"messages": func(prefixes ...string) map[string]any {
			return s.catalogue.Section(language, prefixes...)
		},
		"icon":   s.assets.Icon,
		"assets": s.assets.Tags,
		"asset":  s.assets.Path,
		"dict":   dict,
	}
}

// dict makes a map for a partial that takes more than one value: dict "name" value ….
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("pages: dict wants names and values in pairs")
	}
	out := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("pages: dict wants a name, not %T", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}
