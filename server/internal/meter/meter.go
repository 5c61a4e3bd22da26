// Package meter counts what the hub does and shows it as Prometheus reads it. Labels name
// methods, areas, agencies and their systems; never a person, a household or a village (law 11).
package meter

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapeTime bounds one reading of everything.
const scrapeTime = 10 * time.Second

// Meter counts. Its methods may be called at the same time.
type Meter struct {
	registry    *prometheus.Registry
	calls       *prometheus.CounterVec
	latency     *prometheus.HistogramVec
	following   prometheus.Gauge
	audits      *prometheus.CounterVec
	derivations *prometheus.CounterVec
	consumers   *consumers
}

// New makes a meter that has counted nothing.
func New() *Meter {
	m := &Meter{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bangfu_calls_total", Help: "Calls that ended, of gRPC and REST, by method and gRPC code.",
		}, []string{"method", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bangfu_call_seconds", Help: "Time that calls took which are no streams.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"method", "code"}),
		following: prometheus.NewGauge(prometheus.GaugeOpts{Name: "bangfu_follow_streams", Help: "Follow streams that are open."}),
		audits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bangfu_audit_entries_total", Help: "Entries of the audit, by whether they were written or failed.",
		}, []string{"result"}),
		derivations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bangfu_derivations_total", Help: "Runs of the derivation, by OK or the reason why they failed.",
		}, []string{"outcome"}),
		consumers: newConsumers(),
	}
	m.registry.MustRegister(m.calls, m.latency, m.following, m.audits, m.derivations,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range []string{written, failed} { // there from the start, so that a first failure is a rise
		m.audits.WithLabelValues(result)
	}
	return m
}

// Results of an audit entry.
const (
	written = "written"
	failed  = "failed"
)

// Called counts a call that has ended.
func (m *Meter) Called(method, code string, took time.Duration, stream bool) {
	m.calls.WithLabelValues(method, code).Inc()
	if !stream {
		m.latency.WithLabelValues(method, code).Observe(took.Seconds())
	}
}

// Following counts a Follow stream that begins, and with -1 one that ends.
func (m *Meter) Following(delta int) { m.following.Add(float64(delta)) }

// Delivered notes that a system was brought to a transaction of an area.
func (m *Meter) Delivered(agency, client, area string, transaction int64) {
	m.consumers.delivered(consumer{agency, client}, area, transaction)
}

// Audited counts an entry of the audit.
func (m *Meter) Audited(err error) {
	result := written
	if err != nil {
		result = failed
	}
	m.audits.WithLabelValues(result).Inc()
}

// Derived counts a run of the derivation.
func (m *Meter) Derived(outcome string) { m.derivations.WithLabelValues(outcome).Inc() }

// Handler shows everything, with what state tells at that moment.
func (m *Meter) Handler(state func() (State, error)) http.Handler {
	own := prometheus.NewRegistry()
	own.MustRegister(&standing{state: state, consumers: m.consumers})
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, own}, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 2, Timeout: scrapeTime,
	})
}
