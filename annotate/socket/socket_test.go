package socket_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/annotate/socket"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

// patience bounds each wait of tests that fail.
const patience = time.Minute

// rules is a Gate that lets everyone do everything but what is forbidden.
type rules struct {
	mu  sync.Mutex
	not map[string]storage.Kind // by user and action
}

func (g *rules) forbid(user storage.ID, action string, kind storage.Kind) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.not == nil {
		g.not = map[string]storage.Kind{}
	}
	g.not[string(user)+action] = kind
}

func (g *rules) May(_ context.Context, user storage.ID, action string, _ storage.ID) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if kind := g.not[string(user)+action]; kind != "" {
		return storage.Errorf(kind, "No.")
	}
	return nil
}

// house is a running feed over one recording.
type house struct {
	t         testing.TB
	db        *storage.DB
	log       *annotate.Log
	gate      *rules
	handler   *socket.Handler
	server    *httptest.Server
	recording storage.Recording
}

// open starts a house; what set changes of the options holds.
func open(t testing.TB, db *storage.DB, set ...func(o *socket.Options)) *house {
	h := &house{t: t, db: db, gate: &rules{}, recording: at.Lesson(t, db)}
	h.log = annotate.NewLog(db, annotate.Options{Names: at.Names{}})
	o := socket.Options{Log: h.log, Gate: h.gate, Viewer: func(r *http.Request) (socket.Viewer, error) {
		user := r.URL.Query().Get("user") // a test's session
		if user == "" {
			return socket.Viewer{}, storage.Errorf(storage.Unauthenticated, "Please sign in.")
		}
		return socket.Viewer{ID: storage.ID(user)}, nil
	}}
	for _, s := range set {
		s(&o)
	}
	h.handler = socket.New(o)
	mux := http.NewServeMux()
	mux.Handle("GET /api/recordings/{id}/live-feed", h.handler)
	h.server = httptest.NewUnstartedServer(mux)
	h.server.Listener = tight{h.server.Listener}
	h.server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := h.handler.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		h.server.Close()
	})
	return h
}

// tight accepts connections whose kernel buffers hold little, so that a reader that does not read
// is felt soon.
type tight struct{ net.Listener }

func (l tight) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	return conn, err
}

func (h *house) url(user storage.ID, since int64) string {
	return fmt.Sprintf("%s/api/recordings/%s/live-feed?user=%s&since=%d",
		strings.Replace(h.server.URL, "http", "ws", 1), h.recording.ID, user, since)
}

func (h *house) create(author storage.ID, edit ...func(d *annotate.Draft)) annotate.Annotation {
	h.t.Helper()
	a, _, err := h.log.Create(ctx, author, at.Draft(h.recording, edit...))
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// message is whatever the server sends.
type message struct {
	Type string `json:"type"`
	annotate.Event
	UserID       storage.ID      `json:"user_id"`
	Since        int64           `json:"since"`
	May          map[string]bool `json:"may"`
	BeatMS       int64           `json:"beat_ms"`
	Ref          string          `json:"ref"`
	Version      int64           `json:"version"`
	Kind         storage.Kind    `json:"kind"`
	Message      string          `json:"message"`
	Current      json.RawMessage `json:"current"`
	RetryAfterMS int64           `json:"retry_after_ms"`
}

// client is one end of a socket.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

// dial connects without reading anything.
func (h *house) dial(user storage.ID, since int64) *client {
	h.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(h.url(user, since), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { ws.Close() })
	return &client{h.t, ws}
}

// join connects and reads hello and what there is, until it has caught up.
func (h *house) join(user storage.ID, since int64) (*client, []message) {
	h.t.Helper()
	c := h.dial(user, since)
	if m := c.next(); m.Type != "hello" || m.UserID != user || m.Since != since {
		h.t.Fatalf("greeted with %+v", m)
	}
	var events []message
	for {
		m := c.next()
		if m.Type == "caught_up" {
			return c, events
		}
		events = append(events, m)
	}
}

func (c *client) read() (message, error) {
	c.ws.SetReadDeadline(time.Now().Add(patience)) //nolint:errcheck // then the read fails
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		return message{}, err
	}
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return message{}, fmt.Errorf("%s: %w", data, err)
	}
	return m, nil
}

