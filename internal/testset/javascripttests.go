package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	jsTest = lazyregexp.New(`(?:^|[^.\w$])((?:describe|context|suite|it|test|specify|fdescribe|fit|xdescribe|xit|xtest)(?:\.(?:only|skip|todo|concurrent|sequential|fails|failing|each|for|skipIf|runIf|shuffle|serial|fixme|describe|parallel))*)\s*([(\x60])`)

	jsAsserts = scale{
		call:  lazyregexp.New(`\bexpect(?:\.\w+)?\(|\bassert(?:\.\w+)*\(|\.should\b|\b(?:assert|expect|verify|check)[A-Z]\w*\(`),
		weak:  lazyregexp.New(`^(?:expect\([^;\n]*\)(?:\.not)?\.(?:toBeTruthy|toBeFalsy|toBeDefined|toBeUndefined|toBeNull|toHaveBeenCalled|toThrow)\(\)|assert(?:\.ok|\.isOk|\.isTrue|\.exists)?\([^,;\n]*\)\s*(?:;|$)|expect\([^;\n]*\)(?:\.to)?(?:\.not)?(?:\.be)?\.(?:ok|exist|true|false)\b)`),
		empty: lazyregexp.New(`^(?:expect\(\s*(?:true|1)\s*\)\.(?:toBe|toEqual|toBeTruthy)\(\s*(?:true|1)?\s*\)|assert(?:\.ok)?\(\s*true\s*\))`),
	}
)

// A jsBlock is a call of describe, it or test.
type jsBlock struct {
	name     string
	from, to int
	suite    bool
	skipped  bool
	only     bool
}

// javascriptTests reads calls of describe, it and test. A test within a skipped
// suite is skipped; where anything is marked "only", everything else is.
func javascriptTests(text string) []Test {
	code := mask(text, javascript)
	ends := matchBrackets(code)
	var stack []jsBlock
	var tests []Test
	var only []bool
	anyOnly, inside := false, 0
	lines := lineCount{text: text}
	for _, at := range jsTest.FindAllStringSubmatchIndex(code, -1) {
		if len(tests) >= maxTests {
			break
		}
		if at[2] < inside {
			continue // within a test there are no others
		}
		b, ok := jsRead(text, code, ends, at)
		if !ok {
			continue
		}
		for len(stack) > 0 && stack[len(stack)-1].to <= b.from {
			stack = stack[:len(stack)-1]
		}
		name := b.name
		if n := len(stack); n > 0 {
			b.skipped, b.only = b.skipped || stack[n-1].skipped, b.only || stack[n-1].only
			name = stack[n-1].name + " > " + b.name
		}
		anyOnly = anyOnly || b.only
		if b.suite {
			b.name = name
			stack = append(stack, b)
			continue
		}
		t := Test{Name: name, Line: lines.of(b.from), Skipped: b.skipped}
		inside = b.to
		t.fill(text[b.from:b.to], code[b.from:b.to], jsAsserts)
		tests, only = append(tests, t), append(only, b.only)
	}
	for i := range tests {
		tests[i].Skipped = tests[i].Skipped || anyOnly && !only[i]
	}
	return tests
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
	b.to = end + 1
	end = min(end, open+maxTitle)
	names := pythonStrings(text[open:end], strings.ReplaceAll(code[open:end], "`", `"`))
	arg := strings.TrimSpace(code[open+1 : end])
	if len(names) > 0 && arg != "" && strings.IndexByte("\"'`", arg[0]) >= 0 {
		b.name = names[0]
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
