package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/policy"
)

// beginning looks how far a repository is.
func (s *Server) beginning(ctx context.Context, owner, repo string) (b web.Beginning, err error) {
	b.Owner, b.Repo = owner, repo
	c, err := s.installationOf(ctx, owner, repo)
	if err != nil {
		return b, err
	}
	if b.Branch, err = c.DefaultBranch(ctx, owner, repo); err != nil {
		return b, err
	}
	if b.Required, b.Pinned, err = c.Required(ctx, owner, repo, b.Branch, s.config.CheckName); err != nil {
		return b, err
	}
	if _, b.HasPolicy, err = c.File(ctx, owner, repo, b.Branch, policy.Path); err != nil || b.HasPolicy {
		return b, err
	}
	paths, err := c.Paths(ctx, owner, repo, b.Branch)
	if err != nil && !errors.Is(err, github.ErrNotFound) { // an empty repository has no tree
		return b, err
	}
	b.Policy = string(policy.Init(paths, func(path string) ([]byte, bool) {
		data, found, err := c.File(ctx, owner, repo, b.Branch, path)
		return data, found && err == nil
	}))
	return b, nil
}

func (s *Server) installationOf(ctx context.Context, owner, repo string) (*github.Client, error) {
	if !s.live.Load() {
		return nil, errors.New("this server has no App yet")
	}
	found, err := s.github.InstallationOf(ctx, owner, repo)
	if err != nil {
		return nil, err
	}
	return s.github.Installation(found.ID), nil
}

// requireCheck makes a ruleset, unless the App may not.
func (s *Server) requireCheck(ctx context.Context, owner, repo string) (allowed bool, err error) {
	c, err := s.installationOf(ctx, owner, repo)
	if err != nil {
		return false, err
	}
	made, err := c.Require(ctx, owner, repo, s.config.CheckName)
	if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) { // GitHub says either
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// It is there by now, whether anybody waits for the answer or not.
	if err := s.auditRuleset(context.WithoutCancel(ctx), owner, repo, made); err != nil {
		return false, fmt.Errorf("the ruleset was made, and could not be written to the audit log: %w", err)
	}
	return true, s.lookAfter(ctx, owner, repo)
}

// auditRuleset writes down that a ruleset was made.
func (s *Server) auditRuleset(ctx context.Context, owner, repo string, ruleset int64) error {
	body, err := json.Marshal(map[string]any{"ruleset": ruleset, "action": "created", "requires": s.config.CheckName, "app": s.config.appID, "via": "set-up"})
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	return s.store.Note(ctx, store.Entry{At: s.outside.Now(), Kind: store.AuditConfiguration, Subject: owner + "/" + repo, Body: body})
}

// lookAfter sees how a repository is guarded after that was changed here, so that
// the overview does not say for a day what was. Where nothing was judged yet there
// is nothing to correct, and what GitHub does not say now is asked again later.
func (s *Server) lookAfter(ctx context.Context, owner, repo string) error {
	r, err := s.store.Repository(ctx, owner, repo)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.lookAt(ctx, r)
	return err
}
