package web

import (
	"net/http"
	"strings"
	"time"

	"backrow/storage"
)

// policy is the Content-Security-Policy of every answer: nothing inline, nothing from elsewhere.
// hls.js feeds the video through blob: URLs and works in a worker made of one; the preview of the
// recorder needs none, as it is a MediaStream.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data: blob:",
	"font-src 'self'",
	"connect-src 'self'",
	"media-src 'self' blob:",
	"worker-src 'self' blob:",
	"manifest-src 'self'",
	"form-action 'self'",
	"base-uri 'none'",
	"frame-ancestors 'none'",
}, "; ")

// secured sets the headers that every answer carries, bounds how long a body may take to arrive, and
// refuses requests that change something and come from another site.
func (s *Server) secured(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	if s.options.PublicURL != nil {
		// Behind a proxy the Host header may be the inner one.
		protection.AddTrustedOrigin(origin(s.options.PublicURL)) //nolint:errcheck // checked by Options
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, storage.Errorf(storage.Forbidden,
			"This was sent from another site, so it was refused. Open the page here and try again."))
	}))
	guarded := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			// Nobody holds a connection by sending a byte a minute. The http.Server lifts it again.
			deadline := time.Now().Add(bodyTime)
			http.NewResponseController(w).SetReadDeadline(deadline) //nolint:errcheck // a writer without one is a test's
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), "+
			"geolocation=(), payment=(), usb=()")
		if s.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		guarded.ServeHTTP(w, r)
	})
}
