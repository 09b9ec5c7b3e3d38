package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A blockLanguage says how tests look in a language whose functions are in
// braces: something marks the function that follows as a test.
type blockLanguage struct {
	source language
	// test finds a test; its first group is the name, unless the name is what
	// function finds next.
	test     *lazyregexp.Regexp
	function *lazyregexp.Regexp
	skip     *lazyregexp.Regexp // among what marks a function, or a class around it
	inside   *lazyregexp.Regexp // at the beginning of a body
	asserts  scale
}

var (
	rustTests = blockLanguage{
		source: rust, test: lazyregexp.New(`#\[\s*(?:[\w:]+::)?(?:test|test_case|rstest|quickcheck|wasm_bindgen_test|proptest)\b[^\]]*\]`),
		function: lazyregexp.New(`\bfn\s+(\w+)`), skip: lazyregexp.New(`#\[\s*ignore\b`),
		asserts: scale{
			call: lazyregexp.New(`\b(?:debug_)?(?:assert\w*|panic|unreachable|insta::assert\w*)!|\bshould_panic\b|\b(?:assert|check|verify|expect)_\w+\(`),
			weak: lazyregexp.New(`^assert!\([^=<>]*?\)`), empty: lazyregexp.New(`^assert!\(\s*true\s*[,)]`),
		},
	}
	javaTests = blockLanguage{
		source: java, test: lazyregexp.New(`@(?:org\.junit\.(?:jupiter\.api\.)?)?(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b|\bpublic\s+void\s+test\w*\s*\(\s*\)`),
		function: lazyregexp.New("(?:\\b(?:void|fun|def|[A-Z]\\w*(?:<[^>]*>)?)\\s+)(\\w+|`[^`]*`|\"[^\"]*\")\\s*\\("), skip: lazyregexp.New(`@(?:Disabled|Ignore|DisabledOn\w+|EnabledIf\w*|DisabledIf\w*)\b|\benabled\s*=\s*false\b`),
		asserts: scale{
			call: lazyregexp.New(`\b(?:assert\w+|verify\w*|expect\w*|fail|should\w+|check\w+)\s*[({]|\bassert\s`),
			weak: lazyregexp.New(`^(?:assertTrue|assertFalse|assertNotNull|assertNull)\b`), empty: lazyregexp.New(`^assertTrue\(\s*true\s*\)`),
		},
	}
	csharpTests = blockLanguage{
		source: csharp, test: lazyregexp.New(`\[\s*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod|SkippableFact|SkippableTheory|TestCaseSource)\b[^\]]*\]`),
		function: lazyregexp.New(`\b(?:void|Task|ValueTask)(?:<[^>]*>)?\s+(\w+)\s*(?:<[^>]*>)?\(`), skip: lazyregexp.New(`\[\s*(?:Ignore|Explicit)\b|\bSkip\s*=`),
		asserts: scale{
			call: lazyregexp.New(`\bAssert\s*\.\s*\w+|\.Should\w*\(|\bVerify\w*\(|\bCollectionAssert\.\w+|\bStringAssert\.\w+`),
			weak: lazyregexp.New(`^Assert\s*\.\s*(?:True|False|IsTrue|IsFalse|NotNull|IsNotNull|Null|IsNull)\b`), empty: lazyregexp.New(`^Assert\s*\.\s*(?:True|IsTrue|Pass)\(\s*(?:true)?\s*\)`),
		},
	}
	phpTests = blockLanguage{
		source: php, test: lazyregexp.New(`#\[\s*(?:\\?PHPUnit\\Framework\\Attributes\\)?Test\b[^\]]*\]|\bfunction\s+test\w*|\b(?:it|test)\(\s*['"]`),
		function: lazyregexp.New(`\bfunction\s+(\w+)|\b(?:it|test)\(\s*['"]([^\n]*?)['"]`), skip: lazyregexp.New(`->\s*(?:skip|todo)\(`),
		inside: lazyregexp.New(`^\{\s*(?:\$this->|self::|static::)(?:markTestSkipped|markTestIncomplete)\(`),
		asserts: scale{
			call: lazyregexp.New(`(?:\$this->|self::|static::|\bAssert::)(?:assert\w+|expect\w+|fail)\(|\bexpect\(|->assert\w+\(|->shouldHave\w+\(`),
			weak: lazyregexp.New(`^(?:\$this->|self::|static::|Assert::)(?:assertTrue|assertFalse|assertNotNull|assertNull|assertNotEmpty)\(`), empty: lazyregexp.New(`^(?:\$this->|self::|static::|Assert::)assertTrue\(\s*true\s*\)`),
		},
	}
)

// marksBefore is how far before a function its marks are looked for, and how far
// behind one its name.
const marksBefore = 600

