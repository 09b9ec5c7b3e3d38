package testset

import (
	"slices"
	"strings"
)

// selection is -k, -m, --deselect and tests that are named.
func (r *pytestRun) selection() selection {
	slices.Sort(r.selects)
	var all []func(Test) bool
	for _, s := range r.selects {
		if test := selector(s); test != nil {
			all = append(all, test)
		}
	}
	text := r.selects
	if r.config.functions != nil || r.config.classes != nil {
		text = append(slices.Clone(text), "python_functions "+strings.Join(r.config.functions, " ")+" python_classes "+strings.Join(r.config.classes, " "))
	}
	if len(r.nodes) > 0 {
		text = append(slices.Clone(text), slices.Sorted(slices.Values(r.nodes))...)
		all = append(all, r.isNamed)
	}
	return selection{
		covers: func(p string) bool { reason, _ := r.refuses(p); return reason == "" }, text: strings.Join(text, " "),
		keep: func(t Test) bool {
			return !slices.ContainsFunc(all, func(ok func(Test) bool) bool { return !ok(t) })
		},
	}
}

// isNamed reports whether a test is one that an argument names, or in a file of
// which none is named.
func (r *pytestRun) isNamed(t Test) bool {
	alone := false
	for _, node := range r.nodes {
		file, name, _ := strings.Cut(node, "::")
		if file != t.Path {
			continue
		}
		alone = true
		name, _, _ = strings.Cut(strings.ReplaceAll(name, "::", "."), "[")
		if t.Name == name || strings.HasPrefix(t.Name, name+".") {
			return true
		}
	}
	return !alone
}

// selector makes a test of one option; nil when it cannot be told.
func selector(option string) func(Test) bool {
	kind, text, _ := strings.Cut(option, " ")
	if kind == "--deselect" {
		file, name, _ := strings.Cut(text, "::")
		name = strings.ReplaceAll(name, "::", ".")
		return func(t Test) bool {
			return !strings.HasSuffix("/"+t.Path, "/"+strings.TrimPrefix(file, "./")) || name != "" && t.Name != name && !strings.HasPrefix(t.Name, name+".")
		}
	}
	e := &expression{words: expressionWords(text)}
	matches := e.or(0)
	if matches == nil || e.at < len(e.words) {
		return nil
	}
	return func(t Test) bool {
		return matches(func(word string) bool {
			if kind == "-m" {
				return slices.Contains(t.Marks, word)
			}
			return strings.Contains(strings.ToLower(t.Path+"/"+t.Name+" "+strings.Join(t.Marks, " ")), strings.ToLower(word))
		})
	}
}

// An expression is "a and not (b or c)".
type expression struct {
	words []string
	at    int
}

type predicate func(holds func(word string) bool) bool

const maxExpression = 200 // words

func expressionWords(text string) []string {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
	return words[:min(len(words), maxExpression)]
}

func (e *expression) next(word string) bool {
	if e.at < len(e.words) && e.words[e.at] == word {
		e.at++
		return true
	}
	return false
}

func (e *expression) or(depth int) predicate {
	left := e.and(depth)
	for left != nil && e.next("or") {
		a, b := left, e.and(depth)
		if b == nil {
			return nil
		}
		left = func(holds func(string) bool) bool { return a(holds) || b(holds) }
	}
	return left
}

func (e *expression) and(depth int) predicate {
	left := e.not(depth)
	for left != nil && e.next("and") {
		a, b := left, e.not(depth)
		if b == nil {
			return nil
		}
		left = func(holds func(string) bool) bool { return a(holds) && b(holds) }
	}
	return left
}

func (e *expression) not(depth int) predicate {
	switch {
	case depth > maxExpression || e.at >= len(e.words):
		return nil
	case e.next("not"):
		a := e.not(depth + 1)
		if a == nil {
			return nil
		}
		return func(holds func(string) bool) bool { return !a(holds) }
	case e.next("("):
		a := e.or(depth + 1)
		if a == nil || !e.next(")") {
			return nil
		}
		return a
	}
	word := e.words[e.at]
	e.at++
	return func(holds func(string) bool) bool { return holds(word) }
}
