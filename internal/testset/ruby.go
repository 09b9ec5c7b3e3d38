package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	rubyTest = find(lazyregexp.New(`(?m)^([ \t]*)(?:RSpec\.)?(x|f)?(it|specify|example|scenario|pending|skip|describe|context|feature|test)\b[ ({]([^\n]*)$`), `^Rxfisepcdt`)
	rubyMark = lazyregexp.New(`(?:,\s*|\(\s*):?\b(?:skip|pending)\b`)
	rubyTag  = lazyregexp.New(`,\s*:?(\w+)\b`)
	rubyOnly = lazyregexp.New(`,\s*:?\bfocus\b`)
	rubyOff  = gated(lazyregexp.New(`(?m)^\s*(?:skip|pending)\b`), `skip`, `pending`)
	// rubyBefore is a hook that skips all examples of its group.
	rubyBefore = find(lazyregexp.New(`(?m)^([ \t]*)before\b[^\n]*(?:\{|\bdo)\s*(?:skip|pending)\b`), `^b`)
	rubyDef    = find(lazyregexp.New(`(?m)^([ \t]*)def\s+(?:self\.)?(\w+)`), `^d`)

	rubyAsserts = scale{
		call:  find(lazyregexp.New(`\bexpect\b|\bassert\w*\b|\brefute\w*\b|\bis_expected\b|\.should\b|\bmust_\w+`), `\bexpect`, `\bassert`, `\brefute`, `\bis_expected`, `.should`, `\bmust_`),
		weak:  rubyWeak{gated(lazyregexp.New(`^(?:expect[^\n]*\b(?:be_truthy|be_falsey|be_nil|be_present)\b|expect[^\n]*\braise_error\s*(?:\n|$|\}))`), `be_`, `raise_error`)},
		empty: gated(lazyregexp.New(`^(?:expect\(\s*true\s*\)\.to\s+(?:be\s*\(?true|eq\s*\(?true|be_truthy))`), `true`),
		chain: lazyregexp.New(`^expect\s*\(`),
	}
)

// rubyWeak tells assertions of Ruby that say little.
type rubyWeak struct{ expectations matcher }

// MatchString reports whether the assertion that begins a text is a weak one.
func (w rubyWeak) MatchString(text string) bool {
	rest, ok := strings.CutPrefix(text, "assert")
	if !ok || rest == "" || !blankByte(rest[0]) {
		return w.expectations.MatchString(text)
	}
	sign := strings.IndexAny(rest[1:], "\n,=<>")
	return sign < 0 || rest[1+sign] == '\n'
}

// A rubyScope is a group of examples.
type rubyScope struct {
	indent        int
	name          string
	skipped, only bool
	tags          []string
}

// A rubyReader reads examples by their indentation, which Ruby's style fixes: one
// ends at the line "end" under its beginning.
type rubyReader struct {
	text, code string
	lines      lineCount
	scopes     []rubyScope
	hooks      [][]int
	tests      []Test
	spans      []span
	anyOnly    bool
}

func rubyTests(text string) []Test {
	code := mask(text, ruby)
	r := &rubyReader{text: text, code: code, lines: lineCount{text: text}, hooks: rubyBefore.all(code, maxHelpers)}
	found := slices.DeleteFunc(rubyTest.all(code, -1), func(at []int) bool {
		word := code[at[6]:at[7]] // a call within an example, or what begins one
		return (word == "pending" || word == "skip") && !rubyBlock(code[at[8]:at[9]])
	})
	for i, at := range found {
		if len(r.tests) >= maxTests {
			break
		}
		next := len(code)
		if i+1 < len(found) {
			next = found[i+1][0]
		}
		r.example(at, next)
	}
	w := newWeighing(code, matchBrackets(code), rubyAsserts)
	w.bare = true
	defs := rubyDef.all(code, maxHelpers)
	for i, at := range defs {
		next := len(code)
		if i+1 < len(defs) {
			next = defs[i+1][0]
		}
		w.help(code[at[4]:at[5]], span{at[1], rubyEnd(code[:next], at[1], code[at[2]:at[3]])})
	}
	rest := restOf(text, r.spans)
	for i := range r.tests {
		t, s := &r.tests[i], r.spans[i]
		w.test(t, s)
		t.fill(text[s.from:s.to], code[s.from:s.to])
		t.rest = rest
		t.Skipped = t.Skipped || r.anyOnly && !t.Only
	}
	return r.tests
}

