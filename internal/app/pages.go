package app

import "github.com/changeguard/changeguard/internal/web"

// pages says what the dashboard may know and do.
func (s *Server) pages() (web.Config, error) {
	c := web.Config{Store: s.store, Logger: s.outside.Logger, Now: s.outside.Now}
	if s.invitation != "" { // it was set up since it started
		set := s.setUpPages()
		c.SetUp = &set
	}
	return c, nil
}
