package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed messages/*.json
var messageFiles embed.FS

// SourceLanguage is the language that every message exists in.
const SourceLanguage = "en"

// message is one text, or the forms of one that counts.
type message struct {
	Text  string
	One   string // for {count} = 1
	Other string
}

// UnmarshalJSON reads "text" or {"one": "…", "other": "…"}.
func (m *message) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &m.Text); err == nil {
		return nil
	}
	var forms struct {
		One   string `json:"one"`
		Other string `json:"other"`
	}
	if err := json.Unmarshal(text, &forms); err != nil {
		return err
	}
	m.One, m.Other = forms.One, forms.Other
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads, for the islands.
func (m message) MarshalJSON() ([]byte, error) {
	if m.Text != "" {
		return json.Marshal(m.Text)
	}
	return json.Marshal(map[string]string{"one": m.One, "other": m.Other})
}

func (m message) form(pairs []any) string {
	if m.Text != "" {
		return m.Text
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "count" && fmt.Sprint(pairs[i+1]) == "1" {
			return m.One
		}
	}
	return m.Other
}

// Catalogue is every message in every language. It does not change once it is loaded.
type Catalogue struct {
	texts   map[string]map[string]message // language, then key
	matcher language.Matcher
	order   []string
}

// LoadCatalogue reads the embedded messages.
func LoadCatalogue() (*Catalogue, error) {
	files, err := fs.Glob(messageFiles, "messages/*.json")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{texts: make(map[string]map[string]message)}
	for _, file := range files {
		raw, err := messageFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(file), ".json")
		texts := make(map[string]message)
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("pages: read %s: %w", file, err)
		}
		c.texts[name] = texts
		if name != SourceLanguage {
			c.order = append(c.order, name)
		}
	}
	slices.Sort(c.order)
	c.order = append([]string{SourceLanguage}, c.order...) // the matcher's fallback is the first
	tags := make([]language.Tag, len(c.order))
	for i, name := range c.order {
		tags[i] = language.Make(name)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// Languages are the languages of the catalogue, the source first.
func (c *Catalogue) Languages() []string { return slices.Clone(c.order) }

// Match is the language to answer in: the one chosen, where the catalogue has it, or else the
// best for an Accept-Language header (RFC 9110, section 12.5.4).
func (c *Catalogue) Match(chosen, accept string) string {
	if _, ok := c.texts[chosen]; ok {
		return chosen
	}
	_, i := language.MatchStrings(c.matcher, accept)
	return c.order[i]
}

// Text is the message of that key, each {name} replaced by the value that follows it in pairs. A
// message that counts takes its form from "count". A key that the language lacks is looked up in
// the source; one that the source lacks is an error.
func (c *Catalogue) Text(language, key string, pairs ...any) (string, error) {
	m, ok := c.texts[language][key]
	if !ok {
		if m, ok = c.texts[SourceLanguage][key]; !ok {
			return "", fmt.Errorf("pages: the catalogue has no message %q", key)
		}
	}
	text := m.form(pairs)
	if len(pairs) == 0 {
		return text, nil
	}
	replace := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		replace = append(replace, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(replace...).Replace(text), nil
}

// Sentence is a sentence made by the server in the language, where the catalogue has it under
// "said:" and the sentence itself; otherwise the sentence as it is.
func (c *Catalogue) Sentence(language, sentence string) string {
	if m, ok := c.texts[language]["said:"+sentence]; ok {
		return m.Text
	}
	return sentence
}

// Section is every message whose key begins with one of the prefixes, in the language or, where
// that lacks it, in the source.
func (c *Catalogue) Section(language string, prefixes ...string) map[string]any {
	out := make(map[string]any)
	for _, texts := range []map[string]message{c.texts[SourceLanguage], c.texts[language]} {
		for key, m := range texts {
			for _, prefix := range prefixes {
				if strings.HasPrefix(key, prefix) {
					out[key] = m
				}
			}
		}
	}
	return out
}
