package app

import (
	"context"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
)

const (
	// deadlineEvery is how late the end of a wait for evidence may be noticed.
	deadlineEvery = time.Minute
	// keepEvidence is how long what was attached is of use: GitHub keeps checks
	// for about as long.
	keepEvidence      = 400 * 24 * time.Hour
	dropEvidenceEvery = time.Hour
)

func (s *Server) deadlines() queue.Periodic {
	return queue.Periodic{Name: "end waits for evidence", Every: deadlineEvery, Do: s.endWaits}
}

// endWaits has those judged again that waited for evidence up to now.
func (s *Server) endWaits(ctx context.Context) error {
	now := s.outside.Now()
	list, err := s.store.Due(ctx, now)
	if err != nil {
		return err
	}
	for _, w := range list {
		if err := s.queue.Again(ctx, fmt.Sprintf("evidence awaited until %d", w.Wake.UnixMicro()), w.Of); err != nil {
			return err
		}
		if err := s.store.Roused(ctx, w.Subject, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) oldEvidence() queue.Periodic {
	return queue.Periodic{Name: "drop old evidence", Every: dropEvidenceEvery, Do: func(ctx context.Context) error {
		_, err := s.store.DropEvidence(ctx, s.outside.Now().Add(-keepEvidence))
		return err
	}}
}
