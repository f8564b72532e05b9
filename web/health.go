package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"backrow/storage"
	"backrow/web/pages"
)

// AssetPattern is the route of the built scripts and styles.
const AssetPattern = pages.AssetPrefix + "{name...}"

// readyTime is how long a part may take to answer before it counts as away.
const readyTime = 2 * time.Second

func (s *Server) machineRoutes() []route {
	return []route{
		{method: "GET", pattern: "/healthz", who: machines(), handle: s.healthz},
		{method: "GET", pattern: "/readyz", who: machines(), handle: s.readyz},
		{method: "GET", pattern: "/metrics", who: machines(), handle: s.showMetrics},
		{method: "GET", pattern: "/api/openapi.json", who: machines(), handle: s.openAPI},
		{method: "GET", pattern: AssetPattern, who: machines(), handle: s.asset},
		{method: "GET", pattern: "/favicon.ico", who: machines(), handle: s.favicon},
	}
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	s.assets.ServeHTTP(w, r)
	return nil
}

func (s *Server) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, s.assets.Path("mark.svg"), http.StatusFound)
	return nil
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n")) //nolint:errcheck // the probe went away
	return nil
}

// part is one thing that the server needs, and whether it answers.
type part struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

func (s *Server) parts(ctx context.Context) []part {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	check := func(name string, ask func(context.Context) error) part {
		if err := ask(ctx); err != nil {
			s.options.Log.WarnContext(ctx, "not ready", "part", name, "error", err)
			return part{Name: name, Reason: storage.MessageOf(err)}
		}
		return part{Name: name, OK: true}
	}
	return []part{check("database", s.options.DB.Ping), check("objects", s.options.Objects.Check)}
}

// readyz says whether the server can do its work, and of each part why it cannot.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	parts, status := s.parts(r.Context()), http.StatusOK
	for _, p := range parts {
		if !p.OK {
			status = http.StatusServiceUnavailable
		}
	}
	return writeJSON(w, status, map[string]any{"ready": status == http.StatusOK, "parts": parts})
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	text, err := s.describe()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json")
	w.Write(text) //nolint:errcheck // the client went away
	return nil
}

// showMetrics answers who knows the token, or, where none is set, the machine itself: a scraper
// beside the server needs no secret, and behind a proxy on the same machine nobody else gets in,
// because a proxied request says so by its X-Forwarded-For.
func (s *Server) showMetrics(w http.ResponseWriter, r *http.Request) error {
	if !s.mayScrape(r) {
		return storage.Errorf(storage.NotFound, "There is nothing at this address.")
	}
	promhttp.HandlerFor(s.options.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}

func (s *Server) mayScrape(r *http.Request) bool {
	if want := s.options.MetricsToken; want != "" {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	proxied := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	return err == nil && ip != nil && ip.IsLoopback() && !proxied
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(text) //nolint:errcheck // the client went away
	return nil
}

// requestMetrics counts what is served, by route and status.
type requestMetrics struct {
	took *prometheus.HistogramVec
}

func newRequestMetrics(registry prometheus.Registerer) *requestMetrics {
	m := &requestMetrics{took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "backrow_http_request_seconds", Help: "Time to answer a request, by route and status.",
		Buckets: []float64{.005, .025, .1, .5, 2, 10},
	}, []string{"method", "route", "status"})}
	registry.MustRegister(m.took)
	return m
}

func (m *requestMetrics) observe(method, route string, status int, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		method = "other" // a label that strangers choose would grow without end
	}
	m.took.WithLabelValues(method, route, statusClass(status)).Observe(took.Seconds())
}

func statusClass(status int) string {
	if status < 100 || status > 599 {
		return "none"
	}
	return string(rune('0'+status/100)) + "xx"
}

// isMedia reports whether a route serves segments of a lesson.
func isMedia(pattern string) bool {
	return strings.Contains(pattern, "/takes/") || strings.HasSuffix(pattern, "playlist.m3u8")
}
