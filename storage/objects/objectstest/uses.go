package objectstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"backrow/storage"
	"backrow/storage/objects"
)

// testManyAtOnce has recordings begin, be read and be deleted beside each other, in folders that
// come and go.
func testManyAtOnce(t *testing.T, s objects.Store) {
	var all errgroup.Group
	for r := range 16 {
		all.Go(func() error {
			for i := range 8 {
				key := fmt.Sprintf("recordings/%d/takes/t/%d.m4s", r%4, r*8+i)
				want := content(uint64(r), 10_000+i)
				if err := put(s, key, want, objects.PutOptions{Fresh: true}); err != nil {
					return fmt.Errorf("put: %w", err)
				}
				got, _, err := get(s, key, 0, -1)
				if err != nil || !bytes.Equal(got, want) {
					return fmt.Errorf("get %s: %d bytes, %w", key, len(got), err)
				}
				if err := s.Delete(context.Background(), key); err != nil {
					return fmt.Errorf("delete: %w", err)
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	if list, err := s.List(context.Background(), "", "", 10); err != nil || len(list) != 0 {
		t.Errorf("left over: %v, %v", keys(list), err)
	}
}

// testEndedContexts: whoever gives up is told so at once, and nothing is half there.
func testEndedContexts(t *testing.T, s objects.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := content(1, PartBytes+1)
	_, _, gotErr := s.Get(ctx, "a/b", 0, -1)
	_, statErr := s.Stat(ctx, "a/b")
	_, listErr := s.List(ctx, "", "", 10)
	for did, err := range map[string]error{
		"put":          s.Put(ctx, "a/b", bytes.NewReader(b[:10]), 10, objects.PutOptions{}),
		"put in parts": s.Put(ctx, "a/b", bytes.NewReader(b), int64(len(b)), objects.PutOptions{}),
		"get":          gotErr,
		"stat":         statErr,
		"list":         listErr,
		"delete":       s.Delete(ctx, "a/b"),
		"check":        s.Check(ctx),
	} {
		wantKind(t, did, err, storage.Unavailable)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want it to wrap context.Canceled", did, err)
		}
	}
	wantAbsent(t, s, "a/b")
	testCancelledInTheMiddle(t, s, b)
}

func testCancelledInTheMiddle(t *testing.T, s objects.Store, b []byte) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	body := &cancelling{Reader: bytes.NewReader(b), at: PartBytes + 1, cancel: cancel}
	err := s.Put(ctx, "a/b", body, int64(len(b)), objects.PutOptions{SHA256: hashOf(b)})
	wantKind(t, "put in parts", err, storage.Unavailable)
	wantAbsent(t, s, "a/b")
	mustPut(t, s, "a/b", b)
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	got, _, err := s.Get(ctx, "a/b", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	cancel()
	for err == nil {
		_, err = got.Read(make([]byte, 32<<10))
	}
	wantKind(t, "read", err, storage.Unavailable)
}

// cancelling gives up on behalf of the reader's user once so much was read.
type cancelling struct {
	*bytes.Reader
	read, at int
	cancel   func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.read += n; c.read >= c.at {
		c.cancel()
	}
	return n, err
}

func testCheck(t *testing.T, s objects.Store) {
	if err := s.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(context.Background(), "", "", 10); err != nil || len(list) != 0 {
		t.Errorf("a check left %v, %v", keys(list), err)
	}
}
