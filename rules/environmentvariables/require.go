package environmentvariables

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A need is a variable that a line of a program cannot do without.
type need struct {
	name string
	line int
	text string // of the line
	hard bool   // without it the program says so and ends
}

// after tells a lookup that does not need its variable by what follows it on the
// line: a default, a test, an assignment to it.
var after = lazyregexp.New(`^\s*[!)"]*\s*(?:\|\||&&|\?\?|\?:|\?\.|\?[^?]|\bor\b|\|\|=|==|!=|===|!==|=~|\.unwrap_or|\.ok\(|\.is_(?:ok|err|some|none)|=[^=>]|\.present\?|\.nil\?|\.blank\?|\bis\b|\bin\b|\s*do\b|\s*{)`)

// throws follows "??" and its kin where the default is to fail.
var throws = lazyregexp.New(`^\s*[!)"]*\s*(?:\|\||\?\?|\?:|\bor\b)\s*(?:throw\b|raise\b|abort\b|panic\b|fail\b|error\(|die\b|(?:sys\.|process\.)?exit\b|(?:\(\s*)?\(\s*\)\s*=>\s*{\s*throw)|^\s*\)?\s*(?:{|\bdo\b)\s*(?:raise|abort|fail|exit)\b`)

// before tells a lookup that is only a test, or that takes the variable away.
var before = lazyregexp.New(`(?:\b(?:if|elif|unless|while|assert|del|not|delete|typeof|isset|empty)\b\s*\(?\s*!?[\w.$:]*\s*|!\s*|\bBoolean\(\s*|\bbool\(\s*|&&\s*|\|\|\s*|\b(?:cmp\.Or|or|coalesce|firstNonEmpty|Optional\.ofNullable|Objects\.requireNonNullElse)\([^)]*|\bif\s+\w+\s*:?=\s*|\b(?:test|ParseBool|HasPrefix|HasSuffix|Contains|EqualFold|includes|startsWith|flag\.\w+)\([^()]*)$`)

// assigned is the name that a line gives to what it looks up.
var assigned = lazyregexp.New(`^\s*(?:export\s+)?(?:const|let|var|val|final|static|private|public|protected|readonly|string\??|String\??|self\.|this\.|@|\$|\s)*\s*(?:[\w<>?]+\s+|\w+\s*,\s*)?[$@]?([A-Za-z_]\w*)\s*(?::\s*[\w\[\]|.? ]+)?\s*(?::=|=)\s*[^=]`)

var (
	ends   = lazyregexp.New(`\b(?:raise|panic|throw|abort|die|exit|Exit|Fatal\w*|fatal|sys\.exit|process\.exit|Errorf|errors\.New|return\s+(?:nil|null|\w+,)\s*.*[Ee]rr)\b`)
	tested = lazyregexp.New(`\b(?:if|unless|elif|assert)\b|\?\?|\|\|`)
)

// The bounds of looking at a program.
const (
	maxLine   = 4000 // bytes of a line; what is generated has longer ones
	lookAhead = 6    // lines after a lookup in which its answer may be tested
)

var shouting = lazyregexp.New(`^[A-Z][A-Z0-9_]+$`)

// needs are the variables that a program requires, each once, in order. One that
// it also asks for with a default, or tests, it can do without, unless it says
// that it cannot.
func needs(text, language string) []need {
	r := &reader{language: language, seen: make(map[string]int), optional: make(map[string]bool), sets: make(map[string]bool)}
	r.lines = strings.Split(text, "\n")
	for i, l := range r.lines {
		if len(l) > maxLine {
			l = ""
		}
		r.lines[i] = r.code(strings.TrimSuffix(l, "\r"))
	}
	r.join()
	for i := range r.lines {
		r.line(i)
	}
	return slices.DeleteFunc(r.found, func(n need) bool { return r.sets[n.name] || r.optional[n.name] && !n.hard })
}

type reader struct {
	language string
	lines    []string
	block    string          // what ends the comment or docstring that we are in
	seen     map[string]int  // 1 + index in found
	optional map[string]bool // that some line does without
	sets     map[string]bool // that the program gives itself
	found    []need
}

// code is a line without comments. Blocks are told by the lines that begin and
// end them; what cannot be told is code.
func (r *reader) code(l string) string {
	t := strings.TrimSpace(l)
	if r.block != "" {
		if strings.Contains(t, r.block) {
			r.block = ""
		}
		return ""
	}
	for open, end := range blocks[r.language] {
		if rest, ok := strings.CutPrefix(t, open); ok {
			if !strings.Contains(rest, end) {
				r.block = end
			}
			return ""
		}
	}
	return deployment.WithoutComment(l, marks[r.language])
}

