package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/report"
)

// queuedFor is how long a merge group waits for its checks at most, as GitHub lets
// anybody choose.
const queuedFor = 6 * time.Hour

// requeue has the merge groups judged again that a pull request was put into which
// does not pass any more: an approval may be taken back, or a label set, while it
// waits to be merged.
func (s *Server) requeue(ctx context.Context, x guard.Seen) error {
	if x.Subject.Kind != store.Pull || report.Conclude(x.Verdict) == report.Success {
		return nil
	}
	groups, err := s.store.GroupsSince(ctx, x.Subject.Owner, x.Subject.Repo, s.outside.Now().Add(-queuedFor))
	if err != nil {
		return err
	}
	for _, g := range groups {
		if !strings.Contains(g.Ref, fmt.Sprintf("/pr-%d-", x.Subject.Number)) {
			continue // each pull request of a queue has a group of its own, on top of those before it
		}
		if err := s.queue.Again(ctx, "member "+x.Verdict.ID, g); err != nil {
			return err
		}
	}
	return nil
}
