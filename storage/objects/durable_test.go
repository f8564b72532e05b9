package objects_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

// witness stands in for (*os.File).Sync and notes what was synced while an object had its name
// and while it had none yet.
type witness struct {
	mu            sync.Mutex
	object        string // the object's file
	before, after []string
	fail          error
}

func (w *witness) sync(f *os.File) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := os.Stat(w.object); err != nil {
		w.before = append(w.before, f.Name())
	} else {
		w.after = append(w.after, f.Name())
	}
	return errors.Join(f.Sync(), w.fail)
}

// watch has the witness look at an object that is about to be stored.
func (w *witness) watch(object string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.object, w.before, w.after = object, nil, nil
}

// TestDurability: the content is synced before the object has its name, and after that the file
// and every folder from it up to the bucket, whatever the way by which the object came to be.
func TestDurability(t *testing.T) {
	folder := t.TempDir()
	w := &witness{}
	store := startSyncing(t, folder, w.sync)
	client, bucket := store.Client()
	files := filepath.Join(folder, "files")
	large := make([]byte, objectstest.PartBytes+1)
	s := openAt(t, store, bucket)
	source := bucket + "/a/small"
	for _, c := range []struct {
		key  string
		make func(key string) error
	}{
		{"a/small", func(key string) error { return tryPut(s, key, []byte("content")) }},
		{"a/empty", func(key string) error { return tryPut(s, key, nil) }},
		{"b/c/parts", func(key string) error { return tryPut(s, key, large) }},
		{"d/e/copy", func(key string) error {
			_, err := client.CopyObject(context.Background(),
				&s3.CopyObjectInput{Bucket: &bucket, Key: &key, CopySource: &source})
			return err
		}},
	} {
		path := filepath.Join(files, bucket, c.key)
		w.watch(path)
		if err := c.make(c.key); err != nil {
			t.Fatalf("%s: %v", c.key, err)
		}
		if len(w.before) == 0 {
			t.Errorf("%s: nothing was synced before it had its name", c.key)
		}
		for ; path != files; path = filepath.Dir(path) {
			if !contains(w.after, path) {
				t.Errorf("%s: %s was not synced; after its name only %q", c.key, path, w.after)
			}
		}
	}
}

// TestSidecarsAreDurable: where attributes are in files of their own, those are synced too.
func TestSidecarsAreDurable(t *testing.T) {
	folder := t.TempDir()
	sidecar := filepath.Join(folder, "sidecar")
	if err := os.Mkdir(sidecar, 0o700); err != nil {
		t.Fatal(err)
	}
	w := &witness{}
	store := startSyncing(t, folder, w.sync)
	_, bucket := store.Client()
	w.watch(filepath.Join(folder, "files", bucket, "a/b"))
	put(t, store, "a/b", []byte("content"))
	for _, path := range []string{"a/b/meta/etag", "a/b/meta/metadata", "a/b/meta", "a/b", "a", ""} {
		if path = filepath.Join(sidecar, bucket, path); !contains(w.after, path) {
			t.Errorf("%s was not synced, only %q", path, w.after)
		}
	}
}

// TestSyncFails: what could not be synced was not stored.
func TestSyncFails(t *testing.T) {
	w := &witness{}
	store := startSyncing(t, t.TempDir(), w.sync)
	w.fail = errors.New("the disk is gone")
	_, bucket := store.Client()
	s := openAt(t, store, bucket)
	for _, size := range []int{0, 10, objectstest.PartBytes + 1} {
		err := tryPut(s, "a/b", make([]byte, size))
		if storage.KindOf(err) != storage.Unavailable {
			t.Errorf("put of %d bytes: %v, want unavailable", size, err)
		}
		if _, err := s.Stat(context.Background(), "a/b"); storage.KindOf(err) != storage.NotFound {
			t.Errorf("%d bytes that were not synced are there: %v", size, err)
		}
	}
}

func startSyncing(t testing.TB, folder string, sync func(*os.File) error) *objects.Embedded {
	t.Helper()
	store, err := objects.StartEmbeddedSyncing(context.Background(), folder,
		slog.New(slog.DiscardHandler), sync)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

// openAt opens a bucket of the embedded store with the suite's part size.
func openAt(t testing.TB, e *objects.Embedded, bucket string) *objects.S3 {
	t.Helper()
	o := e.Options()
	o.Bucket, o.PartBytes = bucket, objectstest.PartBytes
	s, err := objects.NewS3(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryPut(s objects.Store, key string, b []byte) error {
	return s.Put(context.Background(), key, bytes.NewReader(b), int64(len(b)), objects.PutOptions{})
}

func contains(synced []string, path string) bool {
	for _, name := range synced {
		if strings.TrimSuffix(name, "/") == path {
			return true
		}
	}
	return false
}

// BenchmarkPut stores one segment of two seconds.
func BenchmarkPut(b *testing.B) {
	for name, sync := range map[string]func(*os.File) error{
		"synced":   (*os.File).Sync,
		"unsynced": func(*os.File) error { return nil },
	} {
		b.Run(name, func(b *testing.B) {
			store := startSyncing(b, b.TempDir(), sync)
			segment := make([]byte, 600_000)
			b.SetBytes(int64(len(segment)))
			for b.Loop() {
				key := "recordings/r/takes/t/" + string(storage.NewID()) + ".m4s"
				if err := tryPut(store, key, segment); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
