package testset

import (
	"regexp"
	"strings"
)

const maxGlob = 1000 // bytes

// A globber turns a pattern into a regular expression, which runs in linear time.
type globber struct {
	in  string
	at  int
	out strings.Builder
	bad bool
}

// glob compiles a pattern as JavaScript's runners and Maven write it: **, *, ?, [],
// {a,b} and ?(a|b), +(a), *(a), @(a). nil means that it cannot be told what it
// matches.
func glob(pattern string) matcher { return compile(pattern) }

// A matcher is a pattern that a path, or a name, may match.
type matcher interface{ MatchString(s string) bool }

// A wild is a pattern as Python's fnmatch reads it: *, ?, [] and nothing else, and
// * crosses slashes. It needs no compiling, as a configuration may have thousands.
type wild string

// fnmatch makes a pattern of Python; nil when it cannot be told what it matches.
func fnmatch(pattern string) matcher {
	if len(pattern) > maxGlob {
		return nil
	}
	return wild(pattern)
}

// MatchString reports whether all of a text matches.
func (w wild) MatchString(s string) bool { return wildcard(string(w), s) }

// wildcard goes back to the last star only: those before it have what they need.
func wildcard(pattern, s string) bool {
	p, at, star, back := 0, 0, -1, 0
	for at < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, back = p, at
			p++
			continue
		}
		if n, ok := wildByte(pattern[p:], s[at]); ok {
			p, at = p+n, at+1
			continue
		}
		if star < 0 {
			return false
		}
		back++
		p, at = star+1, back
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// wildByte matches one byte against what the pattern begins with, which is n bytes
// long.
func wildByte(pattern string, c byte) (n int, ok bool) {
	switch {
	case pattern == "":
		return 0, false
	case pattern[0] == '?':
		return 1, true
	case pattern[0] != '[':
		return 1, pattern[0] == c
	}
	end := strings.IndexByte(pattern[1:], ']')
	if end <= 0 {
		return 1, c == '['
	}
	set := pattern[1 : 1+end]
	negated := set[0] == '!'
	set = strings.TrimPrefix(set, "!")
	in := false
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			in = in || set[i] <= c && c <= set[i+2]
			i += 2
		} else {
			in = in || set[i] == c
		}
	}
	return end + 2, in != negated
}

func compile(pattern string) matcher {
	if len(pattern) > maxGlob {
		return nil
	}
	g := &globber{in: pattern}
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
		case g.extended(c, depth):
		case c == '*':
			g.star()
		case c == '?':
			g.at++
			g.out.WriteString("[^/]")
		case c == '[':
			g.class()
		case c == '{' && strings.Contains(g.in[g.at:], "}"):
			g.group("}", 1, ")", depth)
		case c == '\\' && g.at+1 < len(g.in):
			g.literal(g.in[g.at+1 : g.at+2])
			g.at += 2
		default:
			g.literal(g.in[g.at : g.at+1])
			g.at++
		}
	}
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

// maxPatterns is how many patterns of one list are followed.
const maxPatterns = 500

const tooManyPatterns = "there are more patterns in a list than are followed"

// few bounds a list of patterns, and says where it is longer.
func (c *collector) few(p string, list []string) []string {
	if len(list) > maxPatterns {
		c.opaque(p, 1, tooManyPatterns)
		return list[:maxPatterns]
	}
	return list
}

// A globs is a list of patterns of which any may match.
type globs []matcher

// compileAll compiles patterns; ok is false when one of them cannot be told.
func compileAll(patterns []string, one func(string) matcher) (list globs, ok bool) {
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
