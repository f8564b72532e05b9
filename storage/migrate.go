package storage

import (
	"context"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema to the version of this binary. It may be called at every start and
// by several nodes at once; on PostgreSQL they take turns by an advisory lock. It returns how
// many migrations it ran.
func (db *DB) Migrate(ctx context.Context) (int, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return 0, err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithVerbose(false)}
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return 0, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, db.write.DB, files, options...)
	if err != nil {
		return 0, told(err)
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return len(done), Errorf(Unavailable, "The database could not be brought up to date: %w", err)
	}
	return len(done), nil
}
