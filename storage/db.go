// Package storage is the ground that Backrow stands on: the database, its migrations, and the
// catalogue of recordings, takes, tracks, segments and renditions. It knows no other package of
// the project. SQLite (the default) and PostgreSQL run the same migrations and queries; what is
// kept under objects/ is the media itself.
//
// Times are UTC (Time), ids are UUIDv7 (ID), media time is integer (Ticks inside a take,
// milliseconds on a recording's timeline). Every error that a caller may act upon is an *Error.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver
	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Dialect is one of the two databases that Backrow runs on.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

const (
	sqliteReaders      = 4  // WAL readers do not block the writer; two cores want no more
	postgresConns      = 20 // of PostgreSQL's default of 100, shared by several nodes
	postgresIdle       = 5
	connLifetime       = 30 * time.Minute
	transactionRetries = 5 // a serialization failure or a deadlock is the database asking for another go
)

// DB is an open database. It is safe for concurrent use. Queries are written with ? and rebound.
type DB struct {
	dialect Dialect
	write   *sqlx.DB
	read    *sqlx.DB
}

// Open opens the database that dsn names: "sqlite:PATH" (the file and its folder are made when
// they are not there) or a "postgres://" URL. It does not migrate.
func Open(ctx context.Context, dsn string) (*DB, error) {
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"))
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return openPostgres(ctx, dsn)
	}
	return nil, Errorf(Invalid,
		"The database setting must begin with sqlite: or postgres://, as sqlite:PATH or "+
			"postgres://USER@HOST/NAME do.") // what it is may hold a password
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if path == "" {
		return nil, Errorf(Invalid, "The database setting names no file: write sqlite:PATH.")
	}
	// The working directory may change between two connections: the embedded store moves it.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, Errorf(Unavailable, "The database file cannot be found: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, Errorf(Unavailable, "The folder of the database %s cannot be made: %w", path, err)
	}
	dsn := func(more ...string) string {
		query := url.Values{"_pragma": {
			"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		}}
		query["_pragma"] = append(query["_pragma"], more...)
		query.Set("_txlock", "immediate")
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
	}
	write, err := sqlx.Open("sqlite", dsn())
	if err != nil {
		return nil, Errorf(Unavailable, "The database %s cannot be opened: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	read, err := sqlx.Open("sqlite", dsn("query_only(1)"))
	if err != nil {
		write.Close()
		return nil, Errorf(Unavailable, "The database %s cannot be opened: %w", path, err)
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	db := &DB{dialect: SQLite, write: write, read: read}
	if err := write.PingContext(ctx); err != nil {
		db.Close()
		return nil, Errorf(Unavailable, "The database %s cannot be opened: %w", path, err)
	}
	return db, nil
}

func openPostgres(ctx context.Context, dsn string) (*DB, error) {
	pool, err := sqlx.Open("pgx", dsn)
	if err != nil {
		return nil, Errorf(Invalid, "The database URL cannot be read: %w", err)
	}
	pool.SetMaxOpenConns(postgresConns)
	pool.SetMaxIdleConns(postgresIdle)
	pool.SetConnMaxLifetime(connLifetime)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, Errorf(Unavailable,
			"PostgreSQL does not answer. Check that it runs, and that the database setting names it rightly. %w", err)
	}
	return &DB{dialect: Postgres, write: pool, read: pool}, nil
}

// Dialect says which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// SQL is the pool that may write, for libraries that bring their own statements.
func (db *DB) SQL() *sql.DB { return db.write.DB }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.read.PingContext(ctx); err != nil {
		return Errorf(Unavailable, "The database does not answer: %w", err)
	}
	return nil
}

// Close closes every connection.
func (db *DB) Close() error {
	err := db.write.Close()
	if db.read != db.write {
		err = errors.Join(err, db.read.Close())
	}
	return err
}

// Get reads one row into dest; no row is a NotFound error.
func (db *DB) Get(ctx context.Context, dest any, query string, args ...any) error {
	return told(db.read.GetContext(ctx, dest, db.read.Rebind(query), args...))
}

// Select reads all rows into the slice that dest points to. Queries carry their own LIMIT.
func (db *DB) Select(ctx context.Context, dest any, query string, args ...any) error {
	return told(db.read.SelectContext(ctx, dest, db.read.Rebind(query), args...))
}

// Exec runs one statement that changes something.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := db.write.ExecContext(ctx, db.write.Rebind(query), args...)
	return result, told(err)
}

// Tx is a transaction that may write.
type Tx struct {
	tx     *sqlx.Tx
	conn   *sqlx.Conn
	after  []func()
	change Dialect
}

// InTx runs work in one transaction: committed when work returns nil, undone otherwise. Work may
// run more than once (PostgreSQL may ask for it), so it must not act outside the transaction:
// what should follow a commit is handed to AfterCommit.
func (db *DB) InTx(ctx context.Context, work func(tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, work)
		if err == nil || attempt == transactionRetries || !isRetryable(err) {
			return err
		}
	}
}

