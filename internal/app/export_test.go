package app

import (
	"context"
	"net/http"
	"net/http/httptest"
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
