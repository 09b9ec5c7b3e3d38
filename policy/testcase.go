package policy

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

func (r *reader) testFilesShape() *Schema {
	return &Schema{
		Type: "object", MaxProps: maxEntries, Names: &Schema{MinLength: 1},
		Additional: &Schema{AnyOf: []*Schema{enum(testWords), object(r.testFileFields(new(TestFileChange)))}},
	}
}

func (r *reader) testFileFields(f *TestFileChange) []field {
	content := func(s **string) func(*yaml.Node, string) {
		return func(n *yaml.Node, where string) {
			if text, ok := r.text(n, where); ok {
				*s = &text
			}
		}
	}
	mode := func(s *string) func(*yaml.Node, string) {
		return func(n *yaml.Node, where string) { *s = r.choice(n, where, TestModes) }
	}
	return []field{
		{"before", "The content before; of a link, where it leads; of a submodule, its commit.", textShape, content(&f.Before)},
		{"after", "The content after. Only before: the file is removed. Only after: it is added, or edited when base has it.", textShape, content(&f.After)},
		{"renamed-from", "The name before. Without contents only the name changes.", textShape, func(n *yaml.Node, where string) {
			if s, ok := r.text(n, where); ok && r.testPath(n, s, where) {
				f.From = s
			}
		}},
		{"mode", "What it is after. Default: what it was before, else regular.", oneOf(TestModes), mode(&f.Mode)},
		{"mode-before", "What it was before. Default: regular.", oneOf(TestModes), mode(&f.OldMode)},
	}
}

func (r *reader) testFiles(n *yaml.Node, where string) (files []TestFileChange) {
	for _, p := range r.mapping(n, where) {
		within := join(where, p.key)
		if !r.testPath(p.at, p.key, where) {
			continue
		}
		f := TestFileChange{Path: p.key, Line: p.at.Line}
		switch {
		case isNull(p.value):
			r.fail(p.at, "%s has no value; write added, edited or removed, or before and after", within)
		case p.value.Kind == yaml.MappingNode:
			r.fields(p.value, within, r.testFileFields(&f))
			r.testFileSense(p, within, f)
		default:
			f.Word = r.choice(p.value, within, testWords)
		}
		files = append(files, f)
	}
	return files
}

// testFileSense refuses what says nothing, or two things.
func (r *reader) testFileSense(p pair, where string, f TestFileChange) {
	switch {
	case f.From == "" && f.Before == nil && f.After == nil && f.Mode == "":
		r.fail(p.at, "%s does not say what happens; give before, after, renamed-from or mode", where)
	case f.From == f.Path:
		r.fail(p.at, "%s is renamed from its own name", where)
	case f.From != "" && f.After == nil && f.Before != nil && f.Mode != "" && f.Mode != f.OldMode:
		r.fail(p.at, "%s: a renamed file that changes needs after", where)
	}
}

func (r *reader) testCommitsShape() *Schema {
	one := object(r.testCommitFields(new(TestCommit)))
	one.Required = []string{"message"}
	most := maxItems
	return &Schema{Type: "array", MaxItems: &most, Items: one}
}

func (r *reader) testCommitFields(c *TestCommit) []field {
	person := func(s *string) func(*yaml.Node, string) {
		return func(n *yaml.Node, where string) { *s = r.testPerson(n, where) }
	}
	return []field{
		{"message", "The whole message, without the trailers below.", textShape, r.into(&c.Message)},
		{"author", "Name <address>. Default: Dev <dev@example.com>.", testPersonShape, person(&c.Author)},
		{"committer", "Name <address>. Default: the author.", testPersonShape, person(&c.Committer)},
		{"trailers", "Lines like Session-Mode: analysis-only, which end the message.", trailersShape, func(n *yaml.Node, where string) { c.Trailers = r.testTrailers(n, where) }},
		{"files", "The paths that it touched. Default: all of the change.", textsShape, func(n *yaml.Node, where string) { c.Files, _ = r.texts(n, where) }},
		{"merge", "It joins another branch.", booleanShape, func(n *yaml.Node, where string) { c.Merge = r.boolean(n, where) }},
		{"repeat", "How many commits like this there are. Default: 1.", numberBetween(1, maxTestRepeat), func(n *yaml.Node, where string) { c.Repeat = int(r.number(n, where, 1, maxTestRepeat)) }},
	}
}

func testPersonShape() *Schema { return &Schema{Type: "string", Pattern: "^[^<>]+ <[^<>]+>$"} }

func (r *reader) testPerson(n *yaml.Node, where string) string {
	s, ok := r.text(n, where)
	name, rest, cut := strings.Cut(s, " <")
	if ok && (!cut || name == "" || len(rest) < 2 || strings.IndexAny(rest, "<>") != len(rest)-1 || strings.ContainsAny(name, "<>")) {
		r.fail(n, "%s must be a name and an address like Dev <dev@example.com>, this is %q", where, clip(s))
	}
	return s
}

