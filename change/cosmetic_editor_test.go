package change_test

import (
	"math/rand/v2"
	"strings"
)

// editor makes random edits and sources, always the same ones.
type editor struct {
	*rand.Rand
	pieces []string
}

func newEditor(seed uint64, pieces []string) editor {
	return editor{rand.New(rand.NewPCG(seed, 1)), pieces}
}

func (e editor) pick(from ...string) string { return from[e.IntN(len(from))] }

// edit puts up to three pieces into a source, most of them where something begins
// or ends, and takes a few characters out.
func (e editor) edit(source string) string {
	for range 1 + e.IntN(3) {
		at := e.IntN(len(source) + 1)
		if n := strings.IndexAny(source[at:], "\n'\"#/*\\{}();"); n >= 0 && e.IntN(3) > 0 {
			at = max(0, min(at+n+e.IntN(3)-1, len(source)))
		}
		piece := e.pick(e.pieces...)
		if e.IntN(4) == 0 {
			piece = ""
		}
		to := min(at+max(0, e.IntN(6)-3), len(source))
		source = source[:at] + piece + source[to:]
	}
	return source
}

// expression makes one of Python that is often valid.
func (e editor) expression(depth int) string {
	switch e.IntN(12) {
	case 0, 1, 2, 3:
		return e.text(depth)
	case 4:
		return "a[" + e.text(depth) + "]"
	case 5:
		return "(" + e.expression(depth) + e.pick("", "\n", " #a\n", "\n#a\n") + ")"
	case 6:
		return "{" + e.pick("1", "x") + ":" + e.text(depth) + "}"
	case 7:
		return e.pick("lambda x: x", "(lambda x: "+e.text(depth)+")")
	case 8:
		return "a" + e.pick("+", " if b else ", ":=", "!=", "==", ",", " ", "\n", "\\\n", " #a\n") + "b"
	case 9:
		return e.text(depth) + e.pick("", " ", "+", "\n") + e.text(depth)
	default:
		return e.pick("x", "1", "1.5", "0x1f", "1e5", ".5", "x.y", "f", "rb", "in", "or")
	}
}

// text makes a string of Python, within which there may be others.
func (e editor) text(depth int) string {
	prefix, quote := e.pick("", "", "r", "b", "rb", "u", "f", "f", "f", "rf", "fr", "F", "Rf", "t", "rt", "bR"), e.pick("'", `"`, "'''", `"""`)
	fields, triple := strings.ContainsAny(prefix, "fFtT") && depth < 4, len(quote) == 3
	var b strings.Builder
	b.WriteString(prefix + quote)
	for range e.IntN(6) {
		switch n := e.IntN(14); {
		case n == 0:
			b.WriteString("#a")
		case n == 1:
			b.WriteString(`\` + e.pick(`\`, "'", `"`, "n", "#a", "{x}", "N{BULLET}", "\n", "{{", "}}"))
		case n == 2 && triple:
			b.WriteString(e.pick("\n", "'", `"`, "''", `""`))
		case n == 3:
			b.WriteString(e.pick("'", `"`, "{{", "}}", "{", "}"))
		case n < 10 && fields:
			b.WriteString("{" + e.expression(depth+1) + e.pick("", "", "!r", "=", " = ") + e.pick("", "", ":", ":>10", ":{w}", ":{w}#a", ":#a", ":{'#a'}", ":%H:%M #a", ":{{}}", ":'", `:\n`, ":}}") + "}")
		default:
			b.WriteString(e.pick("a", " ", "é", "#", ":", "(", ")", "[", `\`, "!"))
		}
	}
	return b.String() + quote
}
