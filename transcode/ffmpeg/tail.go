package ffmpeg

import "sync"

// stderrKept is enough for the last error and what led up to it.
const stderrKept = 8 << 10

// tail keeps the last bytes written to it.
type tail struct {
	limit int
	mu    sync.Mutex // guards kept
	kept  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - t.limit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
