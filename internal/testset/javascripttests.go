package testset

import (
	"slices"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	jsOff    = gated(lazyregexp.New(`\bthis\.skip\(|[;{}\n]\s*skip\(|\b(?:t|ctx|context)\.skip\(|(?:=>|\))\s*\{\s*return\s*(?:;|\n)`), `skip(`, `return`)
	jsOption = lazyregexp.New(`\{[^{}]*\b(?:skip|todo|fails)\s*:`)
	// jsHelper is a function with a name.
	jsHelper = find(lazyregexp.New(`\bfunction\s+(\w+)\s*\([^{;]*\{|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function\b[^{;]*|\([^(){;]*\)[^(){;=]*=>\s*|\w+\s*=>\s*)\{`), `\bfunction`, `\bconst`, `\blet`, `\bvar`).stopAt("{;")

	jsAsserts = scale{
		chain: lazyregexp.New(`^expect\(`), truth: lazyregexp.New(`^assert(?:\.(?:ok|isOk|isTrue|exists|throws|rejects))?\(`),
		swallow: caught(lazyregexp.New(`^\}\s*catch\s*(?:\([^()]*\))?\s*\{\s*\}`)),
		call:    jsCalls{},
		weak:    gated(lazyregexp.New(`^(?:expect\([^;\n]*\)(?:\.not)?\.(?:toBeTruthy|toBeFalsy|toBeDefined|toBeUndefined|toBeNull|toHaveBeenCalled|toThrow)\(\)|expect\([^;\n]*\)(?:\.to)?(?:\.not)?(?:\.be)?\.(?:ok|exist|true|false)\b)`), `.to`, `.ok`, `.exist`, `.true`, `.false`),
		empty:   gated(lazyregexp.New(`^(?:expect\(\s*(?:true|1)\s*\)\.(?:toBe|toEqual|toBeTruthy)\(\s*(?:true|1)?\s*\)|assert(?:\.ok)?\(\s*true\s*\))`), `true`, `1`),
	}
)

// A jsBlock is a call of describe, it or test.
type jsBlock struct {
	name     string
	from, to int
	open     int // its bracket
	suite    bool
	skipped  bool
	only     bool
	repeats  bool
}

// javascriptTests reads calls of describe, it and test. A test within a skipped
// suite is skipped; where anything is marked "only", everything else is.
func javascriptTests(text string) []Test {
	code := mask(text, javascript)
	ends := matchBrackets(code)
	w := newWeighing(jsAsserts.unswallowed(code, ends), ends, jsAsserts)
	r := &jsReader{text: text, code: code, ends: ends, lines: lineCount{text: text}, commas: seek(code, ',')}
	for _, at := range r.calls() {
		if len(r.tests) >= maxTests {
			break
		}
		if at[2] >= r.inside { // within a test there are no others
			r.call(at)
		}
	}
	for _, at := range jsHelper.all(code, maxHelpers) {
		if end, ok := ends[at[1]-1]; ok {
			w.help(text[at[nameGroup(at)]:at[nameGroup(at)+1]], span{at[1], end})
		}
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

// A jsReader reads the tests of one source.
type jsReader struct {
	text, code string
	ends       map[int]int
	lines      lineCount
	commas     seeker
	stack      []jsBlock
	inside     int
	anyOnly    bool
	tests      []Test
	spans      []span
}

// calls are those of describe, it and test, in order.
func (r *jsReader) calls() [][]int {
	found := jsTests(r.code)
	if choices := jsChoices(r.code, maxTests); choices != nil {
		found = append(found, choices...)
		slices.SortFunc(found, func(a, b []int) int { return a[2] - b[2] })
	}
	return found
}

// maxOuter is how much of the names of suites a name repeats, in bytes: where each
// suite stood in another, the names would grow with the square of their number.
const maxOuter = 4000

func (r *jsReader) call(at []int) {
	b, ok := r.read(at)
	if !ok {
		return
	}
	for len(r.stack) > 0 && r.stack[len(r.stack)-1].to <= b.from {
		r.stack = r.stack[:len(r.stack)-1]
	}
	name := b.name
	if n := len(r.stack); n > 0 {
		outer := r.stack[n-1]
		b.skipped, b.only, b.repeats = b.skipped || outer.skipped, b.only || outer.only, b.repeats || outer.repeats
		name = outer.name[:min(len(outer.name), maxOuter)] + " > " + b.name
	}
	r.anyOnly = r.anyOnly || b.only
	if b.suite {
		b.name = name
		r.stack = append(r.stack, b)
		return
	}
	skipped := b.skipped || jsOff.MatchString(r.code[b.open:b.to])
	r.tests = append(r.tests, Test{Name: name, Line: r.lines.of(b.from), Skipped: skipped, Only: b.only, Repeats: b.repeats})
	r.spans = append(r.spans, span{b.from, b.to})
	r.inside = b.to
}
