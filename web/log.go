package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"backrow/storage"
)

// trace is what is known of a request while it is served, for its line in the log.
type trace struct {
	id      string
	pattern string // of the route that serves it
	secret  bool   // the path holds a token
	// admitted says that the row of the route let the request in; what happened then is the
	// handler's answer.
	admitted bool
	user     storage.ID
	reason   storage.Kind // why it was refused
}

type traceKey struct{}

// traceOf is the trace of a request's context; outside of one, an empty trace.
func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return &trace{}
}

// RequestID is the id of the request that ctx belongs to, as it is in the log and in the header
// X-Request-Id.
func RequestID(ctx context.Context) string { return traceOf(ctx).id }

// logged gives each request an id, writes one line to the log when it has been served, and turns
// a panic into an answer. Queries are never logged, nor are paths that hold a token.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		t := &trace{id: string(storage.NewID())}
		r = r.WithContext(context.WithValue(r.Context(), traceKey{}, t))
		out := &answer{ResponseWriter: w}
		out.Header().Set("X-Request-Id", t.id)
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				s.options.Log.Error("panic", "request", t.id, "route", t.pattern,
					"value", fmt.Sprint(v), "stack", string(debug.Stack()))
				s.fail(out, r, fmt.Errorf("web: panic: %v", v))
			}
			s.line(r, out, t, time.Since(began))
		}()
		next.ServeHTTP(out, r)
	})
}

func (s *Server) line(r *http.Request, out *answer, t *trace, took time.Duration) {
	path := r.URL.Path
	if t.secret || t.pattern == "" {
		path = t.pattern
	}
	level := slog.LevelInfo
	if t.pattern == AssetPattern || out.status < http.StatusBadRequest && isMedia(t.pattern) {
		level = slog.LevelDebug // two lines a second for each player
	}
	s.options.Log.LogAttrs(r.Context(), level, "request",
		slog.String("request", t.id), slog.String("method", r.Method),
		slog.String("path", path), slog.Int("status", out.status),
		slog.Int64("bytes", out.bytes), slog.Duration("took", took),
		slog.String("user", string(t.user)), slog.Bool("admitted", t.admitted),
		slog.String("refused", string(t.reason)))
	s.metrics.observe(r.Method, t.pattern, out.status, took)
}

// answer is a ResponseWriter that remembers what was sent, and lets something be done before the
// headers leave.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
	before []func(http.Header)
}

func (a *answer) started() bool { return a.status != 0 }

// beforeHeaders has act called once, just before the headers are sent.
func (a *answer) beforeHeaders(act func(http.Header)) { a.before = append(a.before, act) }

// WriteHeader sends the headers. An informational status is passed on and changes nothing.
func (a *answer) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	if a.started() {
		return
	}
	a.status = status
	for _, act := range a.before {
		act(a.Header())
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if !a.started() {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the connection's own way of copying (sendfile).
func (a *answer) ReadFrom(src io.Reader) (int64, error) {
	if !a.started() {
		a.WriteHeader(http.StatusOK)
	}
	n, err := io.Copy(a.ResponseWriter, src)
	a.bytes += n
	return n, err
}

// Flush implements http.Flusher.
func (a *answer) Flush() {
	if !a.started() {
		a.WriteHeader(http.StatusOK)
	}
	http.NewResponseController(a.ResponseWriter).Flush() //nolint:errcheck // a writer that cannot flush need not
}

// Hijack implements http.Hijacker, for websockets.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !a.started() {
		a.status = http.StatusSwitchingProtocols
	}
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
