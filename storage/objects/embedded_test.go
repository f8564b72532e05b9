package objects_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

func TestEmbeddedKeepsObjectsOverARestart(t *testing.T) {
	folder, ctx := t.TempDir(), context.Background()
	small, large := []byte("a segment"), make([]byte, objects.DefaultPartBytes+1)
	first, err := objects.StartEmbedded(ctx, folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	put(t, first, "recordings/a/1.m4s", small)
	put(t, first, "recordings/a/lesson.mp4", large)
	before, err := first.Stat(ctx, "recordings/a/1.m4s")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := first.Check(ctx); storage.KindOf(err) != storage.Unavailable {
		t.Errorf("check of a closed store: %v", err)
	}
	second := startEmbedded(t, folder)
	if after, err := second.Stat(ctx, "recordings/a/1.m4s"); err != nil || after != before {
		t.Errorf("after the restart %+v, %v, before it %+v", after, err, before)
	}
	wantContent(t, second, "recordings/a/1.m4s", small)
	wantContent(t, second, "recordings/a/lesson.mp4", large)
	put(t, second, "recordings/a/2.m4s", small)
}

func TestEmbeddedClearsUnfinishedUploads(t *testing.T) {
	folder, ctx := t.TempDir(), context.Background()
	first, err := objects.StartEmbedded(ctx, folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	put(t, first, "a/b", []byte("finished"))
	if err := first.BeginUpload(ctx, "a/c", []byte("a part of what a crash ended")); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(ctx); err != nil {
		t.Fatal(err)
	}
	second := startEmbedded(t, folder)
	wantContent(t, second, "a/b", []byte("finished"))
	if left := filesWith(t, folder, "a crash ended"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestEmbeddedIsOnePerProcess(t *testing.T) {
	first := startEmbedded(t, t.TempDir())
	_, err := objects.StartEmbedded(context.Background(), t.TempDir(), slog.New(slog.DiscardHandler))
	if storage.KindOf(err) != storage.Conflict {
		t.Errorf("a second store: %v, want a conflict", err)
	}
	put(t, first, "a/b", []byte("the first goes on"))
	wantContent(t, first, "a/b", []byte("the first goes on"))
}

func TestEmbeddedReturnsToTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		store, err := objects.StartEmbedded(context.Background(), "relative/folder",
			slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		put(t, store, "a/b", []byte("x"))
		if err := store.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if after, err := os.Getwd(); err != nil || after != before {
			t.Errorf("the working directory is %q, %v, want %q", after, err, before)
		}
	}
}

func TestEmbeddedInAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a start that failed must leave room for the next
		_, err := objects.StartEmbedded(context.Background(), file, slog.New(slog.DiscardHandler))
		if storage.KindOf(err) != storage.Unavailable {
			t.Errorf("in the place of a file: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := objects.StartEmbedded(ctx, t.TempDir(), slog.New(slog.DiscardHandler))
	if storage.KindOf(err) != storage.Unavailable {
		t.Errorf("with an ended context: %v", err)
	}
	startEmbedded(t, t.TempDir())
}

// TestEmbeddedConformsWithSidecars runs the suite where the file system has no extended
// attributes: a folder that was begun with sidecars keeps them.
func TestEmbeddedConformsWithSidecars(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "sidecar"), 0o700); err != nil {
		t.Fatal(err)
	}
	embedded := startEmbedded(t, folder)
	objectstest.Conformance(t, func(t *testing.T) objects.Store { return open(t, embedded.Options()) })
}

// TestEmbeddedCopies: versitygw refuses every copy unless it is told how large one may be.
func TestEmbeddedCopies(t *testing.T) {
	store := startEmbedded(t, t.TempDir())
	want := make([]byte, 100_000)
	put(t, store, "a/b", want)
	client, bucket := store.Client()
	source, target := bucket+"/a/b", "a/copy"
	_, err := client.CopyObject(context.Background(),
		&s3.CopyObjectInput{Bucket: &bucket, Key: &target, CopySource: &source})
	if err != nil {
		t.Fatal(err)
	}
	wantContent(t, store, target, want)
}

func put(t testing.TB, s objects.Store, key string, b []byte) {
	t.Helper()
	err := s.Put(context.Background(), key, bytes.NewReader(b), int64(len(b)), objects.PutOptions{})
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func wantContent(t *testing.T, s objects.Store, key string, want []byte) {
	t.Helper()
	body, _, err := s.Get(context.Background(), key, 0, -1)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
		t.Errorf("get %q: %d bytes, %v, want %d", key, len(got), err, len(want))
	}
}

// filesWith are the files below folder in which text stands.
func filesWith(t *testing.T, folder, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
