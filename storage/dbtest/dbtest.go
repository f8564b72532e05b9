// Package dbtest gives tests a migrated, empty database of each kind that Backrow runs on. The
// PostgreSQL server is a real one: scripts/test starts it and names it in BACKROW_TEST_POSTGRES.
package dbtest

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"backrow/storage"
)

// Variable names the URL of a PostgreSQL server whose user may create databases.
const Variable = "BACKROW_TEST_POSTGRES"

// Each runs test once on SQLite and once on PostgreSQL, each time as a subtest with a database
// of its own. Without a PostgreSQL server the second fails where CI is set and is left out, with
// a word in the log, on a developer's machine.
func Each(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	if os.Getenv(Variable) == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: the database tests must run on PostgreSQL too", Variable)
		}
		t.Logf("%s is not set: PostgreSQL was left out", Variable)
		return
	}
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite is a migrated database in a file of the test's own.
func SQLite(t testing.TB) *storage.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "backrow.db"))
}

// Postgres is a migrated database on the server that Variable names, dropped after the test.
func Postgres(t testing.TB) *storage.DB {
	t.Helper()
	server := os.Getenv(Variable)
	admin, err := storage.Open(context.Background(), server)
	if err != nil {
		t.Fatalf("open PostgreSQL: %v", err)
	}
	name := "test_" + strings.ReplaceAll(string(storage.NewID()), "-", "")
	if _, err := admin.Exec(context.Background(), `CREATE DATABASE `+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.Background(),
			`DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("drop database: %v", err)
		}
		admin.Close()
	})
	dsn, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	dsn.Path = "/" + name
	return open(t, dsn.String())
}

func open(t testing.TB, dsn string) *storage.DB {
	t.Helper()
	db, err := storage.Open(context.Background(), dsn)
	if err != nil {
		t.Fatalf("open %s: %v", dsn, err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return db
}
