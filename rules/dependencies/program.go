package dependencies

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/rules"
)

// unexplained adds a finding when a manifest that is a program says something else
// than before in what may have a say in its packages. What such a file asks for can
// be put together in ways that no reader sees, so each word that changed is to be
// explained: by a package that changed, or by being known to have no say.
func (j *judging) unexplained(c candidate, before, after *manifest.File) {
	line, ok := manifest.Unexplained(before, after)
	if !ok {
		return
	}
	j.found = append(j.found, rules.Finding{
		Key: "program", Path: c.file.Path, PreviousPath: c.file.OldPath, Line: line.Line, EndLine: line.EndLine, Evidence: string(c.file.Status) + " " + c.file.Path,
		Message: fmt.Sprintf("This file is a program, and what the line `%s` does to its dependencies cannot be told; a person must look.", shortened(line.Text)),
		Remedy:  rules.Undo(j.in.Change, c.file),
	})
}

// shortened keeps a message readable, whatever the line.
func shortened(line string) string {
	const most = 120
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "…"
}