// join puts the call that a formatter moved to the next line behind the lookup that
// it belongs to.
func (r *reader) join() {
	if r.language != "rust" {
		return
	}
	for i := 1; i < len(r.lines); i++ {
		call := strings.TrimSpace(r.lines[i])
		if strings.HasPrefix(call, ".") && strings.Contains(r.lines[i-1], "env::var") && len(r.lines[i-1]) < maxLine {
			r.lines[i-1] = strings.TrimRight(r.lines[i-1], " \t") + call
		}
	}
}

var slashes = map[string]string{"/*": "*/"}

var blocks = map[string]map[string]string{
	"python": {`"""`: `"""`, `'''`: `'''`}, "javascript": slashes, "go": slashes, "jvm": slashes, "php": slashes, "rust": slashes, "csharp": slashes, "ruby": {"=begin": "=end"},
}

var marks = map[string]string{
	"python": "#", "ruby": "#", "shell": "#", "javascript": "//", "go": "//", "jvm": "//", "php": "//", "rust": "//", "csharp": "//",
}

func (r *reader) line(i int) {
	l := r.lines[i]
	if strings.TrimSpace(l) == "" {
		return
	}
	if r.language == "javascript" {
		r.destructured(i)
	}
	if !mayShout(l) {
		return
	}
	for _, look := range lookups[r.language] {
		at := look.expression.SubexpIndex("name")
		for _, m := range look.expression.FindAllStringSubmatchIndex(l, 100) {
			name := l[m[2*at]:m[2*at+1]]
			if !shouting.MatchString(name) {
				continue
			}
			switch r.judge(i, look, l[:m[0]], l[m[1]:]) {
			case isOptional:
				r.optional[name] = true
			case isNeeded:
				r.add(name, i, false)
			case isHard:
				r.add(name, i, true)
			case isNothing:
			}
		}
	}
	if strings.Contains(l, "=") || strings.Contains(l, "et") { // "setdefault", "Setenv"
		for _, m := range setters.FindAllStringSubmatch(l, 10) {
			r.sets[m[1]+m[2]] = true
		}
	}
	r.member(l)
}

// mayShout reports whether a line could hold the name of a variable, which every
// expression below asks for: most lines of code have none, and this is quick.
func mayShout(line string) bool {
	for i := 1; i < len(line); i++ {
		b := line[i]
		if (b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_') && line[i-1] >= 'A' && line[i-1] <= 'Z' {
			return true
		}
	}
	return false
}

// setters give a program's own environment a variable.
var setters = lazyregexp.New(`(?:environ\[["']|environ\.setdefault\(\s*["']|process\.env\.|process\.env\[["']|os\.Setenv\(\s*"|ENV\[["']|env::set_var\(\s*")([A-Z][A-Z0-9_]+)(?:["']?\]?\s*(?:\|\|=|\?\?=|=[^=>])|["']\s*,)|^\s*(?:export\s+)?([A-Z][A-Z0-9_]+)=[^=]`)

// member notes what Python tests before it asks: "if 'X' in os.environ".
func (r *reader) member(l string) {
	if r.language != "python" {
		return
	}
	for _, m := range membership.FindAllStringSubmatch(l, 10) {
		r.optional[m[1]] = true
	}
}

var membership = lazyregexp.New(`["']([A-Z][A-Z0-9_]+)["']\s+(?:not\s+)?in\s+(?:os\.)?environ\b`)

func (r *reader) add(name string, i int, hard bool) {
	if at := r.seen[name]; at > 0 {
		r.found[at-1].hard = r.found[at-1].hard || hard
		return
	}
	r.found = append(r.found, need{name, i + 1, strings.TrimSpace(r.lines[i]), hard})
	r.seen[name] = len(r.found)
}

// outcome is what one lookup says of its variable.
type outcome int

const (
	isNothing outcome = iota // it sets or removes it, or takes what comes
	isOptional
	isNeeded
	isHard
)

