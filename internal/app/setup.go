package app

import (
	"fmt"
	"net/http"
	"runtime"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/web"
)

// setUp serves what there is to serve before the App exists.
func (s *Server) setUp(router chi.Router) error {
	router.HandleFunc("/webhook", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable, "not set up: no credentials\n")
	})
	return web.SetUpRoutes(router, web.SetUp{PublicURL: s.config.PublicURL, CheckName: s.config.CheckName, Logger: s.outside.Logger})
}

// metrics shows what an operator watches, in the text format of Prometheus.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	waiting := -1
	if s.store != nil {
		n, err := s.store.Waiting(r.Context())
		if err != nil {
			answer(w, http.StatusServiceUnavailable, "the database does not answer\n")
			return
		}
		waiting = n
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	answer(w, http.StatusOK, fmt.Sprintf(`# HELP changeguard_waiting Subjects with events that were not evaluated yet; -1 before the set-up.
# TYPE changeguard_waiting gauge
changeguard_waiting %d
# HELP changeguard_heap_bytes Bytes of memory in use by objects.
# TYPE changeguard_heap_bytes gauge
changeguard_heap_bytes %d
# HELP changeguard_goroutines Goroutines that exist.
# TYPE changeguard_goroutines gauge
changeguard_goroutines %d
`, waiting, m.HeapAlloc, runtime.NumGoroutine()))
}
