// Package policy reads the policy file and compiles it.
//
// # The model
//
// A policy is a YAML file, .github/changeguard.yml, that says how files are
// classified, what sessions of each declared mode may touch, and which rules
// judge a change at which level. [Load] reads it strictly: an unknown key, a
// wrong type, a duplicate, an alias or a condition that does not type-check is
// an error with its line and column, and all errors come at once. A policy
// either loads as a whole or not at all; nothing in it is skipped with a log
// line, because a rule that was skipped guards nothing.
//
// What loads may still not be what its author meant. [Lint] finds that.
//
// All globs of a policy are compiled into one set, so that a change is walked
// through them once.
//
// Policies come in layers, the organisation's and the repository's. Each is
// judged alone and the findings unite, so a repository can only add; see
// [Layers].
//
// A policy at the head of a change is hostile: its size, its depth, its globs
// and its conditions are bounded, and YAML's means to make a text read
// differently by different readers (aliases, tags, merge keys) are refused.
package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// Path is where a repository's policy is.
const Path = ".github/changeguard.yml"

// Mode says whether a policy stops changes.
type Mode string

// The modes of a policy.
const (
	Enforce Mode = "enforce"
	Observe Mode = "observe"
)

// Level says how much a finding matters.
type Level string

// The levels, worst first.
const (
	Block   Level = "block"
	Approve Level = "approve"
	Warn    Level = "warn"
	Off     Level = "off"
)

// A Policy is one policy file. It is immutable.
type Policy struct {
	Version   int // of the file's format
	Mode      Mode
	Classes   []ClassRule // in file order, the first that matches decides
	Sessions  []Session   // in file order, strictest first
	Rules     []Rule      // in file order; an implicit guard-integrity comes last
	Approvals Approvals   // the default for level approve
	Overrides Overrides
	Pushes    []string         // globs of branches whose pushes are judged
	Branches  *pathset.Matcher // the same, compiled; nil without any
	Agents    []session.Known
	Risk      Risk
	Notify    map[Level][]string

	Set    *pathset.Set // every path glob of the policy
	Digest string       // "sha256:…" of the file's bytes
	Source Source

	written written // for Lint
}

// Source says where a policy was read.
type Source struct {
	Name string // for messages: ".github/changeguard.yml"
	Ref  string // the commit or repository; may be empty
}

// ClassRule assigns a class to the files of a list.
type ClassRule struct {
	Class change.Class
	List  pathset.List
}

// A Session is one mode: how it is declared and what it may touch.
type Session struct {
	session.Spec
	MayChange  []Permit // in file order, the last that matches decides
	Restricts  bool     // may-change was given; without it files are not limited
	MaxCommits int      // 0 means no limit
	Level      Level
	Line       int
}

// UndeclaredAgent is the mode of changes by an agent that nobody declared.
const UndeclaredAgent = session.UndeclaredAgent

// A Permit is one item of may-change: a class, or a glob.
type Permit struct {
	Text    string // as written
	Negated bool
	Class   change.Class // "" for a glob
	List    pathset.List
}

// A Rule is one rule of the policy.
type Rule struct {
	Name        string
	Kind        rules.Kind
	If          *condition.Program // nil means always
	Level       Level
	Message     string
	Approvals   *Approvals // nil means the policy's default
	Overridable bool
	Options     any
	Implicit    bool // not written in the policy
	Line        int
}

// Approvals says how many people of which kind lift a finding of level approve.
type Approvals struct {
	Count int
	From  []string // "login", "@org/team", "role:write|maintain|admin"
}

// Overrides says who may lift what, and for how long.
type Overrides struct {
	By     []string // nobody when empty
	Self   bool     // also in their own change
	Expire time.Duration
}

// Risk configures the risk score.
type Risk struct {
	Surfaces  []Surface
	ApproveAt string // never, medium, high or critical
}

// A Surface is a named part of the repository that deserves attention.
type Surface struct {
	Name   string
	List   pathset.List
	Weight int
}

// Specs are the sessions as package session asks for them.
func (p *Policy) Specs() []session.Spec {
	specs := make([]session.Spec, 0, len(p.Sessions))
	for _, s := range p.Sessions {
		if s.Name != UndeclaredAgent {
			specs = append(specs, s.Spec)
		}
	}
	return specs
}

// Session finds a mode by name, nil when the policy has none.
func (p *Policy) Session(name string) *Session {
	for i := range p.Sessions {
		if p.Sessions[i].Name == name {
			return &p.Sessions[i]
		}
	}
	return nil
}

// UndeclaredAgent is the policy's mode for agents that nobody declared, or nil.
func (p *Policy) UndeclaredAgent() *Session { return p.Session(UndeclaredAgent) }

// Class says what a file is for: by the first of the policy's own classes whose
// globs matched it, else as it is built in. What runs or points elsewhere is no
// document, whatever its name.
func (p *Policy) Class(m *pathset.Matches, mode change.Mode, builtIn change.Class) change.Class {
	for _, rule := range p.Classes {
		switch {
		case !m.Has(rule.List):
		case rule.Class == change.ClassDocs && mode != change.Regular:
			return builtIn
		default:
			return rule.Class
		}
	}
	return builtIn
}

// LiftableBy words who can lift a finding of a level. own are the rule's own
// approvals, nil for the policy's.
func (p *Policy) LiftableBy(l Level, own *Approvals) string {
	override := "an override by " + strings.Join(p.Overrides.By, " or ")
	if len(p.Overrides.By) == 0 {
		override = "no override"
	}
	switch l {
	case Approve:
		a := p.Approvals
		if own != nil {
			a = *own
		}
		noun := "approval"
		if a.Count != 1 {
			noun = "approvals"
		}
		return fmt.Sprintf("%d %s by %s, or %s", a.Count, noun, strings.Join(a.From, " or "), override)
	case Block:
		return override
	default:
		return ""
	}
}
