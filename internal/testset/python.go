package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A pythonLine is one logical line of a Python source.
type pythonLine struct {
	indent   int
	code     string // masked
	from, to int    // in the source
	line     int
}

// pythonLines splits masked code into logical lines: a line goes on within
// brackets and behind a backslash. Strings that cross lines are blanks here.
func pythonLines(code string) []pythonLine {
	var list []pythonLine
	line := 1
	for at := 0; at < len(code); {
		end := pythonLineEnd(code, at)
		raw := code[at:end]
		body := strings.TrimLeft(raw, " \t")
		if strings.TrimSpace(body) != "" {
			indent := 0
			for _, c := range raw[:len(raw)-len(body)] {
				if indent++; c == '\t' {
					indent += 7
				}
			}
			list = append(list, pythonLine{indent, strings.TrimSpace(body), at, end, line})
		}
		line += strings.Count(raw, "\n") + 1
		at = end + 1
	}
	return list
}

func pythonLineEnd(code string, from int) int {
	depth, quote := 0, byte(0)
	for i := from; i < len(code); i++ {
		switch c := code[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '(' || c == '[' || c == '{':
			depth++
		case (c == ')' || c == ']' || c == '}') && depth > 0:
			depth--
		case c == '"' || c == '\'':
			// masked text has no quotes in it; three of them open and close at once
			if triple := code[i:min(len(code), i+3)]; triple == `"""` || triple == "'''" {
				i += 2
				if end := strings.Index(code[i+1:], triple); end >= 0 {
					i += end + 3
				}
			} else if end := strings.IndexByte(code[i+1:], c); end >= 0 && !strings.Contains(code[i+1:i+1+end], "\n") {
				i += end + 1
			}
		case c == '\\' && i+1 < len(code) && code[i+1] == '\n':
			i++
		case c == '\n' && depth == 0:
			return i
		}
	}
	return len(code)
}

var (
	pyDef   = lazyregexp.New(`^(?:async\s+)?def\s+(\w+)`)
	pyClass = lazyregexp.New(`^class\s+(\w+)\s*(?:\(([^)]*)\))?`)
	pySkip  = lazyregexp.New(`(?:^|\.)(?:skip\w*|xfail|expectedFailure)\b`)
	pyMark  = lazyregexp.New(`\bmark\.(\w+)`)
	// pyOff are statements that end a test, or a whole module, before it did anything.
	pyOff = lazyregexp.New(`^(?:return\b|raise\s+(?:unittest\.)?SkipTest\b|(?:pytest\.)?(?:skip|xfail)\(|self\.skipTest\()`)

	pyAsserts = scale{
		call:  lazyregexp.New(`\bassert\b|\b(?:self|cls|\w+)\.(?:assert\w+|fail)\(|\b(?:pytest\.)?(?:raises|warns|fail)\(|\b(?:assert|check|verify|expect|ensure)_\w+\(`),
		weak:  lazyregexp.New(`^(?:assert\s+[^\n=<>!]*?(?:\s+is\s+not\s+None\b[^\n=<>]*)?(?:\n|$)|\w+\.assert(?:True|False|IsNotNone|IsNone|IsInstance|_called)\(|(?:pytest\.)?raises\(\s*(?:Base)?Exception\b)`),
		empty: lazyregexp.New(`^(?:assert\s+(?:True|1|not\s+False)\s*(?:,[^\n]*)?(?:\n|$)|\w+\.assertTrue\(\s*True\s*\)|\w+\.assertFalse\(\s*False\s*\))`),
	}
)

// A pythonScope is a class or a function that the lines are in.
type pythonScope struct {
	indent  int
	name    string
	class   bool
	skipped bool
	marks   []string
	test    *Test
	body    int // the indent of its first statement, 0 before
	from    int
	done    bool // a statement ended it
	ended   int  // where
}

// A pythonReader finds tests in logical lines.
type pythonReader struct {
	text, code string
	scopes     []*pythonScope
	decorators []string
	tests      []Test
	skipped    bool // the whole module
	marks      []string
}

func pythonTests(text string) []Test {
	r := &pythonReader{text: text, code: mask(text, python)}
	end := 0 // of the line before: comments below a test are not of it
	for _, l := range pythonLines(r.code) {
		r.leave(l.indent, end)
		r.line(l)
		end = l.to
	}
	r.leave(0, end)
	for i := range r.tests {
		r.tests[i].Skipped = r.tests[i].Skipped || r.skipped
		r.tests[i].Marks = append(r.tests[i].Marks, r.marks...)
	}
	return r.tests
}

// leave closes scopes that end before a line of an indent.
func (r *pythonReader) leave(indent, at int) {
	for n := len(r.scopes); n > 0 && r.scopes[n-1].indent >= indent; n-- {
		s := r.scopes[n-1]
		r.scopes = r.scopes[:n-1]
		if s.test == nil || len(r.tests) >= maxTests {
			continue
		}
		end := at
		if s.done {
			end = s.ended
		}
		s.test.fill(r.text[s.from:end], r.code[s.from:end], pyAsserts)
		r.tests = append(r.tests, *s.test)
	}
}

