package transcode

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"backrow/storage"
	"backrow/storage/objects"
)

// prefix is where the renditions of a recording lie.
func prefix(recording storage.ID) string {
	return fmt.Sprintf("recordings/%s/renditions/", recording)
}

// store puts the files under fresh keys. On an error it returns those stored already.
func (a *attempt) store(ctx context.Context, files []output) ([]storage.Rendition, error) {
	var made []storage.Rendition
	var all, done int64
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(a.folder, f.file)); err == nil {
			all += info.Size()
		}
	}
	for _, f := range files {
		r := storage.Rendition{RecordingID: a.recording.ID, Kind: f.kind, MediaType: f.mediaType,
			ObjectKey: prefix(a.recording.ID) + string(f.kind) + "-" + string(a.run) +
				filepath.Ext(f.file)}
		made = append(made, r)
		if err := a.put(ctx, f, &made[len(made)-1]); err != nil {
			return made, err
		}
		done += made[len(made)-1].Bytes
		a.report.at(float64(done) / float64(max(all, 1)))
	}
	return made, nil
}

func (a *attempt) put(ctx context.Context, f output, r *storage.Rendition) error {
	file, err := os.Open(filepath.Join(a.folder, f.file))
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if r.Bytes, err = io.Copy(hash, file); err != nil {
		return err
	}
	r.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return a.pool.store.Put(ctx, r.ObjectKey, file, r.Bytes,
		objects.PutOptions{MediaType: r.MediaType, SHA256: r.SHA256})
}

const setDone = `UPDATE processing SET state = 'done', step = '', percent = 100, left_seconds = 0,
    reason = '', updated_at = ?
WHERE recording_id = ? AND run = ?
    AND EXISTS (SELECT 1 FROM recordings WHERE id = ? AND deleted_at = '')`

// settle notes all renditions and ends the job (complete), in one transaction, if the attempt is
// still the one at work; then it sweeps.
func (a *attempt) settle(ctx context.Context, made []storage.Rendition,
	complete func(*storage.Tx) error,
) error {
	p := a.pool
	err := p.db.InTx(ctx, func(tx *storage.Tx) error {
		result, err := tx.Exec(ctx, setDone, storage.Now(), a.recording.ID, a.run, a.recording.ID)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errTakenOver
		}
		for _, r := range made {
			if err := p.catalogue.PutRendition(ctx, tx, r); err != nil {
				return err
			}
		}
		return complete(tx)
	})
	if err != nil {
		return err
	}
	// The job is over: River ends its context, and so may Stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handBackTime)
	defer cancel()
	if err := a.sweep(ctx); err != nil {
		a.log.Warn("old renditions cannot be swept", "error", err)
	}
	return nil
}

// sweep removes what no rendition names: those replaced, and those of attempts that crashed. What
// was begun after this attempt may be another's, for a newer edition, which is about to be noted.
func (a *attempt) sweep(ctx context.Context) error {
	current, err := a.pool.catalogue.Renditions(ctx, a.recording.ID)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, r := range current {
		named[r.ObjectKey] = true
	}
	for after := ""; ; {
		found, err := a.pool.store.List(ctx, prefix(a.recording.ID), after, 100)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, object := range found {
			after = object.Key
			if named[object.Key] || a.isNewer(object.Key) {
				continue
			}
			if err := a.pool.store.Delete(ctx, object.Key); err != nil {
				return err
			}
		}
	}
}

// isNewer tells from its key whether an object is of an attempt that began later: ids are in the
// order of time (RFC 9562, section 5.7).
func (a *attempt) isNewer(key string) bool {
	_, name, _ := strings.Cut(strings.TrimPrefix(key, prefix(a.recording.ID)), "-")
	run, err := storage.ParseID(strings.TrimSuffix(name, filepath.Ext(name)))
	return err == nil && run > a.run
}

// discard removes what an attempt has stored that came to nothing. What the catalogue names after
// all (the answer to a commit can be lost) stays, and so does everything when it cannot be asked:
// the next sweep will tell.
func (a *attempt) discard(ctx context.Context, made []storage.Rendition) {
	if len(made) == 0 {
		return
	}
	current, err := a.pool.catalogue.Renditions(ctx, a.recording.ID)
	if err != nil {
		a.log.Warn("objects of an attempt that failed are left to the next sweep", "error", err)
		return
	}
	for _, r := range made {
		if slices.ContainsFunc(current, func(c storage.Rendition) bool {
			return c.ObjectKey == r.ObjectKey
		}) {
			continue
		}
		if err := a.pool.store.Delete(ctx, r.ObjectKey); err != nil {
			a.log.Warn("object of an attempt that failed cannot be removed", "key", r.ObjectKey,
				"error", err)
		}
	}
}
