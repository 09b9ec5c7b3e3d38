package testset

import (
	"regexp"
	"strings"
)

const maxGlob = 1000 // bytes

// A globber turns a pattern into a regular expression, which runs in linear time.
type globber struct {
	in   string
	at   int
	out  strings.Builder
	flat bool // fnmatch: * crosses slashes, and there is nothing but *, ?, []
	bad  bool
}

// glob compiles a pattern as JavaScript's runners and Maven write it: **, *, ?, [],
// {a,b} and ?(a|b), +(a), *(a), @(a). nil means that it cannot be told what it
// matches.
func glob(pattern string) *regexp.Regexp { return compile(pattern, false) }

// fnmatch compiles a pattern as Python's fnmatch reads it.
func fnmatch(pattern string) *regexp.Regexp { return compile(pattern, true) }

func compile(pattern string, flat bool) *regexp.Regexp {
	if len(pattern) > maxGlob {
		return nil
	}
	g := &globber{in: pattern, flat: flat}
	g.alternatives("", 0)
	if g.bad || g.at < len(g.in) {
		return nil
	}
	re, err := regexp.Compile("^(?:" + g.out.String() + ")$")
	if err != nil {
		return nil
	}
	return re
}

// alternatives reads up to a byte that ends a group.
func (g *globber) alternatives(end string, depth int) {
	if depth > 10 {
		g.bad = true
	}
	for g.at < len(g.in) && !g.bad {
		c := g.in[g.at]
		switch {
		case end != "" && c == end[0]:
			return
		case end == "}" && c == ',', end == ")" && c == '|':
			g.out.WriteByte('|')
			g.at++
		case !g.flat && g.extended(c, depth):
		case c == '*':
			g.star()
		case c == '?':
			g.at++
			g.out.WriteString(g.any())
		case c == '[':
			g.class()
		case c == '{' && !g.flat && strings.Contains(g.in[g.at:], "}"):
			g.group("}", 1, ")", depth)
		case c == '\\' && !g.flat && g.at+1 < len(g.in):
			g.literal(g.in[g.at+1 : g.at+2])
			g.at += 2
		default:
			g.literal(g.in[g.at : g.at+1])
			g.at++
		}
	}
}

func (g *globber) any() string {
	if g.flat {
		return "(?s:.)"
	}
	return "[^/]"
}

// literal writes bytes; those of one character stay together, as Latin-1 never
// appears in what is written.
func (g *globber) literal(s string) { g.out.WriteString(regexp.QuoteMeta(s)) }

// extended reads ?(…) and the like.
func (g *globber) extended(c byte, depth int) bool {
	if g.at+1 >= len(g.in) || g.in[g.at+1] != '(' || !strings.Contains(g.in[g.at:], ")") {
		return false
	}
	switch c {
	case '?', '*', '+':
		g.group(")", 2, ")"+string(c), depth)
	case '@':
		g.group(")", 2, ")", depth)
	case '!':
		g.bad = true // what is not a thing is no regular expression here
	default:
		return false
	}
	return true
}

func (g *globber) group(end string, skip int, closing string, depth int) {
	g.at += skip
	g.out.WriteString("(?:")
	g.alternatives(end, depth+1)
	if g.at >= len(g.in) {
		g.bad = true
		return
	}
	g.at++
	g.out.WriteString(closing)
}

func (g *globber) star() {
	n := len(g.in[g.at:]) - len(strings.TrimLeft(g.in[g.at:], "*"))
	g.at += n
	switch {
	case g.flat:
		g.out.WriteString("(?s:.*)")
	case n == 1:
		g.out.WriteString("[^/]*")
	case g.at < len(g.in) && g.in[g.at] == '/':
		g.at++
		g.out.WriteString("(?:.*/)?")
	default:
		g.out.WriteString(".*")
	}
}

// class copies [a-z], with ! for ^.
func (g *globber) class() {
	end := strings.IndexByte(g.in[g.at+1:], ']')
	if end <= 0 {
		g.literal("[")
		g.at++
		return
	}
	set := g.in[g.at+1 : g.at+1+end]
	g.at += end + 2
	negated := set[0] == '!' || set[0] == '^'
	set = strings.TrimLeft(set, "!^")
	g.out.WriteByte('[')
	if negated {
		g.out.WriteByte('^')
	}
	g.out.WriteString(strings.NewReplacer(`\`, `\\`, "[", `\[`, "^", `\^`).Replace(set) + "]")
}

// A globs is a list of patterns of which any may match.
type globs []*regexp.Regexp

// compileAll compiles patterns; ok is false when one of them cannot be told.
func compileAll(patterns []string, one func(string) *regexp.Regexp) (list globs, ok bool) {
	ok = true
	for _, p := range patterns {
		if re := one(p); re != nil {
			list = append(list, re)
		} else {
			ok = false
		}
	}
	return list, ok
}

func (g globs) match(p string) bool {
	for _, re := range g {
		if re.MatchString(p) {
			return true
		}
	}
	return false
}
