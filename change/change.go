// Package change describes one proposed change to a repository: what a pull
// request, a push, a merge group or a local branch would do to its base.
//
// # The model
//
// A change is plain data. It is bounded by three commits: the base (the tip of
// the branch that would receive it, where policy is read), the merge base
// (where the change departed, which its differences are asked from) and the
// head. Between merge base and head lie its files, each with both names, both
// modes and both blob ids, and its commits. Around it stand the facts that
// only a forge knows: title, body, labels, branches and the author.
//
// Contents are not part of the data. They are read through [Change.Read],
// which counts, limits and caches them, so that a rule behaves the same over
// GitHub's API and over a local clone, and so that it is known afterwards what
// was looked at.
//
// What could not be loaded is a [Gap]. A change with a gap must never be
// judged green: every loader records what is missing instead of leaving it out.
//
// Whether two contents differ in nothing but comments and white space is said by
// [Cosmetic], for the languages that it knows: C, C++, C#, CSS, Go, Java,
// JavaScript and TypeScript with their elements, JSON, Kotlin, Python, Rust,
// shell, SQL and Swift. What cannot be proved is not cosmetic.
//
// The package knows nothing of GitHub, of git's commands, of time or of the
// network.
package change

import (
	"cmp"
	"slices"
	"sync"
)

// Event names the occasion on which a change is judged.
type Event string

// The events that a policy can tell apart.
const (
	PullRequest Event = "pull_request"
	MergeGroup  Event = "merge_group"
	Push        Event = "push"
	Local       Event = "local"
)

// A Change is one proposed change. Loaders fill its exported fields and call
// [Change.Normalise] once; afterwards nobody changes it. It is safe for
// concurrent use from then on.
type Change struct {
	Event  Event
	Repo   string // "owner/name"; empty for a local change
	Number int    // of the pull request; 0 without one

	Base      string // commit id of the base branch's tip, where policy is read
	MergeBase string // commit id that differences are asked from
	Head      string // commit id

	BaseRef       string // branch names without refs/heads/; empty when unknown
	HeadRef       string
	HeadProtected bool // the head is a protected branch of the same repository
	Fork          bool // the head lives in another repository
	Draft         bool

	Title  string
	Body   string
	Labels []Label
	Author Person // who opened it; the zero Person when nobody did

	Files   []File   // sorted by path
	Commits []Commit // parents before children, see SortCommits
	Gaps    []Gap

	Source Source // where contents come from; nil means that none can be read
	// Evidence is what others say of the head; nil means that nobody knows.
	Evidence Evidence
	Limits   Limits // of reading; zero fields mean the defaults

	reading sync.Mutex // guards contents
	content contents
}

// MaxTitle is the longest title in bytes that a forge takes: GitHub's have at most
// 256 characters. A longer one did not come from there, and is not judged.
const MaxTitle = 1024

// A Label is one label of a pull request.
type Label struct {
	Name string
	// ByAuthor is true when the author of the change set it, or when it is not
	// known who did. Only a label that somebody else set may relax a judgement.
	ByAuthor bool
}

// AccountKind is what GitHub calls an account's type.
type AccountKind string

// The kinds of account.
const (
	User         AccountKind = "User"
	Bot          AccountKind = "Bot"
	Organization AccountKind = "Organization"
)

// A Person is an account as the forge authenticated it.
type Person struct {
	Login string
	ID    int64
	Kind  AccountKind
}

// A Gap is something of the change that could not be loaded.
type Gap struct {
	What   string // in plain words, lower case: "4 of 312 files"
	Remedy string // the command or step that mends it; may be empty
}

// Normalise puts files and commits into the canonical order and finds renames,
// so that every source yields the same change.
func (c *Change) Normalise() {
	c.Files = pairRenames(c.Files)
	slices.SortFunc(c.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	c.Commits = SortCommits(c.Commits)
	slices.SortFunc(c.Labels, func(a, b Label) int {
		if a.Name == b.Name && a.ByAuthor != b.ByAuthor {
			if a.ByAuthor {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Name, b.Name)
	})
}

// Paths lists every name that the change touches, old and new, once each and
// sorted.
func (c *Change) Paths() []string {
	paths := make([]string, 0, len(c.Files))
	for _, f := range c.Files {
		paths = append(paths, f.Path)
		if f.OldPath != "" {
			paths = append(paths, f.OldPath)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
