package session

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// commit is what a declaration needs to know of a commit.
type commit struct {
	id       string
	where    string
	trailers []change.Trailer
	// sessions are those that the commit belongs to: one for each id that its
	// message names, or that of its author. A squash merge belongs to several.
	sessions []string
}

// commits are those of a change, by place, by id and by session.
type commits struct {
	list      []commit
	byID      map[string]int
	bySession map[string][]int
	// onlyIDs is true where an author's commits are no session: on a protected
	// head branch the work of many tasks flows together.
	onlyIDs bool
}

func readCommits(c *change.Change) commits {
	all := commits{byID: make(map[string]int), bySession: make(map[string][]int), onlyIDs: c.HeadProtected}
	for i, one := range c.Commits {
		read := commit{one.ID, commitPlace(one.ID), change.Trailers(one.Message), sessionsOf(one)}
		all.list = append(all.list, read)
		all.byID[one.ID] = i
		for _, s := range read.sessions {
			all.bySession[s] = append(all.bySession[s], i)
		}
	}
	return all
}

// A session's key tells how it was told apart.
const (
	byID     = "id "
	byAuthor = "author "
	maxEmail = 254 // bytes; longer ones are no addresses
)

// sessionsOf names the sessions of a commit. An id that cannot be read is none:
// the author's session, which is wider, is meant then.
func sessionsOf(c change.Commit) []string {
	var keys []string
	for _, id := range sessionIDs(c.Message) {
		if key := byID + id; !slices.Contains(keys, key) && len(keys) < maxIDs {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		email := asciiLower(strings.TrimSpace(c.Author.Email))
		keys = []string{byAuthor + strings.ToValidUTF8(email[:min(len(email), maxEmail)], "")}
	}
	return keys
}

// binding is what one mode binds of a change, and why.
type binding struct {
	commits  *commits
	whole    bool
	at       map[int]bool    // places of commits
	seen     map[string]bool // sessions, those of them that bind commits in order
	sessions []string
	evidence []Evidence // what declared it
	shown    []Evidence // the same as the verdict shows it
}

func newBinding(c *commits) *binding {
	return &binding{commits: c, at: make(map[int]bool), seen: make(map[string]bool)}
}

func (b *binding) applies() bool { return b.whole || len(b.at) > 0 }

func (b *binding) keep(declared, shown Evidence) {
	declared = declared.clipped()
	if len(b.evidence) < maxDeclared && !slices.Contains(b.evidence, declared) {
		b.evidence = append(b.evidence, declared)
		b.shown = append(b.shown, shown)
	}
}

func (b *binding) bindAll(e Evidence) {
	b.whole = true
	b.keep(e, e)
}

// bindSessions binds the sessions of a commit by its trailer. Where it may bind
// nothing it is no evidence either, so that a verdict does not show a mode's
// declaration without the mode.
func (b *binding) bindSessions(keys []string, e Evidence) {
	bound := false
	for _, key := range keys {
		bound = b.binds(key) || bound
		b.addSessions([]string{key})
	}
	if bound {
		b.keep(e, e)
	}
}

// binds reports whether a session can be bound by what a commit says.
func (b *binding) binds(key string) bool { return !b.commits.onlyIDs || strings.HasPrefix(key, byID) }

// addSessions reports whether that binds a commit more. Sessions without a
// commit in this change are passed over; the record that names them keeps them.
func (b *binding) addSessions(keys []string) bool {
	adds := false
	for _, key := range keys {
		places := b.commits.bySession[key]
		if !b.binds(key) || len(places) == 0 || b.seen[key] {
			continue
		}
		b.seen[key] = true
		b.sessions = append(b.sessions, key)
		for _, i := range places {
			adds = adds || !b.at[i]
			b.at[i] = true
		}
	}
	return adds
}

// addCommits reports whether that binds a commit more.
func (b *binding) addCommits(ids []string) bool {
	adds := false
	for _, id := range ids {
		if i, ok := b.commits.byID[id]; ok && !b.at[i] {
			b.at[i], adds = true, true
		}
	}
	return adds
}

func (b *binding) bound(mode string) Bound {
	m := Bound{Name: mode, Evidence: b.evidence}
	if b.whole {
		return m
	}
	for i, c := range b.commits.list {
		if b.at[i] {
			m.Commits = append(m.Commits, c.id)
		}
	}
	m.Sessions = b.sessions
	return m
}
