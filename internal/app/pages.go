package app

import (
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/web"
)

// pages says what the dashboard may know and do.
func (s *Server) pages() (web.Config, error) {
	c := web.Config{Store: s.store, Logger: s.outside.Logger, Now: s.outside.Now}
	if s.invitation != "" { // it was set up since it started
		set := s.setUpPages()
		c.SetUp = &set
	}
	if s.config.ClientID == "" {
		return c, nil
	}
	if s.key == nil {
		var err error
		if s.key, err = s.config.open(); err != nil {
			return c, err
		}
	}
	l := github.Login{Site: s.site(), ClientID: s.config.ClientID, ClientSecret: s.config.ClientSecret}
	c.SignIn = &web.SignIn{AuthorizeURL: l.AuthorizeURL, Exchange: l.Exchange, User: l.User, Readable: l.Readable, Key: s.key}
	return c, nil
}
