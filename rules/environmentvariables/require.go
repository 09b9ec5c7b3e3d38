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

// The bounds of looking at a program.
const (
	maxLine   = 4000 // bytes of a line; what is generated has longer ones
	lookAhead = 6    // lines after a lookup in which its answer may be tested
	// maxLookups is how many variables a file may ask for, and maxHints how many
	// of its lines may look as if they did.
	maxLookups = 2000
	maxHints   = 20_000
)

var shouting = lazyregexp.New(`^[A-Z][A-Z0-9_]+$`)

// needs are the variables that a program requires, each once, in order. One that
// it also asks for with a default, or tests, it can do without, unless it says
// that it cannot.
//
// calls are the functions that fail for the variable that they are given the name
// of. The second answer is false for a file with more lookups than people write.
func needs(text, language string, calls map[string]bool) ([]need, bool) {
	r := &reader{language: language, calls: calls, seen: make(map[string]int), optional: make(map[string]bool), sets: make(map[string]bool)}
	r.lines = strings.Split(text, "\n")
	for i, l := range r.lines {
		if len(l) > maxLine {
			l = ""
		}
		r.lines[i] = r.code(strings.TrimSuffix(l, "\r"))
	}
	r.join()
	r.structured(text)
	for i := range r.lines {
		if r.line(i); r.looked > maxLookups || r.hinted > maxHints {
			return nil, false
		}
	}
	return slices.DeleteFunc(r.found, func(n need) bool { return r.sets[n.name] || r.optional[n.name] && !n.hard }), true
}

// structured reads what says its variables over several lines.
func (r *reader) structured(text string) {
	switch r.language {
	case "python":
		r.settings(text)
	case "javascript":
		r.schemas(text)
	}
	r.lists(text)
}

