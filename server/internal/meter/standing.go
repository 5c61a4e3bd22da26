package meter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what stands at the moment of a reading.
type State struct {
	Ready       bool
	Areas       []Area
	Pools       []Pool
	Certificate time.Time // until when the TLS certificate is good; zero: there is none
}

// Area is how an area stands.
type Area struct {
	Name        string
	Transaction int64 // the last one
	DaysBehind  int64 // of its derivation
	Stale       int64 // blocks whose bytes are to be built anew
	Overdue     int64 // letters with which somebody is late
}

// Pool is a pool of connections to the store.
type Pool struct {
	Name      string
	Max, Busy int64
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("bangfu_"+name, help, labels, nil)
}

var (
	ready       = described("ready", "1 where the hub can serve calls.")
	certificate = described("certificate_expiry_timestamp_seconds", "Until when the TLS certificate is good.")
	position    = described("feed_transaction", "Number of the area's last transaction.", "area")
	behind      = described("derivation_days_behind", "Days by which the area's lists are behind today.", "area")
	stale       = described("blocks_stale", "Blocks whose bytes are built anew when they are next wanted.", "area")
	overdue     = described("letters_overdue", "Official letters with which a recipient, or the office with an answer, is late.", "area")
	delivered   = described("consumer_transaction", "Last transaction up to which this process brought the system.", "agency", "client", "area")
	lag         = described("consumer_lag_transactions", "Transactions of the area that came after that.", "agency", "client", "area")
	poolMax     = described("store_connections_max", "Connections that the pool may have.", "pool")
	poolBusy    = described("store_connections_busy", "Connections of the pool in use.", "pool")
)

// standing reads the state whenever Prometheus asks.
type standing struct {
	state     func() (State, error)
	consumers *consumers
}

// Describe implements prometheus.Collector.
func (s *standing) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ready, certificate, position, behind, stale, overdue, delivered, lag, poolMax, poolBusy} {
		out <- d
	}
}

// Collect implements prometheus.Collector. Where the store does not answer, the rest is shown.
func (s *standing) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	at, err := s.state()
	if err != nil {
		out <- prometheus.NewInvalidMetric(position, err)
	}
	last := map[string]int64{}
	for _, a := range at.Areas {
		last[a.Name] = a.Transaction
		gauge(position, float64(a.Transaction), a.Name)
		gauge(behind, float64(a.DaysBehind), a.Name)
		gauge(stale, float64(a.Stale), a.Name)
		gauge(overdue, float64(a.Overdue), a.Name)
	}
	for _, p := range at.Pools {
		gauge(poolMax, float64(p.Max), p.Name)
		gauge(poolBusy, float64(p.Busy), p.Name)
	}
	for who, areas := range s.consumers.all() {
		for area, n := range areas {
			gauge(delivered, float64(n), who.agency, who.client, area)
			if head, known := last[area]; known {
				gauge(lag, float64(max(head-n, 0)), who.agency, who.client, area)
			}
		}
	}
	up := 0.0
	if at.Ready {
		up = 1
	}
	gauge(ready, up)
	if !at.Certificate.IsZero() {
		gauge(certificate, float64(at.Certificate.Unix()))
	}
}
