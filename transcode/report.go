package transcode

import (
	"context"
	"errors"
	"sync"
	"time"

	"backrow/storage"
)

// Steps, as the page shows them, and the share of the whole that each is reckoned to take.
const (
	stepFetch    = "Reading the recording"
	stepVideo    = "Preparing the picture"
	stepDownload = "Making the download"
	stepStills   = "Making the poster and the storyboard"
	stepStore    = "Storing the results"
)

var ends = map[string]float64{stepFetch: 0.10, stepVideo: 0.70, stepDownload: 0.85,
	stepStills: 0.95, stepStore: 1}

// report notes in the database how far an attempt has come, at most once a second, and at least
// every ten: that is the sign of life.
type report struct {
	db        *storage.DB
	recording storage.ID
	run       storage.ID
	metrics   *metrics
	began     time.Time

	mu        sync.Mutex // guards what follows
	step      string
	stepBegan time.Time
	from, to  float64 // of the whole, what the step covers
	done      float64 // of the whole
}

const (
	reportEvery = time.Second
	signEvery   = 10 * time.Second
)

// errTakenOver ends an attempt whose job somebody else has taken over, or whose recording has
// been deleted.
var errTakenOver = errors.New("transcode: another attempt has taken over")

// begin enters the next step.
func (r *report) begin(ctx context.Context, step string) error {
	r.mu.Lock()
	r.endStep()
	r.step, r.stepBegan, r.from, r.to = step, time.Now(), r.to, ends[step]
	r.done = r.from
	r.mu.Unlock()
	return r.write(ctx)
}

// endStep is called with the lock held.
func (r *report) endStep() {
	if r.step != "" {
		r.metrics.steps.WithLabelValues(r.step).Observe(time.Since(r.stepBegan).Seconds())
	}
}

// at says how much of the step is done, 0 to 1. It never goes back.
func (r *report) at(part float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = max(r.done, r.from+(r.to-r.from)*min(max(part, 0), 1))
}

// now is the progress, with the time left as it would be at the speed so far. It is told from 5 s
// and 5 % on: before, it would only jump about.
func (r *report) now() (step string, percent, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	percent, left = int(r.done*100), -1
	if spent := time.Since(r.began); r.done >= 0.05 && spent >= 5*time.Second {
		left = int((spent.Seconds()/r.done)*(1-r.done)) + 1
	}
	return r.step, min(percent, 99), left
}

const setProgress = `UPDATE processing SET step = ?, percent = ?, left_seconds = ?, updated_at = ?
WHERE recording_id = ? AND run = ?`

func (r *report) write(ctx context.Context) error {
	step, percent, left := r.now()
	result, err := r.db.Exec(ctx, setProgress, step, percent, left, storage.Now(), r.recording, r.run)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return errTakenOver
	}
	return nil
}

// keep writes until ctx ends, and calls lost when the attempt is no longer the one at work. A
// database that is away for a while is no reason to stop.
func (r *report) keep(ctx context.Context, lost func(error)) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	var written time.Time
	var wrote int
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, percent, _ := r.now()
		if percent == wrote && time.Since(written) < signEvery {
			continue
		}
		switch err := r.write(ctx); {
		case errors.Is(err, errTakenOver):
			lost(err)
			return
		case err == nil:
			written, wrote = time.Now(), percent
		}
	}
}
