package capture

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"backrow/capture/spool"
	"backrow/storage"
	"backrow/storage/objects"
)

const (
	// retryFirst is the pause after the first try of a segment that the store or the database does
	// not take. It doubles with each.
	retryFirst = 200 * time.Millisecond
	// atOnce is how many takes store a segment at the same moment.
	atOnce = 8
	// kept is how many segments of a take wait in memory; what is behind them is read from the
	// spool when its turn comes. A store that keeps up has one to take.
	kept = 2
)

// sender brings items from the spool to the object store and into the catalogue: those of one take
// in order, takes side by side. It is safe for concurrent use.
type sender struct {
	spool     *spool.Spool
	objects   objects.Putter
	catalogue *storage.Catalogue
	problems  *problems
	metrics   *metrics
	log       *slog.Logger
	away      outage                           // of store or database
	delivered func(recording, take storage.ID) // is told when a take's line is empty
	terms     terms
	slots     chan struct{}
	ctx       context.Context
	stop      context.CancelFunc
	work      sync.WaitGroup

	mu      sync.Mutex
	lines   map[storage.ID][]*parcel // by take; guarded by mu
	open    map[storage.ID]int       // parcels by recording; guarded by mu
	loose   int                      // bytes that are in memory alone; guarded by mu
	changed chan struct{}            // closed and renewed when a recording's last parcel is gone; guarded by mu
}

// parcel is one item on its way.
type parcel struct {
	item  spool.Item
	entry *spool.Entry // nil: it is in memory alone
	data  []byte       // nil: to be read from the spool
}

func newSender(s *Server) *sender {
	ctx, stop := context.WithCancel(context.Background())
	return &sender{spool: s.spool, objects: s.options.Objects, catalogue: s.options.Catalogue,
		problems: &s.problems, metrics: s.metrics, log: s.options.Log, ctx: ctx, stop: stop,
		delivered: s.delivered, terms: s.options.terms,
		away: outage{log: s.options.Log, level: slog.LevelWarn,
			begins: "capture: segments cannot be stored; they are kept here and tried again",
			end:    "capture: segments are stored again"},
		slots: make(chan struct{}, atOnce), lines: map[storage.ID][]*parcel{},
		open: map[storage.ID]int{}, changed: make(chan struct{})}
}

// resend takes up what the spool holds from before.
func (s *sender) resend() error {
	entries, err := s.spool.Entries()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		item, err := s.spool.Head(entry)
		if err != nil {
			s.log.Error("capture: an item of the spool cannot be read and is put aside", "error", err)
			if err := s.spool.Refuse(entry); err != nil {
				return err
			}
			continue
		}
		s.push(item, &entry, nil)
	}
	if len(entries) > 0 {
		s.log.Info("capture: sending on what the spool held", "items", len(entries))
	}
	return nil
}

// push puts an item at the end of its take's line.
func (s *sender) push(item spool.Item, entry *spool.Entry, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	take := item.Take()
	line := s.lines[take]
	if entry != nil && len(line) >= kept {
		data = nil
	}
	s.lines[take] = append(line, &parcel{item: item, entry: entry, data: data})
	if entry == nil {
		s.loose += len(data)
	}
	s.open[item.Recording]++
	if len(line) == 0 && s.ctx.Err() == nil {
		s.work.Go(func() { s.run(take) })
	}
}

// pending is how many items of a recording are on their way.
func (s *sender) pending(recording storage.ID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[recording]
}

// unspooled is how many bytes of a take, and of all, are in memory alone.
func (s *sender) unspooled(take storage.ID) (own, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.lines[take] {
		if p.entry == nil {
			own += len(p.data)
		}
	}
	return own, s.loose
}

// takes lists the takes of which items are on their way.
func (s *sender) takes() []storage.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.lines))
}

// waits tells whether items of a take are on their way.
func (s *sender) waits(take storage.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines[take]) > 0
}

