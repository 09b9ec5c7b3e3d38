package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What is looked at when the page is read.
var (
	looked []Description // in their order

	up          = describe("up", "1 while the database answers. While it does not, what it would say is left out.")
	waiting     = describe("waiting", "Subjects with events that were not evaluated yet.")
	oldest      = describe("waiting_oldest_seconds", "How long ago the last event of the one was that waits longest; 0 when none waits.")
	reconciled  = describe("reconciled_timestamp_seconds", "When the last reconciliation began that went through, in Unix time. It runs every five minutes; absent before the first.")
	redelivered = describe("reconciled_redelivered", "Deliveries that the last reconciliation asked GitHub to send again.")
	evaluated   = describe("reconciled_evaluated", "Pull requests that the last reconciliation had evaluated since they had no result, or one under another policy.")
	unsent      = describe("notifications_waiting", "Notifications that wait to be sent, for the first time or again. Escalations that are not due do not count.")
	cacheAsked  = describeAs("counter", "cache_requests_total", "Look-ups in the caches of what GitHub said, by cache (contents, trees, comparisons) and result (hit, miss).", "cache", "result")
	cacheBytes  = describe("cache_bytes", "Bytes that a cache holds.", "cache")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return describeAs("gauge", name, help, labels...)
}

func describeAs(kind, name, help string, labels ...string) *prometheus.Desc {
	looked = append(looked, Description{prefix + name, kind, help, labels})
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

type liveCollector struct{ Live }

// lookTimeout is for a database that does not answer: the page must.
const lookTimeout = 3 * time.Second

// Describe implements prometheus.Collector.
func (c *liveCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{up, waiting, oldest, reconciled, redelivered, evaluated, unsent, cacheAsked, cacheBytes} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *liveCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	s := c.Look(ctx)
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, k := range s.Caches {
		out <- prometheus.MustNewConstMetric(cacheAsked, prometheus.CounterValue, float64(k.Hits), k.Name, "hit")
		out <- prometheus.MustNewConstMetric(cacheAsked, prometheus.CounterValue, float64(k.Misses), k.Name, "miss")
		gauge(cacheBytes, float64(k.Bytes), k.Name)
	}
	if !s.Up {
		gauge(up, 0)
		return
	}
	gauge(up, 1)
	gauge(waiting, float64(s.Waiting))
	gauge(oldest, s.Oldest.Seconds())
	gauge(unsent, float64(s.NotificationsWaiting))
	if !s.Reconciled.IsZero() {
		gauge(reconciled, float64(s.Reconciled.Unix()))
		gauge(redelivered, float64(s.Redelivered))
		gauge(evaluated, float64(s.Evaluated))
	}
}
