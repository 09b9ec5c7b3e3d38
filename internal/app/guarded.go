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

// How GitHub is asked how repositories are guarded: each once a day while
// something was judged in it lately, a few at a time, each within a bound.
const (
	lookEvery    = 10 * time.Minute
	lookAgain    = 24 * time.Hour
	lookedLately = 30 * 24 * time.Hour
	lookAtOnce   = 6
	lookRequests = 12
)

func (s *Server) lookouts() queue.Periodic {
	return queue.Periodic{Name: "see how repositories are guarded", Every: lookEvery, Do: s.lookHowGuarded}
}

// lookHowGuarded asks GitHub what the doctor asks. What could not be asked is
// noted as such and asked again the next day; a rate limit ends the round.
func (s *Server) lookHowGuarded(ctx context.Context) error {
	now := s.outside.Now()
	list, err := s.store.Unchecked(ctx, now.Add(-lookAgain), now.Add(-lookedLately), lookAtOnce)
	if err != nil {
		return err
	}
	for _, r := range list {
		body, limited, err := s.guarded(ctx, r)
		if err != nil || limited {
			return err
		}
		if err := s.store.SetGuarded(ctx, r.Name, body, s.outside.Now()); err != nil {
			return err
		}
	}
	return nil
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
