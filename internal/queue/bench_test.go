package queue_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

func nothing(context.Context, store.Subject) error { return nil }

func benchOnEngines(b *testing.B, bench func(b *testing.B, database string)) {
	b.Run("SQLite", func(b *testing.B) { bench(b, sqlite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { bench(b, pgtest.Database(b)) })
}

// report reports a distribution in milliseconds.
func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	for name, share := range map[string]int{"p50-ms": 50, "p99-ms": 99} {
		b.ReportMetric(float64(took[(len(took)-1)*share/100].Microseconds())/1000, name)
	}
}

// BenchmarkAccept500PerSecond sends deliveries on a fixed beat, whether or not
// the earlier ones were answered, about 200 pull requests that are evaluated
// meanwhile. Run it with -benchtime 5000x, which is ten seconds.
func BenchmarkAccept500PerSecond(b *testing.B) { benchOnEngines(b, benchAccept500PerSecond) }

func benchAccept500PerSecond(b *testing.B, database string) {
	q, _ := runAt(b, database, queue.Config{Workers: 4, Handler: nothing})
	const beat = 2 * time.Millisecond
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	start := time.Now()
	b.ResetTimer()
	for i := range b.N {
		due := start.Add(time.Duration(i) * beat)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			accept(b, q, strconv.Itoa(i), pull(i%200))
			took[i] = time.Since(due) // from when it should have been sent
		})
	}
	wg.Wait()
	b.StopTimer()
	report(b, took)
}

// BenchmarkAcceptMax accepts as fast as 128 senders can.
func BenchmarkAcceptMax(b *testing.B) { benchOnEngines(b, benchAcceptMax) }

func benchAcceptMax(b *testing.B, database string) {
	q, _ := runAt(b, database, queue.Config{Workers: 1, Handler: nothing})
	var n atomic.Int64
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			accept(b, q, strconv.Itoa(i), pull(i%200))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkThroughput takes deliveries about different pull requests from the
// door to the end of an evaluation that does nothing.
func BenchmarkThroughput(b *testing.B) { benchOnEngines(b, benchThroughput) }

func benchThroughput(b *testing.B, database string) {
	var ended sync.WaitGroup
	q, s := runAt(b, database, queue.Config{Workers: 8, Handler: func(context.Context, store.Subject) error { ended.Done(); return nil }})
	ended.Add(b.N)
	var n atomic.Int64
	b.ResetTimer()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			accept(b, q, strconv.Itoa(i), pull(i))
		}
	})
	ended.Wait()
	waitFor(b, "the last to be noted", idle(b, s))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkStart measures an otherwise idle queue: from the call of Accept to
// the start of the evaluation.
func BenchmarkStart(b *testing.B) { benchOnEngines(b, benchStart) }

func benchStart(b *testing.B, database string) {
	begun := make(chan time.Time, 1)
	q, s := runAt(b, database, queue.Config{Workers: 4, Handler: func(context.Context, store.Subject) error { begun <- time.Now(); return nil }})
	took := make([]time.Duration, 0, b.N)
	for i := range b.N {
		waitFor(b, "an idle queue", idle(b, s))
		start := time.Now()
		accept(b, q, fmt.Sprint(i), pull(i%200))
		took = append(took, (<-begun).Sub(start))
		<-time.After(10 * time.Millisecond) // past the pause between two fetches
	}
	report(b, took)
}
