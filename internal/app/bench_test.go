package app_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// BenchmarkEvaluate measures from the event to the published verdict, against
// the stand-in without latency, which shares the machine. Eight at a time, each
// followed at once by the next, show what the server can do; events at a rate of
// 200 a second show how long one waits then.
func BenchmarkEvaluate(b *testing.B) {
	b.Run("eight-at-a-time", func(b *testing.B) { evaluate(b, 0) })
	b.Run("200-a-second", func(b *testing.B) { evaluate(b, 200) })
}

type benchSubject struct {
	head    string
	payload map[string]any
}

// evaluate delivers b.N events, at a rate, or eight at a time.
func evaluate(b *testing.B, rate int) {
	w := newWorld(b, ghfake.Options{Quota: 1 << 30}, nil)
	w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n"), "lib/a.py": ghfake.Text("x = 1\n")})
	var subjects []benchSubject
	for i := range b.N {
		branch := fmt.Sprint("b", i)
		w.repo.Branch(branch, "main")
		w.repo.Commit(branch, "change", ghfake.Files{"docs/a.md": ghfake.Text(fmt.Sprint(i)), "lib/a.py": ghfake.Text("x = 1\n")}, author)
		p := w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
		subjects = append(subjects, benchSubject{w.repo.Tip(branch), w.repo.PullEvent(p.Number, "opened", nil)})
	}
	took := make(chan time.Duration, b.N)
	atOnce := make(chan struct{}, 8)
	var all sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for i, s := range subjects {
		if rate > 0 {
			time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		} else {
			atOnce <- struct{}{}
		}
		all.Go(func() {
			began := time.Now()
			w.deliver("pull_request", s.payload)
			w.published(s.head)
			took <- time.Since(began)
			if rate == 0 {
				<-atOnce
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "verdicts/s")
	close(took)
	reportTimes(b, took)
}

// published waits for a finished run.
func (w *world) published(head string) {
	for {
		if runs := w.repo.Runs(head); len(runs) > 0 && runs[0].Status == "completed" {
			return
		}
		time.Sleep(500 * time.Microsecond)
	}
}

// report gives the median and the 99th percentile.
func reportTimes(b *testing.B, took chan time.Duration) {
	var all []time.Duration
	for d := range took {
		all = append(all, d)
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}
