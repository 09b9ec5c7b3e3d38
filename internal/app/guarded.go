package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
)

// How GitHub is asked how repositories are guarded: each soon after something was
// judged in it first, then once a day while something was judged in it lately; a
// few at a time, each within a bound.
const (
	lookEvery    = 10 * time.Minute
	newEvery     = time.Minute
	lookAgain    = 24 * time.Hour
	lookedLately = 30 * 24 * time.Hour
	lookAtOnce   = 6
	lookRequests = 12
)

func (s *Server) lookouts() []queue.Periodic {
	return []queue.Periodic{
		{Name: "see how repositories are guarded", Every: lookEvery, Do: s.lookHowGuarded},
		{Name: "see how new repositories are guarded", Every: newEvery, Do: s.LookAtNew},
	}
}

// lookHowGuarded asks GitHub what the doctor asks, where that is a day ago.
func (s *Server) lookHowGuarded(ctx context.Context) error {
	return s.look(ctx, s.outside.Now().Add(-lookAgain))
}

// LookAtNew asks it of those of which it was never asked, so that nobody who
// looks at the overview for the first time reads that nothing is known.
func (s *Server) LookAtNew(ctx context.Context) error { return s.look(ctx, time.UnixMicro(1)) }

// look asks about repositories of which GitHub was not asked since a time. What
// could not be asked is noted as such and asked again the next day; a rate limit
// ends the round.
func (s *Server) look(ctx context.Context, since time.Time) error {
	list, err := s.store.Unchecked(ctx, since, s.outside.Now().Add(-lookedLately), lookAtOnce)
	if err != nil {
		return err
	}
	for _, r := range list {
		if limited, err := s.lookAt(ctx, r); err != nil || limited {
			return err
		}
	}
	return nil
}

// lookAt asks about one, and notes the answer.
func (s *Server) lookAt(ctx context.Context, r store.Repository) (limited bool, err error) {
	body, limited, err := s.guarded(ctx, r)
	if err != nil || limited {
		return limited, err
	}
	return false, s.store.SetGuarded(ctx, r.Name, body, s.outside.Now())
}

func (s *Server) guarded(ctx context.Context, r store.Repository) (body []byte, limited bool, err error) {
	owner, repo, ok := strings.Cut(r.Name, "/")
	if !ok {
		return nil, false, fmt.Errorf("%q is no repository", r.Name)
	}
	ctx, cancel := context.WithTimeout(github.WithBudget(ctx, lookRequests), time.Minute)
	defer cancel()
	x := &examination{Doctor: Doctor{Config: s.config, Owner: owner, Repo: repo, Now: s.outside.Now}, app: s.github, web: webOf(s.config.GitHubURL)}
	g := web.Guarded{}
	if x.grants(ctx) {
		rules, branch, err := x.client.BranchRules(ctx, owner, repo, "")
		var limit *github.LimitError
		if errors.As(err, &limit) {
			return nil, true, nil
		}
		if err == nil {
			g.Branch, g.Required, g.Pinned = branch, "no", "no"
			x.stands(&g, rules)
		}
		x.requirement(ctx)
	}
	for _, d := range x.list {
		if d.About == exemption && d.State == ill { // GitHub names them to administrators alone
			d.Says, d.Page = "the check can be bypassed; changeguard doctor says by whom", ""
		}
		g.Found = append(g.Found, web.Finding(d))
	}
	body, err = json.Marshal(g)
	return body, false, err
}

// stands says whether the check is required, and from whom.
func (x *examination) stands(g *web.Guarded, rules []github.Required) {
	for _, r := range rules {
		if r.Name != x.Config.CheckName {
			continue
		}
		g.Required = "yes"
		switch {
		case r.App == x.Config.appID:
			g.Pinned = "yes"
		case r.PinUnknown && g.Pinned == "no":
			g.Pinned = ""
		}
	}
}
