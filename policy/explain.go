package policy

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/rules"
)

// A leaf is a value as it is written.
type leaf struct {
	key, value string
	line       int
}

// leaf keeps a value that is no mapping; what is in a mapping comes by itself.
func (r *reader) leaf(where string, p pair) {
	if r.keep && p.value.Kind != yaml.MappingNode {
		r.leaves = append(r.leaves, leaf{where, flow(p.value), p.at.Line})
	}
}

// flow writes a value on one line.
func flow(n *yaml.Node) string {
	if n.Kind != yaml.SequenceNode {
		return oneLine(n.Value)
	}
	items := make([]string, len(n.Content))
	for i, item := range n.Content {
		items[i] = flow(item)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// FromDefault is where a line comes from that no policy says.
const FromDefault = "default"

// A Line is one value that judges a change, and where it comes from.
type Line struct {
	Layer string `json:"layer"` // whose policy it belongs to
	Key   string `json:"key"`   // as messages name it: rules.core.with.paths
	Value string `json:"value"`
	From  string `json:"from"` // the layer when it is written there, else "default"
	File  string `json:"file"` // "" for a default
	Line  int    `json:"line"` // 1-based; 0 for a default
	// ReplacedBy says which rule of a later layer an overridable rule gave way to;
	// "" for all that is in force.
	ReplacedBy string `json:"replaced_by"`
}

// A Text is a policy file that Explain reads.
type Text struct {
	Layer string // organisation, repository
	Data  []byte
	Source
}

// Explain lists every value of policies that apply together, the organisation's
// first: those that are written, in file order, then those that the policy leaves
// to the defaults. A policy that does not load is an error, its Problems.
func Explain(texts []Text, kinds []rules.Kind) ([]Line, error) {
	policies := make(Layers, len(texts))
	leaves := make([][]leaf, len(texts))
	for i, t := range texts {
		var problems Problems
		if policies[i], problems, leaves[i] = read(t.Data, t.Source, kinds, true); problems != nil {
			return nil, problems
		}
	}
	var lines []Line
	for i, t := range texts {
		replaced := policies.replaced(i, texts)
		for _, l := range leaves[i] {
			lines = append(lines, Line{t.Layer, l.key, l.value, t.Layer, t.Name, l.line, replaced[ruleOf(l.key)]})
		}
		for _, l := range policies[i].defaults() {
			lines = append(lines, Line{t.Layer, l.key, l.value, FromDefault, "", 0, replaced[ruleOf(l.key)]})
		}
	}
	return lines, nil
}

// replaced names the rules of a layer that gave way, each with what to.
func (l Layers) replaced(layer int, texts []Text) map[string]string {
	stay := make(map[string]bool)
	for _, r := range l.Effective()[layer].Rules {
		stay[r.Name] = true
	}
	by := make(map[string]string)
	for _, r := range l[layer].Rules {
		for i := layer + 1; i < len(l) && !stay[r.Name]; i++ {
			if later := l[i].rule(r.Name); later != nil {
				by[r.Name] = fmt.Sprintf("%s:%d, %s", texts[i].Name, later.Line, texts[i].Layer)
			}
		}
	}
	return by
}

// rule finds a rule that is written.
func (p *Policy) rule(name string) *Rule {
	for i := range p.Rules {
		if p.Rules[i].Name == name && !p.Rules[i].Implicit {
			return &p.Rules[i]
		}
	}
	return nil
}

// keyUses ends the key of the one value that every rule has.
const keyUses = ".uses"

// ruleOf is the rule that a key belongs to, "" for none. Names of rules have dots,
// keys within a rule have none before their own end.
func ruleOf(key string) string {
	name, ok := strings.CutPrefix(key, "rules.")
	if !ok {
		return ""
	}
	for _, inner := range []string{".with.", ".approvals."} {
		if before, _, found := strings.Cut(name, inner); found {
			return before
		}
	}
	return name[:max(0, strings.LastIndexByte(name, '.'))]
}

// defaults are the values that the policy does not write.
func (p *Policy) defaults() (lines []leaf) {
	add := func(key string, value any) {
		if _, ok := p.written.places[key]; !ok {
			lines = append(lines, leaf{key: key, value: fmt.Sprint(value)})
		}
	}
	add("mode", p.Mode)
	for _, s := range p.Sessions {
		add("sessions."+s.Name+".level", s.Level)
	}
	for _, r := range p.Rules {
		if r.Implicit {
			add("rules."+r.Name+keyUses, r.Kind.Name)
		}
		add("rules."+r.Name+".level", r.Level)
	}
	add("approvals.count", p.Approvals.Count)
	add("approvals.from", inList(p.Approvals.From))
	add("overrides.by", inList(p.Overrides.By))
	add("overrides.self", p.Overrides.Self)
	add("overrides.expire", hours(p))
	add("risk.approve-at", p.Risk.ApproveAt)
	return lines
}

func hours(p *Policy) string { return fmt.Sprintf("%gh", p.Overrides.Expire.Hours()) }

func inList(items []string) string { return "[" + strings.Join(items, ", ") + "]" }
