package transcode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"backrow/storage"
	"backrow/transcode/ffmpeg"
)

// scratchPrefix marks the folders of jobs, so that only they are swept.
const scratchPrefix = "job-"

// handBackTime bounds the last words of an attempt whose context has ended.
const handBackTime = 10 * time.Second

// worker is what River calls.
type worker struct {
	river.WorkerDefaults[Job]
	pool     *Pool
	queue    queue // that it works on; set before it starts
	stopping <-chan struct{}
}

// NextRetry overrides River's policy.
func (w *worker) NextRetry(job *river.Job[Job]) time.Time {
	return time.Now().Add(w.pool.limits.RetryAfter(job.Attempt))
}

// attempt is one go at a job.
type attempt struct {
	pool      *Pool
	recording storage.Recording
	run       storage.ID // in the row of processing: the one that may write it
	last      bool       // no other will follow
	tools     ffmpeg.Tools
	folder    string // in scratch
	files     int    // parts fetched so far
	report    *report
	log       *slog.Logger
}

// setRunning changes nothing when the job is for an older edition.
const setRunning = `INSERT INTO processing (recording_id, state, run, edition, updated_at)
VALUES (?, 'running', ?, ?, ?)
ON CONFLICT (recording_id) DO UPDATE SET state = 'running', step = '', percent = 0,
    left_seconds = -1, reason = '', run = excluded.run, updated_at = excluded.updated_at
WHERE processing.edition = excluded.edition`

// Work makes the renditions of one recording.
func (w *worker) Work(ctx context.Context, job *river.Job[Job]) error {
	p := w.pool
	log := p.log.With("recording", job.Args.RecordingID, "job", job.ID, "attempt", job.Attempt)
	p.metrics.running.Inc()
	defer p.metrics.running.Dec()
	began := time.Now()

	r, err := p.catalogue.Recording(ctx, job.Args.RecordingID)
	if storage.KindOf(err) == storage.NotFound {
		log.Info("recording has been deleted: nothing to make")
		return nil
	}
	a := &attempt{pool: p, recording: r, run: storage.NewID(), log: log,
		last: job.Attempt >= p.limits.Attempts}
	if err == nil {
		err = a.begin(ctx, job.Args.Edition)
	}
	if errors.Is(err, errOutdated) {
		p.metrics.jobs.WithLabelValues("outdated").Inc()
		log.Info("better takes have arrived since this job was queued: another job is for them")
		return nil
	}
	var made []storage.Rendition
	if err == nil {
		made, err = a.make(ctx, job.Attempt)
	}
	if err == nil {
		err = a.settle(ctx, made, func(tx *storage.Tx) error { return w.queue.complete(ctx, tx, job) })
	}
	if err == nil {
		p.metrics.jobs.WithLabelValues("done").Inc()
		log.Info("renditions made", "took", time.Since(began).Round(time.Millisecond))
		return nil
	}
	// What follows must be done although ctx may have ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handBackTime)
	defer cancel()
	a.discard(ctx, made)
	return w.end(ctx, job, a, err)
}

// errOutdated is the end of a job for an older edition.
var errOutdated = errors.New("transcode: this job is for an older edition")

func (a *attempt) begin(ctx context.Context, edition int64) error {
	result, err := a.pool.db.Exec(ctx, setRunning, a.recording.ID, a.run, edition, storage.Now())
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return errOutdated
	}
	return nil
}

