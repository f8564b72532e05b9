package capture

import (
	"sync"

	"backrow/storage"
)

// mostRecent bounds what is kept in memory of recordings that are asked about: more than a server
// receives at once.
const mostRecent = 128

// recent keeps a value of each of the recordings that were asked about last. It is safe for
// concurrent use; the zero value is empty.
type recent[V any] struct {
	mu   sync.Mutex
	all  map[storage.ID]*used[V] // guarded by mu
	uses int64                   // guarded by mu
}

type used[V any] struct {
	value V
	last  int64
}

// get is what is kept of a recording; otherwise V's zero value.
func (r *recent[V]) get(recording storage.ID) (value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if have := r.all[recording]; have != nil {
		r.uses++
		have.last = r.uses
		value = have.value
	}
	return value
}

// put keeps a value in the place of the one that has not been asked for the longest.
func (r *recent[V]) put(recording storage.ID, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[storage.ID]*used[V]{}
	}
	if _, have := r.all[recording]; !have && len(r.all) >= mostRecent {
		var oldest storage.ID
		for id, u := range r.all {
			if oldest == "" || u.last < r.all[oldest].last {
				oldest = id
			}
		}
		delete(r.all, oldest)
	}
	r.uses++
	r.all[recording] = &used[V]{value: value, last: r.uses}
}

// forget drops what is kept of a recording.
func (r *recent[V]) forget(recording storage.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, recording)
}
