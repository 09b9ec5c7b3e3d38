package reversibility

import "strings"

// A graphQLReader reads the definitions of types; queries of clients are none.
type graphQLReader struct {
	names         []string
	kind, name    string
	field         string // whose type comes
	braces, round int
}

// graphQLPromises are types of a schema, their fields and their values.
func graphQLPromises(_, text string) ([]string, error) {
	l := lexer{text: text, hash: true, triples: true}
	r := graphQLReader{}
	last, word := "", l.next()
	for word != "" {
		next := l.next()
		r.token(last, word, next)
		if r.braces > maxNested {
			return nil, errTooDeep
		}
		if len(r.names) > maxPromises {
			return nil, errTooMany
		}
		last, word = word, next
	}
	return r.names, nil
}

func (r *graphQLReader) token(last, word, next string) {
	switch word {
	case "{":
		r.braces++
	case "}":
		if r.braces = max(r.braces-1, 0); r.braces == 0 {
			r.kind = ""
		}
	case "(":
		r.round++
	case ")":
		r.round = max(r.round-1, 0)
	default:
		if r.round == 0 && last != "@" && isWord(word[0]) {
			r.word(last, word, next)
		}
	}
}

func (r *graphQLReader) word(last, word, next string) {
	if r.braces == 0 {
		r.outside(last, word, next)
		return
	}
	switch {
	case r.braces != 1:
	case r.kind == "enum":
		r.names = append(r.names, "value "+r.name+"."+word)
	case r.kind == "type" && (next == ":" || next == "("):
		r.field = word
	case r.kind == "type" && r.field != "" && (last == ":" || last == "["):
		r.names = append(r.names, "field "+r.name+"."+r.field+": "+strings.TrimPrefix(last, ":")+word)
		r.field = ""
	}
}

// outside reads what begins a definition.
func (r *graphQLReader) outside(last, word, next string) {
	switch {
	case r.kind == "union" && (last == "=" || last == "|"):
		r.names = append(r.names, "member "+r.name+"."+word)
	case last == "type" || last == "interface" || last == "input":
		r.kind, r.name = "type", word
		r.names = append(r.names, "type "+word)
	case last == "enum" || last == "union":
		r.kind, r.name = last, word
		r.names = append(r.names, last+" "+word)
	case last == "scalar":
		r.kind, r.name = last, word
		r.names = append(r.names, "scalar "+word)
	case next == "{" && r.kind != "type":
		r.kind = "" // an operation of a client, or the schema's own block
	}
}
