package policy

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/nearest"
	"github.com/changeguard/changeguard/rules"
)

func (r *reader) rules(n *yaml.Node, where string, p *Policy) {
	for _, e := range r.mapping(n, where) {
		named := r.word(e, where)
		if named && slices.Contains(reserved, e.key) {
			r.fail(e.at, "a rule cannot be called %s; changeguard reports findings of its own under that name", e.key)
		}
		rule := r.rule(e, join(where, e.key))
		if e.key == guardIntegrity && rule.Kind.Name != guardIntegrity && rule.Kind.Name != "" {
			r.fail(e.at, "only a rule that uses guard-integrity can be called so")
		}
		p.Rules = append(p.Rules, rule)
	}
}

func (r *reader) rule(e pair, where string) Rule {
	rule := Rule{Name: e.key, Level: Block, Line: e.at.Line}
	r.written.places[where] = place{e.at.Line, e.at.Column}
	if isNull(e.value) {
		r.fail(e.at, "%s has no value; give one or remove the line", where)
		return rule
	}
	var with *yaml.Node
	r.fields(e.value, where, r.ruleFields(&rule, &with))
	switch {
	case rule.Kind.Name != "":
		rule.Options = r.options(rule.Kind, with, e.at, where+".with")
	case e.value.Kind == yaml.MappingNode && !has(e.value, "uses"):
		r.fail(e.at, "%s has no uses; known kinds are %s", where, strings.Join(r.kindNames(), ", "))
	}
	return rule
}

// ruleFields puts aside the options, which depend on the kind.
func (r *reader) ruleFields(rule *Rule, with **yaml.Node) []field {
	return []field{
		{"uses", "The kind of the rule.", oneOf(r.kindNames()), func(n *yaml.Node, where string) { rule.Kind, _ = r.kind(n, where) }},
		{"if", "A CEL condition; without it the rule judges every change.", textShape, func(n *yaml.Node, where string) { rule.If = r.condition(n, where) }},
		{"level", "What a finding does: block (default), approve, warn or off.", oneOf(levels), func(n *yaml.Node, where string) { rule.Level = r.level(n, where) }},
		{"with", "The options of the kind.", anyObject, func(n *yaml.Node, _ string) { *with = n }},
		{"message", "What people read with each finding.", messageShape, func(n *yaml.Node, where string) { rule.Message = r.message(n, where) }},
		{"approvals", "Who lifts a finding of level approve; what is left out comes from the policy's.", r.approvalsShape, func(n *yaml.Node, where string) {
			rule.Approvals = new(Approvals) // finish fills what is left out
			r.approvals(n, where, rule.Approvals)
		}},
		{
			"overridable", "In an organisation's policy: a repository's rule of the same name replaces this one.", booleanShape,
			func(n *yaml.Node, where string) { rule.Overridable = r.boolean(n, where) },
		},
	}
}

func (r *reader) kindNames() []string {
	names := make([]string, len(r.kinds))
	for i, k := range r.kinds {
		names[i] = k.Name
	}
	return names
}

func (r *reader) kind(n *yaml.Node, where string) (rules.Kind, bool) {
	s, ok := r.text(n, where)
	if !ok {
		return rules.Kind{}, false
	}
	for _, k := range r.kinds {
		if k.Name == s {
			return k, true
		}
	}
	message := nearest.Unknown("kind", s, r.kindNames())
	if !strings.Contains(message, "known are") {
		message += " Known are " + strings.Join(r.kindNames(), ", ")
	}
	r.fail(n, "%s: %s", where, message)
	return rules.Kind{}, false
}

// message reads the text that people see with a finding.
func (r *reader) message(n *yaml.Node, where string) string {
	s, _ := r.text(n, where)
	if count := utf8.RuneCountInString(s); count > maxMessage {
		r.fail(n, "%s has %d characters, %d are allowed", where, count, maxMessage)
	}
	return strings.Join(strings.Fields(s), " ") // it is shown in one line, however it is written
}

// condition compiles a CEL expression and maps its mistakes into the file.
func (r *reader) condition(n *yaml.Node, where string) *condition.Program {
	s, ok := r.text(n, where)
	if !ok {
		return nil
	}
	before := r.conditions
	if r.conditions += len(s); r.conditions > maxConditions {
		if before <= maxConditions {
			r.fail(n, "the conditions of the policy have more than %d bytes together", maxConditions)
		}
		return nil // each takes time, and one problem is enough
	}
	p, err := condition.Compile(s)
	var wrong condition.Errors
	if errors.As(err, &wrong) {
		for _, e := range wrong {
			r.failAt(r.source.within(n, offset(s, e.Line, e.Col)), "%s: %s", where, e.Message)
		}
		return nil
	}
	if err != nil {
		r.fail(n, "%s: %v", where, err)
		return nil
	}
	for _, l := range p.Compared("session.mode") {
		r.written.compared = append(r.written.compared, writtenLiteral{l, r.source.within(n, offset(s, l.Line, l.Col))})
	}
	return p
}

// offset turns a place within a text into a number of characters.
func offset(text string, line, col int) int {
	before := 0
	for range line - 1 {
		first, rest, found := strings.Cut(text, "\n")
		if !found {
			break
		}
		before += utf8.RuneCountInString(first) + 1
		text = rest
	}
	return before + col - 1
}
