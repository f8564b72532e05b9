package capture_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"

	"backrow/capture"
	"backrow/storage"
)

// The times by which senders and servers on a wire call a connection lost, instead of 5 s and 25 s:
// the tests cut for longer or shorter than they are.
const (
	iceQuiet  = time.Second
	iceFailed = 6 * time.Second
)

// wire is a network between senders and a server, with faults that come from a seed.
type wire struct {
	t      *testing.T
	router *vnet.Router
	cut    atomic.Bool
	loss   float64 // in percent, each way
	rate   float64 // bytes a second that go up; 0: any number

	mu    sync.Mutex
	dice  *rand.Rand // guarded by mu
	room  float64    // bytes that may go at once; guarded by mu
	asked time.Time  // when room was true; guarded by mu
	sent  int64      // bytes that went up; guarded by mu
}

const serverIP = "10.1.0.1"

// burst is how many bytes a rate lets through at once, as the queue in front of a slow line does.
const burst = 64 << 10

// newWire makes a wire with a delay each way. Its seed is BACKROW_TEST_SEED, or another each time,
// and is in the log.
func newWire(t *testing.T, delay time.Duration, loss, rate float64) *wire {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("BACKROW_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("BACKROW_TEST_SEED=%d", seed)
	w := &wire{t: t, loss: loss, rate: rate, dice: rand.New(rand.NewPCG(seed, 1)), room: burst,
		asked: time.Now()}
	var err error
	w.router, err = vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.1.0.0/16", MinDelay: delay,
		QueueSize: 20000, LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	w.router.AddChunkFilter(w.passes)
	return w
}

func (w *wire) passes(c vnet.Chunk) bool {
	if w.cut.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dice.Float64()*100 < w.loss {
		return false
	}
	if c.SourceAddr().(interface{ String() string }).String()[:len(serverIP)+1] == serverIP+":" {
		return true
	}
	size := float64(len(c.UserData()))
	if w.rate > 0 {
		now := time.Now()
		w.room = min(burst, w.room+w.rate*now.Sub(w.asked).Seconds())
		w.asked = now
		if w.room < size {
			return false
		}
		w.room -= size
	}
	w.sent += int64(size)
	return true
}

// host is a place on the wire.
func (w *wire) host(address string) transport.Net {
	w.t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{address}})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.router.AddNet(host); err != nil {
		w.t.Fatal(err)
	}
	return host
}

// bench is a server on the wire, with a client's place on it.
func (w *wire) bench(db *storage.DB, change func(*capture.Options)) (*bench, transport.Net) {
	w.t.Helper()
	server, client := w.host(serverIP), w.host("10.1.0.2")
	if err := w.router.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := w.router.Stop(); err != nil {
			w.t.Error(err)
		}
	})
	b := newBench(w.t, db, func(o *capture.Options) {
		o.Net, o.TCPPort, o.ListenIPs = server, -1, []string{serverIP}
		if change != nil {
			change(o)
		}
	})
	b.server.SetICETimeouts(iceQuiet, iceFailed, iceQuiet/4)
	return b, client
}
