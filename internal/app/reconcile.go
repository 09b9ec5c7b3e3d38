package app

import (
	"context"

	"github.com/changeguard/changeguard/internal/queue"
)

// periodic is the work of the house that asks GitHub.
func (s *Server) periodic() []queue.Periodic {
	every := s.outside.Reconcile
	switch {
	case every < 0:
		return nil
	case every == 0:
		every = s.config.every
	}
	return append(s.lookouts(), queue.Periodic{Name: "reconcile", Every: every, Do: s.reconcile})
}

func (s *Server) reconcile(ctx context.Context) error { return s.guard.Reconcile(ctx, s.queue.Again) }
