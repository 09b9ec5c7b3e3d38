package policy

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/session"
)

// policy reads the whole file.
func (r *reader) policy(root *yaml.Node, p *Policy) {
	version := false
	r.fields(root, topLevel, []field{
		{"version", func(n *yaml.Node, where string) { version = true; r.version(n) }},
		{"mode", func(n *yaml.Node, where string) {
			p.Mode = Mode(r.choice(n, where, []string{string(Enforce), string(Observe)}))
		}},
		{"classes", func(n *yaml.Node, where string) { r.classes(n, where, p) }},
		{"sessions", func(n *yaml.Node, where string) { r.sessions(n, where, p) }},
		{"rules", func(n *yaml.Node, where string) { r.rules(n, where, p) }},
		{"approvals", func(n *yaml.Node, where string) { r.approvals(n, where, &p.Approvals) }},
		{"overrides", func(n *yaml.Node, where string) { r.overrides(n, where, p) }},
		{"pushes", func(n *yaml.Node, where string) { r.pushes(n, where, p) }},
		{"agents", func(n *yaml.Node, where string) { r.agents(n, where, p) }},
		{"risk", func(n *yaml.Node, where string) { r.risk(n, where, p) }},
		{"notify", func(n *yaml.Node, where string) { r.notify(n, where, p) }},
	})
	if !version {
		r.fail(root, "version is missing; the first line must be version: 1")
	}
}

func (r *reader) version(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.Value != "1" {
		r.fail(n, "version must be 1, this is %s", describe(n))
	}
}

func classNames() []string {
	var names []string
	for _, c := range change.Classes() {
		names = append(names, string(c))
	}
	return names
}

func (r *reader) classes(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		if message := nearest.Unknown("class", e.key, classNames()); message != "" {
			r.fail(e.at, "%s in %s", message, where)
			continue
		}
		if _, list, ok := r.globs(e.value, join(where, e.key), pathset.Permit); ok {
			p.Classes = append(p.Classes, ClassRule{change.Class(e.key), list})
		}
	}
}

func (r *reader) sessions(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		if !r.name(e, "session") {
			continue
		}
		s := Session{Spec: session.Spec{Name: e.key}, Level: Block}
		declared := false
		r.fields(e.value, join(where, e.key), []field{
			{"declared-by", func(n *yaml.Node, where string) { declared = true; r.declaredBy(n, where, &s.Spec) }},
			{"may-change", func(n *yaml.Node, where string) { s.Restricts = true; r.mayChange(n, where, &s) }},
			{"max-commits", func(n *yaml.Node, where string) { s.MaxCommits = r.positive(n, where) }},
			{"level", func(n *yaml.Node, where string) { s.Level = r.level(n, where) }},
		})
		if declared == (e.key == UndeclaredAgent) {
			if declared {
				r.fail(e.at, "%s applies to agents that nobody declared; it cannot have declared-by", join(where, e.key))
			} else if e.value.Kind == yaml.MappingNode {
				r.fail(e.at, "%s has no declared-by, so nothing could ever declare it", join(where, e.key))
			}
		}
		p.Sessions = append(p.Sessions, s)
	}
}

func (r *reader) level(n *yaml.Node, where string) Level {
	return Level(r.choice(n, where, []string{string(Block), string(Approve), string(Warn), string(Off)}))
}

func (r *reader) declaredBy(n *yaml.Node, where string, s *session.Spec) {
	r.fields(n, where, []field{
		{"labels", func(n *yaml.Node, where string) { s.Labels, _ = r.texts(n, where) }},
		{"branches", func(n *yaml.Node, where string) { s.Branches = r.branches(n, where) }},
		{"titles", func(n *yaml.Node, where string) { s.Titles, _ = r.texts(n, where) }},
		{"trailers", func(n *yaml.Node, where string) { r.trailers(n, where, s) }},
	})
	if len(s.Labels)+len(s.Titles)+len(s.Trailers) == 0 && s.Branches == nil {
		r.fail(n, "%s names nothing; give labels, branches, titles or trailers", where)
	}
}

// branches compiles globs of branch names apart from those of paths.
func (r *reader) branches(n *yaml.Node, where string) *pathset.Matcher {
	patterns, nodes := r.texts(n, where)
	if len(patterns) == 0 {
		return nil
	}
	ok := true
	for i, p := range patterns {
		if err := pathset.Validate(p); err != nil {
			r.fail(nodes[i], "%v", err)
			ok = false
		}
	}
	if !ok {
		return nil
	}
	m, err := pathset.Compile(pathset.Protect, patterns...)
	if err != nil {
		r.fail(n, "%v", err)
		return nil
	}
	return m
}

var trailerKey = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

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

func (r *reader) mayChange(n *yaml.Node, where string, s *Session) {
	items, nodes := r.texts(n, where)
	for i, item := range items {
		p := Permit{Text: item}
		body, negated := strings.CutPrefix(item, "!")
		p.Negated = negated
		if strings.ContainsAny(body, "/*.") {
			list, ok := r.addGlobs([]string{body}, nodes[i:i+1], nodes[i], permitUse(negated))
			if !ok {
				continue
			}
			p.List = list
		} else {
			known := append(classNames(), string(change.ClassCosmetic))
			if message := nearest.Unknown("class", body, known); message != "" {
				r.fail(nodes[i], "%s in %s; a glob contains /, * or .", message, where)
				continue
			}
			p.Class = change.Class(body)
		}
		s.MayChange = append(s.MayChange, p)
	}
}

