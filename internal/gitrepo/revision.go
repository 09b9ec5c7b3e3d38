package gitrepo

import (
	"context"
	"fmt"
	"strings"
)

// A missingError is about an object that a revision names and the clone lacks.
type missingError struct{ rev, id string }

func (e *missingError) Error() string {
	return fmt.Sprintf("commit %s is missing in this clone; `%s` brings it", e.rev, e.remedy())
}

func (e *missingError) remedy() string { return "git fetch origin " + e.id }

// resolve turns a revision into a commit id.
func (r *Repo) resolve(ctx context.Context, rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "\x00\n") {
		return "", usage("%q is no revision", rev)
	}
	if id := r.quickCommit(ctx, rev); id != "" {
		return id, nil
	}
	out, said, err := r.thereSaying(ctx, nil, "rev-parse", "--verify", rev+"^{commit}")
	switch {
	case ended(err):
		return "", err
	case err != nil:
		return "", r.unresolved(ctx, rev)
	case strings.Contains(said, "is ambiguous"):
		// Git would take the tag. Whoever can make a tag would then choose the
		// base, and with it the policy.
		return "", usage("%q is the name of several things here; write refs/heads/%s for the branch", rev, rev)
	}
	return strings.TrimSpace(string(out)), nil
}

// unresolved says why a revision is no commit.
func (r *Repo) unresolved(ctx context.Context, rev string) error {
	out, err := r.there(ctx, "rev-parse", "--verify", rev)
	switch id := strings.TrimSpace(string(out)); {
	case ended(err):
		return err
	case err != nil && rev == "HEAD":
		return usage("HEAD is no commit: nothing is committed yet")
	case err != nil || !r.isID(id):
		return usage("%s is no commit in this repository; `git fetch origin` may bring it", rev)
	default:
		found, err := r.stat(ctx, []string{id})
		if err != nil {
			return err
		}
		if kind := found[id].kind; kind != "" && kind != "tag" {
			return usage("%s is a %s, no commit", rev, kind)
		}
		return &missingError{rev, id}
	}
}

// isID reports whether a text is a whole object id of this repository.
func (r *Repo) isID(s string) bool {
	return len(s) == r.idSize && strings.Trim(s, "0123456789abcdef") == ""
}

// Base is the commit whose policy judges changes here, and its branch's name: by
// o.Base or the defaults of [Repo.Load], whatever is checked out.
func (r *Repo) Base(ctx context.Context, o Options) (commit, branch string, err error) {
	return r.base(ctx, o, "")
}

// base resolves the base and its branch's name.
func (r *Repo) base(ctx context.Context, o Options, head string) (commit, ref string, err error) {
	if o.Base != "" {
		commit, err = r.resolve(ctx, o.Base)
		return commit, r.branch(ctx, o.Base), err
	}
	tried := []string{"refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"}
	wanted := ""
	if o.Env != nil {
		wanted = o.Env("GITHUB_BASE_REF")
	}
	if wanted != "" {
		tried = []string{"refs/remotes/origin/" + wanted, "refs/heads/" + wanted}
	}
	name, ref, err := r.first(ctx, tried)
	switch {
	case err != nil:
		return "", "", err
	case name == "" && wanted != "":
		// Another base would have another policy.
		return "", "", usage("GITHUB_BASE_REF is %q, which is no branch here; run `git fetch origin %s`, or name a base with --base", wanted, wanted)
	case name == "":
		return "", "", usage("no base found (tried origin/HEAD, main, master); name one with --base")
	}
	if commit, err = r.resolve(ctx, name); err == nil && commit == head {
		return "", "", usage("the base %s is the head itself, so there is nothing to judge; name a base with --base, or check out the branch to judge", shortRef(name))
	}
	return commit, ref, err
}

// first returns the first of some full names that exists, and the branch that
// it stands for. Full names leave no choice: a tag called main is not main.
func (r *Repo) first(ctx context.Context, names []string) (name, branch string, err error) {
	if r.quick != nil {
		if name, branch, told := r.quick.quickFirst(names); told {
			return name, branch, nil
		}
	}
	out, err := r.there(ctx, append([]string{"for-each-ref", "--format=%(refname) %(symref)"}, names...)...)
	if err != nil {
		return "", "", err
	}
	targets := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		full, target, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		targets[full] = target
	}
	for _, name := range names {
		if target, ok := targets[name]; ok {
			if target == "" {
				target = name
			}
			return name, branchName(target), nil
		}
	}
	return "", "", nil
}

// shortRef is a full name as people write it.
func shortRef(full string) string {
	return strings.TrimPrefix(strings.TrimPrefix(full, "refs/heads/"), "refs/remotes/")
}

// branchName is the branch of a full name, "" when it is none.
func branchName(full string) string {
	if name, ok := strings.CutPrefix(full, "refs/heads/"); ok {
		return name
	}
	if remote, ok := strings.CutPrefix(full, "refs/remotes/"); ok {
		_, name, _ := strings.Cut(remote, "/")
		return name
	}
	return ""
}

// branch is the branch that a revision names, "" for a commit's id or a detached
// head.
func (r *Repo) branch(ctx context.Context, rev string) string {
	if strings.HasPrefix(rev, "-") {
		return ""
	}
	out, err := r.there(ctx, "rev-parse", "--symbolic-full-name", rev)
	if err != nil {
		return "" // resolve says what is wrong with it
	}
	return branchName(strings.TrimSpace(string(out)))
}
