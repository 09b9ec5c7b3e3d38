package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// dockerfile runs the checks of BuildKit that need no build, and the parser's
// own warnings.
func dockerfile(root string) (string, error) {
	text, err := os.Open(filepath.Join(root, "Dockerfile"))
	if err != nil {
		return "", err
	}
	defer text.Close()
	parsed, err := parser.Parse(text)
	if err != nil {
		return "", err
	}
	var found []string
	for _, w := range parsed.Warnings {
		found = append(found, w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, place []parser.Range) {
		line := 0
		if len(place) > 0 {
			line = place[0].Start.Line
		}
		found = append(found, fmt.Sprintf("line %d: %s (%s)", line, message, rule))
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return "", fmt.Errorf("%s", strings.Join(found, "\n"))
	}
	last := stages[len(stages)-1]
	for _, c := range last.Commands {
		switch c := c.(type) {
		case *instructions.EntrypointCommand:
			if c.PrependShell {
				return "", fmt.Errorf("%s needs a shell, which the image has not", c)
			}
		case *instructions.CmdCommand:
			if c.PrependShell {
				return "", fmt.Errorf("%s needs a shell, which the image has not", c)
			}
		}
	}
	return fmt.Sprintf("%d stages, the last from %s", len(stages), last.BaseName), nil
}
