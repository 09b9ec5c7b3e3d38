package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/session"
)

// The keys of a branch's configuration that declare its session: the mode, the
// session's id, and the globs of the paths that it is held to.
const (
	configPrefix  = "changeguard-"
	configMode    = "mode"
	configSession = "session"
	configPath    = "path"
)

// SessionStart is what `changeguard session start` was asked.
type SessionStart struct {
	Repo, Mode, Base string
	Paths            []string
	Env              func(string) string
}

// Run declares the session and returns the exit code.
func (k SessionStart) Run(ctx context.Context, stdout, stderr io.Writer) int {
	text, warning, err := k.start(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "changeguard session start:", err)
		return ExitUsage
	}
	if warning != "" {
		fmt.Fprintln(stderr, "changeguard session start:", warning)
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return ExitUsage
	}
	return ExitPass
}

func (k SessionStart) start(ctx context.Context) (text, warning string, err error) {
	g, err := HookRun{Base: k.Base, Env: k.Env}.open(ctx, k.Repo)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, g.repo.Close()) }()
	if g.where.Branch == "" {
		return "", "", errors.New("no branch is checked out, and a session is declared for a branch; run `git switch -c NAME` first")
	}
	if err := k.check(g); err != nil {
		return "", "", err
	}
	id := g.id
	if id == "" || g.mode == "" {
		id = newID()
	}
	if len(k.Paths) == 0 {
		k.Paths = g.paths
	}
	values := [][]string{{configMode, k.Mode}, {configSession, id}, append([]string{configPath}, k.Paths...)}
	for _, v := range values {
		if err := g.repo.SetBranchConfig(ctx, g.where.Branch, configPrefix+v[0], v[1:]...); err != nil {
			return "", "", err
		}
	}
	if _, err := installGit(ctx, g.repo, g.where, k.Base, false); err != nil {
		return "", "", err
	}
	held := ""
	if len(k.Paths) > 0 {
		held = ", held to " + strings.Join(k.Paths, ", ")
	}
	return fmt.Sprintf("Branch %s is a session declared %s%s. Its commits get the trailers %s and %s by git's hooks.\nFor the agent's own tools: `changeguard hook install AGENT`.\n",
		g.where.Branch, k.Mode, held, session.ModeTrailer, session.SessionTrailer), k.onTrunk(g), nil
}

// onTrunk is what to say where the branch is the one that changes are judged
// against: a session there holds whoever commits to it, and sticks.
func (k SessionStart) onTrunk(g *guarded) string {
	if g.where.Branch != g.trunk {
		return ""
	}
	key := "branch." + g.where.Branch + "." + configPrefix
	undo := "git config --unset-all " + key + configMode
	if len(k.Paths) > 0 {
		undo += " && git config --unset-all " + key + configPath
	}
	return fmt.Sprintf("%s is the base that changes are judged against, and it is a session now: every commit on it is held to %s. If you meant a branch of its own, run `%s`, then `git switch -c NAME`, and start the session there.",
		g.where.Branch, k.Mode, undo)
}

func newID() string {
	var id [8]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// check holds the request against the policy and against a session that is
// declared already: a declaration only tightens.
func (k SessionStart) check(g *guarded) error {
	var known []string
	found := false
	for _, l := range g.layers {
		if l.Policy == nil {
			return errors.New("the policy on the base does not load; see `changeguard policy lint`")
		}
		for _, s := range l.Policy.Specs() {
			known = append(known, s.Name)
			found = found || s.Name == k.Mode
		}
	}
	switch {
	case k.Mode == "":
		return fmt.Errorf("--mode is missing; the policy knows %s", strings.Join(known, ", "))
	case !found:
		return errors.New(nearest.Unknown("mode", k.Mode, known))
	case g.mode != "" && g.mode != k.Mode:
		return fmt.Errorf("branch %s is declared %s already; a declaration sticks, so start another branch from the base", g.where.Branch, g.mode)
	}
	if len(g.paths) > 0 && len(k.Paths) > 0 && !slices.Equal(g.paths, k.Paths) {
		return fmt.Errorf("branch %s is held to %s already; a declaration sticks, so start another branch from the base for other paths", g.where.Branch, strings.Join(g.paths, ", "))
	}
	for _, p := range k.Paths {
		if err := pathset.Validate(p); err != nil {
			return fmt.Errorf("--paths %s: %w", p, err)
		}
	}
	return nil
}

// declared reads what the checked out branch was declared to be.
func (g *guarded) declared(ctx context.Context) error {
	if g.where.Branch == "" {
		return nil
	}
	values, err := g.repo.BranchConfig(ctx, g.where.Branch, configPrefix)
	if err != nil {
		return err
	}
	g.mode, g.id, g.paths = last(values[configMode]), last(values[configSession]), values[configPath]
	return nil
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// permittedPath reports whether globs let a session touch a path.
func permittedPath(globs []string, path string) (bool, error) {
	if len(globs) == 0 {
		return true, nil
	}
	m, err := pathset.Compile(pathset.Permit, globs...)
	return err == nil && m.Match(path), err
}
