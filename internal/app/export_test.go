package app

import "net/http"

// AdminAddr is where metrics are served.
func (s *Server) AdminAddr() string { return s.admin.Addr().String() }

// HTTPServers are the servers that Run starts.
func (s *Server) HTTPServers() (list []*http.Server) {
	for server := range s.servers() {
		list = append(list, server)
	}
	return list
}
