package transcode

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"backrow/storage"
)

// requeueEvery is how often takes are looked for that wait for their segments and have no job: those
// for which a store or an ffmpeg was away for longer than a job is tried.
const requeueEvery = time.Hour

// setQueued is undone by nobody who queues an older edition.
const setQueued = `INSERT INTO processing (recording_id, state, edition, updated_at)
VALUES (?, 'queued', ?, ?)
ON CONFLICT (recording_id) DO UPDATE SET state = 'queued', step = '', percent = 0,
    left_seconds = -1, reason = '', run = '', updated_at = excluded.updated_at
WHERE processing.edition = excluded.edition`

// RecordingReady queues the work on a recording within tx: when tx is undone there is no job. While
// better takes are expected, the work waits a little (Limits.Settle): what a browser has kept often
// comes right after the end, and then RecordingSettled begins at once. Queueing it again while it is
// unfinished changes nothing.
func (p *Pool) RecordingReady(ctx context.Context, tx *storage.Tx, r storage.Recording) error {
	var edition int64
	err := tx.Get(ctx, &edition, `SELECT edition FROM processing WHERE recording_id = ?`, r.ID)
	if err != nil && storage.KindOf(err) != storage.NotFound {
		return err
	}
	var wait time.Duration
	if more, err := p.catalogue.MoreExpected(ctx, tx, r.ID); err != nil {
		return err
	} else if more {
		wait = p.limits.Settle
	}
	return p.queue(ctx, tx, Job{RecordingID: r.ID, Edition: edition}, wait)
}

const nextEdition = `INSERT INTO processing (recording_id, state, edition, updated_at)
VALUES (?, 'queued', 1, ?)
ON CONFLICT (recording_id) DO UPDATE SET edition = processing.edition + 1, run = ''
RETURNING edition`

// RecordingSettled queues the work anew within tx, to begin at once: what was made before, what is
// being made now and what waits to be made are of a cover that is no longer the best. An attempt at
// work is given up within some seconds, and can note nothing from now on; earlier renditions stay
// until new ones replace them.
func (p *Pool) RecordingSettled(ctx context.Context, tx *storage.Tx, r storage.Recording) error {
	var edition int64
	if err := tx.Get(ctx, &edition, nextEdition, r.ID, storage.Now()); err != nil {
		return err
	}
	return p.queue(ctx, tx, Job{RecordingID: r.ID, Edition: edition}, 0)
}

func (p *Pool) queue(ctx context.Context, tx *storage.Tx, job Job, wait time.Duration) error {
	options := &river.InsertOpts{MaxAttempts: p.limits.Attempts, Priority: renditionsAfter,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
	if wait > 0 {
		options.ScheduledAt = time.Now().Add(wait)
	}
	fresh, err := p.inserter.insert(ctx, tx, job, options)
	if err != nil {
		return storage.Errorf(storage.Unavailable, "The job queue does not answer. %w", err)
	}
	if !fresh {
		return nil
	}
	_, err = tx.Exec(ctx, setQueued, job.RecordingID, job.Edition, storage.Now())
	return err
}

// Retry queues the work on a recording again, whether it failed or succeeded before; while it is
// queued or running it changes nothing. A recording that has not been stopped is a Conflict.
func (p *Pool) Retry(ctx context.Context, recording storage.ID) error {
	r, err := p.catalogue.Recording(ctx, recording)
	if err != nil {
		return err
	}
	if r.State != storage.StateReady {
		return storage.Errorf(storage.Conflict, "This recording has not been stopped yet.")
	}
	return p.db.InTx(ctx, func(tx *storage.Tx) error { return p.RecordingReady(ctx, tx, r) })
}

// TakeArrived queues within tx the making of segments of a take that cannot be shown as the browser
// recorded it, and of which all is there. Queueing it again while it is unfinished changes nothing.
func (p *Pool) TakeArrived(ctx context.Context, tx *storage.Tx, take storage.Take) error {
	_, err := p.inserter.insert(ctx, tx, TakeJob{TakeID: take.ID}, &river.InsertOpts{
		MaxAttempts: p.limits.Attempts, Priority: takesFirst,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished},
	})
	if err != nil {
		return storage.Errorf(storage.Unavailable, "The job queue does not answer. %w", err)
	}
	return nil
}

// requeueTakes queues the takes that wait for their segments; those that have a job keep it.
func (p *Pool) requeueTakes(ctx context.Context) error {
	var after storage.ID
	for {
		takes, err := p.catalogue.UnmadeTakes(ctx, after, requeueBatch)
		if err != nil || len(takes) == 0 {
			return err
		}
		if err := p.db.InTx(ctx, func(tx *storage.Tx) error {
			for _, t := range takes {
				if err := p.TakeArrived(ctx, tx, t); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		after = takes[len(takes)-1].ID
	}
}

// requeueBatch keeps a transaction short.
const requeueBatch = 50
