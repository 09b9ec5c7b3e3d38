package dependencies

import (
	"context"
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/manifest"
)

// programs are formats that are programs. What they ask for can be put together
// in ways that no reader sees, so each line that changed is to be explained by a
// package, or is a finding.
var programs = map[string]bool{"gemspec": true, "gradle-build": true, "mix-exs": true, "swift-package": true}

// unexplained adds a finding for the first line of such a file that changed and
// neither names a package that changed nor is a comment.
func (j *judging) unexplained(ctx context.Context, c candidate, before, after *manifest.File) error {
	if !programs[c.format.Name] || before == nil || after == nil {
		return nil
	}
	old, err := j.in.Change.Read(ctx, change.AtBase, c.base)
	if err != nil {
		return err
	}
	now, err := j.in.Change.Read(ctx, change.AtHead, c.head)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		text, other string
		file, from  *manifest.File
	}{{string(now), string(old), after, before}, {string(old), string(now), before, after}} {
		if text := firstUnexplained(s.text, s.other, changedLines(s.file, s.from)); text != "" {
			j.unread(c, "program", fmt.Sprintf("This file is a program, and what the line `%s` does to its dependencies cannot be told; a person must look.", text))
			return nil
		}
	}
	return nil
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

// firstUnexplained is the first line that the other text has not as often, and
// that nothing explains.
func firstUnexplained(text, other string, explained map[int]bool) string {
	count := make(map[string]int)
	for line := range strings.Lines(other) {
		count[strings.TrimSpace(line)]++
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if count[line]--; count[line] >= 0 || explained[n] || remark(line) {
			continue
		}
		return shortened(line)
	}
	return ""
}

// remark reports whether a line is empty, a bracket that closes or a comment up to
// its end. "#{" begins code within a text.
func remark(line string) bool {
	return strings.Trim(line, ")]},; \t") == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "#{")
}

// shortened keeps a message readable, whatever the line.
func shortened(line string) string {
	const most = 120
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "…"
}
