package capture

import (
	"github.com/prometheus/client_golang/prometheus"

	"backrow/capture/depacket"
	"backrow/capture/jitter"
)

// metrics are what an operator watches.
type metrics struct {
	takes    prometheus.Gauge
	packets  *prometheus.CounterVec
	repaired *prometheus.CounterVec
	lost     *prometheus.CounterVec
	frames   *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	requests prometheus.Counter
	keys     prometheus.Counter
	segments prometheus.Counter
	bytes    prometheus.Counter
	failures prometheus.Counter
	unsaved  prometheus.Counter
	storing  prometheus.Histogram
}

// newMetrics makes the metrics and registers them, if there is somewhere to.
func newMetrics(registry prometheus.Registerer, spooled func() float64) (*metrics, error) {
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "backrow", Subsystem: "capture", Name: n, Help: help}
	}
	counter := func(n, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(name(n, help)))
	}
	perKind := func(n, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(name(n, help)), []string{"kind"})
	}
	m := &metrics{
		takes:    prometheus.NewGauge(prometheus.GaugeOpts(name("takes", "Takes being received."))),
		packets:  perKind("packets_total", "RTP packets received, without doubles."),
		repaired: perKind("packets_repaired_total", "RTP packets that came because they were asked for again."),
		lost:     perKind("packets_lost_total", "RTP packets given up."),
		frames:   perKind("frames_total", "Frames received whole."),
		dropped:  perKind("frames_dropped_total", "Frames not recorded: incomplete, or leaning on such a one."),
		requests: counter("nack_packets_total", "RTP packets asked for again, repeats counted."),
		keys:     counter("key_frame_requests_total", "Key frames asked for."),
		segments: counter("segments_total", "Segments stored and in the catalogue."),
		bytes:    counter("segment_bytes_total", "Bytes of segments stored."),
		failures: counter("store_failures_total", "Attempts to store a segment that failed."),
		unsaved:  counter("segments_unsaved_total", "Segments that could be kept nowhere, and are lost."),
		storing: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "backrow",
			Subsystem: "capture", Name: "store_seconds",
			Help:    "Time to store one segment and note it in the catalogue.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15)}), // 1 ms to 16 s
	}
	if registry == nil {
		return m, nil
	}
	spool := prometheus.NewGaugeFunc(prometheus.GaugeOpts(
		name("spool_bytes", "Bytes on this disk that are not stored yet.")), spooled)
	for _, c := range []prometheus.Collector{m.takes, m.packets, m.repaired, m.lost, m.frames,
		m.dropped, m.requests, m.keys, m.segments, m.bytes, m.failures, m.unsaved, m.storing, spool} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add counts what a stream has seen since it was last counted.
func (m *metrics) add(kind string, j, last jitter.Counts, d, lastD depacket.Counts) {
	m.packets.WithLabelValues(kind).Add(float64(j.Packets - last.Packets))
	m.repaired.WithLabelValues(kind).Add(float64(j.Repaired - last.Repaired))
	m.lost.WithLabelValues(kind).Add(float64(j.Lost - last.Lost))
	m.requests.Add(float64(j.Requested - last.Requested))
	m.frames.WithLabelValues(kind).Add(float64(d.Frames - lastD.Frames))
	m.dropped.WithLabelValues(kind).Add(float64(d.Dropped - lastD.Dropped))
}
