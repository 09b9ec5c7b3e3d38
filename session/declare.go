package session

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/pathset"
)

// Trailer is a "Key: value" line that declares a mode.
type Trailer struct{ Key, Value string }

// A Spec says how a mode is declared. Any one signal is enough.
type Spec struct {
	Name     string
	Labels   []string
	Branches *pathset.Matcher // nil for none
	Titles   []string
	Trailers []Trailer
}

// UndeclaredAgent is the mode of an agent's change that nobody declared.
const UndeclaredAgent = "undeclared-agent"

// ModeTrailer is the trailer that usually declares a mode. A value of it that
// no policy knows is reported.
const ModeTrailer = "session-mode"

// Declare adds to a recognised session the modes that the change declares, and
// those that the record holds from before. undeclaredAgent says that the policy
// has that mode.
func Declare(s Session, c *change.Change, specs []Spec, undeclaredAgent bool, record Record) Session {
	s.Evidence = slices.Clone(s.Evidence)
	d := &declarer{change: c, record: record, session: &s}
	for _, spec := range specs {
		d.spec(spec)
	}
	d.unknown(specs)
	if undeclaredAgent && s.Actor == Agent && !d.byOthers {
		s.Modes = append(s.Modes, Bound{Name: UndeclaredAgent})
	}
	if len(s.Modes) > 0 {
		s.Mode = s.Modes[0].Name // what was declared comes before what was concluded
	}
	return s
}

type declarer struct {
	change   *change.Change
	record   Record
	session  *Session
	byOthers bool // somebody other than the author set a mode's label
}

// spec collects everything that declares one mode.
func (d *declarer) spec(spec Spec) {
	whole := d.whole(spec)
	bound := d.commits(spec)
	for _, old := range d.record.Declarations {
		if old.Mode != spec.Name {
			continue
		}
		// What still shows needs no record, and a verdict must not change
		// because it was seen before.
		adds := len(old.Commits) == 0
		for _, id := range old.Commits {
			if d.has(id) && !slices.Contains(bound, id) {
				bound = append(bound, id)
				adds = true
			}
		}
		if !whole && adds {
			d.evidence("record", old.Signal+" "+old.Value, old.Where)
		}
		whole = whole || len(old.Commits) == 0
	}
	if d.record.Lifted(spec.Name) {
		d.evidence("lift", spec.Name, "record")
		return
	}
	switch {
	case whole:
		d.session.Modes = append(d.session.Modes, Bound{Name: spec.Name})
	case len(bound) > 0:
		d.session.Modes = append(d.session.Modes, Bound{Name: spec.Name, Commits: d.inOrder(bound)})
	}
}

func (d *declarer) has(id string) bool {
	return slices.ContainsFunc(d.change.Commits, func(c change.Commit) bool { return c.ID == id })
}

// inOrder sorts commit ids as the change has them.
func (d *declarer) inOrder(ids []string) []string {
	var sorted []string
	for _, c := range d.change.Commits {
		if slices.Contains(ids, c.ID) {
			sorted = append(sorted, c.ID)
		}
	}
	return sorted
}

func (d *declarer) evidence(signal, value, where string) {
	e := Evidence{signal, value, where}
	if !slices.Contains(d.session.Evidence, e) && len(d.session.Evidence) < 2*maxEvidence {
		d.session.Evidence = append(d.session.Evidence, e)
	}
}

// whole asks the signals that bind the whole change.
func (d *declarer) whole(spec Spec) bool {
	found := false
	for _, l := range d.change.Labels {
		if slices.ContainsFunc(spec.Labels, func(name string) bool { return strings.EqualFold(name, l.Name) }) {
			d.evidence("label", l.Name, "pull request")
			d.byOthers = d.byOthers || !l.ByAuthor
			found = true
		}
	}
	if spec.Branches != nil && d.change.HeadRef != "" && spec.Branches.Match(d.change.HeadRef) {
		d.evidence("branch", d.change.HeadRef, "head branch")
		found = true
	}
	for _, pattern := range spec.Titles {
		if d.change.Title != "" && MatchTitle(pattern, d.change.Title) {
			d.evidence("title", d.change.Title, "pull request")
			found = true
			break
		}
	}
	for _, t := range change.Trailers(d.change.Body) {
		if spec.declaredBy(t) {
			d.evidence("trailer", t.Key+": "+t.Value, "body")
			found = true
		}
	}
	return found
}

func (s Spec) declaredBy(t change.Trailer) bool {
	return slices.ContainsFunc(s.Trailers, func(want Trailer) bool {
		return strings.EqualFold(want.Key, t.Key) && want.Value == t.Value
	})
}

// commits are the ids of the commits that trailers bind: the commits of the
// sessions in which one declares the mode.
func (d *declarer) commits(spec Spec) []string {
	sessions := make(map[string]bool)
	for _, c := range d.change.Commits {
		for _, t := range change.Trailers(c.Message) {
			if key := sessionOf(c); spec.declaredBy(t) && d.binds(key) {
				d.evidence("trailer", t.Key+": "+t.Value, "commit "+c.ID[:min(len(c.ID), 12)])
				sessions[key] = true
			}
		}
	}
	var bound []string
	for _, c := range d.change.Commits {
		if sessions[sessionOf(c)] {
			bound = append(bound, c.ID)
		}
	}
	return bound
}

// binds reports whether a session of commits can be bound: on a protected head
// branch many people's work flows together, so only an id says what belongs
// together.
func (d *declarer) binds(key string) bool {
	return !d.change.HeadProtected || strings.HasPrefix(key, "id ")
}

// sessionOf names the session of a commit: its id, or its author.
func sessionOf(c change.Commit) string {
	for _, t := range change.Trailers(c.Message) {
		if _, ok := idTrailers[strings.ToLower(t.Key)]; ok {
			if id := sessionID(t.Value); id != "" {
				return "id " + id
			}
		}
	}
	return "author " + asciiLower(c.Author.Email)
}

// unknown collects modes that are declared and that the policy does not know.
func (d *declarer) unknown(specs []Spec) {
	look := func(text, where string) {
		for _, t := range change.Trailers(text) {
			if !strings.EqualFold(t.Key, ModeTrailer) || slices.ContainsFunc(specs, func(s Spec) bool { return s.declaredBy(t) || s.Name == t.Value }) {
				continue
			}
			e := Evidence{"trailer", clipped(t.Value), where}
			if !slices.Contains(d.session.Unknown, e) && len(d.session.Unknown) < maxEvidence {
				d.session.Unknown = append(d.session.Unknown, e)
			}
		}
	}
	look(d.change.Body, "body")
	for _, c := range d.change.Commits {
		look(c.Message, "commit "+c.ID[:min(len(c.ID), 12)])
	}
}

func clipped(s string) string {
	if len(s) <= 100 {
		return s
	}
	return strings.ToValidUTF8(s[:100], "") + "…"
}

// MatchTitle compares a whole title with a pattern, ignoring case. Only * and ?
// are special. The time is at most the product of the lengths.
func MatchTitle(pattern, title string) bool {
	p, t := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(title))
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
