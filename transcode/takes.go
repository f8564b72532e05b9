package transcode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"backrow/storage"
	"backrow/transcode/ffmpeg"
)

// takeWorker is what River calls to make the segments of takes.
type takeWorker struct {
	river.WorkerDefaults[TakeJob]
	pool     *Pool
	stopping <-chan struct{}
}

// NextRetry overrides River's policy.
func (w *takeWorker) NextRetry(job *river.Job[TakeJob]) time.Time {
	return time.Now().Add(w.pool.limits.RetryAfter(job.Attempt))
}

// errNothing ends the work on a take of which nothing can be decoded.
var errNothing = errors.New("transcode: nothing of the take can be decoded")

// Work makes the segments of one take. What it is told is done when the take is complete in the
// catalogue: an attempt that ended between the two is made up for by the next.
func (w *takeWorker) Work(ctx context.Context, job *river.Job[TakeJob]) error {
	p := w.pool
	take, err := p.catalogue.Take(ctx, job.Args.TakeID)
	if err == nil {
		_, err = p.catalogue.Recording(ctx, take.RecordingID)
	}
	switch {
	case storage.KindOf(err) == storage.NotFound:
		return nil // deleted
	case err != nil:
		return err
	case !take.CompletedAt.IsZero():
		p.takeMade(ctx, take.RecordingID)
		return nil
	case take.Direct, take.BlobCount < 0, take.MadeBlobs < take.BlobCount:
		return nil // it is queued again when all of it is there
	case job.Attempt > p.limits.Attempts:
		err := errors.New("transcode: the server stopped each time this was tried")
		p.log.Error("take is left for a while", "take", take.ID, "error", err)
		return river.JobCancel(err) // requeueTakes comes back to it
	}
	m := &maker{pool: p, take: take, run: storage.NewID(), last: job.Attempt >= p.limits.Attempts,
		log: p.log.With("recording", take.RecordingID, "take", take.ID, "job", job.ID,
			"attempt", job.Attempt)}
	p.metrics.running.Inc()
	defer p.metrics.running.Dec()
	began := time.Now()
	made, err := m.make(ctx)
	if err == nil {
		p.metrics.takes.WithLabelValues("made").Inc()
		m.log.Info("segments of a take made", "segments", len(made.Segments),
			"took", time.Since(began).Round(time.Millisecond))
		p.takeMade(ctx, take.RecordingID)
		return nil
	}
	return w.end(context.WithoutCancel(ctx), m, err)
}

// end decides what becomes of a take whose segments were not made.
func (w *takeWorker) end(ctx context.Context, m *maker, err error) error {
	p := w.pool
	ctx, cancel := context.WithTimeout(ctx, handBackTime)
	defer cancel()
	select {
	case <-w.stopping:
		p.metrics.takes.WithLabelValues("handed_back").Inc()
		m.log.Info("take handed back: the server is stopping")
		return river.JobSnooze(0)
	default:
	}
	switch {
	case errors.Is(err, errTakenOver):
		m.log.Warn("attempt given up: another has taken over, or the recording was deleted")
		return river.JobCancel(err)
	case errors.Is(err, errNothing), m.last && !isPassing(err):
		m.log.Error("nothing can be made of a take that does not play as it came; its blobs are kept",
			"error", err, "ffmpeg", lastWords(err))
		if err := m.giveUp(ctx); err != nil {
			return err
		}
		p.metrics.takes.WithLabelValues("given_up").Inc()
		p.takeMade(ctx, m.take.RecordingID)
		return nil
	}
	p.metrics.takes.WithLabelValues("retried").Inc()
	m.log.Warn("segments of a take not made, will be tried again", "error", err,
		"ffmpeg", lastWords(err))
	if errors.Is(err, ffmpeg.ErrMissing) {
		return river.JobCancel(err) // it is queued again at the next start, and each hour
	}
	return err
}

// isPassing says that a failure is the server's, not the media's.
func isPassing(err error) bool {
	return storage.KindOf(err) == storage.Unavailable || errors.Is(err, context.Canceled)
}

// isRefusal says that a program has looked at the media and ended with an error of its own.
func isRefusal(err error) bool {
	var exit *exec.ExitError
	return storage.KindOf(err) != storage.Unavailable && errors.As(err, &exit) && exit.Exited()
}

// maker is one go at the segments of a take.
type maker struct {
	pool   *Pool
	take   storage.Take
	run    storage.ID // in the row of making, and in the keys of its objects
	last   bool       // no other will follow soon
	tools  ffmpeg.Tools
	folder string // in scratch
	log    *slog.Logger
}

const setMaking = `INSERT INTO making (take_id, run, updated_at) VALUES (?, ?, ?)
ON CONFLICT (take_id) DO UPDATE SET run = excluded.run, updated_at = excluded.updated_at`

// make does the work in a scratch folder of its own and notes it.
func (m *maker) make(ctx context.Context) (made storage.Made, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("transcode: panic: %v\n%s", p, debug.Stack())
		}
	}()
	p := m.pool
	if _, err = p.db.Exec(ctx, setMaking, m.take.ID, m.run, storage.Now()); err != nil {
		return made, err
	}
	if m.tools, err = ffmpeg.Find(p.ffmpeg, p.ffprobe); err != nil {
		return made, err
	}
	if m.folder, err = os.MkdirTemp(p.scratch, scratchPrefix+string(m.take.ID)+"-*"); err != nil {
		return made, onDisk(err)
	}
	defer func() {
		if err := os.RemoveAll(m.folder); err != nil {
			m.log.Warn("scratch folder cannot be removed", "folder", m.folder, "error", err)
		}
	}()
	ctx, lost := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		m.keep(ctx, lost)
	}()
	defer func() { lost(nil); <-kept }()

	if made, err = m.segments(ctx); err == nil {
		err = m.note(ctx, made)
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errTakenOver) {
		err = cause
	}
	return made, err
}

const signMaking = `UPDATE making SET updated_at = ? WHERE take_id = ? AND run = ?
    AND EXISTS (SELECT 1 FROM takes t JOIN recordings r ON r.id = t.recording_id
        WHERE t.id = making.take_id AND r.deleted_at = '')`

// sign writes a sign of life, in the transaction that is to be this attempt's alone, or in none.
func (m *maker) sign(ctx context.Context, in storage.Queryer) error {
	result, err := in.Exec(ctx, signMaking, storage.Now(), m.take.ID, m.run)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return errTakenOver
	}
	return nil
}

// keep signs until ctx ends, and calls lost when the attempt is no longer the one at work.
func (m *maker) keep(ctx context.Context, lost func(error)) {
	tick := time.NewTicker(signEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := m.sign(ctx, m.pool.db); errors.Is(err, errTakenOver) {
			lost(err)
			return
		}
	}
}

// note completes the take in one transaction, and removes what earlier attempts have left.
func (m *maker) note(ctx context.Context, made storage.Made) error {
	p := m.pool
	err := p.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := p.catalogue.CompleteMade(ctx, tx, m.take, made); err != nil {
			return err
		}
		return m.sign(ctx, tx)
	})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handBackTime)
	defer cancel()
	if err != nil {
		m.discard(ctx, made)
		return err
	}
	m.sweep(ctx, m.run)
	return nil
}

// giveUp notes that nothing can be made of the take.
func (m *maker) giveUp(ctx context.Context) error {
	p := m.pool
	err := p.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := p.catalogue.GiveUpMade(ctx, tx, m.take, "nothing of it can be decoded"); err != nil {
			return err
		}
		return m.sign(ctx, tx)
	})
	if err == nil {
		m.sweep(ctx, "")
	}
	return err
}
