// Package objectstest holds stores to what the interfaces of objects promise (Conformance), and
// gives other packages' tests a store to work with (Embedded) and a second, foreign one (MinIO).
package objectstest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"backrow/storage"
	"backrow/storage/objects"
)

// shared is the embedded store of this test process, which can have one only: opened for the
// first test that wants it and closed after the last that has it, so that nothing is left for a
// leak check to find.
var shared struct {
	sync.Mutex
	store  *objects.Embedded
	folder string
	users  int
}

// Embedded is an empty store for one test: a bucket of its own in the process's embedded store,
// ready in milliseconds and gone with the test.
//
// While it is open the working directory is inside the store's folder (see objects.Embedded): a
// test opens files such as testdata by absolute path, or before.
func Embedded(t testing.TB) objects.Store {
	t.Helper()
	embedded := acquire(t)
	t.Cleanup(func() { release(t) })
	store, err := embedded.Bucket(context.Background(), newBucket())
	if err != nil {
		t.Fatalf("open a bucket of the embedded store: %v", err)
	}
	return store
}

func acquire(t testing.TB) *objects.Embedded {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.users == 0 {
		folder, err := os.MkdirTemp("", "objectstest")
		if err != nil {
			t.Fatalf("make the embedded store's folder: %v", err)
		}
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		store, err := objects.StartEmbedded(context.Background(), filepath.Join(folder, "objects"), log)
		if err != nil {
			os.RemoveAll(folder)
			t.Fatalf("start the embedded store: %v", err)
		}
		shared.store, shared.folder = store, folder
	}
	shared.users++
	return shared.store
}

func release(t testing.TB) {
	shared.Lock()
	defer shared.Unlock()
	shared.users--
	if shared.users > 0 {
		return
	}
	if err := shared.store.Close(context.Background()); err != nil {
		t.Errorf("close the embedded store: %v", err)
	}
	if err := os.RemoveAll(shared.folder); err != nil {
		t.Errorf("remove the embedded store's folder: %v", err)
	}
}

// newBucket names a bucket that no other test has.
func newBucket() string {
	return "test-" + strings.ReplaceAll(string(storage.NewID()), "-", "")
}
