package policy

import (
	"regexp"
	"slices"
	"strings"

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
		{"version", func(n *yaml.Node, _ string) { version = true; r.version(n) }},
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
	if !version && !has(root, "version") {
		r.fail(root, "version is missing; begin the policy with version: 1")
	}
}

// version comes first because a later one may mean anything.
func (r *reader) version(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.Value != "1" {
		r.fail(n, "version must be 1, the only one that this changeguard knows; this is %s", describe(n))
	}
}

func has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
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
		switch message := nearest.Unknown("class", e.key, classNames()); {
		case e.key == string(change.ClassCosmetic):
			r.fail(e.at, "%s is found by comparing contents and cannot be assigned", join(where, e.key))
		case message != "":
			r.fail(e.at, "%s: %s", where, message)
		default:
			class := change.Class(e.key)
			if _, list, ok := r.globs(e.value, join(where, e.key), direction(class)); ok {
				p.Classes = append(p.Classes, ClassRule{class, list})
			}
		}
	}
}

// direction says how the globs of a class err. Policies let sessions change
// files of the mild classes, so a file is in one of those only by its exact name;
// it is in a strict one also under a name that some machines take for it.
func direction(class change.Class) pathset.Use {
	switch class {
	case change.ClassVendored, change.ClassGenerated, change.ClassDocs, change.ClassTests, change.ClassAssets, change.ClassData, change.ClassConfig:
		return pathset.Permit
	default:
		return pathset.Protect
	}
}

func (r *reader) level(n *yaml.Node, where string) Level {
	return Level(r.choice(n, where, []string{string(Block), string(Approve), string(Warn), string(Off)}))
}

func (r *reader) approvals(n *yaml.Node, where string, a *Approvals) {
	r.fields(n, where, []field{
		{"count", func(n *yaml.Node, where string) { a.Count = int(r.number(n, where, 1, 100)) }},
		{"from", func(n *yaml.Node, where string) {
			a.From = r.people(n, where)
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.fail(n, "%s is empty, so nobody could approve", where)
			}
		}},
	})
}

var (
	login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	team  = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)
	roles = []string{"write", "maintain", "admin"}
)

// people reads logins, teams and roles.
func (r *reader) people(n *yaml.Node, where string) []string {
	who, nodes := r.texts(n, where)
	for i, w := range who {
		role, isRole := strings.CutPrefix(w, "role:")
		switch {
		case isRole:
			if message := nearest.Unknown("role", role, roles); message != "" {
				r.fail(nodes[i], "%s[%d]: %s", where, i, message)
			}
		case slices.Contains(roles, w):
			r.fail(nodes[i], "%s[%d]: %q would be a login; did you mean \"role:%s\"?", where, i, w, w)
		case login.MatchString(strings.TrimPrefix(w, "@")) && w[0] == '@':
			r.fail(nodes[i], "%s[%d]: a login stands without @, a team with its organisation; did you mean %q?", where, i, w[1:])
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

func (r *reader) pushes(n *yaml.Node, where string, p *Policy) {
	r.fields(n, where, []field{{"branches", func(n *yaml.Node, where string) {
		p.Pushes, p.Branches = r.branches(n, where)
	}}})
}

// branches compiles globs of branch names, apart from those of paths.
func (r *reader) branches(n *yaml.Node, where string) ([]string, *pathset.Matcher) {
	patterns, nodes := r.texts(n, where)
	if len(patterns) == 0 || !r.validGlobs(patterns, nodes) || !r.matchesAnything(patterns, nodes, where) {
		return nil, nil
	}
	r.remember(where, patterns, nodes)
	m, err := pathset.Compile(pathset.Protect, patterns...)
	if err != nil {
		r.fail(n, "%v", err)
		return nil, nil
	}
	return patterns, m
}

var account = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$`)

func (r *reader) agents(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		r.word(e, where)
		k := session.Known{Name: e.key}
		before := r.found
		r.fields(e.value, join(where, e.key), []field{
			{"logins", func(n *yaml.Node, where string) {
				k.Logins = r.matching(n, where, account, "a login such as acme-bot[bot]")
			}},
			{"emails", func(n *yaml.Node, where string) {
				k.Emails = r.matching(n, where, email, "an e-mail address")
			}},
		})
		if len(k.Logins)+len(k.Emails) == 0 && r.found == before {
			r.fail(e.at, "%s has neither logins nor emails, so it would never be recognised", join(where, e.key))
		}
		p.Agents = append(p.Agents, k)
	}
}

var email = regexp.MustCompile(`^[^@\s<>]+@[^@\s<>]+$`)

// matching reads texts of one form.
func (r *reader) matching(n *yaml.Node, where string, form *regexp.Regexp, what string) []string {
	texts, nodes := r.texts(n, where)
	for i, t := range texts {
		if !form.MatchString(t) {
			r.fail(nodes[i], "%s[%d] must be %s, this is %q", where, i, what, clip(t))
		}
	}
	return texts
}

func (r *reader) risk(n *yaml.Node, where string, p *Policy) {
	r.fields(n, where, []field{
		{"surfaces", func(n *yaml.Node, where string) {
			for _, e := range r.mapping(n, where) {
				r.printable(e, where)
				r.surface(e, join(where, e.key), p)
			}
		}},
		{"approve-at", func(n *yaml.Node, where string) {
			p.Risk.ApproveAt = r.choice(n, where, []string{"never", "medium", "high", "critical"})
		}},
	})
}

func (r *reader) surface(e pair, where string, p *Policy) {
	s := Surface{Name: e.key}
	r.fields(e.value, where, []field{
		{"paths", func(n *yaml.Node, where string) {
			_, s.List, _ = r.globs(n, where, pathset.Protect)
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.fail(n, "%s is empty", where)
			}
		}},
		{"weight", func(n *yaml.Node, where string) { s.Weight = int(r.number(n, where, 1, 100)) }},
	})
	if e.value.Kind == yaml.MappingNode && !(has(e.value, "paths") && has(e.value, "weight")) {
		r.fail(e.at, "%s needs both paths and weight", where)
	}
	p.Risk.Surfaces = append(p.Risk.Surfaces, s)
}

var channel = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.#/-]{0,99}$`)

func (r *reader) notify(n *yaml.Node, where string, p *Policy) {
	p.Notify = make(map[Level][]string)
	levels := []string{string(Block), string(Approve), string(Warn)}
	for _, e := range r.mapping(n, where) {
		if message := nearest.Unknown("level", e.key, levels); message != "" {
			r.fail(e.at, "%s: %s", where, message)
			continue
		}
		p.Notify[Level(e.key)] = r.matching(e.value, join(where, e.key), channel, "the name of a channel")
	}
}
