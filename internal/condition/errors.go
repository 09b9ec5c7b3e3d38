package condition

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/nearest"
)

// An Error is a mistake in an expression.
type Error struct {
	Line, Col int // 1-based, in characters, within the expression
	Message   string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Message) }

// Errors are all mistakes of an expression, in the order of their places.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first.
func (es Errors) Unwrap() []error {
	list := make([]error, len(es))
	for i, e := range es {
		list[i] = e
	}
	return list
}

func mistake(line, col int, message string) Errors { return Errors{{line, col, message}} }

// maxErrors bounds how much is said about one expression.
const maxErrors = 10

// sorted puts the mistakes in order, each once.
func (es Errors) sorted() Errors {
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), strings.Compare(a.Message, b.Message))
	})
	es = slices.CompactFunc(es, func(a, b *Error) bool { return *a == *b })
	return es[:min(len(es), maxErrors)]
}

// syntaxErrors words the first syntax error: the others follow from it.
func syntaxErrors(source string, found []*common.Error) Errors {
	at := func(e *common.Error) [2]int {
		return [2]int{max(1, e.Location.Line()), max(0, e.Location.Column()) + 1}
	}
	first := slices.MinFunc(found, func(a, b *common.Error) int {
		x, y := at(a), at(b)
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
	})
	place := at(first)
	return mistake(place[0], place[1], syntaxMessage(source, first.Message))
}

var (
	unexpected   = lazyregexp.New(`^(?:mismatched|extraneous) input '((?s:.*))' expecting `)
	unrecognised = lazyregexp.New(`^token recognition error at: '((?s:.*))'$`)
	noWay        = lazyregexp.New(`^no viable alternative at input '((?s:.*))'$`)
	macro        = lazyregexp.New(`^invalid .* macro invocation`)
)

// advice is for what people write who know other languages.
var advice = map[string]string{
	"and": "write && for and",
	"or":  "write || for or",
	"not": "write ! for not",
	"=":   "write == to compare",
	"&":   "write && for and",
	"|":   "write || for or",
	"${{": "write the expression without ${{ }}",
}

func syntaxMessage(source, message string) string {
	message, syntax := strings.CutPrefix(message, "Syntax error: ")
	switch {
	case strings.Contains(message, "recursion"):
		return fmt.Sprintf("the expression is nested too deeply; %d levels are allowed", maxDepth)
	case strings.Contains(message, "lookahead limit"):
		return "this is no expression"
	case !syntax:
		return oneLine(message)
	}
	if strings.HasPrefix(strings.TrimSpace(source), "${{") {
		return advice["${{"]
	}
	for _, pattern := range []*lazyregexp.Regexp{unexpected, unrecognised, noWay} {
		if m := pattern.FindStringSubmatch(message); m != nil {
			return unexpectedText(m[1])
		}
	}
	return oneLine(message)
}

// unexpectedText words that something stands where it cannot.
func unexpectedText(what string) string {
	trimmed := strings.TrimSpace(what)
	switch {
	case what == "<EOF>", strings.HasSuffix(what, "<EOF>"):
		return "the expression ends too early"
	case strings.HasPrefix(trimmed, `"`), strings.HasPrefix(trimmed, "'"):
		return "the text that begins here is not closed"
	}
	if hint := advice[trimmed]; hint != "" {
		return fmt.Sprintf("unexpected %q; %s", trimmed, hint)
	}
	return fmt.Sprintf("unexpected %q", clip(trimmed))
}

func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// typeErrors words what the type check found.
func typeErrors(source string, found []*common.Error) Errors {
	lines := strings.Split(source, "\n")
	var list Errors
	for _, e := range found[:min(len(found), 10*maxErrors)] {
		line, col := max(1, e.Location.Line()), max(0, e.Location.Column())+1
		if m := undeclared.FindStringSubmatch(e.Message); m != nil && line <= len(lines) {
			col = beginOf(m[1], lines[line-1], col)
		}
		list = append(list, &Error{line, col, typeMessage(e.Message)})
	}
	return list.sorted()
}

// beginOf moves a place within or just behind a name to where the name begins:
// CEL points at the dot of a name and at the bracket of a call.
func beginOf(name, line string, col int) int {
	text, want := []rune(line), []rune(name)
	for start := min(col-1, len(text)-len(want)); start >= 0 && start+len(want) >= col-1; start-- {
		if string(text[start:start+len(want)]) == name {
			return start + 1
		}
	}
	return col
}

var (
	undeclared = lazyregexp.New(`^undeclared reference to '([^']*)'`)
	overload   = lazyregexp.New(`^found no matching overload for '([^']+)' applied to '(.*)'$`)
)

func typeMessage(message string) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return unknownName(m[1])
	}
	if m := overload.FindStringSubmatch(message); m != nil {
		return noOverload(m[1], m[2])
	}
	if macro.MatchString(message) || strings.Contains(message, "nesting") {
		return fmt.Sprintf("%s; at most %d loops may be nested", oneLine(message), maxLoops)
	}
	return oneLine(message)
}

// unknownName suggests a name: one of the same group before any other.
func unknownName(name string) string {
	if slices.Contains(methods, name) || name == "touches" || name == "touchesClass" {
		return fmt.Sprintf("%s is called in a way it cannot be; for instance: %s", name, usage(name))
	}
	message := fmt.Sprintf("unknown name %q", clip(name))
	group, _, _ := strings.Cut(name, ".")
	var same []string
	for _, n := range Names() {
		if strings.HasPrefix(n, group+".") {
			same = append(same, n)
		}
	}
	if len(same) == 0 {
		same = append(Names(), methods...)
	}
	if meant := nearest.Of(name, same); meant != "" {
		return message + fmt.Sprintf("; did you mean %q?", meant)
	}
	if same[0] == Names()[0] && len(same) > len(Names()) {
		same = Names() // methods stand behind a value, not alone
	}
	return message + "; known are " + strings.Join(same, ", ")
}

func usage(function string) string {
	switch function {
	case "touches":
		return `touches("src/**")`
	case "touchesClass":
		return `touchesClass("functional")`
	case "contains", "startsWith", "endsWith", "matches":
		return fmt.Sprintf("pr.title.%s(%q)", function, "docs")
	case "size":
		return "size(pr.labels)"
	default:
		return fmt.Sprintf(`pr.labels.%s(l, l == "urgent")`, function)
	}
}

// noOverload words a function or operator that does not take its arguments.
// CEL writes them "(string, int)" or, with a receiver, "string.(int)".
func noOverload(function, args string) string {
	switch {
	case function == touches:
		return "touches takes a glob in quotes, as in " + usage("touches")
	case function == touchesClass:
		return "touchesClass takes the name of a class in quotes, as in " + usage("touchesClass")
	case function == "contains" && strings.HasPrefix(strings.TrimLeft(args, "("), "list("):
		return `contains looks into texts; for a list write "name" in pr.labels`
	}
	args = strings.Replace(args, ".(", " with (", 1)
	if symbol := strings.Trim(function, "_@"); symbol != "" {
		function = symbol
	}
	if args, ok := strings.CutPrefix(args, "("); ok {
		args = strings.TrimSuffix(args, ")")
		if a, b, two := strings.Cut(args, ", "); two && !strings.ContainsAny(args, "()") {
			return fmt.Sprintf("%s does not work on %s and %s", function, a, b)
		}
		return fmt.Sprintf("%s does not work on %s", function, args)
	}
	return fmt.Sprintf("%s does not work on %s", function, args)
}