// next is the next message that is no beat.
func (c *client) next() message {
	c.t.Helper()
	for {
		m, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		if m.Type != "beat" {
			return m
		}
	}
}

// await reads on to a message of the type.
func (c *client) await(kind string) message {
	c.t.Helper()
	for {
		m, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if m.Type == kind {
			return m
		}
	}
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// wantClose reads on to the end and fails unless the server gave that code.
func (c *client) wantClose(code int) {
	c.t.Helper()
	for {
		_, err := c.read()
		if err == nil {
			continue
		}
		var closed *websocket.CloseError
		if !errors.As(err, &closed) || closed.Code != code {
			c.t.Fatalf("ended by %v, want code %d", err, code)
		}
		return
	}
}

func TestMarksArrive(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		h := open(t, db)
		instructor, teacher := storage.NewID(), h.recording.OwnerID
		a, _ := h.join(instructor, 0)
		b, _ := h.join(teacher, 0)
		id, reply := storage.NewID(), storage.NewID()
		a.send(fmt.Sprintf(`{"type":"create","ref":"w1","id":%q,"start_ms":1000,"kind":"question",
			"text":"Why?"}`, id))
		if ack := a.await("ack"); ack.Ref != "w1" || ack.Seq != 1 || ack.Version != 1 {
			t.Fatalf("acked with %+v", ack)
		}
		m := b.next()
		if m.Change != annotate.AnnotationCreated || m.Annotation.Text != "Why?" ||
			m.Annotation.EndMS != 1000 || m.Annotation.Author.Name != "name of "+string(instructor) {
			t.Fatalf("told %+v", m)
		}
		b.send(fmt.Sprintf(`{"type":"reply","ref":"w1","id":%q,"annotation_id":%q,"text":"So."}`,
			reply, id))
		b.await("ack")
		for {
			if m := a.next(); m.Seq == 2 && m.Reply != nil {
				break
			}
		}
		for i, text := range []string{
			`{"type":"edit","ref":"w","id":%q,"version":1,"text":"Why not?","end_ms":2000}`,
			`{"type":"delete","ref":"w","id":%q,"version":2}`,
			`{"type":"restore","ref":"w","id":%q,"version":3}`,
		} {
			a.send(fmt.Sprintf(text, id))
			if ack := a.await("ack"); ack.Version != int64(i+2) {
				t.Fatalf("%s: acked with %+v", text, ack)
			}
		}
		for _, text := range []string{
			`{"type":"edit_reply","ref":"w","id":%q,"version":1,"text":"So so."}`,
			`{"type":"delete_reply","ref":"w","id":%q,"version":2}`,
			`{"type":"restore_reply","ref":"w","id":%q,"version":3}`,
		} {
			b.send(fmt.Sprintf(text, reply))
			b.await("ack")
		}
		_, events := h.join(teacher, 5)
		if len(events) != 3 || events[0].Seq != 6 || events[2].Reply.Text != "So so." {
			t.Fatalf("after 5 come %+v", events)
		}
		stranger := h.dial(teacher, 1000)
		if m := stranger.next(); m.Since != 0 {
			t.Fatalf("a since past the end is answered with %+v", m)
		}
	})
}

