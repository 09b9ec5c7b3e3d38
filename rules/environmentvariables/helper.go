package environmentvariables

import (
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// Programs often look variables up through a function of their own, which fails
// for one that is not there: what it is called with is required.

// heads begin functions, with the name of the first parameter.
var heads = map[string]*lazyregexp.Regexp{
	"python":     lazyregexp.New(`^\s*(?:async\s+)?def\s+(\w+)\(\s*(?:(?:self|cls)\s*,\s*)?(\w+)`),
	"javascript": lazyregexp.New(`\bfunction\s+(\w+)\s*(?:<[^<>()]*>)?\(\s*(\w+)|\b(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?\(?\s*(\w+)\s*(?::\s*[\w ]+)?\s*(?:[,)][^=]*)?=>|^\s*(?:(?:public|private|protected|static|async)\s+)*(\w+)\(\s*(\w+)\s*:\s*string`),
	"go":         lazyregexp.New(`^func\s+(?:\([^()]*\)\s*)?(\w+)\(\s*(\w+)`),
	"jvm":        lazyregexp.New(`\b(?:String|int|long|boolean|T)\s+(\w+)\(\s*(?:final\s+)?String\s+(\w+)|\bfun\s+(\w+)\(\s*(\w+)\s*:\s*String`),
	"ruby":       lazyregexp.New(`^\s*def\s+(?:self\.)?(\w+)\(?\s*(\w+)`),
	"php":        lazyregexp.New(`\bfunction\s+(\w+)\(\s*(?:\??\w+\s+)?(\$\w+)`),
	"rust":       lazyregexp.New(`\bfn\s+(\w+)\s*(?:<[^<>()]*>)?\(\s*(?:&self\s*,\s*)?(\w+)\s*:`),
	"csharp":     lazyregexp.New(`\b(?:string|int|T|bool)\??\s+(\w+)\(\s*(?:this\s+\w+\s+\w+\s*,\s*)?string\s+(\w+)`),
}

// asks are how a function looks a parameter up, and whether that alone fails.
var asks = map[string][]struct {
	open   string
	strict bool
}{
	"python": {{"environ[", true}, {"environ.get(", false}, {"getenv(", false}}, "javascript": {{"process.env[", false}, {"import.meta.env[", false}, {"Deno.env.get(", false}},
	"go": {{"Getenv(", false}, {"LookupEnv(", false}}, "jvm": {{"getenv(", false}, {"getenv().get(", false}, {"getenv()[", false}}, "ruby": {{"ENV[", false}, {"ENV.fetch(", true}},
	"php": {{"getenv(", false}, {"$_ENV[", false}, {"$_SERVER[", false}, {"env(", false}}, "rust": {{"env::var(", false}, {"env::var(&", false}}, "csharp": {{"GetEnvironmentVariable(", false}},
}

// The bounds of looking for functions.
const (
	maxBody    = 12  // lines of one
	maxHelpers = 100 // of a file
)

// fails are the functions of a file that fail for a variable that is not there.
func fails(text, language string) []string {
	head := heads[language]
	if head == nil || !asksByName(text, language) {
		return nil
	}
	r := &reader{language: language, lines: strings.Split(text, "\n")}
	for i, l := range r.lines {
		if len(l) > maxLine {
			l = ""
		}
		r.lines[i] = r.code(strings.TrimSuffix(l, "\r"))
	}
	var found []string
	next := r.nextAsking()
	for i, l := range r.lines {
		if next[i] > i+maxBody || !strings.Contains(l, "(") && !strings.Contains(l, "def ") {
			continue
		}
		m := head.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		name, parameter := firstTwo(m[1:])
		if name != "" && r.failsFor(i, parameter) {
			found = append(found, name)
		}
		if len(found) == maxHelpers {
			break
		}
	}
	return found
}

// nextAsking is, for each line, the first from there on that looks something up.
func (r *reader) nextAsking() []int {
	next := make([]int, len(r.lines))
	at := len(r.lines) + maxBody
	for i := len(r.lines) - 1; i >= 0; i-- {
		for _, a := range asks[r.language] {
			if strings.Contains(r.lines[i], a.open) {
				at = i
			}
		}
		next[i] = at
	}
	return next
}

// asksByName reports whether a text looks anything up by a name that it does not
// write: only then is the rest asked.
func asksByName(text, language string) bool {
	for _, a := range asks[language] {
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, a.open)
			if !ok {
				break
			}
			if after != "" && (isWord(after[0]) || after[0] == '$') {
				return true
			}
			rest = after
		}
	}
	return false
}

