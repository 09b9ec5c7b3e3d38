package ghfake

import "time"

// Token makes a token of an installation, as a workflow has one: it lives for an
// hour.
func (s *Server) Token(installation int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := s.newToken(s.apps[s.installations[installation].app])
	s.tokens[value] = token{installation: installation, expires: s.now().Add(time.Hour), permissions: s.installations[installation].permissions}
	return value
}