// end decides what becomes of a job whose attempt did not succeed.
func (w *worker) end(ctx context.Context, job *river.Job[Job], a *attempt, err error) error {
	p := w.pool
	select {
	case <-w.stopping:
		p.metrics.jobs.WithLabelValues("handed_back").Inc()
		a.log.Info("job handed back: the server is stopping")
		if err := a.setState(ctx, StateQueued, ""); err != nil {
			a.log.Error("cannot note that the job was handed back", "error", err)
		}
		return river.JobSnooze(0)
	default:
	}
	switch {
	case errors.Is(err, errTakenOver):
		a.log.Warn("attempt given up: another has taken over, better takes have arrived, or the " +
			"recording was deleted")
		return river.JobCancel(err)
	case a.last || isFinal(err):
		p.metrics.jobs.WithLabelValues("failed").Inc()
		a.log.Error("renditions cannot be made", "error", err, "ffmpeg", lastWords(err))
		failed := p.db.InTx(ctx, func(tx *storage.Tx) error {
			if err := a.setStateIn(ctx, tx, StateFailed, reason(err)); err != nil {
				return err
			}
			return w.queue.complete(ctx, tx, job)
		})
		if failed == nil {
			return nil
		}
		a.log.Error("cannot note that the job failed", "error", failed)
		return river.JobCancel(err)
	}
	p.metrics.jobs.WithLabelValues("retried").Inc()
	a.log.Warn("renditions not made, will be tried again", "error", err, "ffmpeg", lastWords(err),
		"after", p.limits.RetryAfter(job.Attempt))
	if err := a.setState(ctx, StateQueued, ""); err != nil {
		a.log.Error("cannot note that the job waits", "error", err)
	}
	return err
}

const setState = `UPDATE processing SET state = ?, reason = ?, step = '', left_seconds = -1,
    percent = 0, updated_at = ? WHERE recording_id = ? AND run = ?`

func (a *attempt) setState(ctx context.Context, state, reason string) error {
	return a.setStateIn(ctx, a.pool.db, state, reason)
}

func (a *attempt) setStateIn(ctx context.Context, in storage.Queryer, state, reason string) error {
	_, err := in.Exec(ctx, setState, state, reason, storage.Now(), a.recording.ID, a.run)
	return err
}

// isFinal says that trying again by itself would be in vain.
func isFinal(err error) bool {
	kind := storage.KindOf(err)
	return errors.Is(err, ffmpeg.ErrMissing) || kind == storage.Invalid || kind == storage.TooLarge
}

// reason is the sentence for the person whose recording it is.
func reason(err error) string {
	if errors.Is(err, ffmpeg.ErrMissing) {
		return "ffmpeg is missing on the server: please tell whoever runs it. " +
			"The recording itself is safe and plays."
	}
	switch storage.KindOf(err) {
	case storage.Unavailable, storage.Invalid, storage.TooLarge:
		return storage.MessageOf(err) + " The recording itself is safe and plays."
	}
	return "The download and the previews could not be made. The recording itself is safe and " +
		"plays. Try again, and tell your operator if it happens again."
}

// lastWords is what ffmpeg said last, for the log.
func lastWords(err error) string {
	var failed *ffmpeg.Error
	if errors.As(err, &failed) {
		return failed.Stderr
	}
	return ""
}

// make does the work in a scratch folder of its own and returns what it has stored.
func (a *attempt) make(ctx context.Context, number int) (made []storage.Rendition, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("transcode: panic: %v\n%s", p, debug.Stack())
		}
	}()
	if number > a.pool.limits.Attempts {
		return nil, errors.New("transcode: the server stopped each time this was tried")
	}
	if a.tools, err = ffmpeg.Find(a.pool.ffmpeg, a.pool.ffprobe); err != nil {
		return nil, err
	}
	if a.folder, err = os.MkdirTemp(a.pool.scratch, scratchPrefix+string(a.recording.ID)+"-*"); err != nil {
		return nil, onDisk(err)
	}
	defer func() {
		if err := os.RemoveAll(a.folder); err != nil {
			a.log.Warn("scratch folder cannot be removed", "folder", a.folder, "error", err)
		}
	}()

	ctx, lost := context.WithCancelCause(ctx)
	a.report = &report{db: a.pool.db, recording: a.recording.ID, run: a.run,
		metrics: a.pool.metrics, began: time.Now()}
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		a.report.keep(ctx, lost)
	}()
	defer func() { lost(nil); <-kept }()

	made, err = a.render(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errTakenOver) {
		err = cause
	}
	return made, err
}
