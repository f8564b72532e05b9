package socket

import (
	"context"
	"time"

	"backrow/annotate"
	"backrow/storage"
)

// retryAfter is when a client that writes too fast should write again; it is held up as long
// itself, so that refusing costs little.
const retryAfter = 100 * time.Millisecond

// take does what a message of the client asks for and answers it.
func (c *conn) take(data []byte) {
	h, message, err := parse(data)
	if err != nil {
		c.refuse(h, err, nil)
		return
	}
	if !c.writes.Allow() {
		c.h.metrics.answered(h.Type, string(storage.TooMany))
		c.sendJSON(refusedMessage{Type: "refused", Ref: h.Ref, Kind: storage.TooMany,
			Message:      "This is faster than anyone can write. It will be sent again in a moment.",
			RetryAfterMS: retryAfter.Milliseconds()})
		pause(c.ctx, retryAfter)
		return
	}
	// A write that has begun is finished, also when the socket ends meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), writeWait)
	defer cancel()
	if err := c.permit(ctx, h.Type); err != nil {
		switch storage.KindOf(err) {
		case storage.Unauthenticated, storage.NotFound:
			c.end(err)
		default:
			c.refuse(h, err, nil)
		}
		return
	}
	event, current, err := c.perform(ctx, h.Type, message)
	if err != nil {
		c.refuse(h, err, current)
		return
	}
	c.h.metrics.answered(h.Type, "ack")
	c.sendJSON(ackMessage{"ack", h.Ref, event.Seq, event.Version})
}

// permit asks whether the viewer is still signed in and may write such a message.
func (c *conn) permit(ctx context.Context, kind string) error {
	if err := c.signedIn(ctx); err != nil {
		return err
	}
	action := Annotate
	switch kind {
	case "reply", "edit_reply", "delete_reply", "restore_reply":
		action = Reply
	}
	return c.h.o.Gate.May(ctx, c.viewer.ID, action, c.recording)
}

// perform does a write; current is what stands in its way, if there is such a thing.
func (c *conn) perform(ctx context.Context, kind string, message any,
) (event annotate.Event, current any, err error) {
	log, me, in := c.h.o.Log, c.viewer.ID, c.recording
	var a annotate.Annotation
	var r annotate.Reply
	switch m := message.(type) {
	case *createMessage:
		draft, err := m.draft(in)
		if err != nil {
			return event, nil, err
		}
		a, event, err = log.Create(ctx, me, draft)
		return event, annotationOrNil(a), err
	case *editMessage:
		a, event, err = log.Edit(ctx, me, in, m.ID, m.Version, m.Edit)
	case *replyMessage:
		m.RecordingID = in
		r, event, err = log.Reply(ctx, me, m.ReplyDraft)
	case *editReplyMessage:
		r, event, err = log.EditReply(ctx, me, in, m.ID, m.Version, m.Text)
	case *markMessage:
		switch kind {
		case "delete":
			a, event, err = log.Delete(ctx, me, in, m.ID, m.Version)
		case "restore":
			a, event, err = log.Restore(ctx, me, in, m.ID, m.Version)
		case "delete_reply":
			r, event, err = log.DeleteReply(ctx, me, in, m.ID, m.Version)
		case "restore_reply":
			r, event, err = log.RestoreReply(ctx, me, in, m.ID, m.Version)
		}
	}
	if r.ID != "" {
		return event, r, err
	}
	return event, annotationOrNil(a), err
}

func annotationOrNil(a annotate.Annotation) any {
	if a.ID == "" {
		return nil
	}
	return a
}

// refuse answers a write that was not done.
func (c *conn) refuse(h head, err error, current any) {
	kind := storage.KindOf(err)
	if kind != storage.Conflict {
		current = nil
	}
	c.h.metrics.answered(h.Type, string(kind))
	c.failed("feedback could not be stored", err)
	m := refusedMessage{Type: "refused", Ref: h.Ref, Kind: kind,
		Message: storage.MessageOf(err), Current: current}
	if kind == storage.TooMany {
		m.RetryAfterMS = time.Minute.Milliseconds() // a full recording does not empty soon
	}
	c.sendJSON(m)
}
