package spool_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/capture/spool"
	"backrow/storage"
)

func segment(take storage.ID, order int64) spool.Item {
	return spool.Item{Kind: spool.KindSegment, Recording: "r", Order: order,
		Segment: &storage.Segment{TakeID: take, Number: order, Length: 1, SHA256: "x"}}
}

func open(t *testing.T, dir string, limit int64) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	items := []spool.Item{segment("b", 1), segment("a", 2), segment("a", 10)}
	for _, item := range items {
		if _, err := s.Add(item, []byte("line\nof bytes")); err != nil {
			t.Fatal(err)
		}
	}
	// What was being written when the process ended is not there.
	if err := os.WriteFile(filepath.Join(dir, "a-000000000011.item.part"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, 1<<20)
	if again.Used() != s.Used() {
		t.Errorf("%d bytes used after a restart, %d before", again.Used(), s.Used())
	}
	entries, err := again.Entries()
	if err != nil {
		t.Fatal(err)
	}
	var got []spool.Item
	for _, entry := range entries {
		item, data, err := again.Read(entry)
		if err != nil || string(data) != "line\nof bytes" {
			t.Fatalf("%q: %v", data, err)
		}
		head, err := again.Head(entry)
		if err != nil || !cmp.Equal(head, item) {
			t.Errorf("head %+v of %+v: %v", head, item, err)
		}
		got = append(got, item)
	}
	if diff := cmp.Diff([]spool.Item{items[1], items[2], items[0]}, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if err := again.Remove(entries[0]); err != nil {
		t.Error(err)
	}
	if err := again.Refuse(entries[1]); err != nil {
		t.Error(err)
	}
	if left, _ := again.Entries(); len(left) != 1 {
		t.Errorf("%d items left, want 1", len(left))
	}
	if _, err := os.Stat(filepath.Join(dir, "refused", "a-000000000010.item")); err != nil {
		t.Errorf("what was refused is not kept: %v", err)
	}
}

func TestBound(t *testing.T) {
	s := open(t, t.TempDir(), 600)
	entry, err := s.Add(segment("a", 1), make([]byte, 100))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(segment("a", 2), make([]byte, 500)); !errors.Is(err, spool.ErrFull) {
		t.Errorf("over the bound: %v", err)
	}
	if err := s.Remove(entry); err != nil {
		t.Fatal(err)
	}
	if s.Used() != 0 {
		t.Errorf("%d bytes used of nothing", s.Used())
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(filepath.Join(file, "spool"), 1); err == nil {
		t.Error("a spool was opened inside a file")
	}
}

func FuzzItem(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"kind":"segment","recording":"r","segment":{"TakeID":"t"}}` + "\nbytes"))
	f.Fuzz(func(t *testing.T, file []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x-1.item"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, 1<<30)
		entries, err := s.Entries()
		if err != nil || len(entries) != 1 {
			t.Fatalf("%d entries: %v", len(entries), err)
		}
		if item, err := s.Head(entries[0]); err == nil && item.Take() == "" {
			t.Error("an item of no take was read")
		}
	})
}
