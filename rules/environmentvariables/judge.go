package environmentvariables

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// after tells a lookup that does not need its variable by what follows it on the
// line: a default, a test, an assignment to it.
var after = lazyregexp.New(`^\s*[!)"]*\s*(?:\|\||&&|\?\?|\?:|\?\.|\?[^?]|\bor\b|\|\|=|==|!=|===|!==|=~|\.unwrap_or|\.ok\(|\.is_(?:ok|err|some|none)|=[^=>]|\.present\?|\.nil\?|\.blank\?|\bis\b|\bin\b|\s*do\b|\s*{)`)

// throws follows "??" and its kin where the default is to fail.
var throws = lazyregexp.New(`^\s*[!)"]*\s*(?:\|\||\?\?|\?:|\bor\b)\s*(?:throw\b|raise\b|abort\b|panic\b|fail\b|error\(|die\b|(?:sys\.|process\.)?exit\b|(?:\(\s*)?\(\s*\)\s*=>\s*{\s*throw)|^\s*\)?\s*(?:{|\bdo\b)\s*(?:raise|abort|fail|exit)\b|^\s*\)*\s*\.orElseThrow\(`)

// before tells a lookup that is only a test, or that takes the variable away.
var before = lazyregexp.New(`(?:\b(?:if|elif|unless|while|assert|del|not|delete|typeof|isset|empty)\b\s*\(?\s*!?[\w.$:]*\s*|!\s*|\bBoolean\(\s*|\bbool\(\s*|&&\s*|\|\|\s*|\?\?\s*|\?:\s*|\bor\s+(?:os\.)?|\b(?:cmp\.Or|or|coalesce|firstNonEmpty|Optional\.ofNullable|Objects\.requireNonNullElse)\([^)]*|\bif\s+\w+\s*:?=\s*|\b(?:test|ParseBool|HasPrefix|HasSuffix|Contains|EqualFold|includes|startsWith|flag\.\w+)\([^()]*)$`)

// assigned is the name that a line gives to what it looks up.
var assigned = lazyregexp.New(`^\s*(?:export\s+)?(?:const|let|var|val|final|static|private|public|protected|readonly|string\??|String\??|self\.|this\.|@|\$|\s)*\s*(?:[\w<>?]+\s+|\w+\s*,\s*)?[$@]?([A-Za-z_]\w*)\s*(?::\s*[\w\[\]|.? ]+)?\s*(?::=|=)\s*[^=]`)

var (
	ends   = lazyregexp.New(`\b(?:raise|panic|throw|abort|die|exit|Exit|Fatal\w*|fatal|sys\.exit|process\.exit|Errorf|errors\.New|return\s+(?:nil|null|\w+,)\s*.*[Ee]rr)\b`)
	tested = lazyregexp.New(`\b(?:if|unless|elif|assert)\b|\?\?|\|\|`)
)

// asserted tells a lookup whose empty answer a call refuses.
var asserted = lazyregexp.New(`\b(?:assert(?:\.ok)?|invariant|requireNotNull|checkNotNull|requireNonNull|ThrowIfNull(?:OrEmpty)?)\b\s*\(?\s*(?:os\.)?$`)

var (
	negated   = lazyregexp.New(`(?:(?:^|[^!])!\s*\(?|\bnot\s+|\bunless\s+\(?|\bempty\(|!\s*isset\(|\bIsNullOr(?:Empty|WhiteSpace)\()\s*(?:\(?\s*\w+\s*:?=\s*)?(?:os\.|std::|System\.)?$`)
	emptied   = lazyregexp.New(`^\s*[!)"]*\s*(?:===?\s*(?:undefined|null|nil|None|""|\x27\x27|false)|is\s+(?:None|null)|\.nil\?|\.blank\?|\.empty\?|\.is_err\(\)|\.isEmpty\(\))`)
	several   = lazyregexp.New(`&&|\band\b`)
	condition = lazyregexp.New(`\b(?:if|unless|elif)\b`)
)

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
	case r.language == "shell", throws.MatchString(suffix), asserted.MatchString(prefix), r.throwsBelow(i, trimmed), r.endsWithout(i, prefix, suffix), r.blockEnds(i, trimmed):
		return isHard
	case look.argument && (strings.Contains(prefix+suffix, "default_value") || !r.requires(i+1)):
		return isOptional
	case look.argument:
		return isNeeded
	case strings.HasPrefix(trimmed, "=") && !strings.HasPrefix(trimmed, "=="), strings.HasPrefix(strings.TrimSpace(prefix), "del "):
		return isNothing
	case look.strict && (r.defaults(prefix, suffix) || r.caught(i)):
		return isOptional
	case look.strict && (look.ending && !ends.MatchString(suffix) && !r.endsWithin(i+1)):
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
func (r *reader) defaults(prefix, suffix string) bool {
	switch r.language {
	case "ruby":
		return after.MatchString(suffix) || strings.HasPrefix(strings.TrimSpace(suffix), ",")
	case "php":
		return after.MatchString(suffix) || before.MatchString(prefix)
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

// requires reports whether the argument that is declared from a line on must be
// given, by its type.
func (r *reader) requires(from int) bool {
	for j := from; j < len(r.lines) && j < from+lookAhead; j++ {
		t := strings.TrimSpace(r.lines[j])
		if t == "" || strings.HasPrefix(t, "#[") {
			continue
		}
		_, kind, ok := strings.Cut(t, ":")
		return ok && !strings.Contains(kind, "Option<") && !strings.Contains(kind, "Vec<") && !strings.Contains(kind, "bool")
	}
	return false
}

// throwsBelow reports whether what stands in the variable's place begins the next
// line, and ends the program.
func (r *reader) throwsBelow(i int, suffix string) bool {
	return suffix == "" && i+1 < len(r.lines) && throws.MatchString(r.lines[i+1])
}

// blockEnds reports whether a block of Ruby stands in the variable's place that
// ends the program.
func (r *reader) blockEnds(i int, suffix string) bool {
	return r.language == "ruby" && (suffix == "do" || suffix == "{" || suffix == ") do" || suffix == ") {") && r.endsWithin(i+1)
}

// endsWithout reports whether a line tests that the variable is not there, and
// the program ends then. One of several that must be there is not required.
func (r *reader) endsWithout(i int, prefix, suffix string) bool {
	if !negated.MatchString(prefix) && !emptied.MatchString(suffix) || several.MatchString(prefix) || several.MatchString(suffix) {
		return false
	}
	if r.language == "ruby" && ends.MatchString(prefix) || ends.MatchString(suffix) {
		return true
	}
	return condition.MatchString(prefix) && r.endsWithin(i+1)
}

// indent is how far a line is moved in.
func indent(l string) int { return len(l) - len(strings.TrimLeft(l, " \t")) }

// endsWithin looks for the end of the program in the block that begins at a line.
func (r *reader) endsWithin(from int) bool {
	for j := from; j < len(r.lines) && j < from+3; j++ {
		t := strings.TrimSpace(r.lines[j])
		if t != "" && t[0] != '{' && indent(r.lines[j]) <= indent(r.lines[from-1]) {
			return false
		}
		if ends.MatchString(r.lines[j]) {
			return true
		}
	}
	return false
}
