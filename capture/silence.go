package capture

import (
	"time"

	"backrow/storage"
)

// Silence is for how long nothing has come for a take that this server receives; 0 for one that it
// does not, or that nothing has come for yet.
func (s *Server) Silence(id storage.ID) time.Duration {
	s.mu.Lock()
	t := s.takes[id]
	s.mu.Unlock()
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var last time.Time
	for _, stream := range t.streams {
		if stream != nil && stream.last.After(last) {
			last = stream.last
		}
	}
	if last.IsZero() {
		return 0
	}
	return time.Since(last)
}
