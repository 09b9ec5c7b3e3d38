package manifest

import "strings"

// A pySpec is a parsed Python version specification: PEP 440, and Poetry's
// additions (^, ~, bare versions, ||), which PEP 440 has no other meaning for.
type pySpec struct {
	set[pyVersion]
	exact bool // every alternative names one version with ==
}

// pyOperators has no operator before one that it begins.
var pyOperators = []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">", "^", "~", "="}

// parsePySpec reads a specification. It is not ok when any part of it is not
// understood; such a specification is opaque.
func parsePySpec(text string) (*pySpec, bool) {
	if len(text) > maxSpec {
		return nil, false
	}
	spec := &pySpec{exact: true}
	clauses := 0
	for _, alternative := range strings.FieldsFunc(text+" ", func(r rune) bool { return r == '|' }) {
		spans, exact, ok := spec.alternative(alternative, &clauses)
		if !ok {
			return nil, false
		}
		spec.exact = spec.exact && exact
		spec.spans = append(spec.spans, spans...)
	}
	spec.snap()
	return spec, true
}

// snap joins spans and moves their ends past pre-releases, which installers
// pass over when no clause names one: "^1 || ^2" and ">=1,<3" become the same.
func (s *pySpec) snap() {
	if len(s.pre) > 0 {
		s.spans = unite(s.spans, nil)
		return
	}
	for i, in := range s.spans {
		if in.lo != nil && in.lo.pre.phase == beforeAll {
			s.spans[i].lo = at(in.lo.final())
		}
	}
	s.spans = unite(s.spans, func(hi, lo pyVersion) bool {
		return hi.pre.phase == beforeAll && hi.final().Compare(lo) == 0
	})
}

// alternative reads clauses that must all hold.
func (s *pySpec) alternative(text string, clauses *int) (spans []span[pyVersion], exact, ok bool) {
	spans = everything[pyVersion]()
	for rest := trimClause(text); rest != ""; rest = trimClause(rest) {
		if *clauses++; *clauses > maxClauses {
			return nil, false, false
		}
		var op, version string
		op, version, rest = cutPyClause(rest)
		allowed, ok := s.clause(op, version)
		if !ok {
			return nil, false, false
		}
		exact = exact || isExact(op, version)
		spans = intersect(spans, allowed)
	}
	return spans, exact, true
}

func trimClause(s string) string { return strings.TrimLeft(s, ", \t") }

// cutPyClause splits off an operator and a version. No operator is Poetry's ==.
func cutPyClause(s string) (op, version, rest string) {
	for _, o := range pyOperators {
		if strings.HasPrefix(s, o) {
			op = o
			break
		}
	}
	s = strings.TrimLeft(s[len(op):], " \t")
	end := 0
	for end < len(s) && strings.IndexByte(", \t<>=~^", s[end]) < 0 && !strings.HasPrefix(s[end:], "!=") {
		end++ // an "!" alone is that of an epoch
	}
	return op, s[:end], s[end:]
}

// isExact is what "pinned" means for Python: == without a wildcard.
func isExact(op, version string) bool {
	return (op == "==" || op == "===" || op == "=" || op == "") && !strings.Contains(version, "*")
}

// clause returns the versions that one clause accepts.
func (s *pySpec) clause(op, version string) ([]span[pyVersion], bool) {
	if version == "*" && (op == "" || op == "==" || op == "=" || op == ">=") {
		return everything[pyVersion](), true
	}
	base, wild := strings.CutSuffix(version, ".*")
	v, ok := parsePyVersion(base)
	if !ok || wild && (op != "==" && op != "!=" && op != "" && op != "=" || v.prerelease() || v.post >= 0 || v.local != nil) {
		return nil, false
	}
	if v.prerelease() && len(s.pre) == 0 && op != "!=" {
		s.pre = []string{"pre"}
	}
	if wild {
		all := span[pyVersion]{at(v.start()), at(v.bump(len(v.release) - 1))}
		if op == "!=" {
			return without(all), true
		}
		return []span[pyVersion]{all}, true
	}
	return pyOperator(op, v)
}

func at(v pyVersion) *pyVersion { return &v }

// pyOperator is the meaning of an operator on a version without wildcard.
func pyOperator(op string, v pyVersion) ([]span[pyVersion], bool) {
	one := span[pyVersion]{at(v), at(v.after(2))}
	if v.local != nil || op == "===" {
		one.hi = at(v.after(1))
	}
	var s span[pyVersion]
	switch op {
	case "==", "===", "=", "":
		s = one
	case "!=":
		return without(one), true
	case "<=":
		s = span[pyVersion]{hi: at(v.after(2))}
	case ">=":
		s = span[pyVersion]{lo: at(v)}
	case "<":
		s = span[pyVersion]{hi: at(v)}
		if !v.prerelease() && v.post < 0 {
			s.hi = at(v.start())
		}
	case ">":
		return above(v), true
	case "~=":
		if len(v.release) < 2 {
			return nil, false
		}
		s = span[pyVersion]{at(v), at(v.bump(len(v.release) - 2))}
	case "^":
		s = span[pyVersion]{at(v), at(v.bump(caretPlace(v.release)))}
	case "~":
		s = span[pyVersion]{at(v), at(v.bump(min(1, len(v.release)-1)))}
	}
	return []span[pyVersion]{s}, true
}

// above is what ">" accepts: neither a local version of this one nor, unless it
// is one itself, a post-release of its numbers.
func above(v pyVersion) []span[pyVersion] {
	spans := []span[pyVersion]{{lo: at(v.after(2))}}
	if v.post >= 0 {
		return spans
	}
	first, last := v.final(), v.final()
	first.post, first.dev = 0, -1
	last.post = afterPosts
	return intersect(spans, without(span[pyVersion]{at(first), at(last)}))
}

// caretPlace is the component that "^" lets grow by one at most: the first that
// is not zero, or the last that is written.
func caretPlace(release []uint64) int {
	for i, n := range release {
		if n != 0 {
			return i
		}
	}
	return len(release) - 1
}
