package objects_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

func TestEmbeddedConforms(t *testing.T) {
	embedded := startEmbedded(t, t.TempDir())
	objectstest.Conformance(t, func(t *testing.T) objects.Store {
		return open(t, embedded.Options())
	})
}

func TestMinIOConforms(t *testing.T) {
	minio := objectstest.MinIO(t)
	objectstest.Conformance(t, func(t *testing.T) objects.Store { return open(t, minio) })
}

// open opens a new bucket of a store for one test.
func open(t *testing.T, o objects.S3Options) *objects.S3 {
	t.Helper()
	o.Bucket = "test-" + strings.ReplaceAll(string(storage.NewID()), "-", "")
	o.PartBytes = objectstest.PartBytes
	s, err := objects.NewS3(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func startEmbedded(t testing.TB, folder string) *objects.Embedded {
	t.Helper()
	e, err := objects.StartEmbedded(context.Background(), folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return e
}
