package socket

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"backrow/annotate"
	"backrow/storage"
)

const (
	retryFirst  = 100 * time.Millisecond
	retryAtMost = 5 * time.Second
)

// room is the sockets that follow one recording.
type room struct {
	recording storage.ID
	open      sync.Once
	sub       *annotate.Subscription
	err       error // why it could not be opened
	cancel    context.CancelFunc

	users int // sockets in it or on their way; the Handler's lock guards it

	mu      sync.Mutex // guards what follows
	last    int64      // handed out to all members
	members map[*conn]struct{}
}

// enter finds a recording's room or opens one. leave must follow, after an error too.
func (h *Handler) enter(recording storage.ID) (*room, error) {
	h.mu.Lock()
	r := h.rooms[recording]
	if r == nil {
		r = &room{recording: recording, members: map[*conn]struct{}{}}
		h.rooms[recording] = r
	}
	r.users++
	h.mu.Unlock()
	r.open.Do(func() {
		// Not the first visitor's context: others may be waiting at the same door.
		ctx, cancel := context.WithTimeout(h.ctx, writeWait)
		defer cancel()
		r.sub, r.err = h.o.Log.Subscribe(ctx, recording)
		if r.err != nil {
			return
		}
		r.last = r.sub.Last()
		var follow context.Context
		follow, r.cancel = context.WithCancel(h.ctx)
		h.work.Go(func() { r.run(follow, h) })
	})
	return r, r.err
}

// leave closes a room behind its last socket. One that could not be opened is not kept for others.
func (h *Handler) leave(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.users--
	if (r.users == 0 || r.err != nil) && h.rooms[r.recording] == r {
		delete(h.rooms, r.recording)
	}
	if r.users == 0 && r.cancel != nil {
		r.cancel()
	}
}

// run hands the log's events to the members as they come.
func (r *room) run(ctx context.Context, h *Handler) {
	defer r.sub.Close()
	retry := retryFirst
	for {
		events, err := r.sub.Next(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			h.o.Logger.Error("a live feed could not be read; trying again",
				"recording", r.recording, "error", err, "in", retry)
			pause(ctx, retry)
			retry = min(2*retry, retryAtMost)
			continue
		}
		retry = retryFirst
		for _, e := range events {
			r.handOut(e)
		}
	}
}

// handOut queues an event for each member that may know of it, serialised once.
func (r *room) handOut(e annotate.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = e.Seq
	var shared [2]*frame // as it is, and as those are told who may not see it any more
	for c := range r.members {
		if e.Seq <= c.last.Load() {
			continue // it had read further than the room when it came in
		}
		if seen, ok := e.For(c.viewer.ID); ok {
			form := &shared[0]
			if seen.Change == annotate.AnnotationRemoved {
				form = &shared[1]
			}
			c.sendShared(seen, form)
		}
		c.last.Store(e.Seq) // after it is queued: a beat must not say so before
	}
}

// sendShared queues an event in the form that all who see it alike share, made by the first.
func (c *conn) sendShared(e annotate.Event, form **frame) {
	if *form == nil {
		f, err := prepare(eventMessage{"event", e})
		if err != nil {
			c.failed("an event could not be serialised", err)
			c.end(err)
			return
		}
		*form = &f
	}
	c.send(**form)
}

// admit takes a socket in when it has read as far as the room has, and tells it so.
func (r *room) admit(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.last.Load() < r.last {
		return false
	}
	r.members[c] = struct{}{}
	c.sendJSON(seqMessage{"caught_up", c.last.Load()})
	return true
}

func (r *room) dismiss(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, c)
}

// prepare serialises a message once for many readers.
func prepare(message any) (frame, error) {
	data, err := json.Marshal(message)
	if err != nil {
		return frame{}, err
	}
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	if err != nil {
		return frame{}, err
	}
	return frame{kind: websocket.TextMessage, prepared: prepared, size: len(data)}, nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
