package objectstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"backrow/storage"
	"backrow/storage/objects"
)

func testPutAndGet(t *testing.T, s objects.Store) {
	for _, size := range []int{0, 1, 600_000} {
		key := fmt.Sprintf("recordings/r/takes/t/%d.m4s", size)
		want := content(1, size)
		err := put(s, key, want, objects.PutOptions{MediaType: "video/iso.segment", SHA256: hashOf(want)})
		if err != nil {
			t.Fatalf("put %d bytes: %v", size, err)
		}
		wantContent(t, s, key, want)
		if info, err := s.Stat(context.Background(), key); err != nil || info.MediaType != "video/iso.segment" {
			t.Errorf("media type %q, %v", info.MediaType, err)
		}
	}
}

func testPutReplaces(t *testing.T, s objects.Store) {
	mustPut(t, s, "a/b", content(1, 1000))
	mustPut(t, s, "a/b", content(2, 500))
	wantContent(t, s, "a/b", content(2, 500))
}

func testWrongHash(t *testing.T, s objects.Store) {
	for _, size := range []int{0, 1000, PartBytes + 1} {
		said := objects.PutOptions{SHA256: hashOf(content(2, size+1))}
		wantKind(t, "put", put(s, "a/b", content(1, size), said), storage.Invalid)
		wantAbsent(t, s, "a/b")
	}
	wantKind(t, "put", put(s, "a/b", nil, objects.PutOptions{SHA256: "abc"}), storage.Invalid)
	mustPut(t, s, "a/b", content(3, 10))
	said := objects.PutOptions{SHA256: hashOf(content(2, 1000))}
	wantKind(t, "put over another", put(s, "a/b", content(1, 1000), said), storage.Invalid)
	wantContent(t, s, "a/b", content(3, 10))
}

func testWrongSize(t *testing.T, s objects.Store) {
	for _, size := range []int64{-1, 0, 9, 11} {
		err := s.Put(context.Background(), "a/b", bytes.NewReader(content(1, 10)), size, objects.PutOptions{})
		if kind := storage.KindOf(err); kind != storage.Invalid && kind != storage.TooLarge {
			t.Errorf("put of 10 bytes as %d: %v", size, err)
		}
		wantAbsent(t, s, "a/b")
	}
}

func testPutFromTheMiddle(t *testing.T, s objects.Store) {
	want := content(1, PartBytes+1000)
	for _, start := range []int{10, 2000} { // in parts, and whole
		body := bytes.NewReader(want)
		if _, err := body.Seek(int64(start), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		err := s.Put(context.Background(), "a/b", body, int64(len(want)-start), objects.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		wantContent(t, s, "a/b", want[start:])
	}
}

func testFresh(t *testing.T, s objects.Store) {
	for _, size := range []int{0, 1000, PartBytes + 1} {
		key := fmt.Sprintf("a/%d", size)
		one, other := content(1, size), append(content(2, size), 0)
		fresh := objects.PutOptions{Fresh: true}
		if err := put(s, key, one, fresh); err != nil {
			t.Fatalf("fresh put of %d bytes: %v", size, err)
		}
		first, err := s.Stat(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		if err := put(s, key, one, fresh); err != nil {
			t.Errorf("the same %d bytes once more: %v", size, err)
		}
		if again, err := s.Stat(context.Background(), key); err != nil || again != first {
			t.Errorf("the same %d bytes were written again: %+v, %v, want %+v", size, again, err, first)
		}
		wantKind(t, "another content", put(s, key, other, fresh), storage.Conflict)
		if size > 0 {
			wantKind(t, "another of the same size", put(s, key, content(2, size), fresh), storage.Conflict)
		}
		wantContent(t, s, key, one)
	}
}

// testFreshRace has writers of different contents meet at one key: one of them must win, whole,
// and all others must be told.
func testFreshRace(t *testing.T, s objects.Store) {
	const writers = 8
	errs := make(chan error, writers)
	for i := range uint64(writers) {
		go func() { errs <- put(s, "a/b", content(i, 100_000), objects.PutOptions{Fresh: true}) }()
	}
	won := 0
	for range writers {
		if err := <-errs; err == nil {
			won++
		} else {
			wantKind(t, "fresh put", err, storage.Conflict)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d writers were told that theirs is the object", won, writers)
	}
	got, info, err := get(s, "a/b", 0, -1)
	if err != nil || info.SHA256 != hashOf(got) || len(got) != 100_000 {
		t.Errorf("%d bytes with hash %s, %+v, %v", len(got), hashOf(got), info, err)
	}
}

func testParts(t *testing.T, s objects.Store) {
	for _, size := range []int{PartBytes - 1, PartBytes, PartBytes + 1, 2 * PartBytes, 3*PartBytes - 7} {
		want := content(uint64(size), size)
		o := objects.PutOptions{MediaType: "video/mp4", SHA256: hashOf(want)}
		if err := put(s, "renditions/a.mp4", want, o); err != nil {
			t.Fatalf("put %d bytes: %v", size, err)
		}
		wantContent(t, s, "renditions/a.mp4", want)
		seam := int64(min(size, PartBytes))
		got, info, err := get(s, "renditions/a.mp4", seam-2, 4)
		if end := min(int64(size), seam+2); err != nil || !bytes.Equal(got, want[seam-2:end]) {
			t.Errorf("the bytes around the seam of %d: %x, %v", size, got, err)
		}
		if info.Bytes != int64(size) || info.MediaType != "video/mp4" {
			t.Errorf("%d bytes: %+v", size, info)
		}
	}
}
