package pathset

import (
	"strings"
	"unicode/utf8"
)

// parse validates a glob without its "!" and splits it into alternatives of
// segments.
func parse(glob string) ([][]string, *PatternError) {
	fail := func(offset int, reason string) ([][]string, *PatternError) {
		return nil, &PatternError{Offset: offset, Reason: reason}
	}
	switch {
	case glob == "":
		return fail(0, "it is empty")
	case len(glob) > MaxPattern:
		return fail(MaxPattern, "it is longer than 1024 bytes")
	case !utf8.ValidString(glob):
		return fail(0, "it is no valid UTF-8")
	case strings.HasPrefix(glob, "/"), strings.HasPrefix(glob, "./"):
		return fail(0, "paths are relative to the repository's root; did you mean "+quote(strings.TrimLeft(glob, "./"))+"?")
	case strings.HasSuffix(glob, "/"):
		return fail(len(glob)-1, "a glob matches files, not folders; did you mean "+quote(glob+"**")+"?")
	}
	if at, reason := check(glob); reason != "" {
		return fail(at, reason)
	}
	alternatives := expand(compose(glob))
	if alternatives == nil {
		return fail(strings.IndexByte(glob, '{'), "its braces make more than 1024 alternatives")
	}
	var out [][]string
	for _, a := range alternatives {
		segments := split(a)
		for _, s := range segments {
			if s == "" {
				return fail(0, "it has an empty segment")
			}
		}
		out = append(out, segments)
	}
	return out, nil
}

func quote(s string) string { return `"` + s + `"` }

// check finds unbalanced brackets and a trailing backslash.
func check(glob string) (offset int, reason string) {
	var braces []int
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '\\':
			if i++; i == len(glob) {
				return i - 1, "a backslash must be followed by a character"
			}
			if glob[i] == '/' {
				return i, "a slash cannot be escaped"
			}
		case '[':
			end, reason := classEnd(glob, i)
			if reason != "" {
				return i, reason
			}
			i = end
		case '{':
			braces = append(braces, i)
		case '}':
			if len(braces) == 0 {
				return i, "this } closes nothing; write \\} for the character"
			}
			braces = braces[:len(braces)-1]
		}
	}
	if len(braces) > 0 {
		return braces[len(braces)-1], "this { is not closed; write \\{ for the character"
	}
	return 0, ""
}

// classEnd finds the bracket that closes a class.
func classEnd(glob string, start int) (int, string) {
	i := start + 1
	if i < len(glob) && (glob[i] == '!' || glob[i] == '^') {
		i++
	}
	first := i
	low := rune(-1)
	for i < len(glob) {
		if glob[i] == ']' {
			if i == first {
				return 0, "this [ ] is empty; write \\[ for the character"
			}
			return i, ""
		}
		if glob[i] == '/' {
			break
		}
		if glob[i] == '-' && low >= 0 && i+1 < len(glob) && glob[i+1] != ']' {
			i++
			if glob[i] == '/' || glob[i:] == `\` || strings.HasPrefix(glob[i:], `\/`) {
				break
			}
			high, n := classRune(glob[i:])
			if high < low {
				return 0, "this range is empty: its end is before its start"
			}
			i, low = i+n, -1
			continue
		}
		if glob[i] == '-' {
			return 0, "a hyphen in [ ] must stand between two characters; write \\- for the character"
		}
		if glob[i:] == `\` || strings.HasPrefix(glob[i:], `\/`) {
			break
		}
		r, n := classRune(glob[i:])
		i, low = i+n, r
	}
	return 0, "this [ is not closed; write \\[ for the character"
}

// expand resolves braces; nil means that there are too many alternatives. The
// work is bounded, because every step that adds a text is counted.
func expand(glob string) []string {
	done, todo := []string{}, []string{glob}
	for len(todo) > 0 {
		last := len(todo) - 1
		g := todo[last]
		todo = todo[:last]
		open, closing, commas := braces(g)
		if open < 0 {
			done = append(done, g)
			continue
		}
		ends := append(commas, closing)
		start := open + 1
		for _, end := range ends {
			todo = append(todo, g[:open]+g[start:end]+g[closing+1:])
			start = end + 1
		}
		if len(done)+len(todo) > maxExpansions {
			return nil
		}
	}
	return done
}

// braces finds the first pair of braces and the commas directly in it.
func braces(g string) (open, closing int, commas []int) {
	open = -1
	depth := 0
	for i := 0; i < len(g); i++ {
		switch g[i] {
		case '\\':
			i++
		case '[':
			if end, reason := classEnd(g, i); reason == "" {
				i = end
			}
		case '{':
			if depth == 0 {
				open = i
			}
			depth++
		case ',':
			if depth == 1 {
				commas = append(commas, i)
			}
		case '}':
			if depth--; depth == 0 {
				return open, i, commas
			}
		}
	}
	return -1, 0, nil
}

// split cuts an alternative at its slashes; none is within a class.
func split(g string) []string { return strings.Split(g, "/") }

// foldAll folds the text of segments. Folding may not touch the syntax, which
// is ASCII punctuation, and does not.
func foldAll(segments []string) []string {
	folded := make([]string, len(segments))
	for i, s := range segments {
		folded[i] = fold(s)
	}
	return folded
}
