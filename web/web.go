// Package web is the door: it serves pages and the JSON API, keeps sign-in sessions, and asks
// review/access of every request whether this person may. Nothing is decided here that another
// package could decide, and nothing knows this package.
//
// Every route is a row of one table that says who may use it; there is no other way to be
// served. A handler returns an error where it cannot answer, and errors.go alone makes of it a
// status, a problem (RFC 9457) or a page in plain words. Pages are complete without scripts:
// forms post and redirect, and a form that is refused comes back with what was typed.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"backrow/annotate"
	"backrow/annotate/socket"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/web/pages"
)

const (
	// maxForm is more than any form of ours can hold.
	maxForm = 256 << 10
	// maxJSON is the most of a JSON body.
	maxJSON = 1 << 20
	// sessionIdle signs out a laptop that was left in a classroom over a weekend, not one that was
	// closed between two lessons.
	sessionIdle = 72 * time.Hour
	// sessionLife is the longest that a password is not asked for.
	sessionLife = 30 * 24 * time.Hour
)

// Options say what a Server stands on. The services that are nil have no routes that work, which
// is enough to describe the API.
type Options struct {
	DB        *storage.DB
	Catalogue *storage.Catalogue
	Objects   objects.Store
	Review    *review.Service
	Policy    *access.Policy
	Capture   Capture
	Marks     *annotate.Log
	Work      Work

	// Log gets a line for each request; slog.Default when nil.
	Log *slog.Logger
	// Registry takes the server's metrics and is what /metrics shows; one of its own when nil.
	Registry *prometheus.Registry
	// MetricsToken is the bearer token that /metrics asks for. When empty only the machine
	// itself may read it.
	MetricsToken string
	// PublicURL is the address that people type, such as https://backrow.example.org. When nil
	// it is taken from each request.
	PublicURL *url.URL
	// BehindProxy believes the last entry of X-Forwarded-For about who is asking.
	BehindProxy bool
	// BlobRate is the least that the body of a blob must come at, in bytes a second, once BlobGrace
	// has passed: 8000 and 10 seconds when zero.
	BlobRate  int64
	BlobGrace time.Duration
	// SessionIdle and SessionLife end a session: 72 hours unused and 30 days when zero.
	SessionIdle, SessionLife time.Duration
	// Version is shown to operators.
	Version string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Server answers everything that comes in by HTTP. It is safe for concurrent use.
type Server struct {
	options  Options
	pages    *pages.Set
	messages *pages.Catalogue
	assets   *pages.Assets
	sessions *scs.SessionManager
	store    *sessionStore
	attempts *throttle
	metrics  *requestMetrics
	feed     *socket.Handler
	table    []route
	files    chan struct{} // a place for each file that is being received
	handler  http.Handler
	started  storage.Time

	api           huma.API
	apiMux        *apiMux
	problemSchema *huma.Schema
}

// New makes a Server.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SessionIdle == 0 {
		o.SessionIdle = sessionIdle
	}
	if o.SessionLife == 0 {
		o.SessionLife = sessionLife
	}
	if o.BlobRate == 0 {
		o.BlobRate = usualBlobRate
	}
	if o.BlobGrace == 0 {
		o.BlobGrace = usualBlobGrace
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if u := o.PublicURL; u != nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return nil, storage.Errorf(storage.Invalid,
			"The public URL must look like https://backrow.example.org, not %q.", u.String())
	}
	s := &Server{options: o, files: make(chan struct{}, attachmentsAtOnce), attempts: newThrottle(o.Now), started: storage.At(o.Now())}
	if err := s.loadPages(); err != nil {
		return nil, err
	}
	s.metrics = newRequestMetrics(o.Registry)
	s.newSessions()
	s.feed = s.newFeed()
	mux := http.NewServeMux()
	s.newAPI(mux)
	for _, rt := range s.routes() {
		s.mount(mux, rt)
	}
	s.operations()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		route := route{who: anyone(), handle: s.fallback(mux)}
		if err := s.admit(w, r, route); err != nil {
			s.fail(w, r, err)
		}
	})
	s.handler = s.logged(s.secured(mux))
	return s, nil
}

func (s *Server) loadPages() error {
	var err error
	if s.messages, err = pages.LoadCatalogue(); err != nil {
		return err
	}
	if s.assets, err = pages.LoadAssets(); err != nil {
		return err
	}
	if !s.assets.Built() {
		s.options.Log.Warn("the pages have no styles and no scripts: run scripts/build")
	}
	s.pages, err = pages.Parse(s.messages, s.assets)
	return err
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// sweepEvery is how often sessions that have expired are removed.
const sweepEvery = time.Hour

// Run does the server's housekeeping until ctx ends, which is its one way to end.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := s.store.sweep(ctx, storage.At(s.options.Now())); err != nil && ctx.Err() == nil {
			s.options.Log.Warn("expired sessions could not be removed", "error", err)
		}
		if err := s.options.Catalogue.SweepCaptureTokens(ctx, s.options.Now()); err != nil && ctx.Err() == nil {
			s.options.Log.Warn("expired capture tokens could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// secure reports whether people reach the server by https.
func (s *Server) secure() bool {
	return s.options.PublicURL != nil && s.options.PublicURL.Scheme == "https"
}

// address is an absolute URL of this server for a path, for links that people copy.
func (s *Server) address(r *http.Request, path string) string {
	if s.options.PublicURL != nil {
		return strings.TrimRight(s.options.PublicURL.String(), "/") + path
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + path
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// OpenAPI is the description of the JSON API, as it is served at /api/openapi.json.
func OpenAPI() ([]byte, error) {
	s, err := New(Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("web: describe the API: %w", err)
	}
	return s.describe()
}
