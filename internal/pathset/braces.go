package pathset

import "strings"

// The limits of the alternatives of one glob.
const (
	maxAlternatives = 1024
	maxExpanded     = 64 << 10 // bytes of all of them
)

// expand writes out the braces of a valid glob, or reports that there would be
// too much. Every step is held to the limits, so the work is bounded too.
func expand(glob string) ([]string, bool) {
	b := braces{glob: glob}
	return b.sequence(false)
}

// braces is a place in a glob.
type braces struct {
	glob string
	at   int
}

// sequence reads up to the end, or within braces to the comma or brace behind
// an alternative.
func (b *braces) sequence(within bool) ([]string, bool) {
	out := []string{""}
	start := b.at
	for b.at < len(b.glob) {
		switch c := b.glob[b.at]; {
		case c == '\\':
			b.at++
		case c == '[':
			b.at, _ = classEnd(b.glob, b.at) // it was checked
		case c == '{':
			out = join(out, []string{b.glob[start:b.at]})
			group, ok := b.group()
			if out = join(out, group); !ok || out == nil {
				return nil, false
			}
			start = b.at
			continue
		case within && (c == ',' || c == '}'):
			out = join(out, []string{b.glob[start:b.at]})
			return out, out != nil
		}
		b.at++
	}
	out = join(out, []string{b.glob[start:]})
	return out, out != nil
}

// group reads from a brace to behind the one that closes it.
func (b *braces) group() ([]string, bool) {
	b.at++ // the opening brace
	var out []string
	for {
		way, ok := b.sequence(true)
		if out = append(out, way...); !ok || len(out) > maxAlternatives {
			return nil, false
		}
		b.at++ // the comma or the closing brace
		if b.glob[b.at-1] == '}' {
			return out, true
		}
	}
}

// join puts each ending behind each beginning; nil means too much.
func join(beginnings, endings []string) []string {
	if len(beginnings)*len(endings) > maxAlternatives {
		return nil
	}
	out := make([]string, 0, len(beginnings)*len(endings))
	size := 0
	for _, b := range beginnings {
		for _, e := range endings {
			if size += len(b) + len(e); size > maxExpanded {
				return nil
			}
			out = append(out, meet(b, e))
		}
	}
	return out
}

// meet joins two texts. Stars that only braces bring together are no double
// star: "*{a,*}" stays within a segment.
func meet(before, after string) string {
	start, rest := strings.TrimRight(before, "*"), strings.TrimLeft(after, "*")
	if slashes := len(start) - len(strings.TrimRight(start, `\`)); slashes%2 == 1 {
		start = before[:min(len(start)+1, len(before))] // the first star is escaped
	}
	switch stars := max(len(before)-len(start), len(after)-len(rest)); {
	case start == before || rest == after:
		return before + after
	case stars == 1:
		return start + "*" + rest
	}
	return start + "**" + rest
}

// firstBrace is the place of the first brace that is neither escaped nor in a
// class, -1 for none.
func firstBrace(glob string) int {
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '\\':
			i++
		case '[':
			end, f := classEnd(glob, i)
			if f != nil {
				return -1
			}
			i = end
		case '{':
			return i
		}
	}
	return -1
}
