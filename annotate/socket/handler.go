// Package socket carries a recording's log of annotations to browsers over websockets, and their
// writes back: the protocol of docs/live-feed.md.
//
// A Handler keeps a room for each recording that somebody follows. The room reads each event once
// and serialises it once for all its sockets. A socket that joins reads the rows up to where the
// room is, by itself and at its own reader's pace, and is then handed what the room hands out: so
// nothing is missed or doubled, and history is in the database alone. What waits for a reader is
// bounded in bytes; a socket that overflows is closed with a code of its own and costs the others
// nothing. A socket has one goroutine that reads, and one that writes while there is something to
// write.
//
// Whether a person may see, annotate and reply is asked of the Gate when they join, at every
// write, at an interval and whenever Revoke is called.
package socket

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"backrow/annotate"
	"backrow/storage"
)

// The actions that the Gate is asked about.
const (
	See      = "see_recording"
	Annotate = "annotate"
	Reply    = "reply"
)

// Gate answers whether a user may do one of the actions to a recording: nil, or an error whose
// kind is NotFound (its existence is a secret), Forbidden, Unauthenticated or, when it cannot tell,
// any other.
type Gate interface {
	May(ctx context.Context, user storage.ID, action string, recording storage.ID) error
}

// Viewer is the signed-in person behind a request.
type Viewer struct {
	ID    storage.ID
	Ends  time.Time                       // of the session; zero: not by time
	Still func(ctx context.Context) error // Unauthenticated once the session is over; nil: always nil
}

// The defaults of Options, and the bounds that nobody sets. The limits are told in
// docs/live-feed.md.
const (
	DefaultBeat       = 20 * time.Second // under the 30–60 s after which proxies drop a silent line
	DefaultRecheck    = 30 * time.Second
	DefaultQueueBytes = 1 << 20
	DefaultWriteRate  = 20
	DefaultWriteBurst = 40
	DefaultPerPerson  = 30
	MaxMessage        = 64 << 10

	writeWait = 10 * time.Second // one message to a reader; one write to the database
	closeWait = 5 * time.Second  // for the peer's answer to a close
)

// Options configure a Handler. Log, Gate and Viewer are required.
type Options struct {
	Log  *annotate.Log
	Gate Gate

	// Viewer tells whose request it is; an error (Unauthenticated) when nobody's.
	Viewer func(r *http.Request) (Viewer, error)
	// Refuse answers a request that is no handshake, or a wrong one. nil: a bare status 400.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// Origins are the origins, beside the request's own host, whose pages may connect, such as
	// https://backrow.example.org behind a proxy that changes the Host.
	Origins []string

	Logger  *slog.Logger          // nil: slog.Default()
	Metrics prometheus.Registerer // nil: none

	Beat, Recheck time.Duration
	QueueBytes    int
	WriteRate     rate.Limit // writes a second, of one socket
	WriteBurst    int
	PerPerson     int // sockets
}

// Handler serves GET /api/recordings/{id}/live-feed. It is safe for concurrent use.
type Handler struct {
	o        Options
	upgrader websocket.Upgrader
	metrics  metrics

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // every goroutine of the handler

	mu       sync.Mutex // guards what follows
	draining bool
	conns    map[*conn]struct{}
	people   map[storage.ID]int
	rooms    map[storage.ID]*room
	joined   int // counts joins, to spread the beats
}

// New starts a Handler. Close ends it.
func New(o Options) *Handler {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Refuse == nil {
		o.Refuse = func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, storage.MessageOf(err), http.StatusBadRequest)
		}
	}
	orDefault(&o.Beat, DefaultBeat)
	orDefault(&o.Recheck, DefaultRecheck)
	orDefault(&o.QueueBytes, DefaultQueueBytes)
	orDefault(&o.WriteRate, DefaultWriteRate)
	orDefault(&o.WriteBurst, DefaultWriteBurst)
	orDefault(&o.PerPerson, DefaultPerPerson)
	h := &Handler{
		o:      o,
		conns:  map[*conn]struct{}{},
		people: map[storage.ID]int{},
		rooms:  map[storage.ID]*room{},
	}
	h.metrics = newMetrics(o.Metrics)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: writeWait,
		ReadBufferSize:   1 << 10, // most of what clients send is smaller
		WriteBufferSize:  1 << 10,
		WriteBufferPool:  &sync.Pool{},
		CheckOrigin:      h.fromHere,
		Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
			kind := storage.Invalid
			if status == http.StatusForbidden {
				kind = storage.Forbidden
			}
			o.Refuse(w, r, storage.Errorf(kind, "This is not a websocket handshake from a page of "+
				"this site. %w", reason))
		},
	}
	h.work.Go(h.beat)
	h.work.Go(h.recheck)
	return h
}

