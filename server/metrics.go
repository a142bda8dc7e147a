package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clara/trainer"
)

// metrics are what Prometheus reads: the server's own figures, and those of the user who
// asks, never another's.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	tokens   prometheus.Counter
}

func newMetrics(q *queue) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "clara_http_requests_total", Help: "Requests, by what they asked for and how they ended."}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "clara_http_request_seconds", Help: "How long requests took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}, []string{"route"}),
		tokens: prometheus.NewCounter(prometheus.CounterOpts{Name: "clara_answer_tokens_total", Help: "Tokens of the answers that were given."}),
	}
	gauge := func(name, help string, value func(held, waiting int) int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value(q.state())) })
	}
	m.registry.MustRegister(
		m.requests, m.seconds, m.tokens,
		gauge("clara_answers_running", "Answers that are being given.", func(held, _ int) int { return held }),
		gauge("clara_answers_waiting", "Requests that wait for their turn to be answered.", func(_, waiting int) int { return waiting }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// methods are those that are counted by name: a client can make up any other.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions}

func (m *metrics) count(route, method string, status int, took time.Duration) {
	counted := "other"
	for _, x := range methods {
		if x == method {
			counted = x
		}
	}
	if _, path, ok := strings.Cut(route, " "); ok {
		route = path
	}
	m.requests.WithLabelValues(route, counted, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// serve writes the server's figures and those of a user.
func (m *metrics) serve(w http.ResponseWriter, r *http.Request, own trainer.LiveStats) {
	mine := prometheus.NewRegistry()
	for _, f := range []struct {
		name, help string
		value      float64
	}{
		{"clara_buffer_samples", "Samples in the live buffer, lessons aside.", float64(own.Buffer.Count)},
		{"clara_buffer_avg_quality", "Mean score of the samples in the live buffer.", own.Buffer.AvgQuality},
		{"clara_lessons", "Lessons.", float64(own.Metrics.LessonsTotal)},
		{"clara_lessons_known", "Lessons that are known.", float64(own.Metrics.LessonsKnown)},
		{"clara_model_updates", "Versions that trainings made.", float64(own.Metrics.ModelUpdates)},
		{"clara_cycles", "Cycles that trained.", float64(own.Metrics.Cycles)},
		{"clara_success_rate", "Share of the cycles that made a version.", own.Metrics.SuccessRate},
		{"clara_avg_stars", "Mean of all ratings.", own.Metrics.AvgStars},
		{"clara_active_version", "Number of the version that answers; 0 is the untrained base.", float64(own.Metrics.ActiveVersion)},
	} {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: f.name, Help: f.help})
		g.Set(f.value)
		mine.MustRegister(g)
	}
	promhttp.HandlerFor(prometheus.Gatherers{m.registry, mine}, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}
