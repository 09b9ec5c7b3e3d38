package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
)

// Options say which change is meant.
type Options struct {
	Base string              // a revision; "" means the default, see Repo.Load
	Head string              // a revision; "" means HEAD
	Env  func(string) string // the environment, for GITHUB_BASE_REF; nil means none

	Limits change.Limits // of reading contents

	// These are for the function Load, which opens the repository as well.
	Dir     string        // a folder in it
	Git     string        // the program; "" means git
	Timeout time.Duration // of one run of it; 0 means DefaultTimeout
}

// Load opens the repository that holds o.Dir and loads a change of it. The
// change reads its contents through the repository, which the caller closes.
func Load(ctx context.Context, o Options) (*change.Change, *Repo, error) {
	r, err := open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	c, err := r.Load(ctx, o)
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return c, r, nil
}

// Load loads the change between two revisions. Without a base it takes the
// branch that GITHUB_BASE_REF names; without that origin/HEAD, else main, else
// master. When none is there, or it is the head itself, a UsageError says what
// to do. A base that is given and equals the head is an empty change.
//
// Of several merge bases it takes the one that git puts first, as GitHub does.
func (r *Repo) Load(ctx context.Context, o Options) (*change.Change, error) {
	c := &change.Change{Event: change.Local, Limits: o.Limits}
	if err := r.bounds(ctx, o, c); err != nil {
		return nil, err
	}
	s := &source{repo: r, change: c}
	c.Source = s
	if len(c.Gaps) == 0 {
		if err := r.fill(ctx, c, s); err != nil {
			return nil, err
		}
	}
	c.Normalise()
	return c, nil
}

// bounds finds head and base. One that this clone does not have is a gap.
func (r *Repo) bounds(ctx context.Context, o Options, c *change.Change) error {
	rev := o.Head
	if rev == "" {
		rev = "HEAD"
	}
	head, err := r.resolve(ctx, rev)
	if c.Head, err = lacking(c, head, err); err != nil {
		return err
	}
	c.HeadRef = r.branch(ctx, rev)
	base, ref, err := r.base(ctx, o, c.Head)
	if c.Base, err = lacking(c, base, err); err != nil {
		return err
	}
	c.BaseRef, c.MergeBase = ref, c.Base
	return nil
}

// lacking turns the error about a missing commit into a gap.
func lacking(c *change.Change, commit string, err error) (string, error) {
	var gone *missingError
	if errors.As(err, &gone) {
		c.Gaps = append(c.Gaps, change.Gap{What: "commit " + gone.rev + " is missing in this clone", Remedy: gone.remedy()})
		return gone.id, nil
	}
	return commit, err
}

// fill finds the merge base, the files and the commits, and notes what it
// cannot find.
func (r *Repo) fill(ctx context.Context, c *change.Change, s *source) error {
	out, err := r.run(ctx, "merge-base", c.Base, c.Head)
	switch {
	case err != nil && exitCode(err) == 1 && len(r.cut) == 0:
		c.Gaps = append(c.Gaps, change.Gap{What: "base and head have no commit in common", Remedy: "Rebase the branch onto its base, or name another base."})
		return nil
	case err != nil && exitCode(err) == 1:
		c.Gaps = append(c.Gaps, change.Gap{What: "the clone is shallow and does not reach the merge base", Remedy: unshallow})
		return nil
	case err != nil:
		return r.gap(c, "the merge base could not be found", err)
	}
	c.MergeBase = strings.TrimSpace(string(out))
	if err := r.files(ctx, c, s); err != nil {
		return r.gap(c, "the changed files could not be listed", err)
	}
	if err := r.commits(ctx, c); err != nil {
		return r.gap(c, "the commits could not be read", err)
	}
	return r.checkCut(ctx, c)
}

// The commands that bring what a clone lacks: the history beyond its end, and
// objects that a filter left out or that are broken.
const (
	unshallow = "git fetch --unshallow origin"
	refetch   = "git fetch --refetch --no-filter origin"
)

// whole is the command that brings what this clone lacks.
func (r *Repo) whole() string {
	if len(r.cut) > 0 {
		return unshallow
	}
	return refetch
}

// exitCode is the code that git ended with, -1 when it was something else.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// gap turns an error of git into a gap; the end of time stays an error.
func (r *Repo) gap(c *change.Change, what string, err error) error {
	if ended(err) {
		return fmt.Errorf("%s: %w", what, err)
	}
	remedy := r.whole()
	if errors.Is(err, change.ErrTooLarge) {
		remedy = "Split the change into smaller ones."
	}
	c.Gaps = append(c.Gaps, change.Gap{What: what + ": " + lastLine(err), Remedy: remedy})
	return nil
}

// checkCut looks for the end of a shallow clone on either side of the merge
// base. There, commits are missing from the list, or those of the base count as
// the change's own, and the merge base is not certain either.
func (r *Repo) checkCut(ctx context.Context, c *change.Change) error {
	if len(r.cut) == 0 {
		return nil
	}
	out, err := r.run(ctx, "rev-list", c.Base+"..."+c.Head, "--")
	if err != nil {
		return r.gap(c, "the history could not be walked", err)
	}
	for line := range strings.Lines(string(out)) {
		if id := strings.TrimSuffix(line, "\n"); r.cut[id] && id != c.MergeBase {
			c.Gaps = append(c.Gaps, change.Gap{What: "the clone is shallow and ends within the change's history, at " + id, Remedy: unshallow})
			return nil
		}
	}
	return nil
}

// diffTree are the options under which a difference of trees depends on nothing
// but the trees.
var diffTree = []string{"diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"}

// files reads the raw difference of the two trees.
func (r *Repo) files(ctx context.Context, c *change.Change, s *source) error {
	out, err := r.run(ctx, append(slices.Clone(diffTree), "--raw", c.MergeBase, c.Head)...)
	if err != nil {
		return err
	}
	files, err := parseRaw(out)
	if err != nil {
		return err
	}
	raw := make([]string, len(files))
	for i, f := range files {
		raw[i] = f.Path
	}
	if s.names, err = shownNames(raw); err != nil {
		return err
	}
	for i := range files {
		files[i].Path = s.names.show(files[i].Path)
	}
	c.Files = files
	return nil
}

// What is read of the history at most.
const (
	maxCommits     = 10000
	maxCommitSize  = 1 << 20
	maxCommitsSize = 128 << 20 // of all together
)

// commits reads the commit objects that the head has and the base has not.
// Merges that bring the base's own commits again are left out with them.
func (r *Repo) commits(ctx context.Context, c *change.Change) error {
	out, err := r.run(ctx, "rev-list", "--max-count="+strconv.Itoa(r.maxCommits+1), c.Head, "^"+c.Base, "--")
	if err != nil {
		return err
	}
	ids := strings.Fields(string(out))
	if len(ids) > r.maxCommits {
		return fmt.Errorf("%w: more than %d commits", change.ErrTooLarge, r.maxCommits)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found, err := r.read(ctx, "commit", ids, change.Limits{File: maxCommitSize, Change: maxCommitsSize})
	if err != nil {
		return err
	}
	for _, id := range ids {
		o := found[id]
		if o.data == nil {
			return fmt.Errorf("commit %s: %w", id, &change.TooLargeError{Size: o.size, Limit: maxCommitSize})
		}
		c.Commits = append(c.Commits, parseCommit(id, o.data))
	}
	return nil
}
