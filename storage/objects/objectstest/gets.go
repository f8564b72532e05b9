package objectstest

import (
	"bytes"
	"context"
	"io"
	"math"
	"testing"

	"backrow/storage"
	"backrow/storage/objects"
)

func testRanges(t *testing.T, s objects.Store) {
	want := content(1, 1000)
	mustPut(t, s, "a/b", want)
	for _, c := range []struct {
		offset, length int64
		want           []byte
	}{
		{0, -1, want},
		{0, 1000, want},
		{0, 1001, want},
		{0, 1 << 60, want},
		{0, 1, want[:1]},
		{0, 0, nil},
		{1, 0, nil},
		{1, 998, want[1:999]},
		{500, -1, want[500:]},
		{999, -1, want[999:]},
		{999, 1, want[999:]},
		{999, 2, want[999:]},
		{1, math.MaxInt64, want[1:]},
		{2, math.MaxInt64, want[2:]},
	} {
		got, info, err := get(s, "a/b", c.offset, c.length)
		if err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%d bytes from %d: %d bytes, %v, want %d", c.length, c.offset, len(got), err, len(c.want))
		}
		if info.Bytes != 1000 || info.SHA256 != hashOf(want) || info.Key != "a/b" {
			t.Errorf("%d bytes from %d: %+v", c.length, c.offset, info)
		}
	}
	for _, c := range [][2]int64{{1000, -1}, {1000, 1}, {1000, 0}, {1001, 1}, {1 << 60, -1}, {-1, 5}, {-1, -1}} {
		_, _, err := get(s, "a/b", c[0], c[1])
		wantKind(t, "get past the end", err, storage.Invalid)
	}
}

func testRangesOfEmpty(t *testing.T, s objects.Store) {
	mustPut(t, s, "a/b", nil)
	for _, c := range [][2]int64{{0, -1}, {0, 0}, {0, 1}, {5, -1}, {5, 5}} {
		got, info, err := get(s, "a/b", c[0], c[1])
		if err != nil || len(got) != 0 || info.Bytes != 0 || info.Key != "a/b" {
			t.Errorf("%d bytes from %d of an empty object: %q, %+v, %v", c[1], c[0], got, info, err)
		}
	}
}

func testAbsent(t *testing.T, s objects.Store) {
	mustPut(t, s, "folder/b", content(1, 10))
	for _, key := range []string{"nothing", "folder", "folder/a", "folder/b/c"} {
		wantAbsent(t, s, key)
		for _, length := range []int64{-1, 0, 1} {
			_, _, err := get(s, key, 0, length)
			wantKind(t, "get "+key, err, storage.NotFound)
		}
	}
}

func testDelete(t *testing.T, s objects.Store) {
	ctx := context.Background()
	mustPut(t, s, "a/b/c", content(1, 10))
	mustPut(t, s, "a/b/d", content(2, 10))
	for range 2 { // what is not there is deleted as well
		if err := s.Delete(ctx, "a/b/c"); err != nil {
			t.Errorf("delete: %v", err)
		}
		wantAbsent(t, s, "a/b/c")
	}
	wantContent(t, s, "a/b/d", content(2, 10))
	for _, key := range []string{"never/was", "a/b/d/e"} {
		if err := s.Delete(ctx, key); err != nil {
			t.Errorf("delete %q: %v", key, err)
		}
	}
	mustPut(t, s, "a/b/c", content(3, 10))
	wantContent(t, s, "a/b/c", content(3, 10))
}

// testDeleteFolderName: a store on a file system must not take a key for the folder of others.
func testDeleteFolderName(t *testing.T, s objects.Store) {
	mustPut(t, s, "a/b/c", content(1, 10))
	for _, key := range []string{"a", "a/b"} {
		if err := s.Delete(context.Background(), key); err != nil {
			t.Errorf("delete %q: %v", key, err)
		}
	}
	wantContent(t, s, "a/b/c", content(1, 10))
}

// testReplacedWhileRead: who has begun to read an object reads that one to its end.
func testReplacedWhileRead(t *testing.T, s objects.Store) {
	want := content(1, 3<<20)
	mustPut(t, s, "a/b", want)
	body, _, err := s.Get(context.Background(), "a/b", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	begun := make([]byte, 1000)
	if _, err := io.ReadFull(body, begun); err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, "a/b", content(2, 3<<20))
	rest, err := io.ReadAll(body)
	if got := append(begun, rest...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes with hash %s, %v, want the first content", len(got), hashOf(got), err)
	}
}