func (r *pythonReader) line(l pythonLine) {
	if rest, ok := strings.CutPrefix(l.code, "@"); ok {
		r.decorators = append(r.decorators, rest)
		return
	}
	decorators := r.decorators
	r.decorators = nil
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
			r.enter(l, decorators, m[1], "", false)
			return
		}
	}
	r.statement(l, top)
}

// statement looks for what turns tests off.
func (r *pythonReader) statement(l pythonLine, top *pythonScope) {
	marks, marked := strings.CutPrefix(l.code, "pytestmark")
	switch {
	case marked && strings.HasPrefix(strings.TrimLeft(marks, " "), "="):
		skipped, names := markings([]string{marks})
		if top == nil {
			r.skipped, r.marks = r.skipped || skipped, append(r.marks, names...)
		} else {
			top.skipped, top.marks = top.skipped || skipped, append(top.marks, names...)
		}
	case top == nil:
		if l.indent == 0 && strings.Contains(l.code, "allow_module_level") && pyOff.MatchString(l.code) {
			r.skipped = true
		}
	case top.class && strings.HasPrefix(l.code, "__test__") && strings.Contains(l.code, "False"):
		top.skipped = true
	case top.test != nil && !top.done:
		if top.body == 0 {
			top.body = l.indent
		}
		if l.indent == top.body && pyOff.MatchString(l.code) {
			top.done, top.ended = true, l.from
			top.test.Skipped = top.test.Skipped || !strings.HasPrefix(l.code, "return")
		}
	}
}

// enter opens a class or a function, which is a test where its name says so.
func (r *pythonReader) enter(l pythonLine, decorators []string, name, bases string, class bool) {
	s := &pythonScope{indent: l.indent, name: name, class: class, from: l.from}
	s.skipped, s.marks = markings(decorators)
	outer := make([]string, 0, len(r.scopes)+1)
	holds := true // all scopes around it are classes of tests
	for _, o := range r.scopes {
		outer = append(outer, o.name)
		holds = holds && o.class && o.body >= 0
		s.skipped = s.skipped || o.skipped
		s.marks = append(s.marks, o.marks...)
	}
	switch {
	case class && !strings.HasPrefix(name, "Test") && !strings.Contains(bases, "Test"):
		s.body = -1 // no class of tests
	case !class && holds && strings.HasPrefix(name, "test"):
		s.test = &Test{Name: strings.Join(append(outer, name), "."), Line: l.line, Skipped: s.skipped, Marks: s.marks}
		if at := strings.LastIndexByte(l.code, ':'); at >= 0 && strings.TrimSpace(l.code[at+1:]) != "" {
			s.body = 1 // its body stands on its line
		}
	}
	r.scopes = append(r.scopes, s)
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

var pyImport = lazyregexp.New(`^(?:import\s+(.+)|from\s+([\w.]+)\s+import\s+(.+))$`)

// Imports are the modules that a Python file imports whenever it is loaded, as
// dotted names. What stands in a function, a condition or a try is left out:
// there somebody expects it to be missing. With "from a import b" b is a
// candidate "a.b", which may also be a name within a.
type Imports struct {
	Modules []string
	Maybe   []string
}

// PythonImports reads the imports of a file.
func PythonImports(data []byte) Imports {
	var found Imports
	for _, l := range pythonLines(mask(string(data), python)) {
		if l.indent > 0 || !strings.HasPrefix(l.code, "import") && !strings.HasPrefix(l.code, "from") {
			continue
		}
		m := pyImport.FindStringSubmatch(l.code)
		switch {
		case m == nil:
		case m[1] != "":
			for name := range strings.SplitSeq(m[1], ",") {
				if f := strings.Fields(name); len(f) > 0 {
					found.Modules = append(found.Modules, f[0])
				}
			}
		case m[2][0] != '.':
			found.Modules = append(found.Modules, m[2])
			for name := range strings.SplitSeq(strings.Trim(m[3], "()"), ",") {
				if f := strings.Fields(name); len(f) > 0 {
					found.Maybe = append(found.Maybe, m[2]+"."+f[0])
				}
			}
		}
	}
	return found
}

// Resolve finds a module on a search path. known is false when no folder of the
// path has its first name: it comes from elsewhere, or from nowhere.
func (t *Tree) Resolve(module string, searchPath []string) (known, found bool) {
	first, rest, dotted := strings.Cut(module, ".")
	for _, dir := range searchPath {
		base := join(dir, first)
		switch {
		case t.files[base+".py"]:
			return true, !dotted
		case t.files[base+"/__init__.py"], t.dirs[base] && base != "":
			known = true
			if !dotted {
				return true, true
			}
			if below := join(base, strings.ReplaceAll(rest, ".", "/")); t.files[below+".py"] || t.dirs[below] {
				return true, true
			}
		}
	}
	return known, false
}
