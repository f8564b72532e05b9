package capture

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"backrow/storage"
)

// remind is how often an outage that goes on is told of again.
const remind = 10 * time.Minute

// outage tells the log of trouble that many lines may have at once: when the first one gets into
// it, now and then while it lasts, and when the last one is out of it. It is safe for concurrent
// use.
type outage struct {
	log         *slog.Logger
	level       slog.Level
	begins, end string // what the log says

	mu       sync.Mutex
	down     map[storage.ID]bool // what is in trouble; guarded by mu
	since    time.Time           // guarded by mu
	told     time.Time           // guarded by mu
	failures int                 // guarded by mu
}

// failed notes that something did not work for a line.
func (o *outage) failed(line storage.ID, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if len(o.down) == 0 {
		o.down, o.since, o.told, o.failures = map[storage.ID]bool{}, now, time.Time{}, 0
	}
	o.down[line] = true
	o.failures++
	if now.Sub(o.told) < remind {
		return
	}
	o.told = now
	o.log.Log(context.Background(), o.level, o.begins, "error", err, "first", line, "failures", o.failures,
		"since", now.Sub(o.since).Round(time.Second))
}

// worked notes that a line is out of trouble, or is no more.
func (o *outage) worked(line storage.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.down[line] {
		return
	}
	delete(o.down, line)
	if len(o.down) == 0 {
		o.log.Info(o.end, "failures", o.failures, "lasted", time.Since(o.since).Round(time.Millisecond))
	}
}
