package pages

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var built embed.FS

// AssetPrefix is where the assets are served.
const AssetPrefix = "/assets/"

// entry is what the build made of one entry point: paths under AssetPrefix.
type entry struct {
	Script   string   `json:"script,omitempty"`
	Styles   []string `json:"styles,omitempty"`
	Preloads []string `json:"preloads,omitempty"` // the chunks that the script imports
	Fonts    []string `json:"fonts,omitempty"`
}

// Assets are the files that the build left in dist. Their names carry a hash of their content,
// so they may be kept for ever.
type Assets struct {
	files   fs.FS
	entries map[string]entry
	paths   map[string]string // name before hashing → hashed
	icons   map[string]string // name → the inside of its <svg>
}

// LoadAssets reads the embedded manifest. Without a build the pages have neither style nor
// script, and Built says so.
func LoadAssets() (*Assets, error) {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, err
	}
	return assetsOf(files)
}

func assetsOf(files fs.FS) (*Assets, error) {
	a := &Assets{files: files}
	raw, err := fs.ReadFile(files, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Entries map[string]entry  `json:"entries"`
		Paths   map[string]string `json:"paths"`
		Icons   map[string]string `json:"icons"`
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return nil, fmt.Errorf("pages: read the manifest of assets: %w", err)
	}
	a.entries, a.paths, a.icons = manifest.Entries, manifest.Paths, manifest.Icons
	return a, nil
}

// Built reports whether there are assets at all.
func (a *Assets) Built() bool { return a.entries != nil }

// Tags are the elements for a page's head that load an entry: its styles, its script as a module
// and that module's imports.
func (a *Assets) Tags(name string) template.HTML {
	var out strings.Builder
	e := a.entries[name]
	for _, font := range e.Fonts {
		fmt.Fprintf(&out, `<link rel="preload" as="font" type="font/woff2" href="%s%s" crossorigin>`,
			AssetPrefix, font)
	}
	for _, style := range e.Styles {
		fmt.Fprintf(&out, `<link rel="stylesheet" href="%s%s">`, AssetPrefix, style)
	}
	for _, chunk := range e.Preloads {
		fmt.Fprintf(&out, `<link rel="modulepreload" href="%s%s">`, AssetPrefix, chunk)
	}
	if e.Script != "" {
		fmt.Fprintf(&out, `<script type="module" src="%s%s"></script>`, AssetPrefix, e.Script)
	}
	return template.HTML(out.String()) //nolint:gosec // names from our own build
}

// Path is where an asset is served that is known by its plain name, such as mark.svg.
func (a *Assets) Path(name string) string {
	if hashed, ok := a.paths[name]; ok {
		return AssetPrefix + hashed
	}
	return AssetPrefix + name
}

// Icon is a Lucide icon of 20 px, hidden from screen readers: the control around it has the name.
func (a *Assets) Icon(name string) (template.HTML, error) {
	inside, ok := a.icons[name]
	if !ok && a.Built() {
		return "", fmt.Errorf("pages: there is no icon %q; run the build again", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" width="20" height="20" ` + //nolint:gosec // from our own build
		`fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" ` +
		`stroke-linejoin="round" aria-hidden="true" focusable="false">` + inside + `</svg>`), nil
}

// The encodings that the build leaves beside a file, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// ServeHTTP answers GET and HEAD of an asset, compressed as the client can take it (RFC 9110,
// section 12.5.3). What is not an asset is answered 404 without a body.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, AssetPrefix)
	if !fs.ValidPath(name) || !a.servable(name) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a.serve(w, r, name, immutable)
}

func (a *Assets) serve(w http.ResponseWriter, r *http.Request, name, keep string) {
	header := w.Header()
	header.Set("Cache-Control", keep)
	header.Set("Vary", "Accept-Encoding")
	header.Set("Content-Type", mediaType(name))
	file, encoding := a.open(name, r.Header.Get("Accept-Encoding"))
	if file == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer file.Close()
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	info, err := file.Stat()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	header.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if r.Method != http.MethodHead {
		io.Copy(w, file) //nolint:errcheck // the client went away
	}
}

// ServeLatest answers GET and HEAD of an asset by its plain name, which stands for another content
// after each build: a browser that has it asks whether it is still the one.
func (a *Assets) ServeLatest(w http.ResponseWriter, r *http.Request, plain string) {
	hashed, ok := a.paths[plain]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	tag := `"` + hashed + `"`
	w.Header().Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.Header().Set("Cache-Control", latest)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	a.serve(w, r, hashed, latest)
}

// How long a browser may use an asset without asking: for ever where the name carries a hash.
const (
	immutable = "public, max-age=31536000, immutable"
	latest    = "no-cache"
)

func (a *Assets) servable(name string) bool {
	if name == "manifest.json" || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	info, err := fs.Stat(a.files, name)
	return err == nil && info.Mode().IsRegular()
}

func (a *Assets) open(name, accept string) (fs.File, string) {
	for _, e := range encodings {
		if accepts(accept, e.name) {
			if file, err := a.files.Open(name + e.suffix); err == nil {
				return file, e.name
			}
		}
	}
	file, err := a.files.Open(name)
	if err != nil {
		return nil, ""
	}
	return file, ""
}

// accepts reports whether an Accept-Encoding header takes a coding by name.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q, found := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			value, err := strconv.ParseFloat(q, 64)
			return !found || err != nil || value > 0
		}
	}
	return false
}

// mediaType does not ask the machine's own tables, which differ from host to host.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".webmanifest":
		return "application/json"
	case ".wasm":
		return "application/wasm"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
