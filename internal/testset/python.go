package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	pyDef   = lazyregexp.New(`^(?:async\s+)?def\s+(\w+)`)
	pyClass = lazyregexp.New(`^class\s+(\w+)\s*(?:\(([^)]*)\))?`)
	pySkip  = lazyregexp.New(`(?:^|\.)(?:skip\w*|xfail|expectedFailure)\b`)
	pyMark  = lazyregexp.New(`\bmark\.(\w+)`)
	// pyOff are statements that end a test, or a whole module, before it did anything.
	pyOff = lazyregexp.New(`^(?:return\b|raise\s+(?:unittest\.)?SkipTest\b|(?:pytest\.)?(?:skip|xfail)\(|self\.skipTest\()`)
	// pyNeeds skips what follows where a module is not there.
	pyNeeds = lazyregexp.New(`^(?:\w+\s*=\s*)?(?:pytest\.)?importorskip\(`)
	pySetUp = lazyregexp.New(`^(?:setUp|setUpClass|asyncSetUp|setup_method|setup_class|setup)$`)

	pyAsserts = scale{
		call:  pyCalls{},
		weak:  pyWeak{lazyregexp.New(`^(?:assert\s+[^\n=<>!]*?(?:\s+is\s+not\s+None\b[^\n=<>]*)?(?:\n|$)|\w+\.assert(?:True|False|IsNotNone|IsNone|IsInstance|_called)\(|(?:pytest\.)?raises\(\s*(?:Base)?Exception\b|\w+\.assertRaises\(\s*(?:Base)?Exception\b)`)},
		empty: gated(lazyregexp.New(`^(?:assert\s+(?:True|1|not\s+False)\s*(?:,[^\n]*)?(?:\n|$)|assert\b[^\n]*\bor\s+True\s*(?:\n|$)|assert\s+True\s+or\b|\w+\.assertTrue\(\s*True\s*\)|\w+\.assertFalse\(\s*False\s*\))`), `True`, `False`, `1`),
	}
)

// A Naming is what pytest takes for tests by their names: of functions, and of
// classes that are no unittest.TestCase. The zero Naming is unittest's, which
// takes methods of such classes alone.
type Naming struct{ functions, classes []string }

// usualNames are pytest's where nobody says otherwise.
var usualNames = Naming{[]string{"test"}, []string{"Test"}}

// named reports whether a name begins with a word, or matches a pattern.
func named(name string, patterns []string) bool {
	for _, p := range patterns {
		if strings.HasPrefix(name, p) || strings.ContainsAny(p, "*?[") && wildcard(p, name) {
			return true
		}
	}
	return false
}

// A pythonScope is a class or a function that the lines are in.
type pythonScope struct {
	indent  int
	name    string
	class   bool
	cases   bool // a unittest.TestCase
	skipped bool
	marks   []string
	test    *Test
	body    int // the indent of its first statement, 0 before
	from    int
	inner   int  // behind its name
	done    bool // a statement ended it
	ended   int  // where
	first   int  // how many tests there were before it
}

// A pythonReader finds tests in logical lines.
type pythonReader struct {
	text     string
	weighing *weighing
	names    Naming
	scopes   []*pythonScope
	cases    map[string]bool // classes that are of unittest
	tests    []Test
	spans    []span
	bodies   []int // where the tests' own names end
	skipped  bool  // the whole module
	marks    []string
	pending  []string // decorators
	// decorated is where the last decorators begin.
	decorated int
}

func pythonTests(text string, names Naming) []Test {
	code := mask(text, python)
	lines := pythonLines(code)
	r := &pythonReader{text: text, names: names, cases: make(map[string]bool), weighing: newWeighing(pythonWeighed(code, lines), nil, pyAsserts)}
	end := 0 // of the line before: comments below a test are not of it
	for _, l := range lines {
		r.leave(l.indent, end)
		r.line(l)
		end = l.to
	}
	r.leave(0, end)
	return r.weighed()
}

// weighed weighs the tests when all helpers are known. Of two tests of one name
// Python knows the second.
func (r *pythonReader) weighed() []Test {
	last := make(map[string]int, len(r.tests))
	for i := range r.tests {
		last[r.tests[i].Name] = i
	}
	rest := restOf(r.text, r.spans)
	tests := r.tests[:0]
	for i, t := range r.tests {
		if last[t.Name] != i {
			continue
		}
		r.weighing.test(&t, span{r.bodies[i], r.spans[i].to})
		t.fill(r.text[r.spans[i].from:r.spans[i].to], r.weighing.code[r.spans[i].from:r.spans[i].to])
		t.rest = rest
		t.Skipped = t.Skipped || r.skipped
		t.Marks = append(t.Marks, r.marks...)
		tests = append(tests, t)
	}
	return tests
}

// leave closes scopes that end before a line of an indent.
func (r *pythonReader) leave(indent, at int) {
	for n := len(r.scopes); n > 0 && r.scopes[n-1].indent >= indent; n-- {
		s := r.scopes[n-1]
		r.scopes = r.scopes[:n-1]
		end := at
		if s.done {
			end = s.ended
		}
		switch {
		case s.class && s.skipped:
			for i := min(s.first, len(r.tests)); i < len(r.tests); i++ {
				r.tests[i].Skipped = true
			}
		case s.class:
		case s.test == nil:
			r.weighing.help(s.name, span{s.inner, end})
		case len(r.tests) < maxTests:
			r.tests, r.spans, r.bodies = append(r.tests, *s.test), append(r.spans, span{s.from, end}), append(r.bodies, min(s.inner, end))
		}
	}
}

