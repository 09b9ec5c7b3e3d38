package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/rules"
)

// The limits of a policy file. What a head brings is hostile until it is read.
const (
	MaxSize         = 1 << 20  // bytes
	maxMarks        = 100_000  // brackets, commas, colons, quotes and the like, see isMark
	maxDepth        = 32       // levels of mappings and lists in one another
	maxConditions   = 32 << 10 // bytes of all conditions together
	maxEntries      = 1000     // of a mapping: rules, sessions, classes
	maxItems        = 10_000   // of a list
	maxAlternatives = 20_000   // that the braces of all globs make
)

// Digest names the bytes of a policy file.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Load reads a policy. Either the policy or at least one problem comes back.
func Load(data []byte, src Source, kinds []rules.Kind) (*Policy, Problems) {
	p, problems, _ := read(data, src, kinds, false)
	return p, problems
}

// read loads a policy, and keeps the values as they are written when asked to.
func read(data []byte, src Source, kinds []rules.Kind, keep bool) (*Policy, Problems, []leaf) {
	r := &reader{file: src.Name, kinds: kinds, keep: keep, written: written{places: make(map[string]place)}}
	p := &Policy{Version: 1, Mode: Enforce, Digest: Digest(data), Source: src}
	p.Approvals = Approvals{Count: 1, From: []string{"role:write"}}
	p.Overrides = Overrides{By: []string{"role:maintain"}, Expire: 168 * time.Hour}
	p.Risk.ApproveAt = "never"
	if root := r.parse(data); root != nil {
		r.policy(root, p)
	}
	if r.found > 0 {
		return nil, r.problems.sorted(r.found), nil
	}
	r.finish(p)
	return p, nil, r.leaves
}

// reader walks the nodes of one file and collects problems.
type reader struct {
	file       string
	source     source
	kinds      []rules.Kind
	set        pathset.Builder
	conditions int // bytes so far
	problems   Problems
	found      int // problems, also those that were not kept
	written    written
	keep       bool // the values, for Explain
	leaves     []leaf
}

// place is a place in the file, 1-based.
type place struct{ line, col int }

// written remembers where things stand and how they were written, for those
// who ask questions later.
type written struct {
	places   map[string]place // of keys, by the name that messages use
	lists    []writtenGlobs
	compared []writtenLiteral
}

// writtenGlobs is a list of globs with its places.
type writtenGlobs struct {
	where  string
	globs  []string
	places []place
}

// writtenLiteral is a text that a condition compares with a variable.
type writtenLiteral struct {
	condition.Literal
	place place
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.failAt(place{n.Line, n.Column}, format, args...)
}

func (r *reader) failAt(at place, format string, args ...any) {
	if r.found++; len(r.problems) < maxKept {
		r.problems = append(r.problems, Problem{r.file, max(1, at.line), max(1, at.col), fmt.Sprintf(format, args...)})
	}
}

// guardIntegrity is the kind that judges even where a policy does not name it.
const guardIntegrity = "guard-integrity"

// finish resolves what depends on the whole file.
func (r *reader) finish(p *Policy) {
	named := false
	for i := range p.Rules {
		named = named || p.Rules[i].Kind.Name == guardIntegrity
		if a := p.Rules[i].Approvals; a != nil {
			if a.Count == 0 {
				a.Count = p.Approvals.Count
			}
			if a.From == nil {
				a.From = p.Approvals.From
			}
		}
	}
	if !named {
		r.addIntegrity(p)
	}
	p.Set = r.set.Build()
	p.written = r.written
}

// addIntegrity adds guard-integrity at level approve, where the kind exists.
func (r *reader) addIntegrity(p *Policy) {
	for _, k := range r.kinds {
		if k.Name == guardIntegrity {
			options := k.NewOptions()
			r.emptyGlobs(reflect.ValueOf(options).Elem())
			p.Rules = append(p.Rules, Rule{Name: k.Name, Kind: k, Level: Approve, Options: options, Implicit: true})
		}
	}
}