// blockTests finds the tests of a source.
func blockTests(text string, l blockLanguage) []Test {
	code := mask(text, l.source)
	ends := matchBrackets(code)
	functions := l.function.FindAllStringSubmatchIndex(code, -1)
	lines := lineCount{text: text}
	var tests []Test
	last := -1
	for _, at := range l.test.FindAllStringIndex(code, -1) {
		if at[0] < last || len(tests) >= maxTests {
			continue
		}
		for len(functions) > 0 && functions[0][0] < at[0] {
			functions = functions[1:]
		}
		if len(functions) == 0 {
			break
		}
		fn := functions[0]
		if fn[0] > at[1]+marksBefore {
			continue
		}
		group := 2
		if fn[2] < 0 {
			group = 4
		}
		t := Test{Name: strings.TrimSpace(text[fn[group]:fn[group+1]]), Line: lines.of(fn[group])}
		body := fn[1]
		open := strings.IndexByte(code[body:min(len(code), body+marksBefore)], '{')
		end := body
		if open >= 0 {
			if e, ok := ends[body+open]; ok {
				end = e + 1
				t.Skipped = l.inside != nil && l.inside.MatchString(code[body+open:end])
			}
		}
		t.Skipped = t.Skipped || l.skip.MatchString(marksOf(code, at[0])+code[at[0]:body]) || l.skip.MatchString(code[end:min(len(code), end+40)]) && l.source.name == "php"
		t.fill(text[at[0]:end], code[at[0]:end], l.asserts)
		tests = append(tests, t)
		last = max(end, at[1]) // a test within a test is none
	}
	return tests
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

var (
	rubyTest    = lazyregexp.New(`(?m)^([ \t]*)(x|f)?(it|specify|example|scenario|pending|skip|describe|context|feature|test)\b[ (]([^\n]*)$`)
	rubyAsserts = scale{
		call:  lazyregexp.New(`\bexpect\b|\bassert\w*\b|\brefute\w*\b|\bis_expected\b|\.should\b|\bmust_\w+`),
		weak:  lazyregexp.New(`^(?:expect[^\n]*\b(?:be_truthy|be_falsey|be_nil|be_present)\b|assert\s[^\n,=<>]*(?:\n|$))`),
		empty: lazyregexp.New(`^expect\(\s*true\s*\)\.to\s+(?:be\s*\(?true|eq\s*\(?true|be_truthy)`),
	}
)

// rubyTests finds examples by their indentation, which Ruby's style fixes: one ends
// at the line "end" under its beginning.
func rubyTests(text string) []Test {
	code := mask(text, ruby)
	var tests []Test
	type scope struct {
		indent  int
		name    string
		skipped bool
	}
	var scopes []scope
	lines := lineCount{text: text}
	found := rubyTest.FindAllStringSubmatchIndex(code, -1)
	for i, at := range found {
		if len(tests) >= maxTests {
			break
		}
		indent := at[3] - at[2]
		for len(scopes) > 0 && scopes[len(scopes)-1].indent >= indent {
			scopes = scopes[:len(scopes)-1]
		}
		word := code[at[6]:at[7]]
		s := scope{indent, strings.TrimSpace(text[at[8]:at[9]]), at[4] >= 0 && code[at[4]] == 'x' || word == "pending" || word == "skip" || strings.Contains(code[at[8]:at[9]], "skip:") || strings.Contains(code[at[8]:at[9]], ":skip")}
		s.name = strings.Trim(strings.TrimSuffix(strings.TrimSuffix(s.name, " do"), "{"), `"' ()`)
		if n := len(scopes); n > 0 {
			s.name, s.skipped = scopes[n-1].name+" > "+s.name, s.skipped || scopes[n-1].skipped
		}
		switch word {
		case "describe", "context", "feature":
			scopes = append(scopes, s)
			continue
		case "pending", "skip":
			if !strings.HasSuffix(strings.TrimSpace(code[at[8]:at[9]]), " do") {
				continue // a call within an example
			}
		}
		next := len(code)
		if i+1 < len(found) {
			next = found[i+1][0]
		}
		end := rubyEnd(code[:next], at[1], code[at[2]:at[3]])
		body := code[at[0]:end]
		t := Test{Name: s.name, Line: lines.of(at[2]), Skipped: s.skipped || rubyOff.MatchString(code[at[1]:end])}
		t.fill(text[at[0]:end], body, rubyAsserts)
		tests = append(tests, t)
	}
	return tests
}

var rubyOff = lazyregexp.New(`^\s*(?:skip|pending)\b`)

func rubyEnd(code string, from int, indent string) int {
	if end := strings.Index(code[from:], "\n"+indent+"end"); end >= 0 && !strings.HasSuffix(strings.TrimSpace(code[max(0, from-2):from]), "}") {
		return from + end
	}
	if end := strings.IndexByte(code[from:], '\n'); end >= 0 {
		return from + end
	}
	return len(code)
}