// judge judges one lookup by what stands around it.
func (r *reader) judge(i int, look lookup, prefix, suffix string) outcome {
	switch trimmed := strings.TrimSpace(suffix); {
	case r.language == "shell", throws.MatchString(suffix):
		return isHard
	case strings.HasPrefix(trimmed, "=") && !strings.HasPrefix(trimmed, "=="), strings.HasPrefix(strings.TrimSpace(prefix), "del "):
		return isNothing
	case look.strict && (r.defaults(suffix) || r.caught(i)):
		return isOptional
	case look.strict:
		return isNeeded
	case after.MatchString(suffix), before.MatchString(prefix), r.goesOn(i, suffix):
		return isOptional
	}
	switch test := r.tested(i); {
	case test == testEnds:
		return isHard
	case test == testMends:
		return isOptional
	case look.guarded:
		return isNothing
	default:
		return isNeeded
	}
}

// defaults tells the default of a lookup that fails without one: an argument or a
// block in Ruby, an operator in PHP.
func (r *reader) defaults(suffix string) bool {
	switch r.language {
	case "ruby":
		return after.MatchString(suffix) || strings.HasPrefix(strings.TrimSpace(suffix), ",")
	case "php":
		return after.MatchString(suffix)
	default:
		return false
	}
}

// goesOn reports whether a default stands at the beginning of the next line.
func (r *reader) goesOn(i int, suffix string) bool {
	if strings.TrimSpace(suffix) != "" || i+1 >= len(r.lines) {
		return false
	}
	next := strings.TrimSpace(r.lines[i+1])
	return strings.HasPrefix(next, "||") || strings.HasPrefix(next, "??") || strings.HasPrefix(next, "?:") || strings.HasPrefix(next, "or ")
}

// caught reports whether a missing variable is caught right below: that is how a
// default is written where asking fails.
func (r *reader) caught(i int) bool {
	if r.language != "python" {
		return false
	}
	for j := i + 1; j < len(r.lines) && j <= i+2; j++ {
		if strings.HasPrefix(strings.TrimSpace(r.lines[j]), "except KeyError") {
			return !r.endsWithin(j + 1)
		}
	}
	return false
}

type test int

const (
	testNone  test = iota
	testMends      // an empty answer is something to go on with
	testEnds       // it ends the program
)

// tested looks below for a test of the name that the answer is given to.
func (r *reader) tested(i int) test {
	m := assigned.FindStringSubmatch(r.lines[i])
	if m == nil {
		return testNone
	}
	for j := i + 1; j < len(r.lines) && j <= i+lookAhead; j++ {
		l := r.lines[j]
		if !hasWord(l, m[1]) || !tested.MatchString(l) {
			continue
		}
		if ends.MatchString(l) || r.endsWithin(j+1) {
			return testEnds
		}
		return testMends
	}
	return testNone
}

// hasWord reports whether a name stands in a line by itself.
func hasWord(line, name string) bool {
	for at := 0; ; at++ {
		n := strings.Index(line[at:], name)
		if n < 0 {
			return false
		}
		at += n
		if end := at + len(name); (at == 0 || !isWord(line[at-1])) && (end == len(line) || !isWord(line[end])) {
			return true
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// endsWithin looks for the end of the program in the block that begins at a line.
func (r *reader) endsWithin(from int) bool {
	for j := from; j < len(r.lines) && j < from+3; j++ {
		if ends.MatchString(r.lines[j]) {
			return true
		}
		if t := strings.TrimSpace(r.lines[j]); t == "}" || t == "end" {
			return false
		}
	}
	return false
}

var destructuring = lazyregexp.New(`(?:{([^{}]*)|^\s*)}\s*=\s*process\.env\b`)

// destructured reads "const { A, B = 'x' } = process.env", on one line or on several.
func (r *reader) destructured(i int) {
	m := destructuring.FindStringSubmatch(r.lines[i])
	if m == nil {
		return
	}
	r.parts(i, m[1])
	if strings.Contains(m[0], "{") {
		return
	}
	for j := i - 1; j >= 0 && j > i-maxParts; j-- {
		_, part, opens := strings.Cut(r.lines[j], "{")
		if !opens {
			part = r.lines[j]
		}
		if r.parts(j, part); opens {
			return
		}
	}
}

// maxParts is how many lines a destructuring is followed back.
const maxParts = 50

func (r *reader) parts(i int, list string) {
	for part := range strings.SplitSeq(list, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), ":")
		if name = strings.TrimSpace(name); shouting.MatchString(name) && !strings.Contains(part, "=") {
			r.add(name, i, false)
		}
	}
}
