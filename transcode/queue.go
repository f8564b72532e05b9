package transcode

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"backrow/storage"
)

// Job is what River keeps of the work on a recording's renditions. The edition tells which cover it
// is for: there may be a job for a newer one beside it.
type Job struct {
	RecordingID storage.ID `json:"recording_id" river:"unique"`
	Edition     int64      `json:"edition" river:"unique"`
}

// Kind names the job in River's table.
func (Job) Kind() string { return "make_renditions" }

// TakeJob is what River keeps of the work on a take's segments.
type TakeJob struct {
	TakeID storage.ID `json:"take_id" river:"unique"`
}

// Kind names the job in River's table.
func (TakeJob) Kind() string { return "make_segments" }

// Takes go first: a recording is not settled before they are made.
const (
	takesFirst      = 1
	renditionsAfter = 2
)

// unfinished are the states in which a second job for the same work is not wanted.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// Migrate makes or updates River's own tables. It may be called at every start.
func Migrate(ctx context.Context, db *storage.DB) error {
	var err error
	if db.Dialect() == storage.SQLite {
		err = migrate(ctx, riversqlite.New(db.SQL()))
	} else {
		var pool *pgxpool.Pool
		if pool, err = openPool(ctx, db, 1); err == nil {
			err = migrate(ctx, riverpgxv5.New(pool))
			pool.Close()
		}
	}
	if err != nil {
		return storage.Errorf(storage.Unavailable,
			"The job queue's tables could not be brought up to date: %w", err)
	}
	return nil
}

func migrate[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet()})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// openPool connects to the same PostgreSQL as db, for River speaks pgx itself.
func openPool(ctx context.Context, db *storage.DB, size int32) (*pgxpool.Pool, error) {
	conn, err := db.SQL().Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var dsn string
	if err := conn.Raw(func(c any) error {
		dsn = c.(*stdlib.Conn).Conn().Config().ConnString()
		return nil
	}); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns = size
	return pgxpool.NewWithConfig(ctx, config)
}

// queue is River on one of the two databases.
type queue interface {
	// insert queues a job within tx; it reports false when there is an unfinished one already.
	insert(ctx context.Context, tx *storage.Tx, job river.JobArgs, options *river.InsertOpts) (bool, error)
	// complete ends, within tx, a job that is being worked on.
	complete(ctx context.Context, tx *storage.Tx, job *river.Job[Job]) error
	// running lists jobs of a kind that somebody works on, or worked on when it died, at most 1,000.
	running(ctx context.Context, kind string) ([]*rivertype.JobRow, error)
	// start begins to work.
	start(ctx context.Context) error
	// stop cancels the work and waits for it, until ctx ends.
	stop(ctx context.Context) error
}

// newQueue is a queue that works as config says, or, when config is nil, only inserts.
func newQueue(ctx context.Context, db *storage.DB, config *river.Config) (queue, error) {
	working := config != nil
	if !working {
		config = &river.Config{Logger: quiet()}
	}
	if db.Dialect() == storage.SQLite {
		// The listener would ask the one writer connection twenty times a second.
		config.PollOnly = true
		var pool *sql.DB
		if working {
			pool = db.SQL()
		}
		client, err := river.NewClient(riversqlite.New(pool), config)
		return &queueOf[*sql.Tx, *riversqlite.Driver]{client: client, with: withSQL}, err
	}
	if !working {
		client, err := river.NewClient(riverpgxv5.New(nil), config)
		return &queueOf[pgx.Tx, *riverpgxv5.Driver]{client: client, with: withPgx}, err
	}
	pool, err := openPool(ctx, db, poolSize)
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(riverpgxv5.New(pool), config)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &queueOf[pgx.Tx, *riverpgxv5.Driver]{client: client, with: withPgx, close: pool.Close}, nil
}

// poolSize is one connection to listen, and some for what River does at the same time.
const poolSize = 6

type queueOf[T any, D riverdriver.Driver[T]] struct {
	client *river.Client[T]
	with   func(tx *storage.Tx, use func(T) error) error
	close  func()
}

func (q *queueOf[T, D]) insert(ctx context.Context, tx *storage.Tx, job river.JobArgs,
	options *river.InsertOpts,
) (fresh bool, err error) {
	err = q.with(tx, func(tx T) error {
		inserted, err := q.client.InsertTx(ctx, tx, job, options)
		fresh = err == nil && !inserted.UniqueSkippedAsDuplicate
		return err
	})
	return fresh, err
}

func (q *queueOf[T, D]) complete(ctx context.Context, tx *storage.Tx, job *river.Job[Job]) error {
	return q.with(tx, func(tx T) error {
		_, err := river.JobCompleteTx[D](ctx, tx, job)
		return err
	})
}

func (q *queueOf[T, D]) running(ctx context.Context, kind string) (
	[]*rivertype.JobRow, error,
) {
	found, err := q.client.JobList(ctx, river.NewJobListParams().Kinds(kind).
		States(rivertype.JobStateRunning).First(1000))
	if err != nil {
		return nil, err
	}
	return found.Jobs, nil
}

func (q *queueOf[T, D]) start(ctx context.Context) error { return q.client.Start(ctx) }

func (q *queueOf[T, D]) stop(ctx context.Context) error {
	err := q.client.StopAndCancel(ctx)
	if err != nil {
		return fmt.Errorf("transcode: stop workers: %w", err)
	}
	if q.close != nil {
		q.close()
	}
	return nil
}

func withSQL(tx *storage.Tx, use func(*sql.Tx) error) error { return use(tx.SQL()) }
