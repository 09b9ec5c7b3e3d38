package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-chi/chi/v5"
)

// AdminAddr is where metrics are served.
func (s *Server) AdminAddr() string { return s.admin.Addr().String() }

// Metrics are what a scrape would get.
func (s *Server) Metrics() string {
	w := httptest.NewRecorder()
	s.adminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// HTTPServers are the servers that Run starts.
func (s *Server) HTTPServers() (list []*http.Server) {
	for server := range s.servers() {
		list = append(list, server)
	}
	return list
}

// EndOverrides does what is done every minute.
func (s *Server) EndOverrides() error { return s.endOverrides(context.Background()) }

// EndWaits does what is done every minute.
func (s *Server) EndWaits() error { return s.endWaits(context.Background()) }

// LookHowGuarded asks GitHub how repositories are guarded.
func (s *Server) LookHowGuarded(ctx context.Context) error { return s.lookHowGuarded(ctx) }

// LookAfter asks it of one that was changed.
func (s *Server) LookAfter(ctx context.Context, owner, repo string) error {
	return s.lookAfter(ctx, owner, repo)
}

// Routes lists what is served, as "METHOD /path"; what answers HEAD beside GET
// once, and what is mounted, the webhook, as the POST that it takes.
func (s *Server) Routes() (list []string) {
	add := func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if name, mounted := strings.CutSuffix(path, "/*"); method == http.MethodPost || method != http.MethodHead && !mounted {
			list = append(list, method+" "+name)
		}
		return nil
	}
	if err := chi.Walk((*s.handler.current.Load()).(chi.Routes), add); err != nil {
		panic(err) // add never fails
	}
	if admin := s.adminHandler(); answers(admin, "/metrics") {
		list = append(list, "GET /metrics")
	}
	return list
}

func answers(h http.Handler, path string) bool {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code == http.StatusOK
}