// firstTwo are the groups of the alternative that matched.
func firstTwo(groups []string) (name, parameter string) {
	for i := 0; i+1 < len(groups); i += 2 {
		if groups[i] != "" {
			return groups[i], groups[i+1]
		}
	}
	return "", ""
}

// failsFor reports whether the function at a line looks its parameter up, and ends
// the program where that gives nothing.
func (r *reader) failsFor(i int, parameter string) bool {
	asked := false
	for j := i; j < len(r.lines) && j <= i+maxBody; j++ {
		l := r.lines[j]
		if t := strings.TrimSpace(l); j > i && t != "" && indent(l) <= indent(r.lines[i]) && t[0] != '{' {
			return false
		}
		for _, a := range asks[r.language] {
			_, after, ok := strings.Cut(l, a.open+parameter)
			if !ok || after == "" || isWord(after[0]) {
				continue
			}
			if asked = true; a.strict && !strings.HasPrefix(after, ",") && !strings.Contains(after, "{") && !r.caught(j) {
				return true
			}
		}
		if asked && (ends.MatchString(l) || r.language == "rust" && (strings.Contains(l, ".expect(") || strings.Contains(l, ".unwrap()"))) {
			return true
		}
	}
	return false
}

// A handed is a name that a function is called with, and nothing else.
type handed struct {
	function, variable string
	of                 string // what stands before the function, as in "env.get"
	line               int
	text               string
}

// callsIn are the calls of a line that hand over nothing but a name.
func callsIn(l string) []handed {
	var found []handed
	for at := 0; ; at++ {
		n := strings.IndexByte(l[at:], '(')
		if n < 0 || len(found) == maxHelpers {
			return found
		}
		at += n
		rest := strings.TrimLeft(l[at+1:min(len(l), at+maxName)], " ")
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			continue
		}
		name, after, ok := strings.Cut(rest[1:], rest[:1])
		if ok && strings.HasPrefix(strings.TrimLeft(after, " "), ")") && shouting.MatchString(name) {
			if of, f := functionBefore(l[:at]); f != "" {
				found = append(found, handed{function: f, variable: name, of: of})
			}
		}
	}
}

// maxName is how long the name of a variable or a type may be.
const maxName = 200

// functionBefore is the name in which a text ends, before the types it is called
// with, and the name before that.
func functionBefore(l string) (of, function string) {
	if strings.HasSuffix(l, ">") {
		from := max(0, len(l)-maxName)
		l = l[:max(0, from+strings.LastIndexByte(l[from:], '<'))]
	}
	function = lastName(l)
	if rest, ok := strings.CutSuffix(l[:len(l)-len(function)], "."); ok {
		of = lastName(rest)
	}
	return of, function
}

func lastName(l string) string {
	at := len(l)
	for at > 0 && isWord(l[at-1]) && len(l)-at < maxName {
		at--
	}
	return l[at:]
}

// usualName are names of functions that many things have; they are taken for those
// of the environment where what they are asked of is called so.
var (
	usualName = lazyregexp.New(`^(?i:get|read|load|fetch|find|lookup|value|string|str|int|bool|number|parse|check|validate|resolve|constructor|main|run|init|setup|must|require|t|has|is|set|of|add|use)$`)
	ofConfig  = lazyregexp.New(`(?i)env|conf|setting|secret`)
)

// isOne reports whether a call is of one of some functions.
func (h handed) isOne(functions map[string]bool) bool {
	return functions[h.function] && (!usualName.MatchString(h.function) || ofConfig.MatchString(h.of))
}

// tellsIt are names of functions that may be such ones, though they are defined
// where the change does not reach.
var tellsIt = lazyregexp.New(`(?i)env|must|requir|mandatory|or_?(?:throw|die|fail|panic|raise)|secret|setting`)

// calledElsewhere is what a file gives to functions whose own names tell that they
// may look variables up.
func calledElsewhere(text, language string) []handed {
	if heads[language] == nil {
		return nil
	}
	var found []handed
	line := 0
	for l := range strings.Lines(text) {
		line++
		if len(l) > maxLine || !strings.Contains(l, "(") || !mayShout(l) {
			continue
		}
		l = deployment.WithoutComment(l, marks[language])
		for _, c := range callsIn(l) {
			if !known[c.function] && (tellsIt.MatchString(c.function) || ofConfig.MatchString(c.of)) {
				c.line, c.text = line, strings.TrimSpace(l)
				found = append(found, c)
			}
		}
		if len(found) > maxHelpers {
			break
		}
	}
	return found
}

// known are the functions of languages and libraries that lookups read.
var known = map[string]bool{"env": true, "getenv": true, "Getenv": true, "LookupEnv": true, "config": true, "GetEnvironmentVariable": true, "getOrThrow": true, "require": true, "getProperty": true}
