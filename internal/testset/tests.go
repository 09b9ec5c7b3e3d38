package testset

import (
	"path"
	"strings"
)

// A Test is one test within a file, as its source shows it.
type Test struct {
	Path    string
	Name    string // "Class.method", "describe > it"
	Line    int
	Skipped bool     // it does not run, or only under a condition, or may fail
	Only    bool     // it is marked as the only one that is to run
	Repeats bool     // its assertions are made for many cases: parameters, a table, a loop
	Marks   []string // pytest's
	Asserts int      // assertions that can fail
	Weight  int      // how much they say: 2 for a comparison, 1 for a mere truth
	lines   int      // how many it has behind its first
	body    []uint64 // its lines, hashed
	words   words    // of all that belongs to it
	rest    *words   // of what belongs to no test of its file
}

// maxTests bounds the tests of one file.
const maxTests = 20_000

// Tests reads the tests of a file for a runner; it is empty for what is no test
// file of that runner.
func Tests(runner, p string, data []byte) []Test {
	text := string(data)
	var tests []Test
	switch runner {
	case "pytest":
		tests = pythonTests(text, usualNames)
	case "unittest":
		tests = pythonTests(text, Naming{})
	case "go":
		tests = goTests(text)
	case "jest", "vitest", "mocha":
		tests = javascriptTests(text)
	case "cargo":
		tests = blockTests(text, rustTests)
	case "maven", "gradle":
		tests = blockTests(text, javaTests)
	case "dotnet":
		tests = dotnetTests(p, text)
	case "phpunit":
		tests = blockTests(text, phpTests)
	case "rspec":
		tests = rubyTests(text)
	}
	return placed(tests, p)
}

// PytestTests reads the tests of a file that pytest collects by names that a
// configuration gives.
func PytestTests(p string, data []byte, names Naming) []Test {
	return placed(pythonTests(string(data), names), p)
}

func placed(tests []Test, p string) []Test {
	for i := range tests {
		tests[i].Path = p
	}
	return tests
}

// fill remembers the lines and words of a test; code is the text, masked.
func (t *Test) fill(text, code string) {
	name := lastName(t.Name)
	for line := range strings.Lines(text) {
		if name != "" && strings.Contains(line, name) {
			line = strings.Replace(line, name, "", 1) // a test that only got another name is the same test
			name = ""
		}
		if line = strings.Join(strings.Fields(line), " "); len(line) > 1 {
			t.body = append(t.body, hash(line))
		}
	}
	t.lines = strings.Count(strings.TrimSpace(text), "\n")
	t.words = wordsOf(text)
	t.Repeats = t.Repeats || repeats(code)
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
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
