package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/verdict"
)

// pages says what the dashboard may know and do.
func (s *Server) pages() (web.Config, error) {
	c := web.Config{
		Store: s.store, Logger: s.outside.Logger, Now: s.outside.Now, PublicURL: s.config.PublicURL, GitHub: s.site().PagesURL(),
		Try: s.whatIf, Blast: s.blast, Facts: s.facts,
	}
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

// whatIf judges a change again for a page.
func (s *Server) whatIf(ctx context.Context, stored store.Verdict, t web.Trial) (was, is *verdict.Verdict, err error) {
	was, is, err = s.guard.Try(ctx, stored, guard.Trial(t))
	if errors.Is(err, guard.ErrNotKept) {
		err = fmt.Errorf("%w: %w", web.ErrNotKept, err)
	}
	return was, is, err
}

// blast judges the last pull requests of a repository for a page.
func (s *Server) blast(ctx context.Context, owner, repo string, policy []byte, limit int) ([]web.Past, error) {
	found, err := s.guard.Blast(ctx, owner, repo, policy, limit)
	if err != nil {
		return nil, err
	}
	list := make([]web.Past, len(found))
	for i, p := range found {
		list[i] = web.Past(p)
	}
	return list, nil
}

// facts are what the server knows of itself.
func (s *Server) facts(ctx context.Context) (web.Facts, error) {
	last, err := s.guard.Reconciled(ctx)
	if err != nil {
		return web.Facts{}, err
	}
	f := s.vitals.read()
	f.Reconciled, f.Redelivered, f.Evaluated = last.At, last.Redelivered, last.Evaluated
	return f, nil
}
