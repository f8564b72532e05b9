package transcode

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"backrow/storage"
)

// pgTx shows the connection on which a transaction of database/sql runs as a pgx.Tx, so that
// River's statements become part of it. It begins, commits and undoes nothing.
type pgTx struct{ conn *pgx.Conn }

func withPgx(tx *storage.Tx, use func(pgx.Tx) error) error {
	return tx.Conn().Raw(func(c any) error { return use(pgTx{c.(*stdlib.Conn).Conn()}) })
}

var errNotOurs = errors.New("transcode: the transaction belongs to its caller")

func (t pgTx) Begin(context.Context) (pgx.Tx, error) { return nil, errNotOurs }
func (t pgTx) Commit(context.Context) error          { return errNotOurs }
func (t pgTx) Rollback(context.Context) error        { return errNotOurs }
func (t pgTx) Conn() *pgx.Conn                       { return t.conn }
func (t pgTx) LargeObjects() pgx.LargeObjects        { return pgx.LargeObjects{} }

func (t pgTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string,
	rows pgx.CopyFromSource,
) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

func (t pgTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

func (t pgTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, sql)
}

func (t pgTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

func (t pgTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

func (t pgTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}
