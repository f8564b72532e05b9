package capture

import (
	"sync"

	"backrow/storage"
)

// problem is a sort of trouble with a recording, the worst first.
type problem int

const (
	problemLost problem = iota
	problemDisk
	problemStore
	problemKinds
)

// problems are the sentences about recordings that are in trouble. It is safe for concurrent use.
type problems struct {
	mu  sync.Mutex
	all map[storage.ID]*[problemKinds]string // guarded by mu
}

func (p *problems) set(recording storage.ID, kind problem, sentence string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[storage.ID]*[problemKinds]string{}
	}
	if p.all[recording] == nil {
		p.all[recording] = &[problemKinds]string{}
	}
	p.all[recording][kind] = sentence
}

func (p *problems) clear(recording storage.ID, kind problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.all[recording]; have != nil {
		have[kind] = ""
	}
}

// forget drops what is known of a recording that is ready.
func (p *problems) forget(recording storage.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, recording)
}

// worst is the sentence that matters most, or empty.
func (p *problems) worst(recording storage.ID) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if have := p.all[recording]; have != nil {
		for _, sentence := range have {
			if sentence != "" {
				return sentence
			}
		}
	}
	return ""
}