func TestRefusals(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	me, viewer := storage.NewID(), storage.NewID()
	mark := h.create(me)
	h.gate.forbid(viewer, socket.Annotate, storage.Forbidden)
	c, _ := h.join(me, 0)
	v, _ := h.join(viewer, 0)
	refused := func(c *client, text string, kind storage.Kind) message {
		t.Helper()
		c.send(text)
		m := c.await("refused")
		if m.Kind != kind || m.Message == "" {
			t.Fatalf("%s: refused with %+v, want %s", text, m, kind)
		}
		return m
	}
	valid := fmt.Sprintf(`"type":"create","ref":"r","id":%q,"start_ms":0,"kind":"note","text":"x"`,
		storage.NewID())
	for _, text := range []string{``, `null`, `[]`, `{`, `"x"`, `{}`, `{"type":"create"}`,
		`{"type":"shout","ref":"r"}`, `{"type":"create","ref":"r"}`,
		`{"type":"create","ref":"` + strings.Repeat("r", socket.MaxRef+1) + `"}`,
		`{` + valid + `,"seq":1}`, `{` + valid + `}{}`, `{` + valid + `,"end_ms":1.5}`,
		`{` + valid + `,"end_ms":99999999999999999999}`, "{" + valid + ",\"visibility\":\"\xff\"}",
		`{"type":"edit","ref":"r","id":"x","version":1}`,
		`{"type":"delete","ref":"r","id":"x","version":1,"text":"x"}`,
	} {
		refused(c, text, storage.Invalid)
	}
	if m := refused(c, `{`+valid+`,"seq":1}`, storage.Invalid); m.Ref != "r" ||
		!strings.Contains(m.Message, "seq") {
		t.Fatalf("an unknown field is refused with %+v", m)
	}
	old := refused(c, fmt.Sprintf(`{"type":"edit","ref":"r","id":%q,"version":7,"text":"y"}`, mark.ID),
		storage.Conflict)
	var current annotate.Annotation
	if err := json.Unmarshal(old.Current, &current); err != nil || current.Text != mark.Text {
		t.Fatalf("the conflict carries %s", old.Current)
	}
	refused(c, fmt.Sprintf(`{"type":"delete","ref":"r","id":%q,"version":1}`, storage.NewID()),
		storage.NotFound)
	refused(v, `{`+valid+`}`, storage.Forbidden)
	v.send(fmt.Sprintf(`{"type":"reply","ref":"r","id":%q,"annotation_id":%q,"text":"Yes."}`,
		storage.NewID(), mark.ID))
	v.await("ack")
	c.send(`{` + valid + `}`) // after all that, the line is as good as new
	c.await("ack")
}

func TestWritesHaveARate(t *testing.T) {
	h := open(t, dbtest.SQLite(t), func(o *socket.Options) {
		o.WriteRate, o.WriteBurst = 1e-6, 3
	})
	c, _ := h.join(storage.NewID(), 0)
	for i := range 4 {
		c.send(fmt.Sprintf(`{"type":"create","ref":"%d","id":%q,"start_ms":0,"kind":"note","text":"x"}`,
			i, storage.NewID()))
	}
	if m := c.await("refused"); m.Ref != "3" || m.Kind != storage.TooMany || m.RetryAfterMS == 0 {
		t.Fatalf("refused with %+v", m)
	}
	if seq, _ := h.log.LastSeq(ctx, h.recording.ID); seq != 3 {
		t.Fatalf("%d writes were done, want 3", seq)
	}
}

func TestPrivateStaysOffOtherSockets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		h := open(t, db)
		author, other := storage.NewID(), storage.NewID()
		theirs, _ := h.join(other, 0)
		mine, _ := h.join(author, 0)
		mark := h.create(author, func(d *annotate.Draft) { d.Visibility = annotate.Private })
		if m := mine.next(); m.Seq != 1 || m.Annotation == nil {
			t.Fatalf("the author is told %+v", m)
		}
		for version, v := range []annotate.Visibility{annotate.Shared, annotate.Private} {
			if _, _, err := h.log.Edit(ctx, author, h.recording.ID, mark.ID, int64(version+1),
				annotate.Edit{Visibility: &v}); err != nil {
				t.Fatal(err)
			}
		}
		if m := theirs.next(); m.Seq != 2 || m.Annotation.Text != mark.Text { // and not 1
			t.Fatalf("others are told %+v", m)
		}
		if m := theirs.next(); m.Change != annotate.AnnotationRemoved || m.Annotation != nil {
			t.Fatalf("others are told %+v", m)
		}
		if _, events := h.join(other, 0); len(events) != 2 || events[0].Annotation != nil ||
			events[1].Annotation != nil {
			t.Fatalf("one who comes later is told %+v", events)
		}
	})
}

