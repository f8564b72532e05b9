package capture

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"backrow/capture/whip"
	"backrow/storage"
)

const (
	// leaseTime bounds the queries of one round.
	leaseTime = 10 * time.Second
	// giveBack bounds the end of a lease, which somebody may be waiting for.
	giveBack = 3 * time.Second
	// awaitEvery is how often it is looked whether another node has brought its last segments.
	awaitEvery = 200 * time.Millisecond
	// handOver is how long the end of a take that another node serves is waited for.
	handOver = 4 * time.Second
)

// nodeID reads the name of the node that the spool folder belongs to, and makes it the first time:
// a node that was killed and comes back is the same one, since its spool is.
func nodeID(folder string) (storage.ID, error) {
	path := filepath.Join(folder, "node")
	text, err := os.ReadFile(path)
	if err == nil {
		if id, err := storage.ParseID(strings.TrimSpace(string(text))); err == nil {
			return id, nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	id := storage.NewID()
	return id, os.WriteFile(path, []byte(id+"\n"), 0o600)
}

// keepLeases says in the catalogue, for as long as the server is open, which takes it serves, and
// ends those that others have ended there. A lease covers a take until the last of its segments is
// in the catalogue: who waits for a recording to be whole waits for its leases.
func (s *Server) keepLeases() {
	ticker := time.NewTicker(s.options.terms.look)
	defer ticker.Stop()
	var renewed time.Time
	for {
		if time.Since(renewed) >= s.options.terms.renew {
			s.leasing(s.renew())
			renewed = time.Now()
		}
		s.leasing(s.heed())
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}

// leasing takes note of how a round went.
func (s *Server) leasing(err error) {
	switch {
	case err == nil:
		s.unled.worked(s.node)
	case s.ctx.Err() == nil:
		s.unled.failed(s.node, err)
	}
}

// serving lists the takes that this node receives, and with waiting those too of which segments
// wait to be stored.
func (s *Server) serving(waiting bool) (ids []storage.ID) {
	s.mu.Lock()
	for id, t := range s.takes {
		if t != nil {
			ids = append(ids, id)
		}
	}
	s.mu.Unlock()
	if waiting {
		for _, id := range s.sender.takes() {
			if s.take(id) == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// take is a take that is being received; nil when there is none of that id.
func (s *Server) take(id storage.ID) *take {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takes[id]
}

func (s *Server) renew() error {
	ctx, cancel := context.WithTimeout(s.ctx, leaseTime)
	defer cancel()
	now := s.options.Wall()
	c := s.options.Catalogue
	return errors.Join(
		c.SeeNode(ctx, storage.Node{ID: s.node, URL: s.options.NodeURL, SeenAt: storage.At(now)}),
		c.RenewLeases(ctx, s.node, s.serving(true), storage.At(now.Add(s.options.terms.lease))),
		c.ExpireLeases(ctx, storage.At(now.Add(-s.options.terms.grace))))
}

// heed ends the takes that are ended in the catalogue: their recording was stopped at another
// node, or their owner may record no more.
func (s *Server) heed() error {
	ids := s.serving(false)
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, leaseTime)
	defer cancel()
	found, err := s.options.Catalogue.Endings(ctx, ids)
	if err != nil {
		return err
	}
	for _, ending := range found {
		if t := s.take(ending.ID); t != nil {
			s.spawn(func() { t.end(ending.Reason, ending.Reason != storage.EndedBarred) })
		}
	}
	return nil
}

// delivered is told when nothing of a take waits to be stored any more. What came late, because
// this node was away when the recording was made ready, is taken into account.
func (s *Server) delivered(recording, take storage.ID) {
	if s.take(take) != nil || s.sender.waits(take) {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, giveBack)
	defer cancel()
	if err := s.options.Catalogue.ReleaseLease(ctx, s.node, take); err != nil && s.ctx.Err() == nil {
		// It runs out by itself.
		s.options.Log.Debug("capture: a lease could not be given back", "take", take, "error", err)
	}
	r, err := s.options.Catalogue.Recording(ctx, recording)
	if err == nil && r.State == storage.StateReady {
		s.looked(ctx, recording)
	}
}

// stored returns when everything that was received of a recording, at any node, is in the
// catalogue. What a node holds that is not heard of for the time of a lease is not waited for: it
// comes when that node does.
func (s *Server) stored(ctx context.Context, recording storage.ID) error {
	if err := s.sender.wait(ctx, recording); err != nil {
		return err
	}
	ticker := time.NewTicker(awaitEvery)
	defer ticker.Stop()
	seen := map[storage.ID]sighting{}
	for {
		if n, err := s.leasedElsewhere(ctx, recording, seen); err == nil && n == 0 {
			return nil // an error is a database that is away, and may come back
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sighting is a lease as it was first seen.
type sighting struct {
	until storage.Time
	at    time.Time
}

// leasedElsewhere counts the takes of a recording that other nodes have leases of. Clocks of nodes
// differ, and jump: a lease is over as well when it has not been renewed for as long as it lasts
// while somebody watched, of which seen is the memory.
func (s *Server) leasedElsewhere(ctx context.Context, recording storage.ID,
	seen map[storage.ID]sighting,
) (n int, err error) {
	takes, err := s.options.Catalogue.Leased(ctx, recording, s.node)
	if err != nil {
		return 0, err
	}
	now := s.options.Wall()
	for _, t := range takes {
		first, ok := seen[t.ID]
		if !ok || !first.until.Equal(t.LeaseUntil.Time) {
			first = sighting{until: t.LeaseUntil, at: time.Now()}
			seen[t.ID] = first
		}
		if t.LeaseUntil.After(now) && time.Since(first.at) < s.options.terms.lease {
			n++
		}
	}
	return n, nil
}

// elsewhere is the error for a session that this node does not have: which node has it, or that
// none does.
func (s *Server) elsewhere(ctx context.Context, id storage.ID, session string) error {
	t, node, err := s.holder(ctx, id)
	switch {
	case err != nil:
		return err
	case t.ID == "", t.Session != hashOf(session):
		return noSession()
	case node.URL == "":
		return storage.Errorf(storage.Unavailable, "Another server receives this take, and cannot be "+
			"reached directly: set --node-url there. Please try again.")
	}
	return storage.Errorf(storage.Unavailable, "Another server receives this take. %w",
		&whip.Elsewhere{URL: strings.TrimSuffix(node.URL, "/")})
}

// holder finds the take and the node that serves it; the zero take when none does.
func (s *Server) holder(ctx context.Context, id storage.ID) (t storage.Take, n storage.Node, err error) {
	t, err = s.options.Catalogue.Take(ctx, id)
	if storage.KindOf(err) == storage.NotFound {
		return storage.Take{}, n, nil
	}
	if err != nil || t.State != "open" || t.Node == "" || t.Node == s.node ||
		!t.LeaseUntil.After(s.options.Wall()) {
		return storage.Take{}, n, err
	}
	n, err = s.options.Catalogue.Node(ctx, t.Node)
	if storage.KindOf(err) == storage.NotFound {
		err = nil
	}
	return t, n, err
}

// endElsewhere ends a take that another node serves, by way of the catalogue, and returns when that
// node has stored it, or a moment later. A browser cannot be sent to another host for that: it
// would not take its sign-in along.
func (s *Server) endElsewhere(ctx context.Context, id storage.ID, session string) error {
	t, _, err := s.holder(ctx, id)
	if err == nil && (t.ID == "" || t.Session != hashOf(session)) {
		err = noSession()
	}
	if err == nil {
		err = s.options.Catalogue.EndTake(ctx, id, "sender ended it")
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, handOver)
	defer cancel()
	ticker := time.NewTicker(awaitEvery)
	defer ticker.Stop()
	for {
		if t, err := s.options.Catalogue.Take(ctx, id); err == nil && t.LeaseUntil.IsZero() {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil // it ends all the same
		}
	}
}

// EndOf ends, at every node, what a person is sending: they may record no more. Their recordings
// finish by themselves.
func (s *Server) EndOf(ctx context.Context, owner storage.ID) error {
	s.mu.Lock()
	var own []*take
	for id, whose := range s.owners {
		if t := s.takes[id]; t != nil && whose == owner {
			own = append(own, t)
		}
	}
	s.mu.Unlock()
	err := s.options.Catalogue.EndTakesOfOwner(ctx, owner)
	endAll(own, storage.EndedBarred, false)
	return err
}
