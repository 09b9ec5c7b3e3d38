package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// marksBefore is how far before a function its marks are looked for, and how far
// behind one its name.
const marksBefore = 600

// A blockReader reads the tests of one source.
type blockReader struct {
	l          blockLanguage
	text, code string
	ends       map[int]int
	functions  [][]int
	off        []span // classes that are skipped, and what a preprocessor leaves out
}

// blockTests finds the tests of a source.
func blockTests(text string, l blockLanguage) []Test {
	r := &blockReader{l: l, text: text, code: mask(text, l.source)}
	r.ends = matchBrackets(r.code)
	r.functions = l.function.all(r.code, -1)
	r.off = append(r.scopes(), r.conditions()...)
	slices.SortFunc(r.off, func(a, b span) int { return a.from - b.from })
	w := newWeighing(l.asserts.unswallowed(r.code, r.ends), r.ends, l.asserts)
	tests, spans, bodies, taken := r.tests()
	off := false
	for i, fn := range r.functions {
		if name, body := r.name(fn), r.body(i); !taken[i] && body.to > fn[1] {
			w.help(name, body)
			off = off || l.setUp != nil && l.setUp.MatchString(name) && r.skips(body)
		}
	}
	rest := restOf(text, spans)
	for i := range tests {
		w.test(&tests[i], bodies[i])
		asserts, weight := w.weigh(span{spans[i].from, bodies[i].from - len(lastName(tests[i].Name)) - 2}) // its marks
		tests[i].Asserts, tests[i].Weight = tests[i].Asserts+asserts, tests[i].Weight+weight
		tests[i].fill(text[spans[i].from:spans[i].to], r.code[spans[i].from:spans[i].to])
		tests[i].rest = rest
		tests[i].Skipped = tests[i].Skipped || off
	}
	return tests
}

// tests finds the functions that are marked; taken are those, by their index.
func (r *blockReader) tests() (tests []Test, spans, bodies []span, taken map[int]bool) {
	taken = make(map[int]bool)
	lines := lineCount{text: r.text}
	next, last, offs, offTo := 0, -1, 0, 0
	for _, at := range r.marks() {
		if at.from < last || len(tests) >= maxTests {
			continue
		}
		for next < len(r.functions) && r.functions[next][0] < at.from {
			next++
		}
		if next == len(r.functions) {
			break
		}
		fn := r.functions[next]
		before := marksOf(r.code, at.from)
		if fn[0] > at.to+marksBefore || r.l.hidden != nil && r.l.hidden.MatchString(before+r.code[at.from:fn[0]]) {
			continue
		}
		taken[next] = true
		for offs < len(r.off) && r.off[offs].from < at.from {
			offTo = max(offTo, r.off[offs].to)
			offs++
		}
		body := r.body(next)
		t := Test{Name: r.name(fn), Line: lines.of(fn[nameGroup(fn)])}
		t.Skipped = at.from < offTo || r.skips(body) || r.l.skip.MatchString(before+r.code[at.from:fn[1]]) ||
			r.l.source.name == "php" && r.l.skip.MatchString(r.code[body.to:min(len(r.code), body.to+40)])
		t.Marks = r.groups(at.from-len(before), fn[1])
		from := max(last, at.from-len(before), strings.LastIndexByte(before, '{')+1+at.from-len(before))
		last = max(body.to, at.to) // a test within a test is none
		tests, spans, bodies = append(tests, t), append(spans, span{from, body.to}), append(bodies, body)
	}
	return tests, spans, bodies, taken
}

var phpGroup = lazyregexp.New(`(?:@group\s+|\bGroup\(\s*['"])([\w.-]+)`)

// groups are those of PHPUnit, in a comment or an attribute.
func (r *blockReader) groups(from, to int) (list []string) {
	if r.l.source.name != "php" {
		return nil
	}
	for _, m := range phpGroup.FindAllStringSubmatch(r.text[from:to], -1) {
		list = append(list, m[1])
	}
	return list
}

// marks are where tests are marked, in the code and in comments.
func (r *blockReader) marks() []span {
	var list []span
	for _, at := range r.l.test.all(r.code, -1) {
		list = append(list, span{at[0], at[1]})
	}
	if r.l.comment != nil {
		for _, at := range r.l.comment.all(r.text, maxTests) {
			if r.code[at[0]] == ' ' {
				list = append(list, span{at[0], at[1]})
			}
		}
		slices.SortFunc(list, func(a, b span) int { return a.from - b.from })
	}
	return list
}

func nameGroup(fn []int) int {
	if fn[2] < 0 {
		return 4
	}
	return 2
}

func (r *blockReader) name(fn []int) string {
	group := nameGroup(fn)
	return strings.TrimSpace(r.text[fn[group]:fn[group+1]])
}

// body is a function up to the end of its block, or of its expression; it is empty
// for what has neither.
func (r *blockReader) body(i int) span {
	at, next := r.functions[i][1], len(r.code)
	if i+1 < len(r.functions) {
		next = r.functions[i+1][0]
	}
	reach := r.code[at:min(len(r.code), at+marksBefore)]
	open := strings.IndexByte(reach, '{')
	if arrow := strings.Index(reach, "=>"); arrow >= 0 && r.l.source.name == "csharp" && (open < 0 || arrow < open) {
		return span{at, r.expression(at+arrow, next)}
	}
	if open >= 0 {
		if e, ok := r.ends[at+open]; ok {
			return span{at, e + 1}
		}
	}
	return span{at, at}
}

// expression is the end of what ends with a semicolon outside brackets, before
// another function begins.
func (r *blockReader) expression(from, to int) int {
	for i := from; i < to; i++ {
		switch r.code[i] {
		case '(', '[', '{':
			if end, ok := r.ends[i]; ok {
				i = end
			}
		case ';':
			return i
		}
	}
	return from
}

// skips reports whether a body skips its test.
func (r *blockReader) skips(body span) bool {
	if r.l.inside == nil {
		return false
	}
	code := r.code[body.from:body.to]
	if open := strings.IndexByte(code, '{'); open >= 0 && !strings.Contains(code[:open], "=>") {
		code = code[open:]
	}
	return r.l.inside.MatchString(code)
}

// scopes are the classes and modules that are skipped, or run as a part of others
// only.
func (r *blockReader) scopes() []span {
	var list []span
	if r.l.scope == nil {
		return nil
	}
	for _, at := range r.l.scope.all(r.code, maxTests) {
		end, ok := r.ends[at[1]-1]
		if before := marksOf(r.code, at[0]); ok && (r.l.skip.MatchString(before) || r.l.base != nil && r.l.base.MatchString(before)) {
			list = append(list, span{at[0], end})
		}
	}
	return list
}

// marksOf is what stands between the end of what was before and a place.
func marksOf(code string, at int) string {
	from := max(0, at-marksBefore)
	before := code[from:at]
	if end := strings.LastIndexAny(before, "};"); end >= 0 {
		return before[end+1:]
	}
	return before
}
