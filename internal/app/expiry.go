package app

import (
	"context"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
)

// expiryEvery is how late an override may end, at most: what it lifted is found
// again when its pull request is judged the next time, and this has it judged.
const expiryEvery = time.Minute

func (s *Server) expiry() queue.Periodic {
	return queue.Periodic{Name: "end overrides", Every: expiryEvery, Do: s.endOverrides}
}

// endOverrides has the pull requests judged again of which an override is over.
func (s *Server) endOverrides(ctx context.Context) error {
	now := s.outside.Now()
	list, err := s.store.Expired(ctx, now)
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := s.queue.Again(ctx, fmt.Sprintf("overrides ended %d", now.UnixMicro()), x); err != nil {
			return err
		}
		if err := s.store.Woken(ctx, x.ID, now); err != nil {
			return err
		}
	}
	return nil
}
