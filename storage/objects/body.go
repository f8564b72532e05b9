package objects

import (
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"time"
)

// body reads an object, and gives up when the store falls silent. A reader who takes their time
// between two reads is not the store's fault, and is waited for.
type body struct {
	from  io.ReadCloser
	watch *watchdog
	told  func(error) error // what a failure is called
	sum   hash.Hash         // of what was read, nil where nothing is known to check it against
	want  string            // what sum must be at the end
}

var errDamaged = errors.New("content does not match its SHA-256")

func (b *body) Read(p []byte) (int, error) {
	b.watch.resume()
	n, err := b.from.Read(p)
	b.watch.pause()
	if b.sum != nil {
		b.sum.Write(p[:n])
		if err == io.EOF && hex.EncodeToString(b.sum.Sum(nil)) != b.want {
			err = errDamaged
		}
	}
	if err != nil && err != io.EOF {
		err = b.told(err)
	}
	return n, err
}

func (b *body) Close() error {
	b.watch.stop()
	return b.from.Close()
}

// watchdog ends a context when a wait within it lasts too long. It is for one goroutine.
type watchdog struct {
	patience time.Duration
	timer    *time.Timer
	cancel   context.CancelCauseFunc
}

// watch starts a watchdog that is waiting.
func watch(patience time.Duration, cancel context.CancelCauseFunc) *watchdog {
	bark := func() { cancel(context.DeadlineExceeded) }
	return &watchdog{patience, time.AfterFunc(patience, bark), cancel}
}

func (w *watchdog) resume() { w.timer.Reset(w.patience) }
func (w *watchdog) pause()  { w.timer.Stop() }

// stop ends the context and frees what it held.
func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}

// slow tells a wait that the watchdog ended: the client only says that its context was.
func slow(ctx context.Context, err error) error {
	if context.Cause(ctx) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}
