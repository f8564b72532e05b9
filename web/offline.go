package web

import (
	"encoding/json"
	"net/http"
)

// personHeader says of a page whose it is, so that the service worker keeps the recorder for the
// person who is signed in and for nobody else. It is missing where nobody was looked up.
const personHeader = "Backrow-Person"

// nobody is whose page it is when nobody is signed in.
const nobody = "nobody"

// keepHeader comes with a request of the service worker's own, whose page nobody sees now.
const keepHeader = "Backrow-Keep"

// The colours of the page's paper (tokens.css), for what the device draws around it.
const (
	paperLight = "#fbfaf7"
	paperDark  = "#14181a"
)

// offlineRoutes are what makes Backrow start in a browser that has no network. None of them looks
// at who is asking: what they answer is kept on the device for whoever uses it.
func (s *Server) offlineRoutes() []route {
	return []route{
		{method: "GET", pattern: "/service-worker.js", who: machines(), handle: s.serviceWorker},
		{method: "GET", pattern: "/manifest.webmanifest", who: machines(), handle: s.manifest},
		{method: "GET", pattern: "/offline", who: machines(), handle: s.offline},
	}
}

// serviceWorker answers under a name that does not change, because a browser compares what is
// there with what it has.
func (s *Server) serviceWorker(w http.ResponseWriter, r *http.Request) error {
	s.assets.ServeLatest(w, r, "service-worker.js")
	return nil
}

// offline is the page in the place of one that cannot be reached.
func (s *Server) offline(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "offline", nil)
}

// webManifest is a web app manifest (W3C, Web Application Manifest).
type webManifest struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	ShortName   string             `json:"short_name"`
	Description string             `json:"description"`
	Lang        string             `json:"lang"`
	StartURL    string             `json:"start_url"`
	Scope       string             `json:"scope"`
	Display     string             `json:"display"`
	Launch      manifestLaunch     `json:"launch_handler"`
	Theme       string             `json:"theme_color"`
	Background  string             `json:"background_color"`
	Icons       []manifestIcon     `json:"icons"`
	Shortcuts   []manifestShortcut `json:"shortcuts"`
}

// manifestLaunch has a second start show the window that is open: a lesson may be going on in it.
type manifestLaunch struct {
	ClientMode []string `json:"client_mode"`
}

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

type manifestShortcut struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// manifest says how Backrow is installed. Browsers ask for it without cookies, so its language is
// the browser's.
func (s *Server) manifest(w http.ResponseWriter, r *http.Request) error {
	m := webManifest{ID: "/", Name: "Backrow", ShortName: "Backrow", Lang: s.language(r),
		StartURL: "/record", Scope: "/", Display: "standalone",
		Launch: manifestLaunch{ClientMode: []string{"focus-existing", "auto"}},
		Theme:  paperLight, Background: paperLight}
	icon := func(file, sizes, mediaType, purpose string) {
		m.Icons = append(m.Icons, manifestIcon{Src: s.assets.Path(file), Sizes: sizes, Type: mediaType,
			Purpose: purpose})
	}
	icon("icon.svg", "any", "image/svg+xml", "any")
	icon("icon-192.png", "192x192", "image/png", "any")
	icon("icon-512.png", "512x512", "image/png", "any")
	icon("icon-maskable-192.png", "192x192", "image/png", "maskable")
	icon("icon-maskable-512.png", "512x512", "image/png", "maskable")
	var err error
	if m.Description, err = s.messages.Text(m.Lang, "offline.description"); err != nil {
		return err
	}
	for _, to := range []manifestShortcut{{"record.title", "/record"}, {"home.title", "/"}} {
		name, err := s.messages.Text(m.Lang, to.Name)
		if err != nil {
			return err
		}
		m.Shortcuts = append(m.Shortcuts, manifestShortcut{Name: name, URL: to.URL})
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/manifest+json")
	h.Set("Content-Language", m.Lang)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Language, Cookie")
	w.Write(body) //nolint:errcheck // the client went away
	return nil
}

// toBeKept reports whether a page is asked for by the service worker, to be shown later.
func toBeKept(r *http.Request) bool { return r.Header.Get(keepHeader) != "" }

// Person is whose page it is: their id, nobody, or, where nobody was looked up, "".
func (v view) Person() string {
	switch {
	case v.SignedIn:
		return string(v.Viewer.ID)
	case v.lookedUp:
		return nobody
	}
	return ""
}

// paper is a colour of the page, for what the device draws around it.
type paper struct{ Colour, Media string }

// Papers are the page's colours as the viewer chose them, or as the device prefers.
func (v view) Papers() []paper {
	switch v.Theme {
	case "light":
		return []paper{{Colour: paperLight}}
	case "dark":
		return []paper{{Colour: paperDark}}
	}
	return []paper{{paperLight, "(prefers-color-scheme: light)"}, {paperDark, "(prefers-color-scheme: dark)"}}
}
