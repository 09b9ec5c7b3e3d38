package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// BenchmarkEvaluate measures from the event to the published verdict, eight at
// a time, against the stand-in without latency.
func BenchmarkEvaluate(b *testing.B) {
	w := newWorld(b, ghfake.Options{Quota: 1 << 30}, nil)
	n := w.open(testPolicy, ghfake.Files{"docs/a.md": ghfake.Text("x\n"), "lib/a.py": ghfake.Text("x = 1\n")})
	type subject struct {
		head    string
		payload map[string]any
	}
	var subjects []subject
	for i := range b.N {
		branch := fmt.Sprint("b", i)
		w.repo.Branch(branch, "main")
		w.repo.Commit(branch, "change", ghfake.Files{"docs/a.md": ghfake.Text(fmt.Sprint(i)), "lib/a.py": ghfake.Text("x = 1\n")}, author)
		p := w.repo.Open(ghfake.Pull{Title: "A change", Base: "main", Head: branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}})
		subjects = append(subjects, subject{w.repo.Tip(branch), w.repo.PullEvent(p.Number, "opened", nil)})
	}
	_ = n
	took := make(chan time.Duration, b.N)
	todo := make(chan subject)
	b.ResetTimer()
	start := time.Now()
	done := make(chan struct{})
	for range 8 {
		go func() {
			for s := range todo {
				began := time.Now()
				w.deliver("pull_request", s.payload)
				for {
					if runs := w.repo.Runs(s.head); len(runs) > 0 && runs[0].Status == "completed" {
						break
					}
					time.Sleep(500 * time.Microsecond)
				}
				took <- time.Since(began)
			}
			done <- struct{}{}
		}()
	}
	for _, s := range subjects {
		todo <- s
	}
	close(todo)
	for range 8 {
		<-done
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "verdicts/s")
	close(took)
	report(b, took)
}

// report gives the median and the 99th percentile.
func report(b *testing.B, took chan time.Duration) {
	var all []time.Duration
	for d := range took {
		all = append(all, d)
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}