func orDefault[T comparable](option *T, value T) {
	var zero T
	if *option == zero {
		*option = value
	}
}

// fromHere reports whether a request comes from a page of this site, or from no page at all.
func (h *Handler) fromHere(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	for _, o := range h.o.Origins {
		if origin == o {
			return true
		}
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// ServeHTTP takes the request's connection over and returns; the socket lives on until either
// side ends it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	viewer, recording, err := h.admit(r)
	if err != nil && !websocket.IsWebSocketUpgrade(r) {
		h.o.Refuse(w, r, err)
		return
	}
	since, wrong := sinceOf(r)
	if wrong != nil {
		h.o.Refuse(w, r, wrong)
		return
	}
	ws, failed := h.upgrader.Upgrade(w, r, nil)
	if failed != nil {
		return // upgrader.Error has answered
	}
	if err != nil {
		turnAway(ws, err)
		return
	}
	c := newConn(h, ws, viewer, recording)
	if err := h.add(c); err != nil {
		turnAway(ws, err)
		return
	}
	go func() { defer h.work.Done(); c.read() }()
	go func() { defer h.work.Done(); c.join(since) }()
}

// admit tells who asks for which recording, and whether they may see it.
func (h *Handler) admit(r *http.Request) (Viewer, storage.ID, error) {
	viewer, err := h.o.Viewer(r)
	if err != nil {
		return Viewer{}, "", err
	}
	recording, err := storage.ParseID(r.PathValue("id"))
	if err != nil {
		return Viewer{}, "", storage.Errorf(storage.NotFound,
			"That does not exist, or you may not see it. %w", err)
	}
	return viewer, recording, h.o.Gate.May(r.Context(), viewer.ID, See, recording)
}

func sinceOf(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return 0, nil
	}
	since, err := strconv.ParseInt(text, 10, 64)
	if err != nil || since < 0 {
		return 0, storage.Errorf(storage.Invalid, "The address must say since=N, a number from 0 up.")
	}
	return since, nil
}

// add counts a socket in, with its reader and its joiner.
func (h *Handler) add(c *conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return errDraining
	}
	if h.people[c.viewer.ID] >= h.o.PerPerson {
		return storage.Errorf(storage.TooMany, "This recording is open in too many windows.")
	}
	h.people[c.viewer.ID]++
	h.conns[c] = struct{}{}
	c.bucket = h.joined % buckets
	h.joined++
	h.metrics.open.Inc()
	h.work.Add(2)
	return nil
}

func (h *Handler) remove(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
	if h.people[c.viewer.ID]--; h.people[c.viewer.ID] == 0 {
		delete(h.people, c.viewer.ID)
	}
	h.metrics.open.Dec()
}

// some lists the sockets that keep picks.
func (h *Handler) some(keep func(c *conn) bool) []*conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	var picked []*conn
	for c := range h.conns {
		if keep(c) {
			picked = append(picked, c)
		}
	}
	return picked
}

// Close sends every socket away, to come back later, and waits until they have gone; when ctx ends
// first it cuts them and returns ctx's error.
func (h *Handler) Close(ctx context.Context) error {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	everyone := func(*conn) bool { return true }
	for _, c := range h.some(everyone) {
		c.end(errDraining)
	}
	h.cancel()
	gone := make(chan struct{})
	go func() {
		h.work.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, c := range h.some(everyone) {
		c.ws.Close()
	}
	<-gone // a cut socket holds nothing up, and a write to the database has its own deadline
	return ctx.Err()
}
