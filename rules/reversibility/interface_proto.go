package reversibility

import (
	"errors"
	"strings"
)

// The bounds of a description. What has more is no description.
const (
	maxPromises = 20_000
	maxNested   = 64
)

var (
	errTooMany = errors.New("it describes too much")
	errTooDeep = errors.New("it is nested too deep")
)

// A scope is a block of a proto file.
type scope struct{ kind, name string }

// A protoReader reads statements up to ";", "{" or "}".
type protoReader struct {
	names  []string
	pkg    string
	scopes []scope
}

// protoPromises are messages, enumerations and services of Protocol Buffers with what
// is in them. A field is its name, its type and its number.
func protoPromises(_, text string) ([]string, error) {
	l := lexer{text: text, comma: true}
	r := protoReader{}
	var words []string
	for {
		t := l.next()
		switch t {
		case "":
			return r.names, nil
		case "{":
			if len(r.scopes) == maxNested {
				return nil, errTooDeep
			}
			r.open(words)
			words = words[:0]
		case "}":
			r.scopes = r.scopes[:max(len(r.scopes)-1, 0)]
			words = words[:0]
		case ";":
			r.statement(words)
			words = words[:0]
		default:
			if len(words) < 24 {
				words = append(words, t)
			}
		}
		if len(r.names) > maxPromises {
			return nil, errTooMany
		}
	}
}

func (r *protoReader) top() scope {
	if len(r.scopes) == 0 {
		return scope{}
	}
	return r.scopes[len(r.scopes)-1]
}

// qualified is a name within the blocks that are open.
func (r *protoReader) qualified(name string) string {
	if outer := r.top().name; outer != "" {
		return brief(outer + "." + name)
	}
	if r.pkg != "" {
		return brief(r.pkg + "." + name)
	}
	return name
}

func (r *protoReader) open(words []string) {
	s := scope{kind: "other", name: r.top().name}
	if len(words) >= 2 {
		switch words[0] {
		case "message", "enum", "service":
			s = scope{words[0], r.qualified(words[1])}
			r.names = append(r.names, words[0]+" "+s.name)
		case "oneof":
			s.kind = "message"
		case "rpc":
			r.names = append(r.names, r.rpc(words))
		}
	}
	r.scopes = append(r.scopes, s)
}

// rpc is a method with what it takes and what it answers.
func (r *protoReader) rpc(words []string) string {
	return "rpc " + r.qualified(words[1]) + strings.Join(words[2:], "")
}

func (r *protoReader) statement(words []string) {
	if len(words) < 2 || words[0] == "option" || words[0] == "reserved" || words[0] == "extensions" {
		return
	}
	at := -1
	for i, w := range words {
		if w == "=" {
			at = i
			break
		}
	}
	switch kind := r.top().kind; {
	case words[0] == "package" && len(r.scopes) == 0:
		r.pkg = words[1]
	case kind == "service" && words[0] == "rpc":
		r.names = append(r.names, r.rpc(words))
	case at < 1 || at+1 >= len(words):
	case kind == "message" && at >= 2:
		from := 0
		if words[0] == "optional" || words[0] == "required" {
			from = 1
		}
		r.names = append(r.names, "field "+r.qualified(words[at-1])+" "+strings.Join(words[from:at-1], "")+" = "+words[at+1])
	case kind == "enum":
		r.names = append(r.names, "value "+r.qualified(words[0])+" = "+words[at+1])
	}
}
