package manifest

import (
	"fmt"
	"strconv"
	"strings"
)

// IsCompose reports whether a file is one of Docker Compose's.
func IsCompose(path string) bool { return isCompose(placeOf(path)) }

// IsComposeEnvironment reports whether Docker Compose takes from a file, which lies beside
// its own, the values that it puts into them.
func IsComposeEnvironment(path string) bool { return placeOf(path).base == ".env" }

// ComposeEnvironment reads a .env: names, each with a value behind "=" or ":", which may be
// in quotation marks over several lines and made of values above it. The last of two
// values of one name holds. The error is a *ParseError.
func ComposeEnvironment(path string, data []byte) (map[string]Property, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	e := environment{path: path, text: strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n"), line: 1, values: make(map[string]Property)}
	for e.text != "" {
		if err := e.next(); err != nil {
			return nil, err
		}
	}
	return e.values, nil
}

// An environment is what is left to read of a .env, and what was read.
type environment struct {
	path, text string
	line       int
	values     map[string]Property
	made       int // bytes that values were made of, those in them as often as they are used
}

// next reads one line, or as many as a value in quotation marks has.
func (e *environment) next() error {
	line, behind, _ := strings.Cut(e.text, "\n")
	at := strings.IndexAny(line, "=:")
	bare := strings.TrimLeft(line, " \t")
	if at < 0 || strings.HasPrefix(bare, "#") {
		e.text, e.line = behind, e.line+1
		return nil
	}
	name := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line[:at]), "export "))
	value := strings.TrimLeft(line[at+1:], " \t")
	first, plain := e.line, true
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		from := e.text[len(line)-len(value):]
		n := closingMark(from)
		if n < 0 {
			return &ParseError{Path: e.path, Line: first, Reason: "a value whose quotation marks are not closed"}
		}
		value, plain = from[1:n], from[0] == '"'
		e.line += strings.Count(value, "\n")
		_, behind, _ = strings.Cut(from[n:], "\n")
	} else {
		value, _, _ = strings.Cut(value, " #")
		value = strings.TrimSpace(value)
	}
	if plain && len(value) <= maxSpec {
		value, _ = interpolated(value, e.values, 0)
	}
	if e.made += len(value); e.made > 2*MaxBytes {
		return &ParseError{Path: e.path, Line: first, Reason: "values of values of more than " + strconv.Itoa(2*MaxBytes) + " bytes"}
	}
	e.values[name] = Property{shortValue(value), first}
	e.text, e.line = behind, e.line+1
	if len(e.values) > maxAsked {
		return &ParseError{Path: e.path, Line: first, Reason: "more than " + strconv.Itoa(maxAsked) + " values"}
	}
	return nil
}

// closingMark is where the quotation mark that a text begins with is closed, -1 where
// it is not.
func closingMark(text string) int {
	for n := 1; n < len(text); n++ {
		if text[n] == text[0] && text[n-1] != '\\' {
			return n
		}
	}
	return -1
}

// interpolated puts values into "$NAME", "${NAME}" and "${NAME:-default}" as Docker Compose
// does; what has no value stays as it is written. The line is the last one of a value
// that was put in. What comes out is not much longer than what a file may hold.
func interpolated(text string, values map[string]Property, depth int) (string, int) {
	var b strings.Builder
	line := 0
	for {
		plain, rest, more := strings.Cut(text, "$")
		b.WriteString(plain)
		if !more || depth > maxNesting || b.Len() > MaxBytes {
			b.WriteString(text[len(plain):])
			return b.String(), line
		}
		inner, behind, braced := cutBraces(rest)
		name := variableName(inner)
		if name == "" {
			doubled := strings.HasPrefix(rest, "$") // stands for the sign itself
			b.WriteString("$")
			if text = rest; doubled {
				b.WriteString("$")
				text = rest[1:]
			}
			continue
		}
		operation, nested := "", 0
		if text = behind; braced {
			operation, nested = interpolated(inner[len(name):], values, depth+1)
		}
		value, known := values[name]
		switch {
		case known:
			text, by := operated(value, operation)
			b.WriteString(text)
			line = max(line, by)
		case braced:
			b.WriteString("${" + name + operation + "}")
		default:
			b.WriteString("$" + name)
		}
		line = max(line, nested)
	}
}

// operated is what "${NAME" with a value and what follows it come to.
func operated(value Property, operation string) (string, int) {
	word, strict := strings.CutPrefix(operation, ":")
	missing := value.Line == 0 || strict && value.Value == ""
	switch {
	case strings.HasPrefix(word, "-") && missing:
		return word[1:], value.Line
	case strings.HasPrefix(word, "+") && !missing:
		return word[1:], value.Line
	case strings.HasPrefix(word, "+"):
		return "", value.Line
	}
	return value.Value, value.Line
}

// cutBraces is what stands in the braces that a text begins with, or the name without
// them, and what is behind it. Braces that are not closed soon are none.
func cutBraces(text string) (inner, behind string, braced bool) {
	if !strings.HasPrefix(text, "{") {
		name := variableName(text)
		return name, text[len(name):], false
	}
	open := 0
	for n := range min(len(text), maxBraces) {
		switch text[n] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return text[1:n], text[n+1:], true
			}
		}
	}
	return "", text, false
}

// maxBraces is how far braces may be apart: nobody writes longer defaults.
const maxBraces = 256

// variableName is the name that a text begins with.
func variableName(text string) string {
	n := 0
	for n < len(text) && (text[n] == '_' || isAlnum(text[n]) && (n > 0 || text[n] > '9')) {
		n++
	}
	return text[:n]
}

// InBoth gives each of two environments the names of the other, as such that are not set:
// they have no line.
func InBoth(a, b map[string]Property) {
	for _, sides := range [][2]map[string]Property{{a, b}, {b, a}} {
		for name := range sides[0] {
			if _, set := sides[1][name]; !set {
				sides[1][name] = Property{}
			}
		}
	}
}

// ComposeWith reads a Compose file into which values are put. The line of what they
// come into is theirs. The error is a *ParseError.
func ComposeWith(path string, data []byte, values map[string]Property) (*File, error) {
	doc, err := oneMapping(path, data, true)
	if err != nil {
		return nil, err
	}
	left := 2 * MaxBytes
	if !doc.interpolate(values, &left) {
		return nil, &ParseError{Path: path, Line: 1, Reason: fmt.Sprintf("with its values it has more than %d bytes", 2*MaxBytes)}
	}
	return composeFile(path, doc)
}

// interpolate puts values into all that is in a value, as long as bytes are left.
func (v *yamlValue) interpolate(values map[string]Property, left *int) bool {
	if v == nil {
		return true
	}
	for _, e := range v.list {
		if !e.interpolate(values, left) {
			return false
		}
	}
	if !v.isScalar() || !strings.Contains(v.text, "$") {
		return true
	}
	text, line := interpolated(v.text, values, 0)
	if text != v.text {
		v.text, v.line, v.end = text, max(line, 1), max(line, 1)
	}
	*left -= len(text)
	return *left > 0
}
