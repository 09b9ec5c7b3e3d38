package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strings"
)

// adminHandler serves what is for operators only.
func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /metrics", s.metrics)
	return mux
}

// metrics shows what an operator watches, in the text format of Prometheus.
// What the database does not say is left out; changeguard_up then is 0.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	var page metricsPage
	up := 1
	if s.store != nil {
		if err := s.waiting(r.Context(), &page); err != nil {
			up = 0
		}
	}
	page.add("up", "gauge", "1 while the database answers.", float64(up))
	page.add("deliveries_accepted_total", "counter", "Subjects of deliveries that were stored.", float64(s.intake.accepted.Load()))
	page.add("deliveries_refused_total", "counter", "Subjects of deliveries that could not be stored; GitHub was told so.", float64(s.intake.refused.Load()))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	page.add("heap_bytes", "gauge", "Bytes of memory in use by objects.", float64(m.HeapAlloc))
	page.add("goroutines", "gauge", "Goroutines that exist.", float64(runtime.NumGoroutine()))
	answer(w, http.StatusOK, page.String())
}

func (s *Server) waiting(ctx context.Context, page *metricsPage) error {
	n, err := s.store.Waiting(ctx)
	if err != nil {
		return err
	}
	since, waits, err := s.store.WaitingSince(ctx)
	if err != nil {
		return err
	}
	age := 0.0
	if waits {
		age = s.outside.Now().Sub(since).Seconds()
	}
	page.add("waiting", "gauge", "Subjects with events that were not evaluated yet.", float64(n))
	page.add("waiting_oldest_seconds", "gauge", "How long ago the last event of the one was that waits longest.", age)
	return nil
}

// metricsPage is written line by line.
type metricsPage struct{ strings.Builder }

func (p *metricsPage) add(name, kind, help string, value float64) {
	fmt.Fprintf(p, "# HELP changeguard_%[1]s %[3]s\n# TYPE changeguard_%[1]s %[2]s\nchangeguard_%[1]s %[4]v\n", name, kind, help, value)
}
