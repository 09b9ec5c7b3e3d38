package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

// GitHooks are the hooks of git that the guard answers.
func GitHooks() []string { return []string{"pre-commit", "commit-msg", "pre-push"} }

// git answers one of git's hooks: why it is refused, "" when it is not.
func (k HookRun) git(ctx context.Context) (reason string, err error) {
	g, err := k.open(ctx, ".")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, g.repo.Close()) }()
	if g.observing() && len(g.paths) == 0 && k.Git != "commit-msg" {
		return "", nil
	}
	if g.problem != "" {
		return "", errors.New(g.problem)
	}
	switch k.Git {
	case "pre-commit":
		return g.commit(ctx, "Staged\n")
	case "commit-msg":
		return k.commitMessage(ctx, g)
	default:
		return k.push(ctx, g)
	}
}

// commitMessage adds the declaration to the message and judges the commit as it
// will be.
func (k HookRun) commitMessage(ctx context.Context, g *guarded) (string, error) {
	if len(k.Args) != 1 {
		return "", errors.New("commit-msg wants one file with the message")
	}
	if g.mode != "" {
		if err := g.repo.AddTrailers(ctx, k.Args[0], session.ModeTrailer+": "+g.mode, session.SessionTrailer+": "+g.id); err != nil {
			return "", err
		}
	}
	if g.observing() && len(g.paths) == 0 {
		return "", nil
	}
	message, err := readFile(k.Args[0], 1<<20)
	if err != nil {
		return "", err
	}
	return g.commit(ctx, string(message))
}

// commit judges what is staged as one commit.
func (g *guarded) commit(ctx context.Context, message string) (string, error) {
	parent, head, err := g.repo.Staged(ctx, message, g.env)
	if err != nil || parent == "" {
		return "", err
	}
	return g.between(ctx, parent, head)
}

// between judges the commits between two by the base's policy.
func (g *guarded) between(ctx context.Context, base, head string) (string, error) {
	c, err := g.repo.Load(ctx, gitrepo.Options{Base: base, Head: head})
	if err != nil {
		return "", err
	}
	c.HeadRef = g.where.Branch
	for _, f := range c.Files {
		if reason := g.outOfBounds(target{path: f.Path}); reason != "" {
			return reason, nil
		}
	}
	v, err := verdict.Judge(ctx, verdict.Input{Change: c, Layers: g.layers, Kinds: catalogue.Kinds(), Record: g.record(), Engine: version.Engine()})
	if err != nil {
		return "", err
	}
	if v.Observed {
		return "", nil
	}
	if v.Outcome == verdict.Incomplete {
		return "", errors.New(v.Title)
	}
	reason := refusal(v, func(verdict.Finding) bool { return true })
	if remedies, _ := report.Remedies(v); reason != "" && len(remedies) > 0 {
		reason += "\n" + report.Visible(remedies[0])
	}
	return reason, nil
}

// push judges every branch that is pushed, from its base. What goes to the base's
// own branch is judged from what is there.
func (k HookRun) push(ctx context.Context, g *guarded) (string, error) {
	lines := bufio.NewScanner(k.Stdin)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 4 {
			return "", fmt.Errorf("git said %q, which is no branch to push", lines.Text())
		}
		local, remote := f[1], f[3]
		if strings.Trim(local, "0") == "" {
			continue // a branch is deleted
		}
		base := g.base
		if base == local && strings.Trim(remote, "0") != "" {
			base = remote
		}
		if reason, err := g.between(ctx, base, local); reason != "" || err != nil {
			return reason, err
		}
	}
	return "", lines.Err()
}

// declaredFor reads what `changeguard session start` declared for the branch that
// a check judges.
func declaredFor(ctx context.Context, repo *gitrepo.Repo, c *change.Change) (session.Record, error) {
	if c.HeadRef == "" {
		return session.Record{}, nil
	}
	values, err := repo.BranchConfig(ctx, c.HeadRef, configPrefix)
	if err != nil {
		return session.Record{}, err
	}
	return declaredRecord(last(values[configMode]), c.HeadRef), nil
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
