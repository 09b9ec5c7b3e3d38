package app

import "github.com/changeguard/changeguard/internal/logkey"

// unshared says that programs which share the database find out about GitHub's
// limits each for itself, until the database answers again.
func (s *Server) unshared(err error) {
	s.outside.Logger.Warn("rate limits are not shared with other programs", logkey.Err, err)
}
