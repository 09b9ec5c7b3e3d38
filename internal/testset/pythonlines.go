package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A pythonLine is one logical line of a Python source.
type pythonLine struct {
	indent   int
	code     string // masked
	from, to int    // in the source
	body     int    // where its code begins
	line     int
}

// pythonLines splits masked code into logical lines: a line goes on within
// brackets and behind a backslash. Strings that cross lines are blanks here.
func pythonLines(code string) []pythonLine {
	var list []pythonLine
	line := 1
	for at := 0; at < len(code); {
		end := pythonLineEnd(code, at)
		raw := code[at:end]
		body := strings.TrimLeft(raw, " \t")
		if strings.TrimSpace(body) != "" {
			indent := 0
			for _, c := range raw[:len(raw)-len(body)] {
				if indent++; c == '\t' {
					indent += 7
				}
			}
			list = append(list, pythonLine{indent, strings.TrimSpace(body), at, end, at + len(raw) - len(body), line})
		}
		line += strings.Count(raw, "\n") + 1
		at = end + 1
	}
	return list
}

func pythonLineEnd(code string, from int) int {
	depth, quote := 0, byte(0)
	for i := from; i < len(code); i++ {
		switch c := code[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '(' || c == '[' || c == '{':
			depth++
		case (c == ')' || c == ']' || c == '}') && depth > 0:
			depth--
		case c == '"' || c == '\'':
			// masked text has no quotes in it; three of them open and close at once
			if triple := code[i:min(len(code), i+3)]; triple == `"""` || triple == "'''" {
				i += 2
				if end := strings.Index(code[i+1:], triple); end >= 0 {
					i += end + 3
				}
			} else if end := strings.IndexByte(code[i+1:], c); end >= 0 && !strings.Contains(code[i+1:i+1+end], "\n") {
				i += end + 1
			}
		case c == '\\' && i+1 < len(code) && code[i+1] == '\n':
			i++
		case c == '\n' && depth == 0:
			return i
		}
	}
	return len(code)
}

var (
	pyCatches = lazyregexp.New(`^except\b(?:\s*\(?\s*(?:AssertionError|Exception|BaseException)\b[^:]*)?\s*:\s*(.*)$`)
	pyNothing = lazyregexp.New(`^(?:pass|\.\.\.|continue|return|print\(|log\w*\.)`)
	pyIgnores = lazyregexp.New(`^with\s+(?:contextlib\.)?suppress\(\s*(?:AssertionError|Exception|BaseException)\b`)
)

// pythonWeighed makes code fit for weighing: a logical line is one line, and what
// an except clause or suppress() makes meaningless is gone.
func pythonWeighed(code string, lines []pythonLine) string {
	out := []byte(code)
	type block struct{ indent, from int }
	var tries, ignored []block
	for i, l := range lines {
		for at := l.from; at < l.to; at++ {
			if out[at] == '\n' || out[at] == '\r' {
				out[at] = ' '
			}
		}
		for n := len(tries); n > 0 && tries[n-1].indent > l.indent; n-- {
			tries = tries[:n-1]
		}
		for n := len(ignored); n > 0 && ignored[n-1].indent >= l.indent; n-- {
			blank(out[ignored[n-1].from:l.from])
			ignored = ignored[:n-1]
		}
		switch {
		case strings.HasPrefix(l.code, "try") && strings.HasPrefix(strings.TrimSpace(l.code[3:]), ":"):
			if n := len(tries); n > 0 && tries[n-1].indent == l.indent {
				tries = tries[:n-1]
			}
			tries = append(tries, block{l.indent, l.from})
		case pyIgnores.MatchString(l.code):
			ignored = append(ignored, block{l.indent, l.from})
		case strings.HasPrefix(l.code, "except"):
			n := len(tries)
			if n == 0 || tries[n-1].indent != l.indent || !swallows(l, lines[i+1:]) {
				continue
			}
			blank(out[tries[n-1].from:l.from])
			tries = tries[:n-1]
		}
	}
	if n := len(ignored); n > 0 {
		blank(out[ignored[0].from:])
	}
	return string(out)
}

// swallows reports whether an except clause takes failed assertions and does
// nothing.
func swallows(l pythonLine, next []pythonLine) bool {
	m := pyCatches.FindStringSubmatch(l.code)
	if m == nil {
		return false
	}
	if m[1] == "" && len(next) > 0 {
		m[1] = next[0].code
	}
	return pyNothing.MatchString(m[1])
}

// blank makes all but line ends blanks.
func blank(code []byte) {
	for i, c := range code {
		if c != '\n' {
			code[i] = ' '
		}
	}
}