func TestWhoMayNotJoin(t *testing.T) {
	h := open(t, dbtest.SQLite(t), func(o *socket.Options) {
		o.PerPerson = 2
		o.Origins = []string{"https://backrow.example.org"}
	})
	blind, barred, busy := storage.NewID(), storage.NewID(), storage.NewID()
	h.gate.forbid(blind, socket.See, storage.NotFound)
	h.gate.forbid(barred, socket.See, storage.Forbidden)
	h.dial("", 0).wantClose(socket.CodeSignIn)
	h.dial(blind, 0).wantClose(socket.CodeNotFound)
	h.dial(barred, 0).wantClose(socket.CodeForbidden)
	h.join(busy, 0)
	h.join(busy, 0)
	h.dial(busy, 0).wantClose(websocket.CloseTryAgainLater)

	for origin, want := range map[string]int{
		"":                            http.StatusSwitchingProtocols,
		h.server.URL:                  http.StatusSwitchingProtocols,
		"https://backrow.example.org": http.StatusSwitchingProtocols,
		"https://elsewhere.example":   http.StatusBadRequest,
		"null":                        http.StatusBadRequest,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, response, err := websocket.DefaultDialer.Dial(h.url(storage.NewID(), 0), header)
		if err == nil {
			ws.Close()
		}
		if response.StatusCode != want {
			t.Errorf("origin %q: %d, want %d", origin, response.StatusCode, want)
		}
	}
	for _, address := range []string{h.url(busy, -1), strings.Replace(h.url(busy, 0), "since=0", "since=x", 1)} {
		if _, response, err := websocket.DefaultDialer.Dial(address, nil); err == nil ||
			response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v", address, err)
		}
	}
	response, err := http.Get(strings.Replace(h.url(busy, 0), "ws", "http", 1))
	if err != nil || response.StatusCode != http.StatusBadRequest {
		t.Errorf("no handshake: %v, %v", response, err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

func TestDefectiveClients(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	c, _ := h.join(storage.NewID(), 0)
	c.send(`{"type":"create","ref":"r"` + strings.Repeat(" ", socket.MaxMessage-27) + `}`)
	c.await("refused") // exactly as large as fits
	c.send(strings.Repeat(" ", socket.MaxMessage+1))
	c.wantClose(websocket.CloseMessageTooBig)

	c, _ = h.join(storage.NewID(), 0)
	if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte{1}); err != nil {
		t.Fatal(err)
	}
	c.wantClose(websocket.CloseUnsupportedData)
}

// raw dials with a small receive buffer.
func (h *house) raw(user storage.ID) *client {
	h.t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		return conn, err
	}}
	ws, _, err := dialer.Dial(h.url(user, 0), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { ws.Close() })
	return &client{h.t, ws}
}

func TestSlowReadersHoldNobodyUp(t *testing.T) {
	h := open(t, dbtest.SQLite(t), func(o *socket.Options) { o.QueueBytes = 64 << 10 })
	me := storage.NewID()
	quick, _ := h.join(me, 0)
	slow := h.raw(me)
	if m := slow.next(); m.Type != "hello" {
		t.Fatalf("greeted with %+v", m)
	}
	slow.await("caught_up")
	const events = 20 // of 12 kB each; the slow one reads none of them yet
	big := func(d *annotate.Draft) { d.Text = strings.Repeat("語", annotate.MaxText) }
	for seq := int64(1); seq <= events; seq++ {
		h.create(me, big)
		if m := quick.next(); m.Seq != seq {
			t.Fatalf("event %d is told as %+v", seq, m.Seq)
		}
	}
	last := int64(0)
	for {
		m, err := slow.read()
		if err != nil {
			var closed *websocket.CloseError
			if !errors.As(err, &closed) || closed.Code != socket.CodeFellBehind {
				t.Fatalf("the slow reader is ended by %v", err)
			}
			break
		}
		if m.Type == "event" {
			if m.Seq != last+1 {
				t.Fatalf("after %d comes %d", last, m.Seq)
			}
			last = m.Seq
		}
	}
	if last == events {
		t.Fatal("it fell behind, but has all")
	}
	// It comes back for what it missed: more than its queue, at its own pace.
	_, rest := h.join(me, last)
	if len(rest) != int(events-last) || rest[0].Seq != last+1 {
		t.Fatalf("after %d, %d more come", last, len(rest))
	}
}

