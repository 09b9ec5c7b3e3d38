package github

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/changeguard/changeguard/change"
)

// ErrBudget says that no further request is made for what somebody asked for,
// so that nobody can use up the hour of an installation.
var ErrBudget = errors.New("it would take more requests to GitHub than are spent on it")

type budgetKey struct{}

// WithBudget bounds how many requests are made for a context: further ones fail
// with [ErrBudget]. The token, which lasts an hour, is not counted.
func WithBudget(ctx context.Context, requests int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(requests))
	return context.WithValue(ctx, budgetKey{}, left)
}

// spend takes a request from the context's budget.
func spend(ctx context.Context) error {
	left, ok := ctx.Value(budgetKey{}).(*atomic.Int64)
	if ok && left.Add(-1) < 0 {
		return ErrBudget
	}
	return nil
}

// Contents reads the two trees of a change that is known, as those of one that
// was loaded are read. Its lines are counted by their contents.
func (c *Client) Contents(owner, repo, mergeBase, head string) change.Source {
	return &source{client: c, in: Range{Owner: owner, Repo: repo, Base: mergeBase, Head: head}, mergeBase: mergeBase, whole: true, lines: make(map[string]counted)}
}
