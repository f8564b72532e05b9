package transcode

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are named by what an operator asks: are jobs failing, what takes the time, is a worker
// free?
type metrics struct {
	jobs    *prometheus.CounterVec   // by outcome: done, retried, failed, handed_back, outdated
	takes   *prometheus.CounterVec   // by outcome: made, given_up, retried, handed_back
	steps   *prometheus.HistogramVec // seconds, by step
	running prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) *metrics {
	with := promauto.With(registry)
	return &metrics{
		jobs: with.NewCounterVec(prometheus.CounterOpts{
			Name: "backrow_transcode_jobs_total", Help: "Attempts at making renditions, by outcome.",
		}, []string{"outcome"}),
		takes: with.NewCounterVec(prometheus.CounterOpts{
			Name: "backrow_transcode_takes_total",
			Help: "Attempts at making segments of takes that do not play as they came, by outcome.",
		}, []string{"outcome"}),
		steps: with.NewHistogramVec(prometheus.HistogramOpts{
			Name: "backrow_transcode_step_seconds", Help: "Time that a step of a job took.",
			Buckets: prometheus.ExponentialBuckets(0.1, 3, 11), // to 100 min
		}, []string{"step"}),
		running: with.NewGauge(prometheus.GaugeOpts{
			Name: "backrow_transcode_running", Help: "Jobs that this process works on.",
		}),
	}
}
