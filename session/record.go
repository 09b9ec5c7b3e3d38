package session

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/changeguard/changeguard/change"
)

// A Record is what sticks to a pull request, to its head branch and to its
// commits: modes that were declared once and that no later edit takes back, and
// what people with the right to lifted. It only grows.
//
// As JSON it is sorted and holds nothing twice, so equal records are equal
// bytes however they came about.
type Record struct {
	Declarations []Declaration `json:"declarations,omitempty"`
	Lifts        []Lift        `json:"lifts,omitempty"`
}

// A Declaration is a mode that was declared. Without commits and sessions it
// binds the whole change.
type Declaration struct {
	Mode string `json:"mode"`
	// Signal, Value and Where are the evidence, as it was when it was seen.
	Signal string `json:"signal"`
	Value  string `json:"value"`
	Where  string `json:"where"`
	// Commits are bound wherever they show up.
	Commits []string `json:"commits,omitempty"`
	// Sessions are bound in what the record belongs to, so that a commit
	// rewritten without its trailer stays bound. They are "id ID" or
	// "author ADDRESS".
	Sessions []string `json:"sessions,omitempty"`
}

// Whole reports whether the declaration binds the whole change.
func (d Declaration) Whole() bool { return len(d.Commits) == 0 && len(d.Sessions) == 0 }

// A Lift takes a mode back. Whoever keeps the record answers for By having had
// the right to, and for their having taken off the label: a label that somebody
// other than the author put on the change still declares its mode.
type Lift struct {
	Mode   string `json:"mode"`
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Lifted reports whether the mode was taken back.
func (r Record) Lifted(mode string) bool {
	return slices.ContainsFunc(r.Lifts, func(l Lift) bool { return l.Mode == mode })
}

// maxSessions bounds how many sessions a record holds for one mode. Nobody has
// as many; a change that does is bound whole from then on.
const maxSessions = 500

// Remember adds what a session declares, for what the change belongs to: its
// pull request, its head branch. Nothing is ever taken out. What is covered
// already adds nothing, so a record grows with what is new and not with how
// often it was looked at. Commits that a mode binds by their ids alone are in
// their own records.
func (r *Record) Remember(s Session, c *change.Change) {
	for _, m := range s.Modes {
		d := declaration(m, c)
		if !m.Whole() {
			known := r.held(m.Name, Declaration.sessions)
			d.Sessions = without(m.Sessions, known)
			if len(d.Sessions) == 0 {
				continue
			}
			if len(known)+len(d.Sessions) > maxSessions {
				d.Sessions = nil
			}
		}
		r.add(d)
	}
}

// RememberCommit adds what a session declares for one commit, so that the
// commit is bound in another pull request as well.
func (r *Record) RememberCommit(s Session, id string, c *change.Change) {
	for _, m := range s.Modes {
		known := r.held(m.Name, Declaration.commits)
		if !known[id] && (m.Whole() || slices.Contains(m.Commits, id)) {
			d := declaration(m, c)
			d.Commits = []string{id}
			r.add(d)
		}
	}
}

// add appends a declaration unless a whole one covers it. Undeclared-agent is
// concluded, never declared.
func (r *Record) add(d Declaration) {
	covered := func(old Declaration) bool { return old.Mode == d.Mode && old.Whole() }
	if d.Mode != UndeclaredAgent && !slices.ContainsFunc(r.Declarations, covered) {
		r.Declarations = append(r.Declarations, d)
	}
}

// declaration is a mode with its first evidence.
func declaration(m Bound, c *change.Change) Declaration {
	if len(m.Evidence) == 0 {
		return Declaration{Mode: m.Name, Signal: "declared", Value: m.Name, Where: "head " + c.Head[:min(len(c.Head), 12)]}
	}
	e := m.Evidence[0]
	return Declaration{Mode: m.Name, Signal: e.Signal, Value: e.Value, Where: e.Where}
}

func (d Declaration) sessions() []string { return d.Sessions }
func (d Declaration) commits() []string  { return d.Commits }

// held is what the declarations of a mode bind already.
func (r *Record) held(mode string, of func(Declaration) []string) map[string]bool {
	known := make(map[string]bool)
	for _, d := range r.Declarations {
		if d.Mode == mode {
			for _, item := range of(d) {
				known[item] = true
			}
		}
	}
	return known
}

func without(items []string, known map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(items), func(item string) bool { return known[item] })
}

// Merge adds another record.
func (r *Record) Merge(other Record) {
	r.Declarations = append(r.Declarations, other.Declarations...)
	r.Lifts = append(r.Lifts, other.Lifts...)
}

// canonical is the record sorted, and everything once.
func (r Record) canonical() Record {
	var c Record
	for _, d := range r.Declarations {
		d.Commits, d.Sessions = sortedSet(d.Commits), sortedSet(d.Sessions)
		c.Declarations = append(c.Declarations, d)
	}
	slices.SortFunc(c.Declarations, compareDeclarations)
	c.Declarations = slices.CompactFunc(c.Declarations, func(a, b Declaration) bool { return compareDeclarations(a, b) == 0 })
	c.Lifts = slices.Clone(r.Lifts)
	slices.SortFunc(c.Lifts, func(a, b Lift) int {
		return cmp.Or(cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.By, b.By), cmp.Compare(a.Reason, b.Reason))
	})
	c.Lifts = slices.Compact(c.Lifts)
	return c
}

func sortedSet(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

func compareDeclarations(a, b Declaration) int {
	return cmp.Or(
		cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Where, b.Where),
		slices.Compare(a.Commits, b.Commits), slices.Compare(a.Sessions, b.Sessions),
	)
}

// MarshalJSON writes the canonical form.
func (r Record) MarshalJSON() ([]byte, error) {
	type plain Record // without this method
	return json.Marshal(plain(r.canonical()))
}

// Digest identifies the record among a verdict's inputs.
func (r Record) Digest() (string, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
