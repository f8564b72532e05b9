package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"backrow/storage"
)

// preferenceLife is how long language, theme and time zone are remembered on a device.
const preferenceLife = 365 * 24 * time.Hour

// view is what every template gets: Page is the page's own, the rest is the frame around it.
type view struct {
	Page     any
	Viewer   Viewer
	SignedIn bool
	Language string
	Theme    string // light, dark or, to follow the device, ""
	Path     string
	Notice   string
	lookedUp bool // whether SignedIn is known
	zone     *time.Location
	american bool // the day after the month, and a clock of twelve hours
	now      time.Time
}

// render answers with a page: the template of that name, in the viewer's language.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, page any) error {
	v := view{Page: page, Language: s.language(r), Theme: theme(r), Path: r.URL.Path, zone: zone(r),
		american: american(r), now: s.options.Now()}
	v.Viewer, v.SignedIn = viewerOf(r.Context())
	v.lookedUp = s.hasSession(r)
	if v.lookedUp && status < http.StatusMultipleChoices && !toBeKept(r) {
		v.Notice = s.sessions.PopString(r.Context(), keyNotice)
	}
	body, err := s.pages.Render(v.Language, name, v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Language)
	h.Set("Cache-Control", "no-store") // laptops in staff rooms are shared
	if person := v.Person(); person != "" {
		h.Set(personHeader, person)
	}
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client went away
	return nil
}

// language is the language to answer a request in.
func (s *Server) language(r *http.Request) string {
	return s.messages.Match(cookie(r, "language"), r.Header.Get("Accept-Language"))
}

func theme(r *http.Request) string {
	if t := cookie(r, "theme"); t == "light" || t == "dark" {
		return t
	}
	return ""
}

// zone is the viewer's time zone, which a script leaves in a cookie; UTC until it has. The
// script also rewrites the times of a first page.
func zone(r *http.Request) *time.Location {
	name, err := url.QueryUnescape(cookie(r, "zone"))
	if err != nil || name == "" || name == "Local" {
		return time.UTC
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return location
}

// american reports whether the reader asks first for the English of the United States.
func american(r *http.Request) bool {
	return strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en-us")
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie keeps a preference on the device.
func (s *Server) setCookie(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: s.secure(),
		MaxAge: int(preferenceLife.Seconds()), SameSite: http.SameSiteLaxMode})
}

// localPath is where to go after signing in: next, if it is a path on this server and nothing
// else; otherwise the home page.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/"
	}
	// Browsers read // and \ as the start of a host, and drop control characters before they look.
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsFunc(u.Path+next, func(c rune) bool { return c == '\\' || c < ' ' || c == 0x7f }) {
		return "/"
	}
	if strings.HasPrefix(u.Path, "/login") || strings.HasPrefix(u.Path, "/api/") {
		return "/"
	}
	return next
}

// In says whether the page is one of those below a path.
func (v view) In(path string) bool { return v.Path == path || strings.HasPrefix(v.Path, path+"/") }

// At is the time element of a moment, in the viewer's zone: day and hour.
func (v view) At(t storage.Time) timeElement { return v.element(t, "moment") }

// On is the time element of a moment's day.
func (v view) On(t storage.Time) timeElement { return v.element(t, "day") }

// timeElement is what the partial "time" shows.
type timeElement struct {
	Machine, Text, Form string
}

func (v view) element(t storage.Time, form string) timeElement {
	if t.IsZero() {
		return timeElement{}
	}
	local := t.In(v.zone)
	return timeElement{Machine: t.UTC().Format(time.RFC3339), Form: form,
		Text: v.dateText(local, form)}
}

// redirect sends the browser to another page of ours after a form has done its work.
func redirect(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
