package manifest

import (
	"fmt"
	"strings"
)

// A program is a manifest that is one, split into its words. Words that are idle have
// no say in what it asks for: see idle.go.
type program struct {
	language *codeLanguage
	text     string
	tokens   []codeToken
	sure     bool // nothing in it could be read in two ways
}

// Unexplained is the first line in which two versions of a manifest that is a program
// say something else, and that neither a package that changed nor what is known to
// have no say explains; line 0 for one that went. Where both could be read in one way
// only, words are compared, so comments and blanks count for nothing; else whole
// lines are.
func Unexplained(before, after *File) (Unread, bool) {
	if after == nil || after.program == nil {
		return Unread{}, false
	}
	if before == nil || before.program == nil {
		before = &File{program: &program{language: after.program.language, sure: true}}
	}
	lines := func(f, other *File) []Unread {
		explained := f.linesOtherThan(other)
		if before.program.sure && after.program.sure {
			return f.program.spoken(explained)
		}
		return f.program.written(explained)
	}
	old, now := lines(before, after), lines(after, before)
	i := 0
	for i < len(old) && i < len(now) && old[i].Text == now[i].Text && old[i].marks == now[i].marks {
		i++
	}
	switch {
	case i < len(now):
		return now[i], true
	case i < len(old):
		return Unread{Text: old[i].Text}, true
	}
	return Unread{}, false
}

// linesOtherThan are the lines of packages, settings and scripts that the other
// version has not alike.
func (f *File) linesOtherThan(other *File) map[int]bool {
	known := make(map[string]bool)
	other.placeless(func(key string, _, _ int) { known[key] = true })
	lines := make(map[int]bool)
	f.placeless(func(key string, from, to int) {
		for n := from; n > 0 && n <= max(from, to) && !known[key]; n++ {
			lines[n] = true
		}
	})
	return lines
}

// placeless visits what is compared, with all of it but where it stands.
func (f *File) placeless(visit func(key string, from, to int)) {
	for _, p := range f.Packages {
		from, to := p.Line, p.EndLine
		p.Line, p.EndLine = 0, 0
		visit(fmt.Sprintf("%+v", p), from, to)
	}
	for _, s := range f.Settings {
		visit("setting "+s.Name+"\x00"+s.Value, s.Line, s.EndLine)
	}
	for _, s := range f.Scripts {
		visit("script "+s.Name+"\x00"+s.Command, s.Line, s.EndLine)
	}
}

// spoken are the lines with words that have a say.
func (p *program) spoken(explained map[int]bool) (list []Unread) {
	if first, _, _ := strings.Cut(p.text, "\n"); p.language == swiftCode && strings.HasPrefix(strings.TrimSpace(first), "//") {
		list = append(list, Unread{Text: strings.TrimSpace(first), Line: 1, EndLine: 1}) // which Swift reads the file
	}
	var line []codeToken
	flush := func() {
		if len(line) > 0 {
			list = append(list, Unread{Text: joinedCode(line), Line: line[0].line, EndLine: line[len(line)-1].end, marks: quoting(line)})
		}
		line = line[:0]
	}
	for i := range p.tokens {
		t := &p.tokens[i]
		if len(line) > 0 && line[0].line != t.line {
			flush()
		}
		known := t.idle || explained[t.line] && (t.read || t.is(",") || t.kind == codeEnd)
		if !known && (t.kind != codeEnd || t.text == ";") {
			line = append(line, *t)
		}
	}
	flush()
	return list
}

// quoting tells texts apart of which one is put together when it is read.
func quoting(line []codeToken) string {
	var b strings.Builder
	for i := range line {
		if line[i].kind == codeText && !line[i].plain {
			b.WriteByte(line[i].mark)
		} else if line[i].kind == codeText {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// written are the lines as they stand there, without comments that are certain to be
// some. A package explains those lines of it that were read whole.
func (p *program) written(explained map[int]bool) (list []Unread) {
	unread := make(map[int]bool)
	for i := range p.tokens {
		if t := &p.tokens[i]; !t.read && !t.idle && t.kind != codeEnd && !t.is(",") {
			unread[t.line] = true
		}
	}
	n := 0
	for line := range strings.Lines(p.text) {
		n++
		if line = strings.TrimSpace(line); (!explained[n] || unread[n]) && (!remarkLine(line) || strings.Contains(line, `\u`)) {
			list = append(list, Unread{Text: oneLine(line), Line: n, EndLine: n})
		}
	}
	return list
}

// remarkLine reports whether a line is empty, or a comment up to its end wherever it
// stands. "#{" begins code within a text, and "*/" ends a comment that may have
// begun above.
func remarkLine(line string) bool {
	return line == "" || !strings.Contains(line, "*/") && (strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "#{"))
}