func (r *pythonReader) line(l pythonLine) {
	if rest, ok := strings.CutPrefix(l.code, "@"); ok {
		if len(r.pending) == 0 {
			r.decorated = l.from
		}
		r.pending = append(r.pending, rest)
		return
	}
	decorators := r.pending
	r.pending = nil
	var top *pythonScope
	if n := len(r.scopes); n > 0 {
		top = r.scopes[n-1]
	}
	if strings.HasPrefix(l.code, "class") {
		if m := pyClass.FindStringSubmatch(l.code); m != nil {
			r.enter(l, decorators, m[1], m[2], true)
			return
		}
	}
	if strings.HasPrefix(l.code, "def") || strings.HasPrefix(l.code, "async") {
		if m := pyDef.FindStringSubmatch(l.code); m != nil {
			if m[1] == "__init__" && top != nil && top.class && !top.cases { // pytest collects no class that has one
				n := min(top.first, len(r.tests))
				top.body, r.tests, r.spans, r.bodies = -1, r.tests[:n], r.spans[:n], r.bodies[:n]
			}
			r.enter(l, decorators, m[1], "", false)
			return
		}
	}
	r.statement(l, top)
}

// statement looks for what turns tests off.
func (r *pythonReader) statement(l pythonLine, top *pythonScope) {
	marks, marked := strings.CutPrefix(l.code, "pytestmark")
	off := pyOff.MatchString(l.code)
	switch {
	case marked && strings.HasPrefix(strings.TrimLeft(marks, " "), "="):
		skipped, names := markings([]string{marks})
		if top == nil {
			r.skipped, r.marks = r.skipped || skipped, append(r.marks, names...)
		} else {
			top.skipped, top.marks = top.skipped || skipped, append(top.marks, names...)
		}
	case top == nil:
		r.skipped = r.skipped || l.indent == 0 && (off && (strings.Contains(l.code, "allow_module_level") || strings.HasPrefix(l.code, "raise")) || pyNeeds.MatchString(l.code))
	case top.class && strings.HasPrefix(l.code, "__test__") && strings.Contains(l.code, "False"):
		top.skipped = true
	case top.test == nil:
		if n := len(r.scopes); n > 1 && r.scopes[n-2].class && pySetUp.MatchString(top.name) && off && !strings.HasPrefix(l.code, "return") {
			r.scopes[n-2].skipped = true
		}
	case !top.done:
		r.within(l, top, off)
	}
}

// within takes in a statement of a test.
func (r *pythonReader) within(l pythonLine, top *pythonScope, off bool) {
	if top.body == 0 {
		top.body = l.indent
	}
	returns := strings.HasPrefix(l.code, "return")
	if off && l.indent == top.body {
		top.done, top.ended = true, l.from
	}
	top.test.Skipped = top.test.Skipped || off && !returns || pyNeeds.MatchString(l.code)
}

// enter opens a class or a function, which is a test where its name says so.
func (r *pythonReader) enter(l pythonLine, decorators []string, name, bases string, class bool) {
	s := &pythonScope{indent: l.indent, name: name, class: class, from: l.from, inner: l.body + strings.Index(l.code, name) + len(name), first: len(r.tests)}
	s.skipped, s.marks = markings(decorators)
	outer := make([]string, 0, len(r.scopes)+1)
	holds, method := true, false // all scopes around it are classes of tests
	for _, o := range r.scopes {
		outer = append(outer, o.name)
		holds = holds && o.class && o.body >= 0
		s.skipped = s.skipped || o.skipped
		s.marks = append(s.marks, o.marks...)
		method = o.cases
	}
	switch {
	case class:
		s.cases = r.isCase(bases)
		r.cases[name] = s.cases
		if !s.cases && !named(name, r.names.classes) {
			s.body = -1 // no class of tests
		}
	case holds && (method && strings.HasPrefix(name, "test") || !method && named(name, r.names.functions)):
		s.test = &Test{Name: strings.Join(append(outer, name), "."), Line: l.line, Skipped: s.skipped, Marks: s.marks}
		s.test.Repeats = slices.ContainsFunc(decorators, repeats)
		if len(decorators) > 0 {
			s.from = r.decorated
		}
		if at := strings.LastIndexByte(l.code, ':'); at >= 0 && strings.TrimSpace(l.code[at+1:]) != "" {
			s.body = 1 // its body stands on its line
		}
	}
	r.scopes = append(r.scopes, s)
}

// isCase reports whether a class of such bases is one of unittest, as far as the
// file shows it.
func (r *pythonReader) isCase(bases string) bool {
	for base := range strings.SplitSeq(bases, ",") {
		base = strings.TrimSpace(base)
		known, here := r.cases[base]
		if known || !here && (strings.Contains(base, "Test") || strings.HasSuffix(base, "Case")) {
			return true
		}
	}
	return false
}

// markings reads decorators, or what pytestmark is set to.
func markings(decorators []string) (skipped bool, marks []string) {
	for _, d := range decorators {
		skipped = skipped || pySkip.MatchString(strings.TrimLeft(d, "@ ="))
		for _, m := range pyMark.FindAllStringSubmatch(d, -1) {
			if !slices.Contains(marks, m[1]) {
				marks = append(marks, m[1])
			}
		}
	}
	return skipped, marks
}
