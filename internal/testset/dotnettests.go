package testset

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// dotnetTests reads a file of .NET by its own language.
func dotnetTests(p, text string) []Test {
	switch strings.ToLower(path.Ext(p)) {
	case ".fs":
		return lineTests(text, fsharpTests)
	case ".vb":
		return lineTests(text, basicTests)
	default:
		return blockTests(text, csharpTests)
	}
}

var (
	csharpIf    = byLine(lazyregexp.New(`(?m)^[ \t]*#[ \t]*(if|endif)\b([^\n]*)$`), `#`)
	csharpKnown = lazyregexp.New(`^\s*!?\(?\s*(?:NET\w*|DEBUG|WINDOWS|LINUX|OSX)\b`)
)

// conditions are what a preprocessor leaves out unless a symbol of one's own is
// defined.
func (r *blockReader) conditions() []span {
	if r.l.source.name != "csharp" {
		return nil
	}
	var list, open []span
	for _, at := range csharpIf.all(r.code, maxTests) {
		n := len(open)
		switch known := csharpKnown.MatchString(r.code[at[4]:at[5]]); {
		case r.code[at[2]:at[3]] == "if" && known:
			open = append(open, span{-1, 0})
		case r.code[at[2]:at[3]] == "if":
			open = append(open, span{at[0], 0})
		case n > 0:
			if open[n-1].from >= 0 {
				list = append(list, span{open[n-1].from, at[1]})
			}
			open = open[:n-1]
		}
	}
	return list
}

// A lineLanguage says how tests look in a language whose functions end by their
// lines: an attribute stands before the function.
type lineLanguage struct {
	source   language
	mark     searcher // the attribute of a test
	function searcher // its first group is the indent, the second or third the name
	skip     matcher  // among the attributes
	inside   matcher  // a call in a body that skips
	ends     searcher // the line that ends a function; nil where its indent does
	asserts  scale
}

var (
	fsharp = language{name: "fsharp", line: []string{"//"}, block: [2]string{"(*", "*)"}, quotes: `"`, triple: true, cross: `"`, chars: true, nested: true}
	basic  = language{name: "basic", line: []string{"'"}, quotes: `"`}

	fsharpTests = lineLanguage{
		source: fsharp, mark: byLine(lazyregexp.New(`\[<[^\n]*?\b(?:Fact|Theory|Test|TestCase|TestMethod|Property|SkippableFact)\b[^\n]*`), `[<`),
		function: find(lazyregexp.New("(?m)^([ \t]*)(?:\\[<[^\\n]*>\\]\\s*)?(?:let|member|static\\s+member|override)\\s+(?:(?:rec|inline|private|async)\\s+)*(?:\\w+\\.)?(?:``([^`\\n]+)``|(\\w+))"), `^lmso[`),
		skip:     gated(lazyregexp.New(`\bSkip\s*=|\bIgnore\b|\bExplicit\b`), `Skip`, `Ignore`, `Explicit`), inside: gated(lazyregexp.New(`\bAssert\.(?:Ignore|Inconclusive|Skip\w*)\b|\bSkip\.\w+`), `Assert`, `Skip`),
		asserts: scale{
			call:  find(lazyregexp.New(`\bAssert\s*\.\s*\w+|\bExpect\.\w+|\bshould\s+\w+|=!\s|\bfailwith\b|\b(?:test|raises)\s*<@|\braises<\w+>|\b(?:assert|check|verify)[A-Z]\w*`), `\bAssert`, `\bExpect.`, `\bshould`, `=!`, `\bfailwith`, `\btest`, `\braises`, `\bassert`, `\bcheck`, `\bverify`),
			weak:  lazyregexp.New(`^(?:Assert\s*\.\s*(?:True|False|IsTrue|IsFalse|NotNull|IsNotNull|Null|IsNull)\b|Assert\s*\.\s*Throws(?:Any)?<\s*(?:System\.)?(?:Exception|exn)\s*>|Expect\.(?:isTrue|isFalse|isNotNull|isSome)\b)`),
			empty: lazyregexp.New(`^Assert\s*\.\s*(?:True|IsTrue|Pass)\s*\(?\s*(?:true)?\s*\)?`),
		},
	}
	basicTests = lineLanguage{
		source: basic, mark: byLine(lazyregexp.New(`(?i)<[^<>\n]*\b(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b[^\n]*`), `<`),
		function: folded(lazyregexp.New(`(?im)^([ \t]*)(?:<[^\n]*>\s*)?(?:(?:Public|Private|Friend|Shared|Async|Overrides)\s+)*(?:Sub|Function)\s+(?:(\w+)|(\[\w+\]))`), `ub`, `un`),
		skip:     lazyregexp.New(`(?i)\bSkip\s*:=|\bIgnore\b|\bExplicit\b`), inside: lazyregexp.New(`(?i)\bAssert\.(?:Ignore|Inconclusive|Skip\w*)\b`),
		ends: folded(lazyregexp.New(`(?im)^[ \t]*End\s+(?:Sub|Function)\b`), `end`),
		asserts: scale{
			call:  folded(lazyregexp.New(`(?i)\b(?:Collection|String)?Assert\s*\.\s*\w+|\.Should\w*\(`), `sert`, `should`),
			weak:  lazyregexp.New(`(?i)^Assert\s*\.\s*(?:True|False|IsTrue|IsFalse|NotNull|IsNotNull|Null|IsNull)\b`),
			empty: lazyregexp.New(`(?i)^Assert\s*\.\s*(?:True|IsTrue|Pass)\(\s*(?:True)?\s*\)`),
		},
	}
)