type reader struct {
	language string
	lines    []string
	calls    map[string]bool
	looked   int             // lookups
	hinted   int             // lines that may have some
	prefix   string          // of the names in the block that we are in
	within   int             // how far that block is moved in
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
	if t == "" {
		return ""
	}
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

// join puts what a formatter moved to the next lines behind the lookup that it
// belongs to: arguments on the line of the first, calls on the line of the lookup.
func (r *reader) join() {
	joined := 0 // the last line that another was put before
	for i := 1; i < len(r.lines); i++ {
		last := r.lines[i-1]
		if joined == i-1 && i > 1 || len(last) > maxLine || !r.hints(last) {
			continue
		}
		switch t := strings.TrimSpace(r.lines[i]); {
		case r.language == "rust" && strings.HasPrefix(t, ".") && strings.Contains(last, "var"):
			r.lines[i-1] = strings.TrimRight(last, " \t") + t
		case strings.HasSuffix(last, "(") || strings.HasSuffix(last, "["):
			r.lines[i-1], r.lines[i], joined = "", last+t, i
			for j := i + 1; j < len(r.lines) && j < i+4 && strings.HasSuffix(r.lines[i], ","); j++ {
				r.lines[i], r.lines[j] = r.lines[i]+" "+strings.TrimSpace(r.lines[j]), ""
			}
			if i+1 < len(r.lines) && strings.HasPrefix(strings.TrimSpace(r.lines[i+1]), closing[last[len(last)-1]]) {
				r.lines[i], r.lines[i+1] = r.lines[i]+strings.TrimSpace(r.lines[i+1]), ""
			}
		}
	}
}

var closing = map[byte]string{'(': ")", '[': "]"}

// hints reports whether a line may ask for a variable, before it is asked for all
// the ways of doing so.
func (r *reader) hints(l string) bool {
	return slices.ContainsFunc(hints[r.language], func(h string) bool { return strings.Contains(l, h) })
}

var slashes = map[string]string{"/*": "*/"}

var blocks = map[string]map[string]string{
	"python": {`"""`: `"""`, `'''`: `'''`}, "javascript": slashes, "go": slashes, "jvm": slashes, "php": slashes, "rust": slashes, "csharp": slashes, "ruby": {"=begin": "=end"},
}

var marks = map[string]string{
	"python": "#", "ruby": "#", "shell": "#", "spring": "#", "javascript": "//", "go": "//", "jvm": "//", "php": "//", "rust": "//", "csharp": "//",
}

func (r *reader) line(i int) {
	l := r.lines[i]
	if strings.TrimSpace(l) == "" {
		return
	}
	hints := r.hints(l)
	if hints && r.language == "javascript" {
		r.destructured(i)
	}
	if !mayShout(l) {
		if r.language == "python" && hints {
			r.prefixed(l)
		}
		return
	}
	r.called(i, l)
	if !hints {
		return
	}
	r.hinted++
	if r.language == "python" {
		r.prefixed(l)
		r.member(i, l)
	}
	for _, look := range lookups[r.language] {
		at := look.expression.SubexpIndex("name")
		for _, m := range look.expression.FindAllStringSubmatchIndex(l, 100) {
			name := l[m[2*at]:m[2*at+1]]
			if !shouting.MatchString(name) || r.language == "php" && strings.Contains(l[m[0]:m[1]], "_SERVER") && ofRequest.MatchString(name) {
				continue
			}
			if r.looked++; r.looked > maxLookups {
				return
			}
			if look.prefixed {
				name = r.prefix + name
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
	r.setters(l)
}

// setters notes what a program gives itself.
func (r *reader) setters(l string) {
	expression := setters
	if r.language == "shell" {
		expression = exports
	}
	for _, m := range expression.FindAllStringSubmatch(l, 10) {
		r.sets[m[1]] = true
	}
}

// called adds what is given to functions that fail without it.
func (r *reader) called(i int, l string) {
	if len(r.calls) == 0 || !strings.Contains(l, "(") {
		return
	}
	for _, c := range callsIn(l) {
		if c.isOne(r.calls) {
			r.looked++
			r.add(c.variable, i, true)
		}
	}
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

// setters give a program's own environment a variable; exports do in a shell.
var (
	setters = lazyregexp.New(`(?:environ\[["']|environ\.setdefault\(\s*["']|process\.env\.|process\.env\[["']|os\.Setenv\(\s*"|ENV\[["']|env::set_var\(\s*")([A-Z][A-Z0-9_]+)(?:["']?\]?\s*(?:\|\|=|\?\?=|=[^=>])|["']\s*,)`)
	exports = lazyregexp.New(`^\s*(?:export\s+)?([A-Z][A-Z0-9_]+)=[^=]`)
)

// member notes what Python tests before it asks: "if 'X' in os.environ", and what
// it does not go on without. The scheme of django-environ has defaults.
func (r *reader) member(i int, l string) {
	for _, m := range membership.FindAllStringSubmatch(l, 10) {
		switch no := m[3] != ""; {
		case no && (ends.MatchString(l) || r.endsWithin(i+1)) && !several.MatchString(l), !no && m[1] != "":
			r.add(m[2], i, true)
		default:
			r.optional[m[2]] = true
		}
	}
	if strings.Contains(l, "Env(") || strings.Contains(l, "=(") {
		for _, m := range scheme.FindAllStringSubmatch(l, 50) {
			r.optional[m[1]] = true
		}
	}
}

var (
	membership = lazyregexp.New(`(\bassert\s+)?["']([A-Z][A-Z0-9_]+)["']\s+(not\s+)?in\s+(?:os\.)?environ\b`)
	scheme     = lazyregexp.New(`\b([A-Z][A-Z0-9_]+)\s*=\s*\(\s*(?:bool|str|int|float|list|dict|tuple|json)\s*,`)
)

// prefixed keeps the prefix that environs puts before the names of a block.
func (r *reader) prefixed(l string) {
	if r.prefix != "" && indent(l) <= r.within {
		r.prefix = ""
	}
	if m := prefixes.FindStringSubmatch(l); m != nil {
		r.prefix, r.within = r.prefix+m[1], indent(l)
	}
}

var prefixes = lazyregexp.New(`^\s*with\s+env\.prefixed\(\s*["'](\w+)["']\s*\)`)

func (r *reader) add(name string, i int, hard bool) {
	if at := r.seen[name]; at > 0 {
		r.found[at-1].hard = r.found[at-1].hard || hard
		return
	}
	r.found = append(r.found, need{name, i + 1, strings.TrimSpace(r.lines[i]), hard})
	r.seen[name] = len(r.found)
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