// wait returns when nothing of a recording is on its way, or with ctx's error.
func (s *sender) wait(ctx context.Context, recording storage.ID) error {
	for {
		s.mu.Lock()
		changed, n := s.changed, s.open[recording]
		s.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain returns when nothing at all is on its way, or when ctx ends; then it stops.
func (s *sender) drain(ctx context.Context) {
	for {
		s.mu.Lock()
		changed, n := s.changed, len(s.open)
		s.mu.Unlock()
		if n == 0 {
			break
		}
		select {
		case <-changed:
			continue
		case <-ctx.Done():
		}
		break
	}
	s.stop()
	s.work.Wait()
}

// run sends a take's line to its end.
func (s *sender) run(take storage.ID) {
	for {
		s.mu.Lock()
		p := s.lines[take][0]
		s.mu.Unlock()
		if !s.deliver(p) {
			return
		}
		s.mu.Lock()
		line := s.lines[take][1:]
		if p.entry == nil {
			s.loose -= len(p.data)
		}
		if s.open[p.item.Recording]--; s.open[p.item.Recording] == 0 {
			delete(s.open, p.item.Recording)
			close(s.changed)
			s.changed = make(chan struct{})
		}
		if len(line) == 0 {
			delete(s.lines, take)
			s.mu.Unlock()
			s.away.worked(take)
			s.delivered(p.item.Recording, take)
			return
		}
		s.lines[take] = line
		s.mu.Unlock()
	}
}

// deliver stores a parcel, however long it takes. False: the server is being closed.
func (s *sender) deliver(p *parcel) bool {
	take := p.item.Take()
	log := s.log.With("recording", p.item.Recording, "take", take, "order", p.item.Order)
	for pause := retryFirst; ; pause = min(2*pause, s.terms.retry) {
		err := s.try(p)
		if err == nil {
			s.problems.clear(p.item.Recording, problemStore)
			s.away.worked(take)
			s.settled(p, log, s.spool.Remove)
			return true
		}
		if s.ctx.Err() != nil {
			return false
		}
		s.metrics.failures.Inc()
		if s.hopeless(p, err) {
			log.Error("capture: a segment is refused for good and put aside", "error", err)
			s.settled(p, log, s.spool.Refuse)
			return true
		}
		s.away.failed(take, err)
		log.Debug("capture: a segment could not be stored", "error", err, "again", pause)
		s.problems.set(p.item.Recording, problemStore, "The server's storage does not answer. "+
			"What is recorded is kept on the server and stored as soon as possible.")
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
			return false
		}
	}
}

// settled takes a parcel out of the spool.
func (s *sender) settled(p *parcel, log *slog.Logger, out func(spool.Entry) error) {
	if p.entry == nil {
		return
	}
	if err := out(*p.entry); err != nil {
		// It will be sent once more after a restart, which changes nothing.
		log.Warn("capture: the spool could not be cleared", "error", err)
	}
}

// hopeless tells whether trying again is of no use.
func (s *sender) hopeless(p *parcel, err error) bool {
	switch storage.KindOf(err) {
	case storage.NotFound, storage.Conflict, storage.Invalid, storage.TooLarge:
		return true
	case storage.Internal:
		// A row that refers to a take that is gone fails in the database's own words.
		_, err := s.catalogue.Take(s.ctx, p.item.Take())
		return storage.KindOf(err) == storage.NotFound
	}
	return false
}

// try stores a parcel once.
func (s *sender) try(p *parcel) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	item, data := p.item, p.data
	if data == nil {
		var err error
		if item, data, err = s.spool.Read(*p.entry); err != nil {
			return storage.Errorf(storage.Unavailable, "The spool cannot be read. %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.terms.attempt)
	defer cancel()
	begun := time.Now()
	var err error
	if item.Kind == spool.KindInit {
		err = s.storeInit(ctx, item, data)
	} else {
		err = s.storeSegment(ctx, *item.Segment, data)
	}
	if err == nil {
		s.metrics.storing.Observe(time.Since(begun).Seconds())
	}
	return err
}

func (s *sender) put(ctx context.Context, key, media, sha string, data []byte) error {
	err := s.objects.Put(ctx, key, bytes.NewReader(data), int64(len(data)),
		objects.PutOptions{MediaType: media, SHA256: sha, Fresh: true})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return storage.Errorf(storage.Unavailable, "The store does not answer. %w", err)
	}
	return err
}

func (s *sender) storeInit(ctx context.Context, item spool.Item, data []byte) error {
	if err := s.put(ctx, item.Init.ObjectKey, "video/mp4", item.Init.SHA256, data); err != nil {
		return err
	}
	if item.Place != nil {
		if err := s.catalogue.PlaceTake(ctx, item.Init.TakeID, item.Place.OffsetMS,
			item.Place.StartedAt); err != nil {
			return err
		}
	}
	for _, track := range item.Tracks {
		if err := s.catalogue.AddTrack(ctx, track); err != nil {
			return err
		}
	}
	return s.catalogue.AddInit(ctx, *item.Init)
}

func (s *sender) storeSegment(ctx context.Context, row storage.Segment, data []byte) error {
	// The type is registered by ISO/IEC 23009-1, annex C.
	if err := s.put(ctx, row.ObjectKey, "video/iso.segment", row.SHA256, data); err != nil {
		return err
	}
	if err := s.catalogue.AddSegment(ctx, row); err != nil {
		return err
	}
	s.metrics.segments.Inc()
	s.metrics.bytes.Add(float64(row.Bytes))
	return nil
}
