package transcode_test

import (
	"context"
	"errors"
	"testing"

	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/transcode"
)

func (k *kit) jobs() (n int) {
	k.t.Helper()
	if err := k.db.Get(context.Background(), &n, `SELECT COUNT(*) FROM river_job`); err != nil {
		k.t.Fatal(err)
	}
	return n
}

func TestJobIsPartOfTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := context.Background()
		k := newKit(t, db)
		p := k.idle()
		r := k.recording()

		undone := errors.New("undone")
		err := db.InTx(ctx, func(tx *storage.Tx) error {
			if err := p.RecordingReady(ctx, tx, r); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if now, _ := p.Progress(ctx, r.ID); now.State != transcode.StateNone || k.jobs() != 0 {
			t.Errorf("undone: %+v and %d jobs, want none", now, k.jobs())
		}

		k.settle(p, r)
		k.tx(func(ctx context.Context, tx *storage.Tx) error { return p.RecordingReady(ctx, tx, r) })
		if err := p.Retry(ctx, r.ID); err != nil {
			t.Error(err)
		}
		if now, _ := p.Progress(ctx, r.ID); now.State != transcode.StateQueued || k.jobs() != 1 {
			t.Errorf("queued three times: %+v and %d jobs, want one", now, k.jobs())
		}
	})
}

func TestMigrateMayBeRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		for range 2 {
			if err := transcode.Migrate(context.Background(), db); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestRetryOfARecordingThatIsNotReady(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.idle()
	r := k.recording()
	if err := p.Retry(context.Background(), r.ID); storage.KindOf(err) != storage.Conflict {
		t.Errorf("still recording: %v, want a conflict", err)
	}
	if err := p.Retry(context.Background(), storage.NewID()); storage.KindOf(err) != storage.NotFound {
		t.Errorf("no such recording: %v, want not found", err)
	}
}
