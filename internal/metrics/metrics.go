// Package metrics counts what an operator watches, for Prometheus.
//
// # The model
//
// Every metric is declared in one table here and explained in docs/metrics.md,
// which a test holds against the table. What is counted comes in by methods
// that say what happened; what is only looked at, such as what waits in the
// database, is asked for when somebody reads the page.
//
// Labels have few values, whatever comes in: events are those that the program
// knows, routes are templates, and names that people choose, of rules and
// installations, are the first so many and then "other". So no repository can
// make the page grow.
package metrics

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Other stands for all values of a label that are not told apart.
const Other = "other"

// How many values those labels have that other people choose.
const (
	maxRules         = 200
	maxInstallations = 200
	maxChannels      = 50
)

// prefix begins every name.
const prefix = "changeguard_"

// Metrics are all metrics of one server. They are safe for concurrent use.
type Metrics struct {
	registry                                *prometheus.Registry
	list                                    []Description
	rules, installations, channels          *few
	answers, deliveries, evaluations        *prometheus.CounterVec
	verdicts, ruleVerdicts, publishFailures *prometheus.CounterVec
	requests, notifications                 *prometheus.CounterVec
	answerTime, timeToVerdict, evaluation   prometheus.Histogram
	requestTime                             *prometheus.HistogramVec
	remaining, reset                        *prometheus.GaugeVec
}

// New makes them. Live says how things are when somebody asks; it may be nil.
func New(version string, live Live) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), rules: newFew(maxRules), installations: newFew(maxInstallations), channels: newFew(maxChannels)}
	m.answers = m.counter("webhook_answers_total", "Requests to the webhook, by event and by the HTTP status of the answer.", "event", "code")
	m.answerTime = m.histogram("webhook_answer_seconds", "Time until a request to the webhook was answered. GitHub waits ten seconds.", []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10})
	m.deliveries = m.counter("deliveries_total", "Subjects of deliveries, by whether they were stored (accepted) or not (refused; GitHub was told so).", "result")
	m.evaluations = m.counter("evaluations_total", "Evaluations that ended, by result: done, waiting (for GitHub or a rate limit) or failed.", "result")
	m.evaluation = m.histogram("evaluation_seconds", "Time that an evaluation took, from its start to the published result.", []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120})
	m.timeToVerdict = m.histogram("time_to_verdict_seconds", "Time from the last event about a change to the published result, with waiting.", []float64{.25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600})
	m.verdicts = m.counter("verdicts_total", "Verdicts that were published, by outcome (pass, approve, fail, incomplete) and by whether the policy only observes.", "outcome", "observed")
	m.ruleVerdicts = m.counter("rule_verdicts_total", "Published verdicts in which a rule found something that nobody lifted, by rule, kind and worst level. The first 200 names of rules are told apart.", "rule", "kind", "level")
	m.publishFailures = m.counter("publish_failures_total", "Check runs and comments that GitHub did not take, by what it was. Most are tried again.", "what")
	m.requests = m.counter("github_requests_total", "Requests to GitHub's API, by route and by the HTTP status of the answer (error when there was none).", "route", "code")
	m.requestTime = m.histograms("github_request_seconds", "Time until GitHub's API answered, by route.", []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30}, "route")
	m.remaining = m.gauge("github_rate_remaining", "What is left of an installation's hourly budget, as the last answer said, by installation and resource. The first 200 installations are told apart.", "installation", "resource")
	m.reset = m.gauge("github_rate_reset_timestamp_seconds", "When that budget is full again, in Unix time.", "installation", "resource")
	m.notifications = m.counter("notifications_total", "Attempts to send a notification, by channel and result: sent, failed (tried again) or dropped (given up).", "channel", "result")
	info := m.gauge("build_info", "Always 1; which program this is.", "version")
	info.WithLabelValues(version).Set(1)
	m.begin()
	if live != nil {
		m.registry.MustRegister(&liveCollector{live})
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// begin makes series exist before their first event, so that a rate over them
// sees it.
func (m *Metrics) begin() {
	for _, r := range []string{"accepted", "refused"} {
		m.deliveries.WithLabelValues(r)
	}
	for _, r := range []string{"done", "waiting", "failed"} {
		m.evaluations.WithLabelValues(r)
	}
	for _, o := range []string{"pass", "approve", "fail", "incomplete"} {
		m.verdicts.WithLabelValues(o, "false")
	}
	for _, w := range []string{"check run", "comment"} {
		m.publishFailures.WithLabelValues(w)
	}
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	m.registry.MustRegister(c)
	m.list = append(m.list, Description{prefix + name, "counter", help, labels})
	return c
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: prefix + name, Help: help}, labels)
	m.registry.MustRegister(g)
	m.list = append(m.list, Description{prefix + name, "gauge", help, labels})
	return g
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	m.list = append(m.list, Description{prefix + name, "histogram", help, nil})
	return h
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	m.list = append(m.list, Description{prefix + name, "histogram", help, labels})
	return h
}

// A Description says what a metric is.
type Description struct {
	Name, Kind, Help string
	Labels           []string
}

// List describes all metrics but those of the Go runtime and the process.
func (m *Metrics) List() []Description { return append(slices.Clone(m.list), looked...) }

// Handler serves the page.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Delivery counts a subject of a delivery that was stored, or not.
func (m *Metrics) Delivery(stored bool) {
	result := "accepted"
	if !stored {
		result = "refused"
	}
	m.deliveries.WithLabelValues(result).Inc()
}

// Evaluation counts an evaluation that ended: done, waiting or failed.
func (m *Metrics) Evaluation(result string) { m.evaluations.WithLabelValues(result).Inc() }

// A Verdict is what is counted of one.
type Verdict struct {
	Outcome  string
	Observed bool
	Findings []Finding     // that nobody lifted, worst first
	Took     time.Duration // the evaluation
	Since    time.Duration // the last event; 0 when that is not known
}

// A Finding is what is counted of one.
type Finding struct{ Rule, Kind, Level string }

// Verdict counts a verdict that was published.
func (m *Metrics) Verdict(v Verdict) {
	m.verdicts.WithLabelValues(v.Outcome, strconv.FormatBool(v.Observed)).Inc()
	m.evaluation.Observe(v.Took.Seconds())
	if v.Since > 0 {
		m.timeToVerdict.Observe(v.Since.Seconds())
	}
	seen := make(map[string]bool)
	for _, f := range v.Findings {
		if !seen[f.Rule] {
			seen[f.Rule] = true
			m.ruleVerdicts.WithLabelValues(m.rules.name(f.Rule), f.Kind, f.Level).Inc()
		}
	}
}

// PublishFailure counts what GitHub did not take: "check run" or "comment".
func (m *Metrics) PublishFailure(what string) { m.publishFailures.WithLabelValues(what).Inc() }

// Notification counts an attempt: sent, failed or dropped.
func (m *Metrics) Notification(channel, result string) {
	m.notifications.WithLabelValues(m.channels.name(channel), result).Inc()
}

// Live is what is looked at when somebody reads the page. A time that is zero
// and a number below zero are not known, and left out.
type Live interface {
	Look(ctx context.Context) State
}

// State is how things are.
type State struct {
	Up                   bool // the database answers
	Waiting              int
	Oldest               time.Duration // of what waits, 0 without
	Reconciled           time.Time
	Redelivered          int // by the last reconciliation
	Evaluated            int
	NotificationsWaiting int
	Caches               []Cache
}

// A Cache is one of the caches of what GitHub said.
type Cache struct {
	Name         string
	Hits, Misses int64
	Bytes        int64
}
