package ghfake

import (
	"fmt"
	"strings"
)

// contextLines is how many lines around a change a patch shows.
const contextLines = 3

// span is a changed part: a[from:to] becomes b[start:end].
type span struct{ from, to, start, end int }

// spans lists the changed parts in order.
func (s *script) spans() []span {
	var list []span
	i, j := 0, 0
	for i < len(s.gone) || j < len(s.come) {
		p := span{i, i, j, j}
		for p.to < len(s.gone) && s.gone[p.to] {
			p.to++
		}
		for p.end < len(s.come) && s.come[p.end] {
			p.end++
		}
		if p.to > p.from || p.end > p.start {
			list = append(list, p)
			i, j = p.to, p.end
			continue
		}
		i, j = i+1, j+1
	}
	return list
}

// hunks writes a patch without file headers, as the API shows it.
func hunks(a, b []string, s *script) (patch string, lines int) {
	list := s.spans()
	var out strings.Builder
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].from-list[n-1].to <= 2*contextLines {
			n++
		}
		lines += hunk(&out, a, b, list[:n])
		list = list[n:]
	}
	return strings.TrimSuffix(out.String(), "\n"), lines
}

// hunk writes the spans of one hunk and returns how many lines it took.
func hunk(out *strings.Builder, a, b []string, list []span) int {
	first, last := list[0], list[len(list)-1]
	before := min(first.from, contextLines)
	after := min(len(a)-last.to, contextLines)
	from, to := first.from-before, last.to+after
	start, end := first.start-before, last.end+after
	fmt.Fprintf(out, "@@ -%s +%s @@", place(from, to), place(start, end))
	if h := heading(a[:from]); h != "" {
		out.WriteString(" " + h)
	}
	out.WriteString("\n")
	n := 1
	write := func(mark string, lines []string) {
		for _, l := range lines {
			out.WriteString(mark + l)
			if !strings.HasSuffix(l, "\n") {
				out.WriteString("\n\\ No newline at end of file\n")
			}
			n++
		}
	}
	at := from
	for _, p := range list {
		write(" ", a[at:p.from])
		write("-", a[p.from:p.to])
		write("+", b[p.start:p.end])
		at = p.to
	}
	write(" ", a[at:to])
	return n
}

// place is how a hunk's header names lines.
func place(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

// headingSize is where git cuts the text behind a hunk's numbers.
const headingSize = 80

// heading is the last line above that begins like a definition.
func heading(above []string) string {
	for i := len(above) - 1; i >= 0; i-- {
		l := above[i]
		if c := l[0]; c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			l = strings.TrimRight(l, " \t\r\n")
			return l[:min(len(l), headingSize)]
		}
	}
	return ""
}