// permitUse errs on the strict side: an exclusion also matches case-folded.
func permitUse(negated bool) pathset.Use {
	if negated {
		return pathset.Protect
	}
	return pathset.Permit
}

// positive reads a whole number of at least 1.
func (r *reader) positive(n *yaml.Node, where string) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < 1 {
		r.fail(n, "%s must be a whole number of at least 1, this is %s", where, describe(n))
		return 0
	}
	return v
}

func (r *reader) boolean(n *yaml.Node, where string) bool {
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
		r.fail(n, "%s must be true or false, this is %s", where, describe(n))
		return false
	}
	return n.Value == "true"
}

func (r *reader) approvals(n *yaml.Node, where string, a *Approvals) {
	r.fields(n, where, []field{
		{"count", func(n *yaml.Node, where string) { a.Count = r.positive(n, where) }},
		{"from", func(n *yaml.Node, where string) { a.From = r.people(n, where) }},
	})
}

var (
	login = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})$`)
	team  = regexp.MustCompile(`^@[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100}$`)
)

// people reads logins, teams and roles.
func (r *reader) people(n *yaml.Node, where string) []string {
	who, nodes := r.texts(n, where)
	if n.Kind == yaml.SequenceNode && len(who) == 0 {
		r.fail(n, "%s is empty, so nobody could", where)
	}
	for i, w := range who {
		role, isRole := strings.CutPrefix(w, "role:")
		switch {
		case isRole:
			if message := nearest.Unknown("role", role, []string{"write", "maintain", "admin"}); message != "" {
				r.fail(nodes[i], "%s[%d]: %s", where, i, message)
			}
		case !login.MatchString(w) && !team.MatchString(w):
			r.fail(nodes[i], "%s[%d] must be a login, @org/team or role:write|maintain|admin, this is %q", where, i, clip(w))
		}
	}
	return who
}

func (r *reader) overrides(n *yaml.Node, where string, p *Policy) {
	r.fields(n, where, []field{
		{"by", func(n *yaml.Node, where string) { p.Overrides.By = r.people(n, where) }},
		{"self", func(n *yaml.Node, where string) { p.Overrides.Self = r.boolean(n, where) }},
		{"expire", func(n *yaml.Node, where string) { p.Overrides.Expire = r.duration(n, where) }},
	})
}

func (r *reader) duration(n *yaml.Node, where string) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d <= 0 {
		r.fail(n, "%s must be a time such as 168h or 30m, this is %s", where, describe(n))
		return 0
	}
	return d
}

func (r *reader) pushes(n *yaml.Node, where string, p *Policy) {
	r.fields(n, where, []field{{"branches", func(n *yaml.Node, where string) {
		p.Branches = r.branches(n, where)
		p.Pushes, _ = r.texts(n, where)
	}}})
}

func (r *reader) agents(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		if !r.name(e, "agent") {
			continue
		}
		k := session.Known{Name: e.key}
		r.fields(e.value, join(where, e.key), []field{
			{"logins", func(n *yaml.Node, where string) { k.Logins, _ = r.texts(n, where) }},
			{"emails", func(n *yaml.Node, where string) { k.Emails, _ = r.texts(n, where) }},
		})
		if len(k.Logins)+len(k.Emails) == 0 && e.value.Kind == yaml.MappingNode {
			r.fail(e.at, "%s has neither logins nor emails, so it would never be recognised", join(where, e.key))
		}
		p.Agents = append(p.Agents, k)
	}
}

func (r *reader) risk(n *yaml.Node, where string, p *Policy) {
	r.fields(n, where, []field{
		{"surfaces", func(n *yaml.Node, where string) {
			for _, e := range r.mapping(n, where) {
				if r.name(e, "surface") {
					r.surface(e, join(where, e.key), p)
				}
			}
		}},
		{"approve-at", func(n *yaml.Node, where string) {
			p.Risk.ApproveAt = r.choice(n, where, []string{"never", "medium", "high", "critical"})
		}},
	})
}

func (r *reader) surface(e pair, where string, p *Policy) {
	s := Surface{Name: e.key}
	paths := false
	r.fields(e.value, where, []field{
		{"paths", func(n *yaml.Node, where string) { _, s.List, _ = r.globs(n, where, pathset.Protect); paths = true }},
		{"weight", func(n *yaml.Node, where string) {
			if s.Weight = r.positive(n, where); s.Weight > 100 {
				r.fail(n, "%s must be at most 100", where)
			}
		}},
	})
	if e.value.Kind == yaml.MappingNode && (!paths || s.Weight == 0) {
		r.fail(e.at, "%s needs paths and weight", where)
	}
	p.Risk.Surfaces = append(p.Risk.Surfaces, s)
}

func (r *reader) notify(n *yaml.Node, where string, p *Policy) {
	p.Notify = make(map[Level][]string)
	levels := []string{string(Block), string(Approve), string(Warn)}
	for _, e := range r.mapping(n, where) {
		if message := nearest.Unknown("level", e.key, levels); message != "" {
			r.fail(e.at, "%s in %s", message, where)
			continue
		}
		p.Notify[Level(e.key)], _ = r.texts(e.value, join(where, e.key))
	}
}
