package policy

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/session"
)

// policy reads the whole file.
func (r *reader) policy(root *yaml.Node, p *Policy) {
	r.fields(root, topLevel, r.policyFields(p))
	if !has(root, "version") {
		r.fail(root, "version is missing; begin the policy with version: 1")
	}
}

var modes = []string{string(Enforce), string(Observe)}

func (r *reader) policyFields(p *Policy) []field {
	return []field{
		{"version", "The version of the format: 1.", versionShape, func(n *yaml.Node, _ string) { r.version(n) }},
		{
			"mode", "enforce (default), or observe: judge and show, never stop.", oneOf(modes),
			func(n *yaml.Node, where string) { p.Mode = Mode(r.choice(n, where, modes)) },
		},
		{
			"classes", "What files are called, by globs; adds to the built-in classes. The first class in file order that matches a file wins.", classesShape,
			func(n *yaml.Node, where string) { r.classes(n, where, p) },
		},
		{
			"sessions", "What a change can claim to be, and what that may touch; strictest first.", r.sessionsShape,
			func(n *yaml.Node, where string) { r.sessions(n, where, p) },
		},
		{"rules", "What judges a change, by name.", r.rulesShape, func(n *yaml.Node, where string) { r.rules(n, where, p) }},
		{
			"approvals", "Who lifts a finding of level approve, where the rule does not say. Default: one from role:write.", r.approvalsShape,
			func(n *yaml.Node, where string) { r.approvals(n, where, &p.Approvals) },
		},
		{
			"overrides", "Who may lift any finding. Default: role:maintain, not in their own change, for 168h.",
			func() *Schema { return object(r.overridesFields(p)) },
			func(n *yaml.Node, where string) { r.fields(n, where, r.overridesFields(p)) },
		},
		{
			"pushes", "Which pushes are judged too, with a check run on the pushed head.",
			func() *Schema { return object(r.pushesFields(p)) },
			func(n *yaml.Node, where string) { r.fields(n, where, r.pushesFields(p)) },
		},
		{"agents", "Agents of yours besides those that are known, by name.", r.agentsShape, func(n *yaml.Node, where string) { r.agents(n, where, p) }},
		{
			"risk", "What the risk score knows of this repository.",
			func() *Schema { return object(r.riskFields(p)) },
			func(n *yaml.Node, where string) { r.fields(n, where, r.riskFields(p)) },
		},
		{
			"notify", "Channels that hear of findings, by level. The channels are configured at the server.", notifyShape,
			func(n *yaml.Node, where string) { r.notify(n, where, p) },
		},
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
			r.leaf(join(where, e.key), e)
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

var levels = []string{string(Block), string(Approve), string(Warn), string(Off)}

func (r *reader) level(n *yaml.Node, where string) Level {
	return Level(r.choice(n, where, levels))
}

func (r *reader) approvals(n *yaml.Node, where string, a *Approvals) {
	r.fields(n, where, r.approvalsFields(a))
}

// maxApprovals is the largest number of people that can be asked for.
const maxApprovals = 100

func (r *reader) approvalsFields(a *Approvals) []field {
	return []field{
		{
			"count", "How many people.", numberBetween(1, maxApprovals),
			func(n *yaml.Node, where string) { a.Count = int(r.number(n, where, 1, maxApprovals)) },
		},
		{
			"from", "Whose approvals count: a login, @org/team, or role:write, role:maintain, role:admin.", filled(peopleShape),
			func(n *yaml.Node, where string) {
				a.From = r.people(n, where)
				if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
					r.fail(n, "%s is empty, so nobody could approve", where)
				}
			},
		},
	}
}

// A form is a regular expression that is compiled when it is first asked: counted
// repetitions take milliseconds, which an agent's hook has not to spare.
type form struct {
	text string
	once sync.Once
	re   *regexp.Regexp
}

// MatchString reports whether a text has the form.
func (f *form) MatchString(s string) bool {
	f.once.Do(func() { f.re = regexp.MustCompile(f.text) })
	return f.re.MatchString(s)
}

var (
	login = &form{text: `^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`}
	team  = &form{text: `^@[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`}
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

func (r *reader) overridesFields(p *Policy) []field {
	return []field{
		{
			"by", "Who may override: a login, @org/team, or role:write, role:maintain, role:admin. Empty: nobody.", peopleShape,
			func(n *yaml.Node, where string) { p.Overrides.By = r.people(n, where) },
		},
		{"self", "Whether they may in their own change.", booleanShape, func(n *yaml.Node, where string) { p.Overrides.Self = r.boolean(n, where) }},
		{"expire", "How long an override holds, such as 168h.", durationShape, func(n *yaml.Node, where string) { p.Overrides.Expire = r.duration(n, where) }},
	}
}

func (r *reader) pushesFields(p *Policy) []field {
	return []field{{
		"branches", "Globs of branches.", globsShape,
		func(n *yaml.Node, where string) { p.Pushes, p.Branches = r.branches(n, where) },
	}}
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

var account = &form{text: `^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$`}

func (r *reader) agents(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		r.word(e, where)
		k := session.Known{Name: e.key}
		before := r.found
		r.fields(e.value, join(where, e.key), r.agentFields(&k))
		if len(k.Logins)+len(k.Emails) == 0 && r.found == before {
			r.fail(e.at, "%s has neither logins nor emails, so it would never be recognised", join(where, e.key))
		}
		p.Agents = append(p.Agents, k)
	}
}

func (r *reader) agentFields(k *session.Known) []field {
	return []field{
		{
			"logins", "Accounts, such as acme-bot[bot].", listOf(account),
			func(n *yaml.Node, where string) {
				k.Logins = r.matching(n, where, account, "a login such as acme-bot[bot]")
			},
		},
		{
			"emails", "E-mail addresses of authors, committers and co-authors.", listOf(email),
			func(n *yaml.Node, where string) { k.Emails = r.matching(n, where, email, "an e-mail address") },
		},
	}
}

var email = &form{text: `^[^@\s<>]+@[^@\s<>]+$`}

// matching reads texts of one form.
func (r *reader) matching(n *yaml.Node, where string, like *form, what string) []string {
	texts, nodes := r.texts(n, where)
	for i, t := range texts {
		if !like.MatchString(t) {
			r.fail(nodes[i], "%s[%d] must be %s, this is %q", where, i, what, clip(t))
		}
	}
	return texts
}

var riskBounds = []string{"never", "medium", "high", "critical"}

func (r *reader) riskFields(p *Policy) []field {
	return []field{
		{"surfaces", "Named parts of the repository that deserve attention.", r.surfacesShape, func(n *yaml.Node, where string) {
			for _, e := range r.mapping(n, where) {
				r.printable(e, where)
				r.surface(e, join(where, e.key), p)
			}
		}},
		{
			"approve-at", "The risk level from which a change needs approval. Default: never.", oneOf(riskBounds),
			func(n *yaml.Node, where string) { p.Risk.ApproveAt = r.choice(n, where, riskBounds) },
		},
	}
}

// maxWeight is the most points of a surface.
const maxWeight = 100

func (r *reader) surfaceFields(s *Surface) []field {
	return []field{
		{"paths", "Globs of its files.", filled(globsShape), func(n *yaml.Node, where string) {
			_, s.List, _ = r.globs(n, where, pathset.Protect)
			if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
				r.fail(n, "%s is empty", where)
			}
		}},
		{
			"weight", "How many points of risk it adds, once.", numberBetween(1, maxWeight),
			func(n *yaml.Node, where string) { s.Weight = int(r.number(n, where, 1, maxWeight)) },
		},
	}
}

func (r *reader) surface(e pair, where string, p *Policy) {
	s := Surface{Name: e.key}
	r.fields(e.value, where, r.surfaceFields(&s))
	if e.value.Kind == yaml.MappingNode && !(has(e.value, "paths") && has(e.value, "weight")) {
		r.fail(e.at, "%s needs both paths and weight", where)
	}
	p.Risk.Surfaces = append(p.Risk.Surfaces, s)
}

var channel = &form{text: `^[A-Za-z0-9][A-Za-z0-9_.#/-]{0,99}$`}

// told are the levels that channels can hear of.
var told = []string{string(Block), string(Approve), string(Warn)}

func (r *reader) notify(n *yaml.Node, where string, p *Policy) {
	p.Notify = make(map[Level][]string)
	for _, e := range r.mapping(n, where) {
		if message := nearest.Unknown("level", e.key, told); message != "" {
			r.fail(e.at, "%s: %s", where, message)
			continue
		}
		r.leaf(join(where, e.key), e)
		p.Notify[Level(e.key)] = r.matching(e.value, join(where, e.key), channel, "the name of a channel")
	}
}
