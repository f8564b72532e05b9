package annotate

import (
	"context"
	"sync"

	"backrow/storage"
)

// heardAtMost bounds what a subscription holds of events told in process; beyond it the rows are
// read.
const heardAtMost = 64

// Subscription follows one recording's log: every event, once, in order, whatever is missed, told
// twice or told out of order on the way. One goroutine calls Next.
//
// Its events are not yet fit for anyone's eyes: Event.For says what a viewer may see.
type Subscription struct {
	log       *Log
	recording storage.ID
	last      int64

	wake chan struct{} // holds one token while there may be something new

	mu    sync.Mutex // guards what follows
	told  []Event
	stale bool // something was told without its event: the rows must be read
}

// Subscribe follows a recording's log from its present end. Close must be called.
func (l *Log) Subscribe(ctx context.Context, recording storage.ID) (*Subscription, error) {
	s := &Subscription{log: l, recording: recording, wake: make(chan struct{}, 1)}
	l.topics.add(s) // before the end is read: what comes in between is told and left out by Next
	seq, err := l.LastSeq(ctx, recording)
	if err != nil {
		l.topics.remove(s)
		return nil, err
	}
	s.last = seq
	return s, nil
}

// Last is the seq of the last event that Next has returned; before the first, where it began.
func (s *Subscription) Last() int64 { return s.last }

// Next waits for what comes after Last: one event or several. An error leaves the place, so that
// Next can be called again.
func (s *Subscription) Next(ctx context.Context) ([]Event, error) {
	for {
		told, stale := s.take()
		events, gap := follow(s.last, told)
		if len(events) > 0 {
			s.last = events[len(events)-1].Seq
		}
		if gap || stale {
			more, err := s.read(ctx)
			if err != nil {
				s.again()
				if len(events) == 0 {
					return nil, err
				}
			}
			events = append(events, more...)
		}
		if len(events) > 0 {
			return events, nil
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends the subscription.
func (s *Subscription) Close() { s.log.topics.remove(s) }

// follow picks from told, in any order, what directly follows last; gap reports that something in
// between was not told.
func follow(last int64, told []Event) (events []Event, gap bool) {
	for _, e := range told {
		switch {
		case e.Seq == last+1:
			events = append(events, e)
			last = e.Seq
		case e.Seq > last:
			return events, true
		}
	}
	return events, false
}

// read reads what is there after last; when that may not be all, Next will not wait.
func (s *Subscription) read(ctx context.Context) ([]Event, error) {
	var rows []eventRow
	if err := s.log.db.Select(ctx, &rows, selectEvents, s.recording, s.last, MaxEvents); err != nil {
		return nil, err
	}
	events, err := s.log.dress(ctx, rows)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	s.last = events[len(events)-1].Seq
	if len(events) == MaxEvents {
		s.again()
	}
	return events, nil
}

func (s *Subscription) again() {
	s.mu.Lock()
	s.stale = true
	s.mu.Unlock()
	s.nudge()
}

// hear takes an event from another goroutine; nil means that there may be something to read.
func (s *Subscription) hear(e *Event) {
	s.mu.Lock()
	if e == nil || len(s.told) == heardAtMost {
		s.stale = true
	} else {
		s.told = append(s.told, *e)
	}
	s.mu.Unlock()
	s.nudge()
}

func (s *Subscription) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Subscription) take() (told []Event, stale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	told, stale = s.told, s.stale
	s.told, s.stale = nil, false
	return told, stale
}

// topics are the subscriptions of this process, by recording.
type topics struct {
	mu sync.Mutex // guards of
	of map[storage.ID]map[*Subscription]int64
}

func (t *topics) add(s *Subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[storage.ID]map[*Subscription]int64{}
	}
	if t.of[s.recording] == nil {
		t.of[s.recording] = map[*Subscription]int64{}
	}
	t.of[s.recording][s] = 0
}

func (t *topics) remove(s *Subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of[s.recording], s)
	if len(t.of[s.recording]) == 0 {
		delete(t.of, s.recording)
	}
}

// tell has a recording's subscriptions hear of event seq, unless they have heard of it: a node's
// own NOTIFY comes back to it.
func (t *topics) tell(recording storage.ID, seq int64, e *Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for s, heard := range t.of[recording] {
		if e == nil && seq <= heard {
			continue
		}
		t.of[recording][s] = max(heard, seq)
		s.hear(e)
	}
}

// tellAll has every subscription read its rows: notifications may have been missed.
func (t *topics) tellAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, of := range t.of {
		for s := range of {
			s.hear(nil)
		}
	}
}
