package socket

import (
	"context"
	"time"

	"github.com/gorilla/websocket"

	"backrow/storage"
)

// buckets spreads the beats of many sockets over the interval.
const buckets = 16

// beat tells every socket, once an interval, that the line is alive and how far the log has been
// sent, asks for a pong, and ends those whose session is over.
func (h *Handler) beat() {
	ticker := time.NewTicker(max(h.o.Beat/buckets, time.Millisecond))
	defer ticker.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ticker.C:
		case <-h.ctx.Done():
			return
		}
		for _, c := range h.some(func(c *conn) bool { return c.bucket == turn%buckets }) {
			if c.expired() {
				c.end(errSignIn())
				continue
			}
			c.sendBeat()
		}
	}
}

// sendBeat queues a beat and a ping, unless they would overflow the queue: what fills it shows the
// reader that the line is alive.
func (c *conn) sendBeat() {
	c.mu.Lock()
	full := c.bytes > c.h.o.QueueBytes*3/4
	c.mu.Unlock()
	if !full && c.sendJSON(seqMessage{"beat", c.last.Load()}) {
		c.send(frame{kind: websocket.PingMessage})
	}
}

func errSignIn() error {
	return storage.Errorf(storage.Unauthenticated, "Your session has ended. Please sign in again.")
}

func (c *conn) expired() bool {
	return !c.viewer.Ends.IsZero() && time.Now().After(c.viewer.Ends)
}

// signedIn is Unauthenticated when the viewer's session is over.
func (c *conn) signedIn(ctx context.Context) error {
	if c.expired() {
		return errSignIn()
	}
	if c.viewer.Still == nil {
		return nil
	}
	return c.viewer.Still(ctx)
}

// recheck asks for every socket, once an interval, whether its viewer may still see its recording:
// what another node took away, or a share's end, is noticed here.
func (h *Handler) recheck() {
	ticker := time.NewTicker(h.o.Recheck)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			h.ask(h.ctx, func(*conn) bool { return true })
		case <-h.ctx.Done():
			return
		}
	}
}

// Revoke asks again, now, whether user may see recording, and ends the sockets of those who may
// not: call it after a share was taken back, a session ended, a person disabled or a recording
// deleted. An empty user means everyone, an empty recording all of them. When it returns the
// sockets of this node have been told; other nodes notice within Options.Recheck.
func (h *Handler) Revoke(ctx context.Context, user, recording storage.ID) {
	h.ask(ctx, func(c *conn) bool {
		return (user == "" || c.viewer.ID == user) && (recording == "" || c.recording == recording)
	})
}

// ask ends the sockets, of those picked, whose viewers may not see their recordings any more. The
// Gate is asked once for a person's several windows. An answer that cannot be had ends nothing.
func (h *Handler) ask(ctx context.Context, pick func(c *conn) bool) {
	type pair struct{ user, recording storage.ID }
	answers := map[pair]error{}
	for _, c := range h.some(pick) {
		err := c.signedIn(ctx)
		if err == nil {
			key := pair{c.viewer.ID, c.recording}
			answer, asked := answers[key]
			if !asked {
				answer = h.o.Gate.May(ctx, c.viewer.ID, See, c.recording)
				answers[key] = answer
			}
			err = answer
		}
		switch storage.KindOf(err) {
		case storage.Unauthenticated, storage.Forbidden, storage.NotFound:
			c.end(err)
		}
	}
}