func TestRevoke(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	out, in := storage.NewID(), storage.NewID()
	gone, _ := h.join(out, 0)
	stays, _ := h.join(in, 0)
	h.handler.Revoke(ctx, out, h.recording.ID) // asked again, still allowed
	h.create(in)
	gone.await("event")
	h.gate.forbid(out, socket.See, storage.NotFound)
	h.handler.Revoke(ctx, out, "")
	gone.wantClose(socket.CodeNotFound)
	h.create(in)
	stays.await("event")
	h.gate.forbid(in, socket.See, storage.Unavailable) // cannot tell: nobody is thrown out
	h.handler.Revoke(ctx, "", h.recording.ID)
	h.create(out)
	stays.await("event")
}

func TestPermissionIsAskedAtEveryWrite(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	me := storage.NewID()
	c, _ := h.join(me, 0)
	h.gate.forbid(me, socket.Annotate, storage.NotFound)
	c.send(fmt.Sprintf(`{"type":"create","ref":"r","id":%q,"start_ms":0,"kind":"note","text":"x"}`,
		storage.NewID()))
	c.wantClose(socket.CodeNotFound)
	if seq, _ := h.log.LastSeq(ctx, h.recording.ID); seq != 0 {
		t.Fatal("it was written all the same")
	}
}

func TestPermissionIsAskedAgainAndAgain(t *testing.T) {
	h := open(t, dbtest.SQLite(t), func(o *socket.Options) { o.Recheck = 5 * time.Millisecond })
	me := storage.NewID()
	c, _ := h.join(me, 0)
	h.gate.forbid(me, socket.See, storage.Forbidden)
	c.wantClose(socket.CodeForbidden)
}

func TestSessionsEnd(t *testing.T) {
	var over sync.Map
	h := open(t, dbtest.SQLite(t), func(o *socket.Options) {
		o.Beat = 20 * time.Millisecond
		o.Viewer = func(r *http.Request) (socket.Viewer, error) {
			v := socket.Viewer{ID: storage.ID(r.URL.Query().Get("user")),
				Still: func(context.Context) error {
					if _, ok := over.Load("out"); ok {
						return storage.Errorf(storage.Unauthenticated, "You signed out.")
					}
					return nil
				}}
			if r.URL.Query().Get("since") == "0" {
				v.Ends = time.Now().Add(50 * time.Millisecond)
			}
			return v, nil
		}
	})
	me := storage.NewID()
	h.dial(me, 0).wantClose(socket.CodeSignIn) // by time
	h.create(me)
	c, _ := h.join(me, 1)
	if m := c.await("beat"); m.Seq != 1 {
		t.Fatalf("beat %+v", m)
	}
	over.Store("out", true)
	h.handler.Revoke(ctx, me, "")
	c.wantClose(socket.CodeSignIn)
}

func TestSilentPeersAreLetGo(t *testing.T) {
	h := open(t, dbtest.SQLite(t), func(o *socket.Options) { o.Beat = 20 * time.Millisecond })
	c, _ := h.join(storage.NewID(), 0)
	c.ws.SetPingHandler(func(string) error { return nil }) // takes pings and does not answer
	for {
		if _, err := c.read(); err != nil {
			return // read would fail the test by its own deadline: patience is far longer
		}
	}
}

func TestCloseSendsEveryoneAway(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	var all []*client
	for range 5 {
		c, _ := h.join(storage.NewID(), 0)
		all = append(all, c)
	}
	mute := h.dial(storage.NewID(), 0) // never reads, so never answers the close
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := h.handler.Close(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("closed with a mute peer: %v", err)
	}
	for _, c := range all {
		c.wantClose(websocket.CloseServiceRestart)
	}
	mute.ws.Close()
	h.dial(storage.NewID(), 0).wantClose(websocket.CloseServiceRestart)
}
