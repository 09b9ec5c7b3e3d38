package reversibility

import (
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strings"
)

// isGoAPI reports whether others may import the package of a source.
func isGoAPI(p string) bool {
	if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
		return false
	}
	return !slices.ContainsFunc(strings.Split(path.Dir(p), "/"), func(folder string) bool {
		return strings.HasPrefix(folder, "_") || strings.HasPrefix(folder, ".") ||
			slices.Contains([]string{"internal", "vendor", "testdata", "cmd", "examples", "example", "test", "tests", "mock", "mocks"}, folder)
	})
}

// goToken is one token, with its text where it is a name.
type goToken struct {
	kind token.Token
	text string
}

// A goReader reads declarations by their tokens.
type goReader struct {
	scanner scanner.Scanner
	at      goToken
	names   []string
	main    bool
}

// goPromises are the exported names of a source, with the methods and fields of its
// types. A program has none.
func goPromises(p, text string) ([]string, error) {
	r := &goReader{}
	set := token.NewFileSet()
	r.scanner.Init(set.AddFile(path.Base(p), -1, len(text)), []byte(text), func(token.Position, string) {}, 0)
	for r.next(); r.at.kind != token.EOF && !r.main; {
		r.declaration()
		if len(r.names) > maxPromises {
			return nil, errTooMany
		}
	}
	if r.main {
		return nil, nil
	}
	return r.names, nil
}

func (r *goReader) next() goToken {
	_, kind, text := r.scanner.Scan()
	r.at = goToken{kind, brief(text)}
	return r.at
}

func (r *goReader) declaration() {
	switch r.at.kind {
	case token.PACKAGE:
		r.main = r.next().text == "main"
	case token.FUNC:
		r.function()
	case token.TYPE, token.CONST, token.VAR:
		r.group(r.at.kind)
	}
	r.rest()
}

// rest goes behind the declaration that is open.
func (r *goReader) rest() {
	for depth := 0; r.at.kind != token.EOF; r.next() {
		switch r.at.kind {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		case token.SEMICOLON:
			if depth <= 0 {
				r.next()
				return
			}
		}
	}
}

func (r *goReader) function() {
	receiver := ""
	if r.next().kind == token.LPAREN {
		for depth := 1; depth > 0 && r.next().kind != token.EOF; {
			switch {
			case r.at.kind == token.LPAREN || r.at.kind == token.LBRACK:
				depth++
			case r.at.kind == token.RPAREN || r.at.kind == token.RBRACK:
				depth--
			case r.at.kind == token.IDENT && depth == 1:
				receiver = r.at.text
			}
		}
		if r.next(); !token.IsExported(receiver) {
			return
		}
		receiver += "."
	}
	if r.at.kind == token.IDENT && token.IsExported(r.at.text) {
		r.names = append(r.names, "func "+receiver+r.at.text)
	}
}

// group reads one specification, or several in parentheses.
func (r *goReader) group(kind token.Token) {
	if r.next().kind != token.LPAREN {
		r.spec(kind)
		return
	}
	for r.next(); r.at.kind != token.RPAREN && r.at.kind != token.EOF; {
		r.spec(kind)
		r.restOfSpec()
	}
}

// restOfSpec goes behind a specification, and stops at the parenthesis that ends the
// group.
func (r *goReader) restOfSpec() {
	for depth := 0; r.at.kind != token.EOF; r.next() {
		switch r.at.kind {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if depth--; depth < 0 && r.at.kind == token.RPAREN {
				return
			}
		case token.SEMICOLON:
			if depth <= 0 {
				r.next()
				return
			}
		}
	}
}

// spec reads the names that it begins with, and what is in a type.
func (r *goReader) spec(kind token.Token) {
	for r.at.kind == token.IDENT {
		name := r.at.text
		if token.IsExported(name) {
			r.names = append(r.names, kind.String()+" "+name)
		}
		r.next()
		if kind == token.TYPE {
			if r.at.kind == token.ASSIGN {
				r.names = append(r.names, "alias "+name)
			}
			r.parameters()
			if (r.at.kind == token.STRUCT || r.at.kind == token.INTERFACE) && token.IsExported(name) {
				r.members(name)
			}
			return
		}
		if r.at.kind != token.COMMA {
			return
		}
		r.next()
	}
}

// parameters goes behind those of a generic type. An array has none, and is no type
// with members either.
func (r *goReader) parameters() {
	if r.at.kind != token.LBRACK {
		return
	}
	for depth := 1; depth > 0 && r.next().kind != token.EOF; {
		switch r.at.kind {
		case token.LBRACK:
			depth++
		case token.RBRACK:
			depth--
		}
	}
	r.next()
}

// members reads the fields or methods of a type, by the names that begin a line.
func (r *goReader) members(of string) {
	if r.next().kind != token.LBRACE {
		return
	}
	depth, begins := 1, true
	for depth > 0 && r.next().kind != token.EOF {
		switch r.at.kind {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
			begins = false
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		case token.SEMICOLON:
			begins = depth == 1
		case token.COMMA:
			begins = depth == 1
		case token.IDENT:
			if begins && token.IsExported(r.at.text) {
				r.names = append(r.names, "member "+of+"."+r.at.text)
			}
			begins = false
		default:
			begins = false
		}
	}
	r.next()
}

// aliasOf is the alias under which what belongs to a type may still be had, "" for a
// name that belongs to none.
func aliasOf(name string) string {
	kind, of, more := strings.Cut(name, " ")
	switch {
	case !more:
		return "open " + name
	case kind == "import":
		return "alias " + of
	case kind == "const":
		return "var " + of
	}
	if kind == "func" && !strings.Contains(of, ".") {
		return "var " + of
	}
	if owner, _, owned := strings.Cut(of, "."); owned && (kind == "member" || kind == "func") {
		return "alias " + owner
	}
	return ""
}

// isOffer reports whether a name only says where another may still be had: nothing is
// lost when it goes.
func isOffer(name string) bool {
	return strings.HasPrefix(name, "alias ") || strings.HasPrefix(name, "open ")
}
