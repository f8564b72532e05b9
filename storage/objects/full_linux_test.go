package objects_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"backrow/storage"
	"backrow/storage/objects/objectstest"
)

// TestFullDisk fills a small disk of its own: whoever comes too late is told that the store is
// full, what was stored before stays, and once there is room the store goes on by itself.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk; TestFailures has the answer of a full store")
	}
	for _, size := range []int{100_000, objectstest.PartBytes + 1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { testFullDisk(t, size) })
	}
}

func testFullDisk(t *testing.T, size int) {
	disk := t.TempDir()
	if err := syscall.Mount("backrow-test", disk, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	embedded := startEmbedded(t, disk)
	_, bucket := embedded.Client()
	s := openAt(t, embedded, bucket)
	var stored []string
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		key := fmt.Sprintf("recordings/%d/1.m4s", i)
		if err = tryPut(s, key, make([]byte, size)); err == nil {
			stored = append(stored, key)
		} else if _, err := s.Stat(context.Background(), key); storage.KindOf(err) != storage.NotFound {
			t.Errorf("%s is there although the disk was full: %v", key, err)
		}
	}
	if storage.KindOf(err) != storage.Unavailable || !strings.Contains(storage.MessageOf(err), "full") {
		t.Errorf("put on a full disk: %v", err)
	}
	if len(stored) == 0 {
		t.Fatal("nothing was stored before the disk was full")
	}
	for _, key := range stored {
		wantContent(t, s, key, make([]byte, size))
	}
	if err := s.Delete(context.Background(), stored[0]); err != nil {
		t.Errorf("delete on a full disk: %v", err)
	}
	put(t, s, "recordings/later/1.m4s", make([]byte, size/2))
}
