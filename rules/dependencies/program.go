package dependencies

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// programs are formats that are programs. What they ask for can be put together
// in ways that no reader sees, so each line that changed is to be explained by a
// package, or is a finding.
var programs = map[string]bool{"gemspec": true, "gradle-build": true, "mix-exs": true, "swift-package": true}

// unexplained adds a finding when such a file says something else than before in
// lines that neither name a package that changed nor are comments.
func (j *judging) unexplained(ctx context.Context, c candidate, before, after *manifest.File) error {
	if !programs[c.format.Name] || after == nil {
		return nil
	}
	var old []byte
	if before == nil {
		before = &manifest.File{}
	} else {
		var err error
		if old, err = j.in.Change.Read(ctx, change.AtBase, c.base); err != nil {
			return err
		}
	}
	now, err := j.in.Change.Read(ctx, change.AtHead, c.head)
	if err != nil {
		return err
	}
	said, says := otherLines(string(old), changedLines(before, after)), otherLines(string(now), changedLines(after, before))
	if slices.Equal(said, says) {
		return nil
	}
	j.unread(c, "program", fmt.Sprintf("This file is a program, and what the line `%s` does to its dependencies cannot be told; a person must look.", shortened(firstOther(said, says))))
	return nil
}

// firstOther is the line at which two lists part, of the second where it has one.
func firstOther(before, after []string) string {
	i := 0
	for i < len(before) && i < len(after) && before[i] == after[i] {
		i++
	}
	if i < len(after) {
		return after[i]
	}
	return before[i]
}

// changedLines are the lines of a file whose packages the other version has not
// alike.
func changedLines(f, other *manifest.File) map[int]bool {
	known := make(map[string]bool)
	for _, p := range other.Packages {
		known[placeless(p)] = true
	}
	lines := make(map[int]bool)
	for _, p := range f.Packages {
		if known[placeless(p)] {
			continue
		}
		for n := p.Line; n > 0 && n <= max(p.Line, p.EndLine); n++ {
			lines[n] = true
		}
	}
	return lines
}

// placeless is all of a package but where it stands.
func placeless(p manifest.Package) string {
	p.Line, p.EndLine = 0, 0
	return fmt.Sprintf("%+v", p)
}

// otherLines are the lines of a text that nothing explains, in their order.
func otherLines(text string, explained map[int]bool) (list []string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); !explained[n] && !remark(line) {
			list = append(list, line)
		}
	}
	return list
}

// remark reports whether a line is empty, or a comment up to its end wherever it
// stands. "#{" begins code within a text, and "*/" ends a comment that may have
// begun above.
func remark(line string) bool {
	return line == "" || !strings.Contains(line, "*/") && (strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "#{"))
}

// shortened keeps a message readable, whatever the line.
func shortened(line string) string {
	const most = 120
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "…"
}
