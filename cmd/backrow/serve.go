package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"backrow/annotate"
	"backrow/capture"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
	"backrow/transcode"
	"backrow/transcode/ffmpeg"
	"backrow/web"
)

const (
	drainFor       = 20 * time.Second // the default of most supervisors is 30 s before SIGKILL
	headersWithin  = 10 * time.Second // slow-loris: nobody needs longer for a request's headers
	idleConnection = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

type serveCommand struct {
	webSettings
	dataSettings
	captureSettings
	workSettings
	mailSettings
	logSettings

	Demo         bool   `help:"Fill a demonstration program with people, target areas and two short lessons, if it is not there yet."`
	DemoPassword string `help:"The demonstration people's password; random and printed by default." placeholder:"PASSWORD"`
}

// Run serves until ctx ends, then drains: no new requests, what is being received is stored, jobs
// go back into their queue.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	if err := errors.Join(c.webSettings.validate(), c.dataSettings.validate(), c.captureSettings.validate(),
		c.workSettings.validate()); err != nil {
		return err
	}
	log := newLog(t.err, c.logSettings)
	slog.SetDefault(log)
	warnOfFewFiles(log)
	c.warnOfNoFFmpeg(log)

	// The port first: a taken one is the commonest mistake, and nothing has been touched yet.
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return storage.Errorf(storage.Unavailable,
			"The address %s cannot be listened on. Is Backrow running already? Choose another with --listen. %w", c.Listen, err)
	}
	defer listener.Close()
	public, err := url.Parse(c.publicURL(listener.Addr()))
	if err != nil {
		return err
	}

	h, err := c.open(ctx, public, log)
	if err != nil {
		return err
	}
	defer h.close(log)

	if c.Demo {
		err := c.fillDemo(ctx, h, public, t)
		if ctx.Err() != nil {
			fmt.Fprintln(t.out, "Stopped before the demonstration was there; the next start with --demo completes it.")
			return nil
		}
		if err != nil {
			return err
		}
	}
	h.greet(ctx, public, t)
	return h.serve(ctx, listener, log)
}

// publicURL is the address that people are told.
func (c *serveCommand) publicURL(listening net.Addr) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	port := listening.(*net.TCPAddr).Port
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// house is everything that serves, and how it is closed.
type house struct {
	db        *storage.DB
	catalogue *storage.Catalogue
	store     store
	pool      *transcode.Pool
	capture   *capture.Server
	marks     *annotate.Log
	people    *review.Service
	policy    *access.Policy
	site      *web.Server

	closers []closer // in the order of opening
}

type closer struct {
	what string
	end  func(context.Context) error
}

func (h *house) then(what string, end func(context.Context) error) {
	h.closers = append(h.closers, closer{what, end})
}

// close closes in the reverse order of opening, each within its share of time.
func (h *house) close(log *slog.Logger) {
	for i := len(h.closers) - 1; i >= 0; i-- {
		closeQuietly(log, h.closers[i].what, h.closers[i].end)
	}
}

// open opens every room. When one cannot be opened those before it are closed again.
func (c *serveCommand) open(ctx context.Context, public *url.URL, log *slog.Logger) (_ *house, err error) {
	h := &house{}
	defer func() {
		if err != nil {
			h.close(log)
		}
	}()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	release, err := lockFolder(c.Data)
	if err != nil {
		return nil, err
	}
	h.then("data folder", func(context.Context) error { return release() })
	if h.db, err = openDatabase(ctx, c.dataSettings, log); err != nil {
		return nil, err
	}
	h.then("database", func(context.Context) error { return h.db.Close() })
	h.catalogue = storage.NewCatalogue(h.db)

	if h.store, err = openStore(ctx, c.dataSettings, log); err != nil {
		return nil, err
	}
	h.then("store", h.store.close)

	if h.pool, err = transcode.New(transcode.Options{
		DB: h.db, Catalogue: h.catalogue, Objects: h.store, Log: log, Metrics: registry,
		FFmpeg: c.FFmpeg, FFprobe: c.FFprobe, Workers: c.Workers,
		Scratch:  filepath.Join(c.Data, "scratch"),
		TakeMade: func(ctx context.Context, recording storage.ID) { h.capture.TakeMade(ctx, recording) },
	}); err != nil {
		return nil, err
	}
	h.then("worker pool", h.pool.Stop)

	if err = c.openCapture(h, registry, log); err != nil {
		return nil, err
	}
	if err = h.pool.Start(ctx); err != nil { // its work is told of to capture
		return nil, err
	}
	if err = c.openPeople(h, public, log); err != nil {
		return nil, err
	}

	h.site, err = web.New(web.Options{
		DB: h.db, Catalogue: h.catalogue, Objects: h.store, Review: h.people, Policy: h.policy,
		Capture: h.capture, Marks: h.marks, Work: h.pool,
		Log: log, Registry: registry, MetricsToken: c.MetricsKey, PublicURL: public,
		BlobRate: c.BlobRate, BehindProxy: c.BehindProxy, SessionIdle: c.SessionIdle, SessionLife: c.SessionMax,
		Version: version,
	})
	if err != nil {
		return nil, err
	}
	h.housekeep(log)
	return h, nil
}

func (c *serveCommand) openCapture(h *house, registry *prometheus.Registry, log *slog.Logger) error {
	options := c.captureSettings.options(c.Listen)
	options.Catalogue, options.Objects, options.Jobs = h.catalogue, h.store, h.pool
	options.Log, options.Metrics = log, registry
	options.Spool = filepath.Join(c.Data, "spool")
	var err error
	h.capture, err = capture.New(options)
	if err != nil {
		return err
	}
	h.then("capture", h.capture.Close)
	return nil
}

func (h *house) serve(ctx context.Context, listener net.Listener, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h.site,
		ReadHeaderTimeout: headersWithin,
		IdleTimeout:       idleConnection,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("draining: what is being received is stored first")
	drain, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	err := h.drain(drain, server)
	<-ended
	return err
}

func warnOfFewFiles(log *slog.Logger) {
	const enough = 4096 // a socket, a spool file and a store connection for each of 1,000 people
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < enough {
		log.Warn("few files may be open at once: raise the limit (ulimit -n, LimitNOFILE=)",
			"limit", limit.Cur, "better", enough)
	}
}

// warnOfNoFFmpeg says what will be missing. Lessons are recorded and play without it, so the server
// starts all the same.
func (s *workSettings) warnOfNoFFmpeg(log *slog.Logger) {
	if _, err := ffmpeg.Find(s.FFmpeg, s.FFprobe); err != nil {
		log.Warn("no stills and no downloads will be made of lessons", "error", explain(err))
	}
}

func splitPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || host == "" || port < 1 || port > 65535 {
		return "", 0, storage.Errorf(storage.Invalid,
			"--smtp-server must be HOST:PORT, such as mail.example.org:587, not %q.", address)
	}
	return host, port, nil
}

// greet tells the person at the terminal where to click.
func (h *house) greet(ctx context.Context, public *url.URL, t *terminal) {
	token, err := h.people.OpenSetup(ctx)
	switch {
	case err != nil:
		fmt.Fprintln(t.err, "backrow:", explain(err))
	case token != "":
		fmt.Fprintf(t.out, "\n  Backrow is ready. Make the first account here (this link works once):\n\n    %s/setup?token=%s\n\n", public, token)
	default:
		fmt.Fprintf(t.out, "\n  Backrow is ready at %s\n\n", public)
	}
	if f, ok := t.out.(*os.File); ok {
		f.Sync() //nolint:errcheck // a pipe cannot be synced
	}
}