// lineTests finds the tests of a source.
func lineTests(text string, l lineLanguage) []Test {
	code := mask(text, l.source)
	functions := l.function.all(code, -1)
	marks := l.mark.all(code, -1)
	bodies := lineBodies(code, functions, l)
	w := newWeighing(code, nil, l.asserts)
	w.bare = l.source.name == "fsharp"
	lines := lineCount{text: text}
	var tests []Test
	var spans []span
	end := 0 // of the function before
	for i, fn := range functions {
		first := -1
		for len(marks) > 0 && marks[0][0] < fn[nameGroup(fn[2:])+2] {
			if first < 0 && marks[0][0] >= end {
				first = marks[0][0]
			}
			marks = marks[1:]
		}
		name := lineName(text, fn)
		if first < 0 || len(tests) >= maxTests {
			w.help(name, bodies[i])
			end = max(end, fn[1])
			continue
		}
		attributes := code[max(end, first-marksBefore):fn[1]]
		if at := strings.LastIndex(attributes[:max(0, first-max(end, first-marksBefore))], "\n\n"); at >= 0 {
			attributes = attributes[at:]
		}
		t := Test{Name: name, Line: lines.of(fn[nameGroup(fn[2:])+2])}
		t.Skipped = l.skip.MatchString(attributes) || l.inside.MatchString(code[bodies[i].from:bodies[i].to])
		tests, spans = append(tests, t), append(spans, span{first, bodies[i].to})
		end = bodies[i].to
	}
	rest := restOf(text, spans)
	for i := range tests {
		w.test(&tests[i], spans[i])
		tests[i].fill(text[spans[i].from:spans[i].to], code[spans[i].from:spans[i].to])
		tests[i].rest = rest
	}
	return tests
}

func lineName(text string, fn []int) string {
	at := nameGroup(fn[2:]) + 2
	return text[fn[at]:fn[at+1]]
}

// lineBodies are the functions from behind their names to their ends: at a line
// that says so, or before the next line that stands no deeper.
func lineBodies(code string, functions [][]int, l lineLanguage) []span {
	bodies := make([]span, len(functions))
	if l.ends != nil {
		ends := l.ends.all(code, -1)
		for i, fn := range functions {
			for len(ends) > 0 && ends[0][0] < fn[1] {
				ends = ends[1:]
			}
			bodies[i] = span{fn[1], len(code)}
			if len(ends) > 0 {
				bodies[i].to = ends[0][1]
			}
		}
		return bodies
	}
	var open []int // functions that go on
	next, at := 0, 0
	for line := range strings.Lines(code) {
		body := strings.TrimLeft(line, " \t")
		indent := len(line) - len(body)
		if strings.TrimSpace(body) != "" {
			for n := len(open); n > 0 && functions[open[n-1]][3]-functions[open[n-1]][2] >= indent; n-- {
				bodies[open[n-1]].to = at
				open = open[:n-1]
			}
		}
		at += len(line)
		for next < len(functions) && functions[next][1] <= at {
			bodies[next].from = functions[next][1]
			open = append(open, next)
			next++
		}
	}
	for _, i := range open {
		bodies[i].to = len(code)
	}
	for i := range bodies {
		bodies[i].to = max(bodies[i].to, bodies[i].from)
	}
	return slices.Clip(bodies)
}
