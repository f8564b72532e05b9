package socket

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"backrow/storage"
)

// frame is one message on its way to one reader.
type frame struct {
	kind     int // of websocket: TextMessage, PingMessage, CloseMessage
	data     []byte
	prepared *websocket.PreparedMessage // instead of data: shared by many readers
	size     int
}

// frameCost is added to each frame's size: what a queue holds beside the payload.
const frameCost = 64

// conn is one socket.
type conn struct {
	h         *Handler
	ws        *websocket.Conn
	viewer    Viewer
	recording storage.ID
	bucket    int // of the beats
	writes    *rate.Limiter

	ctx    context.Context // ends with the socket
	cancel context.CancelFunc
	last   atomic.Int64  // up to which all has been queued; with its room's lock once it is in one
	space  chan struct{} // holds one token when a frame has left the queue
	joined chan struct{} // closed when join has returned
	room   *room         // when joined is closed: the room that it is in, if it got there

	mu      sync.Mutex // guards what follows
	queue   []frame
	bytes   int  // of the queue and of the frame being written
	writing bool // a goroutine empties the queue
	ending  bool // the close frame is queued or written: nothing follows it
}

func newConn(h *Handler, ws *websocket.Conn, viewer Viewer, recording storage.ID) *conn {
	c := &conn{h: h, ws: ws, viewer: viewer, recording: recording,
		writes: rate.NewLimiter(h.o.WriteRate, h.o.WriteBurst), space: make(chan struct{}, 1),
		joined: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(h.ctx)
	return c
}

// send queues a frame, without waiting; a socket whose queue is full is ended. It reports whether
// the socket goes on. One frame fits always, however large.
func (c *conn) send(f frame) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending {
		return false
	}
	if c.bytes > 0 && c.bytes+f.size+frameCost > c.h.o.QueueBytes {
		c.endLocked(errBehind)
		return false
	}
	c.push(f)
	return true
}

// sendJSON queues a message that is this reader's alone.
func (c *conn) sendJSON(message any) bool {
	data, err := json.Marshal(message)
	if err != nil {
		c.end(err)
		return false
	}
	return c.send(frame{kind: websocket.TextMessage, data: data, size: len(data)})
}

// end has the socket closed with the code that err stands for. What else was queued is dropped:
// the client comes back with since.
func (c *conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(err)
}

func (c *conn) endLocked(err error) {
	if c.ending {
		return
	}
	c.ending = true
	code, reason := closing(err)
	c.h.metrics.closed(code)
	wait := closeWait
	if c.writing {
		wait += writeWait // for the frame on its way, which the close must follow
	}
	for _, f := range c.queue {
		c.bytes -= f.size + frameCost
	}
	c.queue = nil
	c.push(frame{kind: websocket.CloseMessage, data: websocket.FormatCloseMessage(code, reason)})
	// The reader ends when the peer has answered, or by this.
	c.ws.SetReadDeadline(time.Now().Add(wait)) //nolint:errcheck // then the read fails
	c.cancel()
}

// push queues a frame and has a goroutine write it. c.mu is held.
func (c *conn) push(f frame) {
	c.queue = append(c.queue, f)
	c.bytes += f.size + frameCost
	if !c.writing {
		c.writing = true
		c.h.work.Go(c.write)
	}
}

// write empties the queue and returns. There is one at a time.
func (c *conn) write() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.queue, c.writing = nil, false // nil: an idle socket holds no memory for its queue
			c.mu.Unlock()
			return
		}
		f := c.queue[0]
		c.queue[0] = frame{} // lets go of what it held
		c.queue = c.queue[1:]
		c.mu.Unlock()
		if err := c.writeFrame(f); err != nil {
			c.ws.Close() // the reader sees it and clears up
		}
		c.mu.Lock()
		c.bytes -= f.size + frameCost
		c.mu.Unlock()
		select {
		case c.space <- struct{}{}:
		default:
		}
	}
}

