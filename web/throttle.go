package web

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"backrow/storage"
)

const (
	// attemptsAllowed mistyped passwords for one account from one address are human; more is
	// guessing. A whole school may stand behind one address, so an address alone gets more.
	attemptsAllowed   = 8
	attemptsByAddress = 100
	attemptsWindow    = 15 * time.Minute
	// attemptsKept bounds the memory: about 100 bytes each.
	attemptsKept = 20000
)

// throttle counts failed attempts by key over a window. It is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	tries map[string]tries
}

type tries struct {
	count int
	until time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, tries: make(map[string]tries)}
}

// spend counts an attempt before it is made, so that attempts made at once are counted too. It
// is a TooMany error when the key has had its share.
func (t *throttle) spend(key string, allowed int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	have := t.tries[key]
	if now.After(have.until) {
		have = tries{until: now.Add(attemptsWindow)}
	}
	if have.count >= allowed {
		minutes := int(have.until.Sub(now).Minutes()) + 1
		return storage.Errorf(storage.TooMany,
			"Too many attempts. Please wait %d minutes, then try again.", minutes)
	}
	if len(t.tries) >= attemptsKept {
		t.forgetOld(now)
	}
	have.count++
	t.tries[key] = have
	return nil
}

// forgetOld makes room: what is over first, and everything when that is not enough.
func (t *throttle) forgetOld(now time.Time) {
	for key, have := range t.tries {
		if now.After(have.until) {
			delete(t.tries, key)
		}
	}
	if len(t.tries) >= attemptsKept {
		clear(t.tries)
	}
}

// refund takes one attempt back, which was right: a whole school may sign in from one address.
func (t *throttle) refund(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if have, ok := t.tries[key]; ok && have.count > 0 {
		have.count--
		t.tries[key] = have
	}
}

// forgive forgets a key's attempts, after one that was right.
func (t *throttle) forgive(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, key)
}

// remote is the address of who is asking, without the port. IPv6 counts by its /64, which is what
// one household gets.
func (s *Server) remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if s.options.BehindProxy {
		hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(hops[len(hops)-1]); last != "" {
			host = last
		}
	}
	ip := net.ParseIP(host)
	if ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}
