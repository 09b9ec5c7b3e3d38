package testset

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A conftest is what one conftest.py leaves out.
type conftest struct {
	path  string
	names []string
	globs globs
}

// ignores is asked with the path as seen from the conftest's folder.
func (f *conftest) ignores(p string) bool {
	for _, name := range f.names {
		if under(p, name) {
			return true
		}
	}
	if f.globs.match(p) {
		return true
	}
	for dir := parent(p); dir != ""; dir = parent(dir) {
		if f.globs.match(dir) {
			return true
		}
	}
	return false
}

var (
	collectIgnore = lazyregexp.New(`(?m)^collect_ignore(_glob)?\b([^\n=]*)=|^collect_ignore(_glob)?\.(append|extend)\(`)
	collectHook   = lazyregexp.New(`(?m)^(?:async )?def (pytest_ignore_collect|pytest_collection_modifyitems|pytest_collect_file|pytest_pycollect_makeitem|pytest_collect_directory)\b`)
)

// maxDecisions is how many hooks and lists of one conftest.py are looked at.
const maxDecisions = 50

// conftests reads every conftest.py. Literal lists are what they say; hooks and
// other code are opaque.
func (c *collector) conftests() (map[string]*conftest, error) {
	found := make(map[string]*conftest)
	for _, p := range c.tree.named("conftest.py") {
		text, ok, err := c.tree.text(p)
		if err != nil {
			return nil, err
		}
		if !ok || !strings.Contains(text, "collect") {
			continue
		}
		code := mask(text, python)
		for _, at := range collectHook.FindAllStringSubmatchIndex(code, maxDecisions) {
			c.opaque(p, lineAt(text, at[0]), "the hook "+code[at[2]:at[3]]+" decides in code what is collected")
		}
		f := &conftest{path: p}
		for _, at := range collectIgnore.FindAllStringIndex(code, maxDecisions) {
			c.ignoreList(f, text, code, at[0], at[1])
		}
		found[parent(p)] = f
	}
	return found, nil
}

// ignoreList reads the strings up to the end of the statement.
func (c *collector) ignoreList(f *conftest, text, code string, from, to int) {
	end := statementEnd(code, to)
	isGlob := strings.HasPrefix(code[from:], "collect_ignore_glob")
	literal := strings.Trim(stringsOut(code[to:end]), " \t\r\n[](),+") == ""
	if !literal {
		c.opaque(f.path, lineAt(text, from), "collect_ignore is made by code")
	}
	for _, s := range c.few(f.path, pythonStrings(text[to:end], code[to:end])) {
		s = strings.TrimSuffix(path.Clean(s), "/")
		if isGlob {
			if re := fnmatch(s); re != nil {
				f.globs = append(f.globs, re)
			}
		} else {
			f.names = append(f.names, s)
		}
	}
}

// statementEnd is the end of a Python statement: a line end outside brackets.
func statementEnd(code string, from int) int {
	depth := 0
	for i := from; i < len(code); i++ {
		switch code[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '\n':
			if depth <= 0 {
				return i
			}
		}
	}
	return len(code)
}

// stringsOut takes the quotes of masked strings out of code.
func stringsOut(code string) string {
	return strings.NewReplacer(`"`, "", "'", "").Replace(code)
}

// pythonStrings are the texts of the string literals in a piece of code. Masked
// code has the quotes where they were and blanks between them.
func pythonStrings(text, code string) []string {
	var list []string
	for i := 0; i < len(code); i++ {
		if code[i] != '"' && code[i] != '\'' {
			continue
		}
		end := strings.IndexByte(code[i+1:], code[i])
		if end < 0 {
			break
		}
		if s := text[i+1 : i+1+end]; s != "" {
			list = append(list, s)
		}
		i += end + 1
	}
	return list
}

func lineAt(text string, at int) int { return strings.Count(text[:at], "\n") + 1 }