func (c *conn) writeFrame(f frame) error {
	deadline := time.Now().Add(writeWait)
	if f.kind != websocket.TextMessage {
		return c.ws.WriteControl(f.kind, f.data, deadline)
	}
	if err := c.ws.SetWriteDeadline(deadline); err != nil {
		return err
	}
	if f.prepared != nil {
		return c.ws.WritePreparedMessage(f.prepared)
	}
	return c.ws.WriteMessage(f.kind, f.data)
}

// awaitSpace waits until half the queue is free: history is sent at the reader's pace. It reports
// whether the socket goes on.
func (c *conn) awaitSpace() bool {
	for {
		c.mu.Lock()
		ready, ending := c.bytes <= c.h.o.QueueBytes/2, c.ending
		c.mu.Unlock()
		if ready || ending {
			return !ending
		}
		select {
		case <-c.space:
		case <-c.ctx.Done():
			return false
		}
	}
}

// read takes in what the client sends until the socket ends, and clears up after it.
func (c *conn) read() {
	defer c.gone()
	c.ws.SetReadLimit(MaxMessage)
	c.ws.SetPongHandler(func(string) error { c.alive(); return nil })
	c.alive()
	for {
		kind, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		c.alive()
		if kind != websocket.TextMessage {
			c.end(errBinary)
		}
		if c.ctx.Err() == nil {
			c.take(data)
		}
	}
}

// gone clears up after a socket that has ended.
func (c *conn) gone() {
	c.cancel()
	c.ws.Close()
	<-c.joined
	if c.room != nil {
		c.room.dismiss(c)
		c.h.leave(c.room)
	}
	c.mu.Lock()
	c.ending = true // nothing is queued any more
	c.mu.Unlock()
	c.h.remove(c)
}

// alive puts off the time at which a silent peer is taken for dead: it answers a ping every beat.
func (c *conn) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ending {
		c.ws.SetReadDeadline(time.Now().Add(c.h.o.Beat * 5 / 2)) //nolint:errcheck // then the read fails
	}
}

// join brings the reader from since to where its room is, and into the room.
func (c *conn) join(since int64) {
	defer close(c.joined)
	r, err := c.h.enter(c.recording)
	if err == nil {
		err = c.hello(since)
	}
	for err == nil && !r.admit(c) {
		err = c.catchUp()
	}
	if err == nil {
		c.room = r
		return
	}
	c.h.leave(r)
	if c.ctx.Err() == nil { // otherwise the socket has ended, and that is all
		c.failed("the live feed could not be joined", err)
		c.end(err)
	}
}

// hello greets the client. A since that the log has not reached is another log's: 0 instead.
func (c *conn) hello(since int64) error {
	end, err := c.h.o.Log.LastSeq(c.ctx, c.recording)
	if err != nil {
		return err
	}
	if since > end {
		since = 0
	}
	c.last.Store(since)
	m := helloMessage{Type: "hello", UserID: c.viewer.ID, Since: since,
		BeatMS: c.h.o.Beat.Milliseconds()}
	gate := c.h.o.Gate
	// Asked again: what was revoked before the socket was counted in has not ended it.
	if err := gate.May(c.ctx, c.viewer.ID, See, c.recording); err != nil {
		return err
	}
	m.May.Annotate = gate.May(c.ctx, c.viewer.ID, Annotate, c.recording) == nil
	m.May.Reply = gate.May(c.ctx, c.viewer.ID, Reply, c.recording) == nil
	c.sendJSON(m)
	return nil
}

// catchUp sends one page of history.
func (c *conn) catchUp() error {
	events, through, err := c.h.o.Log.Events(c.ctx, c.viewer.ID, c.recording, c.last.Load(), 0)
	if err != nil {
		return err
	}
	for _, e := range events {
		if !c.awaitSpace() || !c.sendJSON(eventMessage{"event", e}) {
			return errGone
		}
		c.last.Store(e.Seq)
	}
	c.last.Store(max(through, c.last.Load()))
	return nil
}

// failed logs an error if it is ours.
func (c *conn) failed(what string, err error) {
	switch storage.KindOf(err) {
	case storage.Internal, storage.Unavailable:
		c.h.o.Logger.Error(what, "recording", c.recording, "user", c.viewer.ID, "error", err)
	}
}
