package ghfake

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Pull is a pull request. Its fields are read and written by the server.
type Pull struct {
	Number int
	Title  string
	Body   string
	Author Account
	// Base and Head are branches. A head owner:branch is a fork's.
	Base, Head string
	HeadSHA    string
	BaseSHA    string // frozen when it is closed
	Draft      bool
	Fork       bool   // also when Head has no owner
	ForkGone   bool   // the fork was deleted
	State      string // open, closed
	Merged     bool
	// NoMaintainerEdits forbids maintainers to push to the head.
	NoMaintainerEdits bool

	id                       int64
	before                   string // the head before the last push
	created, updated, closed time.Time
	written                  time.Time // the body anew
	mergedBy                 string
	mergeCommit              string
	testMerge                string // what merging would make
	labels                   []label
	events                   []labelEvent
	reviews                  []*Review
	asked                    []string // whose reviews are requested: logins, and teams as org/slug
}

type label struct{ name, by string }

// labelEvent is one entry of the timeline.
type labelEvent struct {
	name, by string
	set      bool
	at       time.Time
}

// A Review is one of a pull request.
type Review struct {
	ID     int64
	By     string
	State  string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED
	Body   string
	Commit string
	At     time.Time
}

// headRef is the name of the head among the repository's refs.
func (p *Pull) headRef() string { return p.Head }

// headBranch is the head without its owner.
func (p *Pull) headBranch() string {
	_, branch, ok := strings.Cut(p.Head, ":")
	if !ok {
		return p.Head
	}
	return branch
}

// headOwner is the owner of the head's repository.
func (p *Pull) headOwner(r *Repo) string {
	owner, _, ok := strings.Cut(p.Head, ":")
	switch {
	case ok:
		return owner
	case p.Fork:
		return "fork"
	}
	return r.Owner
}

// Open opens a pull request from a branch. Fields left empty are filled in.
func (r *Repo) Open(p Pull) *Pull {
	return locked(r, func() *Pull {
		r.nextNumber++
		p.Number, p.State, p.HeadSHA, p.id = r.nextNumber, "open", r.refs[p.Head], r.server.id()
		p.created, p.updated = r.server.now(), r.server.now()
		p.Fork = p.Fork || strings.Contains(p.Head, ":")
		known := r.server.account(cmp.Or(p.Author.Login, "octocat"))
		p.Author = Account{
			cmp.Or(p.Author.Login, known.Login), cmp.Or(p.Author.ID, known.ID), cmp.Or(p.Author.Type, known.Type), cmp.Or(p.Author.Email, known.Email),
		}
		*known = p.Author
		r.pulls[p.Number] = &p
		return &p
	})
}

// base is the commit that the pull request is compared with.
func (p *Pull) base(r *Repo) string {
	if p.State == "closed" {
		return p.BaseSHA
	}
	return r.refs[p.Base]
}

// Label sets a label.
func (r *Repo) Label(number int, name, by string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.pulls[number].setLabel(r, name, by)
}

func (p *Pull) setLabel(r *Repo, name, by string) {
	r.server.account(by)
	p.updated = r.server.now()
	p.labels = slices.DeleteFunc(p.labels, func(l label) bool { return strings.EqualFold(l.name, name) })
	p.labels = append(p.labels, label{name, by})
	p.events = append(p.events, labelEvent{name, by, true, p.updated})
}

// Unlabel takes a label away.
func (r *Repo) Unlabel(number int, name string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	p.removeLabel(r, name, p.Author.Login)
}

func (p *Pull) removeLabel(r *Repo, name, by string) bool {
	n := len(p.labels)
	p.labels = slices.DeleteFunc(p.labels, func(l label) bool { return strings.EqualFold(l.name, name) })
	if len(p.labels) == n {
		return false
	}
	p.updated = r.server.now()
	p.events = append(p.events, labelEvent{name, by, false, p.updated})
	return true
}

// Edit changes a pull request.
func (r *Repo) Edit(number int, change func(p *Pull)) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	before := p.Body
	change(p)
	p.updated = r.server.now()
	if p.Body != before {
		p.written = p.updated
	}
}

// Delete removes a pull request, as if its repository had gone.
func (r *Repo) Delete(number int) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.pulls, number)
}

// Close closes a pull request.
func (r *Repo) Close(number int) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.pulls[number].close(r)
}

func (p *Pull) close(r *Repo) {
	p.BaseSHA = p.base(r)
	p.State, p.closed, p.updated = "closed", r.server.now(), r.server.now()
}

// Reopen opens a pull request again.
func (r *Repo) Reopen(number int) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	p.State, p.closed = "open", time.Time{}
	if tip, ok := r.refs[p.headRef()]; ok {
		p.HeadSHA = tip
	}
}

// MergePull merges a pull request with a merge commit, whose id it returns.
func (r *Repo) MergePull(number int, by string, author Signature) string {
	return locked(r, func() string {
		p := r.pulls[number]
		p.close(r)
		p.Merged, p.mergedBy = true, by
		p.mergeCommit = r.merge(p.Base, p.HeadSHA, "Merge pull request #"+itoa(number)+" from "+p.Head, author)
		return p.mergeCommit
	})
}

// Review adds a review of the present head and returns it.
func (r *Repo) Review(number int, by, state, body string) Review {
	return locked(r, func() Review {
		p := r.pulls[number]
		r.server.account(by)
		v := &Review{r.server.id(), by, state, body, p.HeadSHA, r.server.now()}
		p.reviews = append(p.reviews, v)
		return *v
	})
}

// Dismiss dismisses a review.
func (r *Repo) Dismiss(number int, id int64) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	for _, v := range r.pulls[number].reviews {
		if v.ID == id {
			v.State = "DISMISSED"
		}
	}
}
