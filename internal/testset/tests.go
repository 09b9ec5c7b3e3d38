package testset

import (
	"hash/fnv"
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A Test is one test within a file, as its source shows it.
type Test struct {
	Path    string
	Name    string // "Class.method", "describe > it"
	Line    int
	Skipped bool     // it does not run, or only under a condition, or may fail
	Marks   []string // pytest's
	Asserts int      // assertions that can fail
	Weight  int      // how much they say: 2 for a comparison, 1 for a mere truth
	body    []uint64 // its lines, hashed
}

// maxTests bounds the tests of one file.
const maxTests = 20_000

// Tests reads the tests of a file for a runner; it is empty for what is no test
// file of that runner.
func Tests(runner, p string, data []byte) []Test {
	text := string(data)
	var tests []Test
	switch runner {
	case "pytest", "unittest":
		tests = pythonTests(text)
	case "go":
		tests = goTests(text)
	case "jest", "vitest", "mocha":
		tests = javascriptTests(text)
	case "cargo":
		tests = blockTests(text, rustTests)
	case "maven", "gradle":
		tests = blockTests(text, javaTests)
	case "dotnet":
		tests = blockTests(text, csharpTests)
	case "phpunit":
		tests = blockTests(text, phpTests)
	case "rspec":
		tests = rubyTests(text)
	}
	for i := range tests {
		tests[i].Path = p
	}
	return tests
}

// fill weighs the assertions of a body and remembers its lines.
func (t *Test) fill(text, code string, asserts scale) {
	t.Asserts, t.Weight = asserts.weigh(code)
	name := lastName(t.Name)
	for line := range strings.Lines(text) {
		if name != "" && strings.Contains(line, name) {
			line = strings.Replace(line, name, "", 1) // a test that only got another name is the same test
			name = ""
		}
		if line = strings.Join(strings.Fields(line), " "); len(line) > 1 {
			h := fnv.New64a()
			_, _ = h.Write([]byte(line)) // a hash takes everything
			t.body = append(t.body, h.Sum64())
		}
	}
}

// lastName is the name of a test within its class or suite.
func lastName(name string) string {
	if at := strings.LastIndex(name, " > "); at >= 0 {
		return name[at+3:]
	}
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Like reports how much of two bodies is the same, in percent of the longer.
func (t Test) Like(o Test) int {
	longer := max(len(t.body), len(o.body))
	if longer == 0 {
		return 0
	}
	count := make(map[uint64]int, len(t.body))
	for _, h := range t.body {
		count[h]++
	}
	same := 0
	for _, h := range o.body {
		if count[h]--; count[h] >= 0 {
			same++
		}
	}
	return 100 * same / longer
}

// A scale finds assertions in masked code and weighs them.
type scale struct {
	call  *lazyregexp.Regexp // an assertion
	weak  *lazyregexp.Regexp // one that says little, matched from its beginning
	empty *lazyregexp.Regexp // one that cannot fail, matched from its beginning
}

// reach is how far behind its beginning an assertion is looked at, in bytes.
const reach = 160

func (s scale) weigh(code string) (asserts, weight int) {
	for _, at := range s.call.FindAllStringIndex(code, -1) {
		rest := code[at[0]:min(len(code), at[0]+reach)]
		switch {
		case s.empty != nil && s.empty.MatchString(rest):
		case s.weak != nil && s.weak.MatchString(rest):
			asserts, weight = asserts+1, weight+1
		default:
			asserts, weight = asserts+1, weight+2
		}
	}
	return asserts, weight
}

// Language reports whether a path is of a language in which tests are read.
func Language(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".py", ".go", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".rs", ".java", ".kt", ".groovy", ".scala", ".rb", ".php", ".cs", ".fs", ".vb", ".vue", ".svelte":
		return true
	}
	return false
}

// A lineCount turns offsets, which do not go back, into lines in one pass.
type lineCount struct {
	text     string
	at, line int
}

func (l *lineCount) of(offset int) int {
	if offset > l.at {
		l.line += strings.Count(l.text[l.at:offset], "\n")
		l.at = offset
	}
	return l.line + 1
}
