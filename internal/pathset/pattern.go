package pathset

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A PatternError is about one glob of a list.
type PatternError struct {
	Pattern string
	Index   int // in the list
	Offset  int // in the pattern, in bytes
	Reason  string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("glob %q: %s (at offset %d)", e.Pattern, e.Reason, e.Offset)
}

// flaw is what is wrong with a glob, before it is known where the glob stands.
type flaw struct {
	offset int
	reason string
	meant  string // probably; "" for no idea
}

// of names the pattern as it was written, with its "!".
func (f *flaw) of(pattern string, index int) *PatternError {
	e := &PatternError{Pattern: pattern, Index: index, Offset: f.offset, Reason: f.reason}
	sign := ""
	if _, negated := cutNegation(pattern); negated {
		sign = "!"
		e.Offset++
	}
	e.Offset = min(e.Offset, len(pattern)) // composing may have moved it
	if f.meant != "" {
		e.Reason += "; did you mean " + quote(sign+f.meant) + "?"
	}
	return e
}

func cutNegation(pattern string) (glob string, negated bool) { return strings.CutPrefix(pattern, "!") }

// parse validates a glob without its "!" and writes out its alternatives, each
// split into segments.
func parse(glob string) ([][]string, *flaw) {
	if f := checkText(glob); f != nil {
		return nil, f
	}
	glob = compose(glob)
	if f := checkEnds(glob); f != nil {
		return nil, f
	}
	if f := checkSyntax(glob); f != nil {
		return nil, f
	}
	texts, ok := expand(glob)
	if !ok {
		return nil, tooMany(glob)
	}
	return split(glob, texts)
}

func tooMany(glob string) *flaw {
	return &flaw{offset: max(0, firstBrace(glob)), reason: fmt.Sprintf("its braces make more than %d alternatives, or too long ones", maxAlternatives)}
}

// split cuts alternatives at their slashes; none is within a class.
func split(glob string, texts []string) ([][]string, *flaw) {
	var alternatives [][]string
	for _, text := range texts {
		segments := strings.Split(compose(text), "/") // braces may have kept a letter from its accent
		if f := checkSegments(glob, segments); f != nil {
			return nil, f
		}
		alternatives = append(alternatives, spread(segments)...)
		if len(alternatives) > maxAlternatives {
			return nil, tooMany(glob)
		}
	}
	return alternatives, nil
}

// checkText looks at the bytes alone.
func checkText(glob string) *flaw {
	switch {
	case glob == "":
		return &flaw{reason: "it is empty"}
	case len(glob) > MaxPattern:
		return &flaw{offset: MaxPattern, reason: fmt.Sprintf("it is longer than %d bytes", MaxPattern)}
	case !utf8.ValidString(glob):
		return &flaw{offset: firstInvalid(glob), reason: "it is no valid UTF-8"}
	}
	for i, r := range glob {
		if what := unreadable(r); what != "" {
			return &flaw{offset: i, reason: "it contains " + what + ", which nobody reads in a name"}
		}
	}
	return nil
}

func firstInvalid(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(s)
}

// checkEnds finds what users of other glob dialects write at the ends.
func checkEnds(glob string) *flaw {
	const rooted = "paths are relative to the repository's root"
	start := glob
	for strings.HasPrefix(start, "/") || strings.HasPrefix(start, "./") {
		_, start, _ = strings.Cut(start, "/")
	}
	switch {
	case glob[0] == '!':
		return &flaw{reason: `one "!" excludes; write \! for a name that begins with it`}
	case start == "":
		return &flaw{reason: rooted, meant: "**"}
	case start != glob:
		return &flaw{reason: rooted, meant: whole(start)}
	case strings.HasSuffix(glob, "/"):
		return &flaw{offset: len(glob) - 1, reason: "a glob matches files, not folders", meant: whole(glob)}
	}
	return nil
}

