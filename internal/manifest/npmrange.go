package manifest

import (
	"slices"
	"strings"
)

// An npmRange is what a range of package.json accepts.
//
// A pre-release is accepted only where a comparator names one of the same
// release, so set.pre holds the releases whose pre-releases are let in, and
// every other end of a span is moved past the pre-releases that it cannot
// accept anyway: ">=1 <2.0.0" and "^1" become the same.
type npmRange struct {
	set[semVersion]
	exact bool // one complete version
}

// parseNpmRange reads a range. Tags and everything else that is none are not ok.
func parseNpmRange(text string) (*npmRange, bool) {
	if len(text) > maxSpec {
		return nil, false
	}
	r := &npmRange{}
	if text == "latest" {
		text = "*"
	}
	alternatives := strings.Split(text, "||")
	if len(alternatives) > maxClauses {
		return nil, false
	}
	var all []span[semVersion]
	clauses := 0
	for _, a := range alternatives {
		spans, ok := r.alternative(strings.TrimSpace(a), &clauses)
		if !ok {
			return nil, false
		}
		all = append(all, spans...)
	}
	r.spans = unite(all, r.adjacent)
	r.exact = len(alternatives) == 1 && isExactVersion(text)
	r.single = r.exact
	return r, true
}

// isExactVersion: only a complete version, alone. "1.2" is a range.
func isExactVersion(text string) bool {
	_, ok := parseSemVersion(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "=")))
	return ok
}

// adjacent: only pre-releases that nobody lets in lie between X-0 and X.
func (r *npmRange) adjacent(hi, lo semVersion) bool {
	return lo.pre == nil && hi.Compare(lo.first()) == 0 && !slices.Contains(r.pre, lo.tuple())
}

// alternative reads comparators that must all hold.
func (r *npmRange) alternative(text string, clauses *int) ([]span[semVersion], bool) {
	comparators, ok := npmComparators(text)
	if *clauses += len(comparators); !ok || *clauses > maxClauses {
		return nil, false
	}
	var named []string
	for _, c := range comparators {
		if c.lets() && !slices.Contains(named, c.version.tuple()) {
			named = append(named, c.version.tuple())
		}
	}
	spans := everything[semVersion]()
	for _, c := range comparators {
		s, ok := c.span()
		if !ok {
			return nil, true // ">*" and "<*" accept nothing
		}
		spans = intersect(spans, []span[semVersion]{snap(s, named)})
	}
	r.pre = append(r.pre, named...)
	return spans, true
}

// snap moves ends that no acceptable pre-release depends on.
func snap(s span[semVersion], named []string) span[semVersion] {
	if s.lo != nil && s.lo.pre != nil && !slices.Contains(named, s.lo.tuple()) {
		s.lo = &semVersion{core: s.lo.core}
	}
	if s.hi != nil && !slices.Contains(named, s.hi.tuple()) {
		hi := s.hi.first()
		s.hi = &hi
	}
	return s
}

// A comparator is an operator before a partial version; a hyphen range is two.
type comparator struct {
	op      string
	version partialVersion
}

// lets reports whether the comparator lets pre-releases in. Below X-0 there is
// none of X.
func (c comparator) lets() bool {
	return c.version.pre != nil && !(c.op == "<" && len(c.version.pre) == 1 && c.version.pre[0] == "0")
}

// npmOperators has no operator before one that it begins.
var npmOperators = []string{"<=", ">=", "~>", "<", ">", "=", "~", "^"}

// npmComparators splits at blanks; an operator may stand apart from its version.
func npmComparators(text string) ([]comparator, bool) {
	words := strings.Fields(text)
	if len(words) == 3 && words[1] == "-" {
		from, ok1 := parsePartial(words[0])
		to, ok2 := parsePartial(words[2])
		return []comparator{{">=", from}, {"<=", to}}, ok1 && ok2
	}
	var list []comparator
	for i := 0; i < len(words); i++ {
		var c comparator
		rest := words[i]
		for _, op := range npmOperators {
			if strings.HasPrefix(rest, op) {
				c.op, rest = op, rest[len(op):]
				break
			}
		}
		if rest == "" && c.op != "" && i+1 < len(words) {
			i++
			rest = words[i] // "> 1.2.3"
		}
		var ok bool
		if c.version, ok = parsePartial(rest); !ok || len(list) == maxClauses {
			return nil, false
		}
		list = append(list, c)
	}
	return list, true
}

// span is what one comparator accepts; not ok means nothing.
func (c comparator) span() (span[semVersion], bool) {
	lo, p := c.version.semVersion, c.version.parts
	if p == 0 {
		return span[semVersion]{}, c.op != "<" && c.op != ">"
	}
	var s span[semVersion]
	switch c.op {
	case ">=":
		s.lo = &lo
	case "<":
		s.hi = &lo
	case ">", "<=":
		above := lo.next()
		if p < 3 {
			above = c.version.bump(p - 1)
		}
		if c.op == ">" {
			s.lo = &above
		} else {
			s.hi = &above
		}
	default:
		hi := c.version.upTo(c.op)
		s = span[semVersion]{&lo, &hi}
	}
	return s, true
}

// upTo is the first version that "^", "~", "=" or a bare version refuses.
func (p partialVersion) upTo(op string) semVersion {
	switch {
	case op == "^":
		return p.bump(caretPlace(p.core[:p.parts]))
	case op == "~" || op == "~>":
		return p.bump(min(1, p.parts-1))
	case p.parts < 3:
		return p.bump(p.parts - 1)
	}
	return p.next()
}
