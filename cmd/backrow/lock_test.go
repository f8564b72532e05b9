package main

import (
	"os"
	"path/filepath"
	"testing"

	"backrow/storage"
)

func TestOneServerInADataFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	release, err := lockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockFolder(folder); storage.KindOf(err) != storage.Conflict {
		t.Errorf("a second server: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, err = lockFolder(folder)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

func TestDataFolderThatIsAFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lockFolder(folder); storage.KindOf(err) != storage.Unavailable {
		t.Errorf("got %v", err)
	}
}