// example takes in a group or an example; next is where the one after it begins.
func (r *rubyReader) example(at []int, next int) {
	indent := at[3] - at[2]
	for len(r.scopes) > 0 && r.scopes[len(r.scopes)-1].indent >= indent {
		r.scopes = r.scopes[:len(r.scopes)-1]
	}
	word, line := r.code[at[6]:at[7]], r.code[at[8]:at[9]]
	args := line
	if do := strings.LastIndex(args, " do"); do >= 0 {
		args = args[:do]
	} else if brace := strings.IndexByte(args, '{'); brace >= 0 {
		args = args[:brace]
	}
	s := rubyScope{indent: indent, name: rubyTitle(r.text[at[8]:at[9]], line)}
	s.skipped = at[4] >= 0 && r.code[at[4]] == 'x' || word == "pending" || word == "skip" || rubyMark.MatchString(args) && !strings.Contains(args, "skip: false")
	s.only = at[4] >= 0 && r.code[at[4]] == 'f' || rubyOnly.MatchString(args)
	for _, m := range rubyTag.FindAllStringSubmatch(args, -1) {
		s.tags = append(s.tags, m[1])
	}
	template := strings.Contains(s.name, "#{")
	if n := len(r.scopes); n > 0 {
		outer := r.scopes[n-1]
		s.tags = append(s.tags, outer.tags...)
		s.name, s.skipped, s.only = outer.name+" > "+s.name, s.skipped || outer.skipped, s.only || outer.only
	}
	r.anyOnly = r.anyOnly || s.only
	block := rubyBlock(line) || r.code[at[7]] == '{'
	switch word {
	case "describe", "context", "feature":
		s.skipped = s.skipped || r.hooked(at[1], indent)
		r.scopes = append(r.scopes, s)
		return
	}
	end := rubyEnd(r.code[:next], at[1], r.code[at[2]:at[3]])
	skipped := s.skipped || !block && !strings.HasSuffix(strings.TrimSpace(line), ",") || rubyOff.MatchString(r.code[at[1]:max(at[1], end)])
	r.tests = append(r.tests, Test{Name: s.name, Line: r.lines.of(at[2]), Skipped: skipped, Only: s.only, Repeats: template, Marks: s.tags})
	r.spans = append(r.spans, span{at[0], end})
}

func rubyBlock(line string) bool {
	return strings.HasSuffix(strings.TrimSpace(line), "do") || strings.Contains(line, "{") || strings.Contains(line, " do |")
}

// hooked reports whether a hook that skips stands in the group that begins here:
// the next hook that is deeper, before anything that is not.
func (r *rubyReader) hooked(from, indent int) bool {
	for len(r.hooks) > 0 && r.hooks[0][0] < from {
		r.hooks = r.hooks[1:]
	}
	if len(r.hooks) == 0 {
		return false
	}
	hook := r.hooks[0]
	if hook[0] > from+maxHook {
		return false
	}
	margin := "\n" + strings.Repeat(" ", min(indent, maxIndent)) + "end"
	end := strings.Index(r.code[from:hook[0]], margin)
	return hook[3]-hook[2] > indent && end < 0
}

// maxHook is how far into a group its hooks are looked for, in bytes.
const maxHook = 4000

// maxIndent bounds how deep a group is looked at for hooks.
const maxIndent = 80

// rubyTitle is the text that names an example, or what stands for it.
func rubyTitle(text, code string) string {
	if names := pythonStrings(text, code); len(names) > 0 && strings.IndexByte(`"'`, strings.TrimLeft(code, " (")[0]) >= 0 {
		return names[0]
	}
	name := strings.TrimSuffix(strings.TrimSpace(text), " do")
	return strings.Trim(strings.TrimSuffix(name, "{"), `"' ()`)
}

// rubyEnd is the end of a block whose first line ends at a place.
func rubyEnd(code string, from int, indent string) int {
	line := strings.LastIndexByte(code[:min(from, len(code))], '\n') + 1
	first := strings.TrimSpace(code[line:min(from, len(code))])
	single := strings.HasSuffix(first, "}") || !strings.HasSuffix(first, "do") && !strings.HasSuffix(first, "|") && !strings.HasSuffix(first, "{") && !strings.HasPrefix(first, "def")
	if single {
		return min(from, len(code))
	}
	for _, word := range []string{"end", "}"} {
		if end := strings.Index(code[min(from, len(code)):], "\n"+indent+word); end >= 0 {
			return from + end
		}
	}
	return len(code)
}
