// Package guardintegrity is the rule that fails when a change touches what
// guards the repository: its policy, its code owners, the instructions,
// settings and hooks of coding agents, and whatever runs this guard.
package guardintegrity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Ignore rules.Globs `yaml:"ignore" glob:"permit" desc:"Globs of files that may change freely, for instance the instructions of one folder."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "guard-integrity",
		Title: "the policy, CODEOWNERS, agent instructions or hooks, or the workflow that runs the guard change",
		Why: "A guard that the guarded can edit guards nothing. Agents have edited the instructions and hooks that were to hold them, and " +
			"a later CODEOWNERS file silently replaces an earlier one. The change is still judged by the base's policy; this rule makes sure " +
			"that a person has looked before the next one is judged by another. It is on at level approve unless the policy names it.",
		Bad:     "M .claude/settings.json",
		Good:    "M src/settings.json",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, nil, run)
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	var found []rules.Finding
	prefetch(ctx, in, o)
	for _, f := range in.Change.Files {
		what, err := guards(ctx, in, o, f)
		if err != nil {
			return found, err
		}
		if what == "" {
			continue
		}
		found = append(found, rules.Finding{
			Key: string(f.Status), Path: f.Path, PreviousPath: f.OldPath,
			Message:  fmt.Sprintf("The change touches %s.", what),
			Evidence: string(f.Status) + " " + f.Path,
			Remedy:   rules.Undo(in.Change, f),
		})
	}
	return found, nil
}

// prefetch asks for everything at once.
func prefetch(ctx context.Context, in *rules.Input, o *Options) {
	var paths [2][]string
	for _, f := range in.Change.Files {
		for _, s := range sides(f) {
			if s.mayBeRead() && !in.Matches.Match(o.Ignore.List, s.path) {
				paths[s.tree] = append(paths[s.tree], s.path)
			}
		}
	}
	for tree, list := range paths {
		if len(list) > 0 {
			in.Change.Prefetch(ctx, change.Side(tree), list)
		}
	}
}

// What can be guarded, as findings say it.
const (
	thePolicy = "the policy or the code owners of this repository"
	anAgent   = "the instructions, settings or hooks of a coding agent"
	theGuard  = "a workflow or hook that runs this guard"
	unseen    = "a place of workflows or hooks, whose content is elsewhere"
)

// guards says what a file guards, "" for nothing.
func guards(ctx context.Context, in *rules.Input, o *Options, f change.File) (string, error) {
	for _, side := range sides(f) {
		if in.Matches.Match(o.Ignore.List, side.path) {
			continue
		}
		if what := byName(side); what != "" {
			return what, nil
		}
		runs, err := runsGuard(ctx, in.Change, side)
		if err != nil {
			return "", err
		}
		if runs {
			return theGuard, nil
		}
	}
	return "", nil
}

// byName tells by the name alone. A link or a submodule stands for a whole
// folder, of which this change shows nothing.
func byName(s side) string {
	switch class := change.Classify(s.path, s.mode); {
	case class == change.ClassPolicy:
		return thePolicy
	case class == change.ClassAgentInstructions, ofAgent(s.path):
		return anAgent
	case s.mode != change.Symlink && s.mode != change.Submodule:
		return ""
	}
	below := s.path + "/x"
	switch {
	case change.Classify(below, change.Regular) == change.ClassAgentInstructions, ofAgent(below):
		return anAgent
	case mayRun(below), strings.EqualFold(s.path, ".github"):
		return unseen
	}
	return ""
}

// side is a file in one of the two trees.
type side struct {
	tree change.Side
	path string
	mode change.Mode
}

func sides(f change.File) []side {
	var s []side
	if p := f.HeadPath(); p != "" {
		s = append(s, side{change.AtHead, p, f.Mode})
	}
	if p := f.BasePath(); p != "" {
		s = append(s, side{change.AtBase, p, f.OldMode})
	}
	return s
}

// mayBeRead: what is known by its name alone is not read.
func (s side) mayBeRead() bool {
	return s.mode != change.Submodule && mayRun(s.path) && byName(s) == ""
}

// runsGuard reads workflows and git hooks and looks for the guard's name. A
// file that is too large to be read counts as one that does: a person decides.
func runsGuard(ctx context.Context, c *change.Change, s side) (bool, error) {
	if !s.mayBeRead() {
		return false, nil
	}
	data, err := c.Read(ctx, s.tree, s.path)
	switch {
	case errors.Is(err, change.ErrTooLarge):
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	return bytes.Contains(bytes.ToLower(data), []byte("changeguard")), nil
}

// mayRun names the places from which a guard is run: workflows, actions and
// other CI, and git hooks.
func mayRun(name string) bool {
	name = strings.ToLower(name)
	dir, base := path.Split(name)
	switch {
	case change.Classify(name, change.Regular) == change.ClassCI, base == "action.yml", base == "action.yaml":
		return true
	case strings.HasPrefix(dir, ".github/workflows/"), strings.HasPrefix(dir, ".github/actions/"):
		return true
	case strings.Contains("/"+dir, "/.husky/"), strings.Contains("/"+dir, "/.githooks/"), strings.Contains("/"+dir, "/git-hooks/"):
		return true
	}
	switch base {
	case ".pre-commit-config.yaml", ".pre-commit-config.yml", "lefthook.yml", ".lefthook.yml", "lefthook.yaml", ".gitlab-ci.yml":
		return true
	}
	return false
}

// ofAgent knows the files of agents that look like something else by their
// class: the workflow that sets up Copilot's machine, and lists of one agent.
func ofAgent(name string) bool {
	name = strings.ToLower(name)
	base := path.Base(name)
	switch base {
	case ".openhands_instructions", ".augment-guidelines", ".augmentignore", "sweep.yaml", "sweep.yml", ".pr_agent.toml", "airules.md", ".aiderignore", ".cody.json":
		return true
	}
	if name == ".github/workflows/copilot-setup-steps.yml" || name == ".github/workflows/copilot-setup-steps.yaml" {
		return true
	}
	for _, start := range []string{".clinerules-", ".roorules-", ".windsurfrules-"} {
		if strings.HasPrefix(base, start) {
			return true
		}
	}
	for _, folder := range []string{".copilot", ".sweep", ".lovable", ".bolt", ".zed", ".aiassistant", ".tabnine", ".cody", ".idx"} {
		if strings.Contains("/"+name, "/"+folder+"/") {
			return true
		}
	}
	return false
}
