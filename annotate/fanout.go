package annotate

import (
	"context"
	"database/sql/driver"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"backrow/storage"
)

const (
	channel      = "backrow_annotations"
	quietAtMost  = 15 * time.Second // then the listening connection is asked whether it lives
	pingAtMost   = 5 * time.Second
	retryFirst   = 100 * time.Millisecond
	retryAtMost  = 5 * time.Second
	notifyAtMost = 5 * time.Second
)

// fanout tells the other nodes on the same PostgreSQL of committed events. A NOTIFY goes out
// after the commit, on a connection of the pool: inside the writing transaction it would have
// commits stand in line (measured: 6,300 → 2,100 a second). It carries the recording and the seq
// and may be late, repeated or lost with a connection: the rows are the truth.
type fanout struct {
	wake chan struct{}

	mu      sync.Mutex // guards waiting
	waiting map[storage.ID]int64
}

func newFanout() *fanout {
	return &fanout{wake: make(chan struct{}, 1), waiting: map[storage.ID]int64{}}
}

// notify has the nodes told, soon. Of several events of a recording only the last is.
func (f *fanout) notify(recording storage.ID, seq int64) {
	f.mu.Lock()
	f.waiting[recording] = max(f.waiting[recording], seq)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *fanout) take() map[storage.ID]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := f.waiting
	f.waiting = map[storage.ID]int64{}
	return waiting
}

// Run carries events between the nodes that share a PostgreSQL until ctx ends, and returns when
// its goroutines have. What cannot be done is tried again. On SQLite there is one node, and
// nothing to do but wait.
func (l *Log) Run(ctx context.Context) {
	if l.fanout == nil {
		<-ctx.Done()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.notifyAll(ctx) })
	both.Go(func() { l.listenAll(ctx) })
	both.Wait()
}

// notifyAll sends what is waiting; at the end, once more, for the last commits before a stop.
func (l *Log) notifyAll(ctx context.Context) {
	retry := retryFirst
	for {
		select {
		case <-l.fanout.wake:
		case <-ctx.Done():
			l.send(context.WithoutCancel(ctx)) //nolint:errcheck // the others read it with the next event
			return
		}
		if err := l.send(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("other nodes could not be told of new feedback; trying again",
				"error", err, "in", retry)
			pause(ctx, retry)
			retry = min(2*retry, retryAtMost)
			continue
		}
		retry = retryFirst
	}
}

// send notifies of all that is waiting; what fails waits on.
func (l *Log) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, notifyAtMost)
	defer cancel()
	var failed error
	for recording, seq := range l.fanout.take() {
		if failed == nil {
			_, failed = l.db.Exec(ctx, `SELECT pg_notify(?, ?)`, channel,
				fmt.Sprintf("%s %d", recording, seq))
		}
		if failed != nil {
			l.fanout.notify(recording, seq)
		}
	}
	return failed
}

// listenAll keeps one connection listening.
func (l *Log) listenAll(ctx context.Context) {
	retry := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := l.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > retryAtMost {
			retry = retryFirst
		}
		l.log.Warn("the connection that hears of other nodes' feedback was lost; connecting again",
			"error", err, "in", retry)
		pause(ctx, retry)
		retry = min(2*retry, retryAtMost)
	}
}

// listen hears notifications on a connection of its own until that fails or ctx ends.
func (l *Log) listen(ctx context.Context) error {
	conn, err := l.db.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var heard error
	// ErrBadConn keeps a connection that still listens from going back to the pool.
	conn.Raw(func(driverConn any) error { //nolint:errcheck // heard says why
		pg, ok := driverConn.(*stdlib.Conn)
		if !ok {
			heard = fmt.Errorf("annotate: %T is not a connection of pgx", driverConn)
			return driver.ErrBadConn
		}
		heard = l.hearFrom(ctx, pg.Conn())
		return driver.ErrBadConn
	})
	return heard
}

func (l *Log) hearFrom(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	l.topics.tellAll() // whatever was notified while nobody listened
	for {
		notice, err := waitFor(ctx, conn)
		if err != nil {
			return err
		}
		if notice == nil {
			continue
		}
		var recording storage.ID
		var seq int64
		if _, err := fmt.Sscanf(notice.Payload, "%s %d", &recording, &seq); err != nil {
			l.log.Warn("a notification could not be read", "payload", notice.Payload)
			continue
		}
		l.topics.tell(recording, seq, nil)
	}
}

// waitFor is the next notification, or nil after a quiet time in which the connection proved to be
// alive.
func waitFor(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	quiet, cancel := context.WithTimeout(ctx, quietAtMost)
	defer cancel()
	notice, err := conn.WaitForNotification(quiet)
	if err == nil || quiet.Err() == nil || ctx.Err() != nil {
		return notice, err
	}
	ping, cancel := context.WithTimeout(ctx, pingAtMost)
	defer cancel()
	return nil, conn.Ping(ping)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
