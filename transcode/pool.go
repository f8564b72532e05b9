package transcode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"backrow/storage"
	"backrow/storage/objects"
)

// Pool queues and works on the jobs. It is safe for concurrent use.
type Pool struct {
	db        *storage.DB
	catalogue *storage.Catalogue
	store     objects.Store
	log       *slog.Logger
	metrics   *metrics
	takeMade  func(ctx context.Context, recording storage.ID)
	ffmpeg    string
	ffprobe   string
	scratch   string
	limits    Limits
	slots     int

	inserter queue

	mu       sync.Mutex         // guards what follows
	workers  queue              // nil unless started
	stopping chan struct{}      // closed when the jobs must be handed back
	end      context.CancelFunc // of the watch over dead nodes
	watched  chan struct{}      // closed when it has ended
}

// New makes a Pool, which queues at once and works after Start. Whether ffmpeg is there is not
// asked here: a server without it records and plays all the same (see ffmpeg.Find).
func New(options Options) (*Pool, error) {
	p := &Pool{db: options.DB, catalogue: options.Catalogue, store: options.Objects,
		log: options.Log, metrics: newMetrics(options.Metrics), ffmpeg: options.FFmpeg,
		ffprobe: options.FFprobe, limits: options.Limits.withDefaults(), slots: options.Workers,
		takeMade: options.TakeMade}
	if p.takeMade == nil {
		p.takeMade = func(context.Context, storage.ID) {}
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	if p.slots == 0 {
		p.slots = 1
	}
	if p.slots > 0 {
		scratch, err := filepath.Abs(options.Scratch)
		if err != nil || options.Scratch == "" {
			return nil, storage.Errorf(storage.Invalid, "The scratch folder must be named. %w", err)
		}
		p.scratch = scratch
	}
	var err error
	if p.inserter, err = newQueue(context.Background(), p.db, nil); err != nil {
		return nil, fmt.Errorf("transcode: %w", err)
	}
	return p, nil
}

func (l Limits) withDefaults() Limits {
	if l.JobTime <= 0 {
		l.JobTime = 12 * time.Hour
	}
	if l.OutputBytes <= 0 {
		l.OutputBytes = 32 << 30
	}
	if l.MemoryBytes <= 0 {
		l.MemoryBytes = 4 << 30
	}
	if l.Attempts <= 0 {
		l.Attempts = 4
	}
	if l.RetryAfter == nil {
		l.RetryAfter = func(attempt int) time.Duration {
			return 10 * time.Second * time.Duration(math.Pow(6, float64(min(attempt, 5)-1)))
		}
	}
	if l.Drain <= 0 {
		l.Drain = 5 * time.Second
	}
	if l.TakeOver <= 0 {
		l.TakeOver = time.Minute
	}
	if l.Settle <= 0 {
		l.Settle = 2 * time.Minute
	}
	return l
}

// Start empties the scratch folder, takes over the jobs of nodes that died, and begins to work.
// Ending ctx does not stop the pool: Stop does.
func (p *Pool) Start(ctx context.Context) error {
	if p.slots < 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.workers != nil {
		return nil
	}
	if err := p.emptyScratch(); err != nil {
		return storage.Errorf(storage.Unavailable,
			"The scratch folder %s cannot be used: %w", p.scratch, err)
	}
	stopping := make(chan struct{})
	workers := river.NewWorkers()
	w := &worker{pool: p, stopping: stopping}
	if err := errors.Join(river.AddWorkerSafely(workers, w),
		river.AddWorkerSafely(workers, &takeWorker{pool: p, stopping: stopping})); err != nil {
		return fmt.Errorf("transcode: %w", err)
	}
	began, err := newQueue(ctx, p.db, &river.Config{
		Logger:     slog.New(warnings{p.log.Handler()}),
		JobTimeout: p.limits.JobTime,
		// Dead nodes are found by their missing sign of life; this is for a job that hangs.
		RescueStuckJobsAfter: p.limits.JobTime + time.Hour,
		MaxAttempts:          p.limits.Attempts,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: p.slots}},
		Workers:              workers,
	})
	if err != nil {
		return storage.Errorf(storage.Unavailable, "The job queue does not answer: %w", err)
	}
	w.queue, p.workers, p.stopping = began, began, stopping
	age := p.limits.TakeOver
	if p.db.Dialect() == storage.SQLite {
		age = 0 // one process has the file: nobody else can be alive
	}
	if err := p.takeOver(ctx, began, age); err != nil {
		p.log.Error("cannot look for jobs of nodes that died", "error", err)
	}
	if err := p.requeueTakes(ctx); err != nil {
		p.log.Error("cannot look for takes that wait for their segments", "error", err)
	}
	ctx = context.WithoutCancel(ctx)
	if err := began.start(ctx); err != nil {
		p.workers = nil
		err = errors.Join(err, began.stop(ctx))
		return storage.Errorf(storage.Unavailable, "The job queue does not answer: %w", err)
	}
	ctx, p.end = context.WithCancel(ctx)
	p.watched = make(chan struct{})
	go p.watch(ctx, began, p.watched)
	return nil
}

// watch looks for jobs of nodes that died, and for takes that have no job, until ctx ends.
func (p *Pool) watch(ctx context.Context, q queue, ended chan<- struct{}) {
	defer close(ended)
	tick := time.NewTicker(p.limits.TakeOver / 2)
	defer tick.Stop()
	takes := time.NewTicker(requeueEvery)
	defer takes.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-takes.C:
			if err := p.requeueTakes(ctx); err != nil && ctx.Err() == nil {
				p.log.Error("cannot look for takes that wait for their segments", "error", err)
			}
			continue
		case <-tick.C:
		}
		if err := p.takeOver(ctx, q, p.limits.TakeOver); err != nil && ctx.Err() == nil {
			p.log.Error("cannot look for jobs of nodes that died", "error", err)
		}
	}
}

// emptyScratch removes what jobs of a run that crashed have left, and nothing else.
func (p *Pool) emptyScratch() error {
	if err := os.MkdirAll(p.scratch, 0o700); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(p.scratch, scratchPrefix+"*"))
	if err != nil {
		return err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends the jobs being worked on, hands them back to the queue without counting the attempt,
// and waits for that until ctx ends. A stopped pool may be started again.
func (p *Pool) Stop(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.workers == nil {
		return nil
	}
	p.end()
	<-p.watched
	select {
	case <-p.stopping:
	default:
		close(p.stopping)
	}
	if err := p.workers.stop(ctx); err != nil {
		return err
	}
	p.workers = nil
	return nil
}
