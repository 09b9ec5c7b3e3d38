package app

import (
	"net/http"
	"net/http/pprof"
)

// adminHandler serves what is for operators only.
func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.Handle("/channels", s.channels())
	mux.Handle("GET /metrics", s.metrics.Handler())
	return mux
}
