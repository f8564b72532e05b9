// Package annotatetest makes what the tests of annotations stand on: a recording with an owner and
// target areas.
package annotatetest

import (
	"context"
	"testing"

	"backrow/annotate"
	"backrow/storage"
)

// DurationMS is the length of the recording that Lesson makes.
const DurationMS = 60_000

// Lesson adds a finished recording of one minute, by an owner of its own.
func Lesson(t testing.TB, db *storage.DB) storage.Recording {
	t.Helper()
	r := storage.Recording{ID: storage.NewID(), ProgramID: storage.NewID(), OwnerID: storage.NewID(),
		Title: "Fractions"}
	catalogue := storage.NewCatalogue(db)
	must(t, db.InTx(context.Background(), func(tx *storage.Tx) error {
		_, err := catalogue.CreateRecording(context.Background(), tx, r)
		return err
	}))
	exec(t, db, `UPDATE recordings SET state = 'ready', duration_ms = ? WHERE id = ?`,
		DurationMS, r.ID)
	r, err := catalogue.Recording(context.Background(), r.ID)
	must(t, err)
	return r
}

// TargetArea adds a target area of a recording's owner in its program.
func TargetArea(t testing.TB, db *storage.DB, r storage.Recording) storage.ID {
	t.Helper()
	now, framework, area, target := storage.Now(), storage.NewID(), storage.NewID(), storage.NewID()
	exec(t, db, `INSERT INTO programs (id, name, created_at) VALUES (?, 'P', ?)
ON CONFLICT (id) DO NOTHING`, r.ProgramID, now)
	exec(t, db, `INSERT INTO users (id, email, email_folded, name, password_hash, created_at)
VALUES (?, ?, ?, 'T', '', ?) ON CONFLICT (id) DO NOTHING`, r.OwnerID, r.OwnerID, r.OwnerID, now)
	exec(t, db, `INSERT INTO frameworks (id, program_id, name, created_at) VALUES (?, ?, 'F', ?)`,
		framework, r.ProgramID, now)
	exec(t, db, `INSERT INTO areas (id, framework_id, name) VALUES (?, ?, 'A')`, area, framework)
	exec(t, db, `INSERT INTO target_areas (id, program_id, teacher_id, area_id, hue, goal, status,
    created_at) VALUES (?, ?, ?, ?, 1, 'G', 'active', ?)`, target, r.ProgramID, r.OwnerID, area, now)
	return target
}

// Draft is a shared point on a recording that passes every check; what edit changes may not.
func Draft(r storage.Recording, edit ...func(d *annotate.Draft)) annotate.Draft {
	d := annotate.Draft{ID: storage.NewID(), RecordingID: r.ID, StartMS: 1000, EndMS: 1000,
		Kind: annotate.Strength, Text: "You waited."}
	for _, e := range edit {
		e(&d)
	}
	return d
}

// Names names everyone after their id.
type Names struct{}

// Names implements annotate.Names.
func (Names) Names(_ context.Context, ids []storage.ID) (map[storage.ID]string, error) {
	names := make(map[storage.ID]string, len(ids))
	for _, id := range ids {
		names[id] = "name of " + string(id)
	}
	return names, nil
}

// Runs is how many runs of a property test are worth their time: a tenth with -short, as under the
// race detector, where each is dear. A failing run says its seed; -rapid.seed repeats it.
func Runs(most int) int {
	if testing.Short() {
		return max(most/10, 1)
	}
	return most
}

func exec(t testing.TB, db *storage.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(context.Background(), query, args...)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
