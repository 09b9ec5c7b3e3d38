package app

import (
	"net/http"

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
