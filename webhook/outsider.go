package webhook

import (
	"context"
	"errors"

	"github.com/changeguard/changeguard/internal/store"
)

// outsider is a check of somebody else that has ended on a commit. It matters to
// those alone whose verdict rests on it.
type outsider struct {
	app  int64  // that made it, 0 for a status
	name string // "" for a suite
	on   store.Subject
}

// evidence takes a finished check run, suite or status.
func (p *payload) evidence(event string, s store.Subject, f *found) error {
	x := &outsider{on: s}
	checks := p.CheckRun
	switch event {
	case "status":
		x.on.Head, x.name = p.SHA, p.Context
		if p.State == "pending" {
			return nil
		}
	case "check_suite":
		checks = p.CheckSuite
		fallthrough
	default:
		if checks == nil {
			return errors.New("it names no check")
		}
		x.on.Head, x.name = checks.HeadSHA, checks.Name
		if checks.App != nil {
			x.app = checks.App.ID
		}
	}
	if !isCommit(x.on.Head) {
		return errors.New("it names no commit")
	}
	if event != "check_suite" && x.name == "" {
		return nil // nobody can have asked for it
	}
	f.outside = x
	return nil
}

// awaiting lists whom a check of somebody else concerns. It asks the store only,
// and this App's own checks not even that.
func (h *handler) awaiting(ctx context.Context, x *outsider) ([]store.Subject, error) {
	if x == nil || h.Awaiting == nil || x.app != 0 && x.app == h.App {
		return nil, nil
	}
	list, err := h.Awaiting(ctx, x.on.Owner, x.on.Repo, x.on.Head, x.name)
	for i := range list {
		list[i].Installation = x.on.Installation
	}
	return list, err
}