func (db *DB) once(ctx context.Context, work func(tx *Tx) error) error {
	conn, err := db.write.Connx(ctx)
	if err != nil {
		return told(err)
	}
	defer conn.Close()
	begun, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return told(err)
	}
	tx := &Tx{tx: begun, conn: conn, change: db.dialect}
	defer begun.Rollback() //nolint:errcheck // after a commit it has nothing to do
	if err := work(tx); err != nil {
		return err
	}
	if err := begun.Commit(); err != nil {
		return told(err)
	}
	for _, act := range tx.after {
		act()
	}
	return nil
}

// Dialect says which database this is.
func (tx *Tx) Dialect() Dialect { return tx.change }

// SQL is the transaction itself, for libraries that bring their own statements.
func (tx *Tx) SQL() *sql.Tx { return tx.tx.Tx }

// Conn is the connection that the transaction runs on, for libraries that speak the driver's own
// protocol.
func (tx *Tx) Conn() *sql.Conn { return tx.conn.Conn }

// AfterCommit has act called once when the transaction has been committed, on the caller's
// goroutine; never when it is undone.
func (tx *Tx) AfterCommit(act func()) { tx.after = append(tx.after, act) }

// Get reads one row into dest; no row is a NotFound error.
func (tx *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	return told(tx.tx.GetContext(ctx, dest, tx.tx.Rebind(query), args...))
}

// Select reads all rows into the slice that dest points to.
func (tx *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	return told(tx.tx.SelectContext(ctx, dest, tx.tx.Rebind(query), args...))
}

// Exec runs one statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := tx.tx.ExecContext(ctx, tx.tx.Rebind(query), args...)
	return result, told(err)
}

// Queryer is what a DB and a Tx have in common.
type Queryer interface {
	Get(ctx context.Context, dest any, query string, args ...any) error
	Select(ctx context.Context, dest any, query string, args ...any) error
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// IsUnique reports whether err is a broken UNIQUE or PRIMARY KEY constraint, on either database.
func IsUnique(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code()
		return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

func isRetryable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// told turns what a driver says into what Backrow says.
func told(err error) error {
	var known *Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return Errorf(NotFound, "That does not exist, or you may not see it. %w", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Errorf(Unavailable, "The database took too long. Please try again. %w", err)
	case isFull(err):
		return Errorf(Unavailable, "The server's disk is full. Nothing already saved is lost. %w", err)
	case isAway(err):
		return Errorf(Unavailable, "The database does not answer. Please try again in a moment. %w", err)
	}
	return fmt.Errorf("storage: %w", err)
}

func isFull(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_FULL {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53100"
}

func isAway(err error) bool {
	if isRetryable(err) {
		return true
	}
	var dial *pgconn.ConnectError
	var pg *pgconn.PgError
	return errors.As(err, &dial) || errors.As(err, &pg) && strings.HasPrefix(pg.Code, "57P")
}