// whole is the glob that means what "docs/" says elsewhere.
func whole(glob string) string {
	folder := strings.TrimRight(glob, "/")
	if folder == glob || strings.HasSuffix("/"+folder, "/**") {
		return folder
	}
	return folder + "/**"
}

func quote(s string) string { return `"` + s + `"` }

// checkSyntax finds unbalanced brackets and a trailing backslash.
func checkSyntax(glob string) *flaw {
	var open []int // braces
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == '\\':
			if i++; i == len(glob) {
				return &flaw{offset: i - 1, reason: "a backslash must be followed by a character"}
			}
			if glob[i] == '/' {
				return &flaw{offset: i, reason: "a slash cannot be escaped"}
			}
		case c == '[':
			end, f := classEnd(glob, i)
			if f != nil {
				return f
			}
			i = end
		case c == '{' && strings.HasPrefix(glob[i:], "{}"):
			return &flaw{offset: i, reason: `{} names no alternative; write \{\} for the characters`}
		case c == '{':
			open = append(open, i)
		case c == '}' && len(open) == 0:
			return &flaw{offset: i, reason: `this } closes nothing; write \} for the character`}
		case c == '}':
			open = open[:len(open)-1]
		case strings.HasPrefix(glob[i:], "***"):
			return &flaw{offset: i, reason: "three stars mean nothing; write * within a segment or ** across"}
		}
	}
	if len(open) > 0 {
		return &flaw{offset: open[len(open)-1], reason: `this { is not closed; write \{ for the character`}
	}
	return nil
}

// checkSegments finds segments that no path has.
func checkSegments(glob string, segments []string) *flaw {
	offset := 0
	for _, s := range segments {
		at := offset
		if first := firstBrace(glob); first >= 0 {
			at = first // alternatives have no place of their own
		}
		switch s {
		case "":
			return &flaw{offset: at, reason: "it has an empty segment"}
		case ".", "..":
			return &flaw{offset: at, reason: "no path has a segment " + quote(s)}
		}
		offset += len(s) + 1
	}
	return nil
}

// spread writes out a "**" that stands beside other characters: "a**b" is
// "a*b" and "a*/**/*b".
func spread(segments []string) [][]string {
	out := [][]string{nil}
	for _, s := range segments {
		ways := crossings(s)
		var longer [][]string
		for _, before := range out {
			for _, way := range ways {
				longer = append(longer, slices.Concat(before, way))
			}
		}
		if out = longer; len(out) > maxAlternatives {
			return out // the caller refuses it
		}
	}
	return out
}

// crossings are the ways in which the double stars of one segment may cross
// slashes. At its ends one way is enough: "**b" is "**/*b", "a**" is "a*/**".
func crossings(segment string) [][]string {
	at := doubleStar(segment)
	if at < 0 {
		return [][]string{{segment}}
	}
	before, after := segment[:at], strings.TrimLeft(segment[at:], "*")
	if after == "" {
		if before == "" {
			return [][]string{{"**"}}
		}
		return [][]string{{before + "*", "**"}}
	}
	var ways [][]string
	for _, rest := range crossings("*" + after) {
		ways = append(ways, slices.Concat(crossed(before), rest))
		if before != "" {
			ways = append(ways, slices.Concat([]string{before + rest[0]}, rest[1:]))
		}
		if len(ways) > maxAlternatives {
			break // the caller refuses it
		}
	}
	return ways
}

// crossed is what stands before a slash that a double star has crossed.
func crossed(before string) []string {
	if before == "" {
		return []string{"**"}
	}
	return []string{before + "*", "**"}
}

// doubleStar finds the first "**" that is neither escaped nor in a class.
func doubleStar(segment string) int {
	for i := 0; i < len(segment); i++ {
		switch segment[i] {
		case '\\':
			i++
		case '[':
			i, _ = classEnd(segment, i) // it was checked
		case '*':
			if strings.HasPrefix(segment[i:], "**") {
				return i
			}
		}
	}
	return -1
}