func (r *reader) testTrailers(n *yaml.Node, where string) []string {
	lines, nodes := r.texts(n, where)
	for i, line := range lines {
		key, value, ok := strings.Cut(line, ":")
		if !ok || !trailerKey.MatchString(key) || strings.TrimSpace(value) == "" || strings.Contains(line, "\n") {
			r.fail(nodes[i], "%s[%d] must be like Key: value, this is %q", where, i, clip(line))
		}
	}
	return lines
}

func (r *reader) testCommits(n *yaml.Node, where string) (commits []TestCommit) {
	total := 0
	r.testList(n, where, func(item *yaml.Node, within string) {
		c := TestCommit{Author: "Dev <dev@example.com>", Repeat: 1}
		r.fields(item, within, r.testCommitFields(&c))
		if item.Kind == yaml.MappingNode && !has(item, "message") {
			r.fail(item, "%s has no message", within)
		}
		if total += c.Repeat; total > int(maxTestRepeat) && total-c.Repeat <= int(maxTestRepeat) {
			r.fail(item, "%s has more than %d commits in all", where, maxTestRepeat)
		}
		commits = append(commits, c)
	})
	return commits
}

// testList reads each item of a list.
func (r *reader) testList(n *yaml.Node, where string, each func(item *yaml.Node, where string)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		r.fail(n, "%s must be a list, this is %s", where, describe(n))
	case len(n.Content) > maxItems:
		r.fail(n, "%s has %d items, %d are allowed", where, len(n.Content), maxItems)
	default:
		for i, item := range n.Content {
			each(item, fmt.Sprintf("%s[%d]", where, i))
		}
	}
}

func (r *reader) testExpectShape() *Schema {
	full := object(r.testExpectFields(new(TestExpectation)))
	return &Schema{AnyOf: []*Schema{enum(testOutcomes), full}}
}

func (r *reader) testExpectFields(e *TestExpectation) []field {
	findings := func(into *[]TestFinding) func(*yaml.Node, string) {
		return func(n *yaml.Node, where string) { *into = r.testFindings(n, where) }
	}
	return []field{
		{"outcome", "The outcome; while the policy observes, what it would have been.", oneOf(testOutcomes), func(n *yaml.Node, where string) { e.Outcome = r.choice(n, where, testOutcomes) }},
		{"mode", "The session's mode that the policy saw; \"\" for none.", textShape, func(n *yaml.Node, where string) {
			if s, ok := r.text(n, where); ok {
				e.Mode = &s
			}
		}},
		{"rules", "Exactly these rules, or modes, have findings; [] for none.", textsShape, func(n *yaml.Node, where string) {
			names, _ := r.texts(n, where)
			e.Rules = &names
		}},
		{"findings", "Each matches at least one finding.", r.testFindingsShape, findings(&e.Findings)},
		{"absent", "None matches a finding.", r.testFindingsShape, findings(&e.Absent)},
	}
}

func (r *reader) testExpect(n *yaml.Node, where string, e *TestExpectation) {
	e.Line = n.Line
	if n.Kind != yaml.MappingNode {
		e.Outcome = r.choice(n, where, testOutcomes)
		return
	}
	if len(n.Content) == 0 {
		r.fail(n, "%s is empty, so anything would do", where)
	}
	r.fields(n, where, r.testExpectFields(e))
}

func (r *reader) testFindingsShape() *Schema {
	one := object(r.testFindingFields(new(TestFinding)))
	one.AnyOf = []*Schema{{Required: []string{"rule"}}, {Required: []string{"path"}}, {Required: []string{"level"}}, {Required: []string{"message"}}}
	most := maxItems
	return &Schema{Type: "array", MaxItems: &most, Items: one}
}

func (r *reader) testFindingFields(f *TestFinding) []field {
	return []field{
		{"rule", "The rule's name, or the session's mode.", textShape, r.into(&f.Rule)},
		{"path", "The file.", textShape, r.into(&f.Path)},
		{"level", "The level.", oneOf(levels), func(n *yaml.Node, where string) { f.Level = string(r.level(n, where)) }},
		{"message", "A part of the message.", textShape, r.into(&f.Message)},
	}
}

func (r *reader) testFindings(n *yaml.Node, where string) (findings []TestFinding) {
	r.testList(n, where, func(item *yaml.Node, within string) {
		f := TestFinding{Line: item.Line}
		r.fields(item, within, r.testFindingFields(&f))
		if item.Kind == yaml.MappingNode && len(item.Content) == 0 {
			r.fail(item, "%s is empty and would match any finding; give rule, path, level or message", within)
		}
		findings = append(findings, f)
	})
	return findings
}
