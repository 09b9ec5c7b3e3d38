package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// Options say which change is meant.
type Options struct {
	Base string              // a revision; "" means the default, see Load
	Head string              // a revision; "" means HEAD
	Env  func(string) string // the environment, for GITHUB_BASE_REF; nil means none
	// Limits of reading contents.
	Limits change.Limits
}

// Load loads the change between two revisions. Without a base it takes the
// branch that GITHUB_BASE_REF names, else origin/HEAD, else main, else master;
// when none is there, or it is the head itself, a UsageError says what to do. A
// base that is given and equals the head is an empty change.
func (r *Repo) Load(ctx context.Context, o Options) (*change.Change, error) {
	headRev := o.Head
	if headRev == "" {
		headRev = "HEAD"
	}
	head, err := r.resolve(ctx, headRev)
	if err != nil {
		return nil, err
	}
	base, baseRef, err := r.base(ctx, o, head)
	if err != nil {
		return nil, err
	}
	c := &change.Change{
		Event: change.Local, Base: base, MergeBase: base, Head: head, BaseRef: baseRef, HeadRef: r.branch(ctx, headRev), Limits: o.Limits,
	}
	if err := r.fill(ctx, c); err != nil {
		return nil, err
	}
	c.Source = &source{repo: r, change: c}
	c.Normalise()
	return c, nil
}

// base resolves the base and its branch's name.
func (r *Repo) base(ctx context.Context, o Options, head string) (commit, ref string, err error) {
	if o.Base != "" {
		commit, err = r.resolve(ctx, o.Base)
		return commit, shortRef(o.Base), err
	}
	candidates := []string{"origin/HEAD", "main", "master"}
	if o.Env != nil && o.Env("GITHUB_BASE_REF") != "" {
		name := o.Env("GITHUB_BASE_REF")
		candidates = append([]string{"origin/" + name, name}, candidates...)
	}
	for _, rev := range candidates {
		commit, err := r.resolve(ctx, rev)
		if err != nil {
			continue
		}
		if commit == head {
			return "", "", usage("the base %s is the head itself, so there is nothing to judge; name a base with --base, or check out the branch to judge", rev)
		}
		return commit, r.named(ctx, rev), nil
	}
	return "", "", usage("no base found (tried %s); name one with --base", strings.Join(candidates, ", "))
}

// named is the branch behind origin/HEAD, or the name itself.
func (r *Repo) named(ctx context.Context, rev string) string {
	if rev == "origin/HEAD" {
		if out, err := r.there(ctx, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"); err == nil {
			return strings.TrimPrefix(strings.TrimSpace(string(out)), "refs/remotes/origin/")
		}
	}
	return shortRef(rev)
}

func shortRef(rev string) string {
	for _, prefix := range []string{"refs/heads/", "refs/remotes/origin/", "origin/"} {
		if name, ok := strings.CutPrefix(rev, prefix); ok {
			return name
		}
	}
	return rev
}

// branch is the branch that a revision names; a detached head has none.
func (r *Repo) branch(ctx context.Context, rev string) string {
	out, err := r.there(ctx, "rev-parse", "--symbolic-full-name", rev)
	if err != nil {
		return ""
	}
	full := strings.TrimSpace(string(out))
	for _, prefix := range []string{"refs/heads/", "refs/remotes/origin/"} {
		if name, ok := strings.CutPrefix(full, prefix); ok {
			return name
		}
	}
	return ""
}

// fill finds the merge base, the files and the commits, and notes what it
// cannot find.
func (r *Repo) fill(ctx context.Context, c *change.Change) error {
	out, err := r.run(ctx, "merge-base", c.Base, c.Head)
	if ctx.Err() != nil {
		return fmt.Errorf("find the merge base: %w", ctx.Err())
	}
	if err != nil {
		remedy := "Rebase the branch onto its base, or name another base."
		what := "base and head have no commit in common"
		if r.shallow(ctx) {
			what, remedy = "the clone is shallow and does not reach the merge base", "git fetch --unshallow origin"
		} else if detail := lastLine(err); !strings.HasSuffix(detail, "exit status 1") {
			what, remedy = "the merge base could not be found: "+detail, "git fetch origin"
		}
		c.Gaps = append(c.Gaps, change.Gap{What: what, Remedy: remedy})
		return nil
	}
	c.MergeBase = strings.TrimSpace(string(out))
	if err := r.files(ctx, c); err != nil {
		return r.gap(ctx, c, "the list of changed files", err)
	}
	if err := r.commits(ctx, c); err != nil {
		return r.gap(ctx, c, "the list of commits", err)
	}
	return nil
}

// gap turns an error of git into a gap; the end of the context stays an error.
func (r *Repo) gap(ctx context.Context, c *change.Change, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("load %s: %w", what, ctx.Err())
	}
	remedy := "git fetch origin"
	if r.shallow(ctx) {
		remedy = "git fetch --unshallow origin"
	}
	c.Gaps = append(c.Gaps, change.Gap{What: what + " is not complete: " + lastLine(err), Remedy: remedy})
	return nil
}

func (r *Repo) shallow(ctx context.Context) bool {
	out, err := r.there(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && strings.TrimSpace(string(out)) == "true"
}

// files reads the raw difference of the two trees.
func (r *Repo) files(ctx context.Context, c *change.Change) error {
	out, err := r.run(ctx, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", c.MergeBase, c.Head)
	if err != nil {
		return err
	}
	c.Files, err = parseRaw(out)
	return err
}

var errRaw = errors.New("git's answer cannot be read")

// parseRaw reads ":mode mode id id status\0path\0".
func parseRaw(out []byte) ([]change.File, error) {
	fields := splitNUL(out)
	if len(fields)%2 != 0 {
		return nil, errRaw
	}
	files := make([]change.File, 0, len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		meta := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(meta) != 5 || !strings.HasPrefix(fields[i], ":") || fields[i+1] == "" {
			return nil, errRaw
		}
		f := change.NewFile(fields[i+1], mode(meta[0]), id(meta[2]), mode(meta[1]), id(meta[3]))
		if f.OldMode == change.NoMode && f.Mode == change.NoMode {
			return nil, errRaw
		}
		files = append(files, f)
	}
	return files, nil
}

// mode reads six octal digits; old repositories hold other permissions, which
// git treats as 644.
func mode(s string) change.Mode {
	switch {
	case strings.Trim(s, "0") == "":
		return change.NoMode
	case strings.HasPrefix(s, "1006"):
		return change.Regular
	default:
		return change.Mode(s)
	}
}

func id(s string) string {
	if strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// commits reads the commit objects between merge base and head. Merges that
// bring the base's own commits again are left out with them.
func (r *Repo) commits(ctx context.Context, c *change.Change) error {
	out, err := r.run(ctx, "rev-list", "--end-of-options", c.Head, "^"+c.Base, "--")
	if err != nil {
		return err
	}
	ids := strings.Fields(string(out))
	if len(ids) > maxCommits {
		return fmt.Errorf("%d commits are more than the limit of %d", len(ids), maxCommits)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, commitID := range ids {
		o, err := r.object(ctx, commitID, maxCommitSize)
		if err != nil {
			return err
		}
		commit, err := parseCommit(commitID, o)
		if err != nil {
			return err
		}
		c.Commits = append(c.Commits, commit)
	}
	return nil
}

const (
	maxCommits    = 10000
	maxCommitSize = 1 << 20
)
