package socket

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what an operator can watch.
type metrics struct {
	open   prometheus.Gauge
	closes *prometheus.CounterVec // by close code, as the server decided
	writes *prometheus.CounterVec // by message and answer
}

func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "backrow_live_feed_sockets", Help: "Open live-feed sockets."}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "backrow_live_feed_closes_total",
			Help: "Live-feed sockets that the server closed, by close code."}, []string{"code"}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "backrow_live_feed_writes_total",
			Help: "Writes over live feeds, by message and answer."}, []string{"message", "answer"}),
	}
	if to != nil {
		to.MustRegister(m.open, m.closes, m.writes)
	}
	return m
}

func (m metrics) closed(code int) { m.closes.WithLabelValues(strconv.Itoa(code)).Inc() }

// answered counts a write. Types that there are not, which clients may make up, are one.
func (m metrics) answered(message, answer string) {
	if messages[message] == nil {
		message = "unknown"
	}
	m.writes.WithLabelValues(message, answer).Inc()
}
