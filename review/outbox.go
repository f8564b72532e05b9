package review

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	outboxSize  = 200              // letters that wait; more than an hour's worth of a big program
	sendTimeout = 30 * time.Second // a mail server that takes longer is not going to
)

// letter writes a mail when its turn comes; send says whether there is one to send at all.
type letter func(ctx context.Context) (m Mail, send bool, err error)

// ready is a letter that is written already.
func ready(m Mail) letter {
	return func(context.Context) (Mail, bool, error) { return m, true, nil }
}

// outbox sends mail behind the back of whoever caused it, one after the other, each once: nobody
// waits for a mail server, and nobody learns from how long it took whether mail was sent. What
// waits is lost when the process dies; every link can be made anew.
type outbox struct {
	mailer Mailer
	log    *slog.Logger
	done   chan struct{} // closed when run has returned
	stop   context.CancelFunc

	mu     sync.Mutex // guards closed, and that nothing is put into a closed queue
	closed bool
	queue  chan named
}

type named struct {
	what  string // for the log
	write letter
}

func newOutbox(mailer Mailer, log *slog.Logger) *outbox {
	ctx, stop := context.WithCancel(context.Background())
	o := &outbox{
		mailer: mailer, log: log, stop: stop,
		done: make(chan struct{}), queue: make(chan named, outboxSize),
	}
	go o.run(ctx)
	return o
}

// add never waits: a full outbox drops the letter, with a line in the log.
func (o *outbox) add(what string, write letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		o.log.Warn("mail not sent: the server is stopping", "what", what)
		return
	}
	select {
	case o.queue <- named{what, write}:
	default:
		o.log.Error("mail not sent: too much of it is waiting", "what", what, "waiting", outboxSize)
	}
}

func (o *outbox) run(ctx context.Context) {
	defer close(o.done)
	for next := range o.queue {
		if err := o.send(ctx, next); err != nil {
			o.log.Error("mail not sent", "what", next.what, "error", err)
		}
	}
}

func (o *outbox) send(ctx context.Context, next named) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	m, send, err := next.write(ctx)
	if err != nil || !send {
		return err
	}
	return o.mailer.Send(ctx, m)
}

func (o *outbox) close(ctx context.Context) error {
	o.mu.Lock()
	if !o.closed {
		o.closed = true
		close(o.queue)
	}
	o.mu.Unlock()
	defer o.stop()
	select {
	case <-o.done:
		return nil
	case <-ctx.Done():
		o.stop() // what is being sent ends, and what waits fails at once
		<-o.done
		return ctx.Err()
	}
}
