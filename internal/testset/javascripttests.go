package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	jsTest = lazyregexp.New(`(?:^|[^.\w$])((?:describe|context|suite|it|test|specify|fdescribe|fit|xdescribe|xit|xtest)(?:\.(?:only|skip|todo|concurrent|sequential|fails|failing|each|for|skipIf|runIf|shuffle|serial|fixme|describe|parallel))*)\s*([(\x60])`)

	// jsChoice is one of two, by a condition: (slow ? it : it.skip)("…").
	jsChoice = lazyregexp.New(`\([^()\n]*\?\s*((?:describe|it|test)(?:\.\w+)?\s*:\s*(?:describe|it|test)(?:\.\w+)?)\s*\)\s*(\()`)
	jsOff    = lazyregexp.New(`\bthis\.skip\(|[;{}\n]\s*skip\(|\b(?:t|ctx|context)\.skip\(|(?:=>|\))\s*\{\s*return\s*(?:;|\n)`)
	jsOption = lazyregexp.New(`\{[^{}]*\b(?:skip|todo|fails)\s*:`)
	// jsHelper is a function with a name.
	jsHelper = lazyregexp.New(`\bfunction\s+(\w+)\s*\([^{;]*\{|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function\b[^{;]*|\([^(){;]*\)[^(){;=]*=>\s*|\w+\s*=>\s*)\{`)

	jsAsserts = scale{
		chain: lazyregexp.New(`^expect\(`), truth: lazyregexp.New(`^assert(?:\.(?:ok|isOk|isTrue|exists|throws|rejects))?\(`),
		swallow: lazyregexp.New(`\}\s*catch\s*(?:\([^()]*\))?\s*\{\s*\}`),
		call:    lazyregexp.New(`\bexpect(?:\.\w+)?\(|\bassert(?:\.\w+)*\(|\.should\b|\b(?:assert|expect|verify|check)[A-Z]\w*\(`),
		weak:    lazyregexp.New(`^(?:expect\([^;\n]*\)(?:\.not)?\.(?:toBeTruthy|toBeFalsy|toBeDefined|toBeUndefined|toBeNull|toHaveBeenCalled|toThrow)\(\)|expect\([^;\n]*\)(?:\.to)?(?:\.not)?(?:\.be)?\.(?:ok|exist|true|false)\b)`),
		empty:   lazyregexp.New(`^(?:expect\(\s*(?:true|1)\s*\)\.(?:toBe|toEqual|toBeTruthy)\(\s*(?:true|1)?\s*\)|assert(?:\.ok)?\(\s*true\s*\))`),
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
	r := &jsReader{text: text, code: code, ends: ends, lines: lineCount{text: text}}
	for _, at := range r.calls() {
		if len(r.tests) >= maxTests {
			break
		}
		if at[2] >= r.inside { // within a test there are no others
			r.call(at)
		}
	}
	for _, at := range jsHelper.FindAllStringSubmatchIndex(code, maxHelpers) {
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
	stack      []jsBlock
	inside     int
	anyOnly    bool
	tests      []Test
	spans      []span
}

// calls are the matches of jsTest and jsChoice, in order.
func (r *jsReader) calls() [][]int {
	found := jsTest.FindAllStringSubmatchIndex(r.code, -1)
	if choices := jsChoice.FindAllStringSubmatchIndex(r.code, maxTests); choices != nil {
		found = append(found, choices...)
		slices.SortFunc(found, func(a, b []int) int { return a[2] - b[2] })
	}
	return found
}

func (r *jsReader) call(at []int) {
	b, ok := jsRead(r.text, r.code, r.ends, at)
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
		name = outer.name + " > " + b.name
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

// maxTitle is how far into a call its title is looked for, in bytes.
const maxTitle = 1000

func jsRead(text, code string, ends map[int]int, at []int) (b jsBlock, ok bool) {
	head := code[at[2]:at[3]]
	b.from = at[2]
	open := at[4]
	words := strings.Split(head, ".")
	first := words[0]
	b.suite = strings.HasSuffix(first, "describe") || first == "context" || first == "suite" || slices.Contains(words[1:], "describe")
	b.only = slices.Contains(words, "only") || first == "fit" || first == "fdescribe"
	b.skipped = first[0] == 'x' || slices.ContainsFunc(words, func(w string) bool {
		return w == "skip" || w == "todo" || w == "fixme" || w == "skipIf" || w == "runIf" || w == "fails" || w == "failing"
	})
	b.skipped = b.skipped || strings.Contains(head, ":") // one of two
	b.repeats = slices.Contains(words[1:], "each") || slices.Contains(words[1:], "for")
	last := words[len(words)-1]
	if code[open] == '`' { // each`table`(…)
		close := strings.IndexByte(code[open+1:], '`')
		if close < 0 {
			return b, false
		}
		open += close + 2
	} else if last == "each" || last == "for" || last == "skipIf" || last == "runIf" {
		end, known := ends[open]
		if !known {
			return b, false
		}
		open = end + 1
	}
	for open < len(code) && (code[open] == ' ' || code[open] == '\n' || code[open] == '\t' || code[open] == '\r') {
		open++
	}
	end, known := ends[open]
	if !known || open >= len(code) || code[open] != '(' {
		return b, false
	}
	b.to, b.open = end+1, open
	if comma := strings.IndexByte(code[open:end], ','); !b.suite && comma < 0 {
		b.skipped = true // no function: it is to be written
	} else if comma >= 0 {
		option := code[open+comma : min(end, open+comma+reach)]
		option, _, _ = strings.Cut(option, ")")
		option, _, _ = strings.Cut(option, "=>")
		b.skipped = b.skipped || jsOption.MatchString(option)
	}
	end = min(end, open+maxTitle)
	names := pythonStrings(text[open:end], strings.ReplaceAll(code[open:end], "`", `"`))
	arg := strings.TrimSpace(code[open+1 : end])
	if len(names) > 0 && arg != "" && strings.IndexByte("\"'`", arg[0]) >= 0 {
		b.name = names[0]
		b.repeats = b.repeats || strings.Contains(b.name, "${")
		return b, true
	}
	name, _, _ := strings.Cut(arg, ",")
	b.name = strings.TrimSpace(name)
	return b, b.name != "" && len(arg) > len(name) && !strings.ContainsAny(b.name, "\n{};")
}

// matchBrackets is where each opening bracket of masked code is closed.
func matchBrackets(code string) map[int]int {
	ends := make(map[int]int)
	var open []int
	for i := range len(code) {
		switch code[i] {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if n := len(open); n > 0 {
				ends[open[n-1]] = i
				open = open[:n-1]
			}
		}
	}
	return ends
}
