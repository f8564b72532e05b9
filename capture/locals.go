package capture

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"backrow/storage"
)

// The defaults of Options for blobs.
const (
	defaultBlobBytes   = 8 << 20 // half a minute of 2.5 Mbit/s
	defaultBlobUploads = 8
	defaultBlobMemory  = 64 << 20
	defaultBlobTimeout = 30 * time.Second
)

// locals bounds what the blobs of local takes that come in just now have of the server, and counts
// them. It is safe for concurrent use.
type locals struct {
	uploads int   // of one recording
	memory  int64 // bytes in all; a recording has a quarter of it, or one blob
	share   int64
	outage  outage

	blobs    prometheus.Counter
	bytes    prometheus.Counter
	takes    prometheus.Counter
	refused  *prometheus.CounterVec
	incoming prometheus.Gauge
	storing  prometheus.Histogram

	mu   sync.Mutex
	held int64                   // bytes; guarded by mu
	of   map[storage.ID]incoming // by recording; guarded by mu
}

// incoming is what one recording has of the server just now.
type incoming struct {
	uploads int
	bytes   int64
}

func (o *Options) completeBlobs() {
	if o.BlobBytes <= 0 {
		o.BlobBytes = defaultBlobBytes
	}
	if o.BlobUploads <= 0 {
		o.BlobUploads = defaultBlobUploads
	}
	if o.BlobMemory <= 0 {
		o.BlobMemory = defaultBlobMemory
	}
	o.BlobMemory = max(o.BlobMemory, o.BlobBytes)
	if o.BlobTimeout <= 0 {
		o.BlobTimeout = defaultBlobTimeout
	}
}

func newLocals(o Options) (*locals, error) {
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "backrow", Subsystem: "capture", Name: n, Help: help}
	}
	counter := func(n, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(name(n, help)))
	}
	l := &locals{uploads: o.BlobUploads, memory: o.BlobMemory, share: max(o.BlobMemory/4, o.BlobBytes),
		of: map[storage.ID]incoming{},
		outage: outage{log: o.Log, level: slog.LevelWarn,
			begins: "capture: blobs cannot be stored; their laptops keep them and send them again",
			end:    "capture: blobs can be stored again"},
		blobs: counter("blobs_total", "Blobs of local takes stored."),
		bytes: counter("blob_bytes_total", "Bytes of blobs stored."),
		takes: counter("local_takes_total", "Local takes that are complete."),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts(
			name("blobs_refused_total", "Blobs that were not stored, by kind of failure.")), []string{"kind"}),
		incoming: prometheus.NewGauge(prometheus.GaugeOpts(
			name("blob_incoming_bytes", "Bytes of blobs being received."))),
		storing: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "backrow",
			Subsystem: "capture", Name: "blob_store_seconds",
			Help:    "Time to store one blob and note it in the catalogue.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}), // 1 ms to 33 s
	}
	if o.Metrics == nil {
		return l, nil
	}
	for _, c := range []prometheus.Collector{l.blobs, l.bytes, l.takes, l.refused, l.incoming, l.storing} {
		if err := o.Metrics.Register(c); err != nil {
			return nil, storage.Errorf(storage.Internal, "The metrics of capture exist already. %w", err)
		}
	}
	return l, nil
}

// enter makes room for a body, or is TooMany. Leave gives the room back.
func (l *locals) enter(recording storage.ID, bytes int64) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.of[recording]
	switch {
	case now.uploads >= l.uploads, now.bytes+bytes > l.share:
		return nil, storage.Errorf(storage.TooMany,
			"Too much of this recording is being sent at once: at most %d blobs and %d bytes.",
			l.uploads, l.share)
	case l.held+bytes > l.memory:
		return nil, storage.Errorf(storage.TooMany,
			"The server is receiving as much as it can. Please try again in a moment.")
	}
	l.hold(recording, 1, bytes)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.hold(recording, -1, -bytes)
	}, nil
}

// hold notes that a recording has more, or less, of the server. Its caller has locked mu.
func (l *locals) hold(recording storage.ID, uploads int, bytes int64) {
	now := l.of[recording]
	now.uploads += uploads
	now.bytes += bytes
	l.held += bytes
	if l.of[recording] = now; now.uploads == 0 {
		delete(l.of, recording)
	}
	l.incoming.Set(float64(l.held))
}

func (l *locals) stored(bytes int64, took time.Duration) {
	l.blobs.Inc()
	l.bytes.Add(float64(bytes))
	l.storing.Observe(took.Seconds())
}

func (l *locals) completed() { l.takes.Inc() }

// count counts what was refused.
func (l *locals) count(err error) {
	if err != nil {
		l.refused.WithLabelValues(string(storage.KindOf(err))).Inc()
	}
}
