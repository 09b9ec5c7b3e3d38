package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/session"
)

// reserved are names under which changeguard reports findings of its own. A
// rule or session of that name would be mistaken for it.
var reserved = []string{"unreadable-path", "unknown-mode", "risk"}

// actors would read as if the mode said who somebody is.
var actors = []string{string(session.Human), string(session.Agent), string(session.Bot), "none"}

func (r *reader) sessions(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		switch {
		case !r.word(e, where):
		case slices.Contains(reserved, e.key), slices.Contains(actors, e.key), e.key == guardIntegrity:
			r.fail(e.at, "a session cannot be called %s; the name has another meaning", e.key)
		}
		p.Sessions = append(p.Sessions, r.session(e, join(where, e.key)))
	}
}

func (r *reader) session(e pair, where string) Session {
	s := Session{Spec: session.Spec{Name: e.key}, Level: Block, Line: e.at.Line}
	r.written.places[where] = place{e.at.Line, e.at.Column}
	r.fields(e.value, where, r.sessionFields(&s))
	declared := has(e.value, "declared-by")
	switch {
	case e.value.Kind != yaml.MappingNode:
	case declared && e.key == UndeclaredAgent:
		r.fail(e.at, "%s applies to agents that nobody declared a mode for; it cannot have declared-by", where)
	case !declared && e.key != UndeclaredAgent:
		r.fail(e.at, "%s has no declared-by, so nothing could ever declare it", where)
	}
	return s
}

func (r *reader) sessionFields(s *Session) []field {
	return []field{
		{"declared-by", "What declares the mode; any one is enough.", r.declaredByShape, func(n *yaml.Node, where string) { r.declaredBy(n, where, &s.Spec) }},
		{
			"may-change", "What the session may touch: classes, globs, ! excludes; the last that matches decides. Left out: anything. Empty: nothing.", mayChangeShape,
			func(n *yaml.Node, where string) { s.Restricts = true; r.mayChange(n, where, s) },
		},
		{
			"max-commits", "Most commits of the session, merges not counted.", numberBetween(1, maxCount),
			func(n *yaml.Node, where string) { s.MaxCommits = int(r.number(n, where, 1, maxCount)) },
		},
		{"level", "What a finding does. Default: block.", oneOf(levels), func(n *yaml.Node, where string) { s.Level = r.level(n, where) }},
	}
}

func (r *reader) declaredByFields(s *session.Spec) []field {
	return []field{
		{"labels", "Labels of the pull request, ignoring case.", labelsShape, func(n *yaml.Node, where string) { s.Labels = r.labels(n, where) }},
		{"branches", "Globs on the head branch.", globsShape, func(n *yaml.Node, where string) { _, s.Branches = r.branches(n, where) }},
		{"titles", "Whole titles, ignoring case; only * and ? are special.", textsShape, func(n *yaml.Node, where string) { s.Titles, _ = r.texts(n, where) }},
		{"trailers", "Lines \"Key: value\" of a commit message or of the body.", trailersShape, func(n *yaml.Node, where string) { r.trailers(n, where, s) }},
	}
}

func (r *reader) declaredBy(n *yaml.Node, where string, s *session.Spec) {
	before := r.found
	r.fields(n, where, r.declaredByFields(s))
	if len(s.Labels)+len(s.Titles)+len(s.Trailers) == 0 && s.Branches == nil && r.found == before {
		r.fail(n, "%s names nothing; give labels, branches, titles or trailers", where)
	}
}

// labels refuses what no label can be called: it would silently declare nothing.
func (r *reader) labels(n *yaml.Node, where string) []string {
	texts, nodes := r.texts(n, where)
	for i, t := range texts {
		if strings.TrimSpace(t) != t {
			r.fail(nodes[i], "%s[%d]: a label does not begin or end with a blank; this is %q", where, i, clip(t))
		}
	}
	return texts
}

var trailerKey = lazyregexp.New(`^[A-Za-z0-9-]+$`)

func (r *reader) trailers(n *yaml.Node, where string, s *session.Spec) {
	texts, nodes := r.texts(n, where)
	for i, t := range texts {
		key, value, ok := strings.Cut(t, ":")
		value = strings.TrimSpace(value)
		if !ok || value == "" || !trailerKey.MatchString(key) {
			r.fail(nodes[i], `%s[%d] must be "Key: value", this is %q`, where, i, clip(t))
			continue
		}
		s.Trailers = append(s.Trailers, session.Trailer{Key: key, Value: value})
	}
}

// permitted are the classes that may-change can name.
func permitted() []string { return append(classNames(), string(change.ClassCosmetic)) }

func (r *reader) mayChange(n *yaml.Node, where string, s *Session) {
	items, nodes := r.texts(n, where)
	known := permitted()
	for i, item := range items {
		p := Permit{Text: item}
		body, negated := strings.CutPrefix(item, "!")
		p.Negated = negated
		switch message := nearest.Unknown("class", body, known); {
		case body == "":
			r.fail(nodes[i], "%s[%d]: after ! a class or a glob must follow", where, i)
			continue
		case strings.ContainsAny(body, "/*."):
			list, ok := r.permitGlob(nodes[i], body, negated)
			if !ok {
				continue
			}
			p.List = list
		case message != "":
			r.fail(nodes[i], "%s[%d]: %s; a glob contains /, * or .", where, i, message)
			continue
		default:
			p.Class = change.Class(body)
		}
		s.MayChange = append(s.MayChange, p)
	}
	r.remember(where, items, nodes)
}

// permitGlob adds one glob of may-change. It errs on the strict side: what is
// excluded is excluded in any case of letters.
func (r *reader) permitGlob(n *yaml.Node, body string, negated bool) (pathset.List, bool) {
	if !negated {
		return r.addGlobs([]string{body}, []*yaml.Node{n}, n, pathset.Permit)
	}
	if !r.validGlobs([]string{n.Value}, []*yaml.Node{n}) { // with its !, so that the place is right
		return 0, false
	}
	return r.addGlobs([]string{body}, []*yaml.Node{n}, n, pathset.Protect)
}
