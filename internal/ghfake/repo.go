package ghfake

import (
	"cmp"
	"strings"
	"time"
)

// Repo is a repository.
type Repo struct {
	server        *Server
	installations map[int64]bool
	id            int64
	created       time.Time
	Owner, Name   string
	Private       bool

	objects    *store
	refs       map[string]string // branches; those of forks are owner:branch
	protected  map[string]bool
	allowed    map[string]string // logins in lower case, to their permission
	pulls      map[int]*Pull
	comments   map[int64]*comment
	labels     []*repoLabel
	runs       map[int64]*Run
	runsAt     map[string][]*Run // by commit, oldest first
	suites     map[suiteKey]*suite
	statuses   []*commitStatus
	queued     []queueEntry // of merge queues
	rulesets   []Ruleset
	requires   map[string]protection // by branch
	nextNumber int
}

// defaultBranch is the default branch of every repository.
const defaultBranch = "main"

func (r *Repo) fullName() string { return r.Owner + "/" + r.Name }

// locked runs a function while the server is still.
func locked[T any](r *Repo, do func() T) T {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return do()
}

// Share lets another installation see the repository too.
func (r *Repo) Share(installation int64) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.installations[installation] = true
}

// Commit writes a commit to a branch: the branch's files with changes. A branch
// named owner:branch is one of a fork.
func (r *Repo) Commit(branch, message string, changes Files, author Signature) string {
	return r.CommitWith(branch, message, changes, author, author)
}

// CommitWith is Commit with a committer of its own.
func (r *Repo) CommitWith(branch, message string, changes Files, author, committer Signature) string {
	return locked(r, func() string {
		c := commit{author: author, committer: committer, message: message}
		base := ""
		if tip := r.refs[branch]; tip != "" {
			c.parents, base = []string{tip}, r.objects.commits[tip].tree
		}
		c.tree = cmp.Or(r.objects.edit(base, changes), r.objects.emptyTree())
		return r.moved(branch, r.objects.putCommit(c))
	})
}

// Merge writes a merge commit to a branch. Where both sides changed a file, the
// other side wins.
func (r *Repo) Merge(branch, other, message string, author Signature) string {
	return locked(r, func() string { return r.merge(branch, r.refs[other], message, author) })
}

// MergeWith is Merge with changes that are on neither side, as somebody can make who
// merges by hand.
func (r *Repo) MergeWith(branch, other, message string, changes Files, author Signature) string {
	return locked(r, func() string {
		merged := *r.objects.commits[r.merge(branch, r.refs[other], message, author)]
		merged.tree = r.objects.edit(merged.tree, changes)
		return r.moved(branch, r.objects.putCommit(merged))
	})
}

func (r *Repo) merge(branch, other, message string, author Signature) string {
	o, tip := r.objects, r.refs[branch]
	base := ""
	if c := o.commits[o.mergeBase(tip, other)]; c != nil {
		base = c.tree
	}
	tree := o.merge(base, o.commits[tip].tree, o.commits[other].tree)
	id := o.putCommit(commit{tree: tree, parents: []string{tip, other}, author: author, committer: author, message: message})
	return r.moved(branch, id)
}

// moved sets a branch and the heads of its pull requests.
func (r *Repo) moved(branch, id string) string {
	before := r.refs[branch]
	r.refs[branch] = id
	for _, p := range r.pulls {
		if p.headRef() == branch && p.State == "open" && before != id {
			p.before, p.HeadSHA, p.updated = before, id, r.server.now()
		}
	}
	return id
}

// Branch makes or moves a branch to a commit or to another branch's tip; a move
// back is a forced push.
func (r *Repo) Branch(name, at string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.moved(name, cmp.Or(r.refs[at], at))
}

// DeleteBranch removes a branch.
func (r *Repo) DeleteBranch(name string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.refs, name)
}

// Protect protects a branch.
func (r *Repo) Protect(branch string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.protected[branch] = true
}

// Allow gives an account a permission: admin, maintain, write, triage, read.
func (r *Repo) Allow(login, permission string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.allowed[strings.ToLower(login)] = permission
}

// Tip is a branch's commit.
func (r *Repo) Tip(branch string) string {
	return locked(r, func() string { return r.refs[branch] })
}

// Content is a file's content at a branch, and "" when there is no such file.
func (r *Repo) Content(branch, path string) string {
	return locked(r, func() string {
		c := r.objects.commits[r.refs[branch]]
		if c == nil {
			return ""
		}
		e, _ := r.objects.lookup(c.tree, path)
		return string(r.objects.blobs[e.id])
	})
}

// AddObject adds a git object by its kind and raw content, so that a repository
// can be copied from a clone; [Repo.Branch] then sets the branches.
func (r *Repo) AddObject(kind string, raw []byte) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.objects.add(kind, raw)
}

// resolve finds a commit by branch, full reference name or id.
func (r *Repo) resolve(rev string) *commit {
	o := r.objects
	for _, name := range []string{rev, strings.TrimPrefix(rev, "heads/"), strings.TrimPrefix(rev, "refs/heads/")} {
		if id, ok := r.refs[name]; ok {
			return o.commits[id]
		}
	}
	if rev == "HEAD" {
		rev = r.refs[defaultBranch]
	}
	if to, ok := o.tags[rev]; ok {
		rev = to
	}
	if c, ok := o.commits[rev]; ok || len(rev) < minAbbreviation {
		return c
	}
	return o.abbreviated(rev)
}

// minAbbreviation is the shortest part of an id that GitHub takes for one.
const minAbbreviation = 7

// abbreviated finds the only commit whose id begins so.
func (o *store) abbreviated(prefix string) *commit {
	var found *commit
	for id, c := range o.commits {
		if strings.HasPrefix(id, prefix) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// tree is the tree of a commit; an empty id has an empty one.
func (r *Repo) tree(commitID string) string {
	if c := r.objects.commits[commitID]; c != nil {
		return c.tree
	}
	return ""
}

// compare are the files that differ between a merge base and a head.
func (r *Repo) compare(base, head string) []*fileDiff {
	return r.objects.diff(r.tree(r.objects.mergeBase(base, head)), r.tree(head))
}
