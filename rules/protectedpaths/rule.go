// Package protectedpaths is the rule that fails when a protected file is
// touched in any way.
//
// A file is touched when it is added, changed, removed, renamed from or to its
// name, given another permission, or replaced by a link or a submodule. Both
// names of a renamed file are asked. Globs match the name as written and
// case-folded, because on some machines the two are one file.
package protectedpaths

import (
	"context"
	"fmt"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Paths rules.Globs `yaml:"paths" example:"[\"app/websocket_core/**\", \"!**/*.md\"]" desc:"Globs of the protected files; a leading ! excludes, the last match wins. Required."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "protected-paths",
		Title: "a protected path is added, changed, removed, renamed, re-moded or replaced by a link",
		Why: "Some files carry more than others: connections, payments, sign-in, migrations. A change to them that nobody asked for is " +
			"the most expensive kind, and it is easily missed among many files. Naming them once makes every change to them visible and stoppable.",
		Bad:  "M app/websocket_core/unified_manager.py   (with paths: [\"app/websocket_core/**\"])",
		Good: "M app/websocket_core/README.md            (with paths: [\"app/websocket_core/**\", \"!**/*.md\"])",
		Remedy: "Take the file back with the finding's command. Where it must change, have somebody approve or override who may, or " +
			"bring it in a pull request of its own.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	if len(o.Paths.Patterns) == 0 {
		return []rules.Problem{{Path: []any{"paths"}, Message: "paths is required and must name at least one glob"}}
	}
	return nil
}

func run(_ context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	var found []rules.Finding
	for _, f := range in.Change.Files {
		name, ok := touched(in, o, f)
		if !ok {
			continue
		}
		found = append(found, rules.Finding{
			Key: string(f.Status), Path: f.Path, PreviousPath: f.OldPath,
			Message:  sentence(f, name),
			Evidence: evidence(f, o.Paths.Patterns[in.Matches.Pattern(o.Paths.List, name)]),
			Remedy:   rules.Undo(in.Change, f),
		})
	}
	return found, nil
}

// touched returns the protected name of a file, the new one first.
func touched(in *rules.Input, o *Options, f change.File) (string, bool) {
	for _, name := range []string{f.Path, f.OldPath} {
		if name != "" && in.Matches.Match(o.Paths.List, name) {
			return name, true
		}
	}
	return "", false
}

// sentence says what happened to the protected name.
func sentence(f change.File, name string) string {
	switch {
	case f.Status == change.Renamed && name == f.OldPath:
		return "This protected file was moved away."
	case f.Status == change.Renamed:
		return "A file was moved to this protected place."
	case f.Status == change.TypeChanged && f.Mode == change.Symlink:
		return "This protected file was replaced by a link."
	case f.Status == change.TypeChanged:
		return fmt.Sprintf("This protected path was %s and is %s now.", noun(f.OldMode), noun(f.Mode))
	case f.Status == change.Modified && f.OldBlob == f.Blob:
		return fmt.Sprintf("The permissions of this protected file changed from %s to %s.", f.OldMode, f.Mode)
	case f.Status == change.Modified:
		return "This protected file was changed."
	default:
		return fmt.Sprintf("This protected file was %s.", f.Status)
	}
}

func noun(m change.Mode) string {
	switch m {
	case change.Submodule:
		return "a submodule"
	case change.Symlink:
		return "a link"
	default:
		return "a file"
	}
}

// evidence shows the raw fact and the glob that decided.
func evidence(f change.File, glob string) string {
	return fmt.Sprintf("%s, matched by %q", f.Status, glob)
}
