package manifest

import "strings"

// composerSpec reads a constraint of Composer. Its "~1.2" goes up to 2.0, and a
// version alone is that version. Branches and commits are no versions.
func composerSpec(spec string) (*looseSet, bool) {
	var list [][]clause
	for alternative := range strings.SplitSeq(strings.ReplaceAll(spec, "||", "|"), "|") {
		if from, to, ok := strings.Cut(alternative, " - "); ok {
			list = append(list, []clause{{">=", strings.TrimSpace(from)}, hyphenEnd(strings.TrimSpace(to))})
			continue
		}
		var all []clause
		for word := range strings.FieldsSeq(glued(alternative)) {
			word, _, _ = strings.Cut(word, "@") // how stable it must be
			op, version := cutOperator(word)
			switch op {
			case "", "==":
				op = "="
			case "~":
				op = "~>"
				if !strings.Contains(version, ".") {
					op = "prefix"
				}
			case "<>":
				op = "!="
			}
			all = append(all, clause{op, version})
		}
		list = append(list, all)
	}
	return looseSpec(list, false)
}

// hyphenEnd: "1.0 - 2" takes in every 2.x, "1.0 - 2.0.0" ends with that version.
func hyphenEnd(version string) clause {
	if strings.Count(version, ".") < 2 {
		return clause{"<", nextOf(version)}
	}
	return clause{"<=", version}
}

// nextOf is a version with its last number one higher.
func nextOf(version string) string {
	v, ok := parseLoose(version, false)
	if !ok {
		return version
	}
	return v.upper(len(v.core) - 1).numbers()
}

// hexSpec reads a requirement of Hex: "~> 1.2 and != 1.3.0 or == 2.0.0".
func hexSpec(spec string) (*looseSet, bool) {
	var list [][]clause
	for alternative := range strings.SplitSeq(spec, " or ") {
		var all []clause
		for part := range strings.SplitSeq(alternative, " and ") {
			op, version := cutOperator(part)
			if op == "" || op == "==" {
				op = "="
			}
			all = append(all, clause{op, version})
		}
		list = append(list, all)
	}
	return looseSpec(list, false)
}

// pubSpec reads a constraint of pub.
func pubSpec(spec string) (*looseSet, bool) {
	if spec == "any" || spec == "" {
		return looseSpec([][]clause{{{"=", "*"}}}, false)
	}
	var all []clause
	for word := range strings.FieldsSeq(glued(spec)) {
		op, version := cutOperator(word)
		switch op {
		case "":
			op = "="
		case "^":
			op = "^pub"
		}
		all = append(all, clause{op, version})
	}
	return looseSpec([][]clause{all}, false)
}

// mavenSpec reads a version of Maven's or Gradle's: one version, a range, or
// several; "+" is every version that begins so.
func mavenSpec(spec string) (*looseSet, bool) {
	if strings.HasSuffix(spec, "SNAPSHOT") {
		return nil, false // whatever is newest
	}
	return intervalSpec(spec, true)
}

// nugetSpec reads a version of NuGet's. A version alone is the lowest accepted, and
// the lowest is what is installed.
func nugetSpec(spec string) (*looseSet, bool) { return intervalSpec(spec, false) }

// intervalSpec reads "1.2", "1.*", "[1.0,2.0)", "(,1.0],[1.2,)".
func intervalSpec(spec string, above bool) (*looseSet, bool) {
	spec = strings.TrimSpace(spec)
	if spec == "+" {
		spec = "*"
	}
	if !strings.HasPrefix(spec, "[") && !strings.HasPrefix(spec, "(") && !strings.HasPrefix(spec, "]") {
		if strings.HasSuffix(spec, "+") && !strings.HasSuffix(spec, ".+") {
			return nil, false
		}
		return looseSpec([][]clause{{{"=", spec}}}, above)
	}
	var list [][]clause
	for spec != "" {
		end := strings.IndexAny(spec[1:], "])[")
		if end < 0 {
			return nil, false
		}
		all, ok := interval(spec[1:end+1], spec[0] == '[', spec[end+1] == ']')
		if list = append(list, all); !ok || len(list) > maxClauses {
			return nil, false
		}
		spec = strings.TrimLeft(spec[end+2:], " ")
		if rest, more := strings.CutPrefix(spec, ","); more {
			spec = strings.TrimLeft(rest, " ")
		} else if spec != "" {
			return nil, false
		}
	}
	return looseSpec(list, above)
}

// interval reads what stands between the brackets.
func interval(inner string, withLow, withHigh bool) ([]clause, bool) {
	low, high, two := strings.Cut(inner, ",")
	low, high = strings.TrimSpace(low), strings.TrimSpace(high)
	if !two {
		return []clause{{"=", low}}, low != "" && withLow && withHigh
	}
	var all []clause
	if low != "" {
		all = append(all, clause{map[bool]string{true: ">=", false: ">"}[withLow], low})
	}
	if high != "" {
		all = append(all, clause{map[bool]string{true: "<=", false: "<"}[withHigh], high})
	}
	if len(all) == 0 {
		all = []clause{{"=", "*"}}
	}
	return all, true
}

// isOneLoose reports whether a specification is one version.
func isOneLoose(ecosystem, spec string) bool {
	s, ok := looseOf(ecosystem, spec)
	return ok && s.single
}
