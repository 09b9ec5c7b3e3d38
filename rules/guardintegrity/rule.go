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
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	Ignore rules.Globs `yaml:"ignore" glob:"permit" example:"[\"examples/**/AGENTS.md\"]" desc:"Globs of files that may change freely, for instance the instructions of one folder."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "guard-integrity",
		Title: "the policy, CODEOWNERS, agent instructions or hooks, or the workflow that runs the guard change",
		Why: "A guard that the guarded can edit guards nothing. Agents have edited the instructions and hooks that were to hold them, and " +
			"a later CODEOWNERS file silently replaces an earlier one. The change is still judged by the base's policy; this rule makes sure " +
			"that a person has looked before the next one is judged by another. It is on at level approve unless the policy names it.",
		Bad:  "M .claude/settings.json",
		Good: "M src/settings.json",
		Remedy: "Take the file back with the finding's command, and bring the change of the guard in a pull request of its own that a " +
			"person opens and approves. Whoever may change the policy is said by its approvals.",
		Since:   "0.1.0",
		Subject: rules.Content,
	}, nil, run)
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	guarded, unread := byNames(in, o)
	if err := byContents(ctx, in.Change, unread, guarded); err != nil {
		return nil, err
	}
	var found []rules.Finding
	for i, f := range in.Change.Files {
		what := guarded[i]
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

// byNames says what files guard, by their index, and which sides must be read
// before that can be said.
func byNames(in *rules.Input, o *Options) (guarded map[int]string, unread []side) {
	guarded = make(map[int]string)
	for i, f := range in.Change.Files {
		var read []side
		var last side
		var what string
		var runs bool
		for _, s := range sides(f) {
			if in.Matches.Match(o.Ignore.List, s.path) {
				continue
			}
			if s.path != last.path || s.mode != last.mode {
				what, runs = byName(s)
				last = s
			}
			if what != "" {
				guarded[i] = what
			} else if runs {
				s.file = i
				read = append(read, s)
			}
		}
		if guarded[i] == "" {
			unread = append(unread, read...)
		}
	}
	return guarded, unread
}

// byContents reads, all at once, what may run the guard.
func byContents(ctx context.Context, c *change.Change, unread []side, guarded map[int]string) error {
	var paths [2][]string
	for _, s := range unread {
		paths[s.tree] = append(paths[s.tree], s.path)
	}
	for tree, list := range paths {
		if len(list) > 0 {
			c.Prefetch(ctx, change.Side(tree), list)
		}
	}
	for _, s := range unread {
		runs, err := runsGuard(ctx, c, s)
		if err != nil {
			return err
		}
		if runs {
			guarded[s.file] = theGuard
		}
	}
	return nil
}

// What can be guarded, as findings say it.
const (
	thePolicy = "the policy or the code owners of this repository"
	anAgent   = "the instructions, settings or hooks of a coding agent"
	theGuard  = "a workflow or hook that runs this guard"
	unseen    = "a place of workflows or hooks, whose content is elsewhere"
)

// byName tells by the name alone; runs says that the content may run the guard.
// A link or a submodule stands for a whole folder, of which this change shows
// nothing.
func byName(s side) (what string, runs bool) {
	linked := s.mode == change.Symlink || s.mode == change.Submodule
	class := change.Classify(s.path, s.mode)
	switch {
	case class == change.ClassPolicy:
		return thePolicy, false
	case class == change.ClassAgentInstructions, ofAgent(s.path):
		return anAgent, false
	case !linked:
		return "", class == change.ClassCI || mayRun(s.path)
	}
	below := s.path + "/x"
	class = change.Classify(below, change.Regular)
	switch {
	case class == change.ClassAgentInstructions, ofAgent(below):
		return anAgent, false
	case class == change.ClassCI, mayRun(below), strings.EqualFold(s.path, ".github"):
		return unseen, false
	}
	return "", s.mode == change.Symlink && mayRun(s.path)
}

// side is a file in one of the two trees.
type side struct {
	tree change.Side
	path string
	mode change.Mode
	file int // its index in the change
}

func sides(f change.File) []side {
	s := make([]side, 0, 2)
	if p := f.HeadPath(); p != "" {
		s = append(s, side{tree: change.AtHead, path: p, mode: f.Mode})
	}
	if p := f.BasePath(); p != "" {
		s = append(s, side{tree: change.AtBase, path: p, mode: f.OldMode})
	}
	return s
}

// runsGuard reads workflows and git hooks and looks for the guard's name. A
// file that is too large to be read counts as one that does: a person decides.
func runsGuard(ctx context.Context, c *change.Change, s side) (bool, error) {
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

// mayRun names the places from which a guard is run and that are no CI by their
// class: workflows that look like something else, actions, and git hooks.
func mayRun(name string) bool {
	name = strings.ToLower(name)
	dir, base := path.Split(name)
	switch base {
	case "action.yml", "action.yaml", ".pre-commit-config.yaml", ".pre-commit-config.yml", "lefthook.yml", ".lefthook.yml", "lefthook.yaml", ".gitlab-ci.yml":
		return true
	}
	return strings.HasPrefix(dir, ".github/workflows/") || strings.HasPrefix(dir, ".github/actions/") ||
		within(dir, ".husky") || within(dir, ".githooks") || within(dir, "git-hooks")
}

// within reports whether a folder is one of those of a name.
func within(dir, folder string) bool {
	return strings.HasPrefix(dir, folder+"/") || strings.Contains(dir, "/"+folder+"/")
}

// agentFiles and agentFolders are those of agents that look like something else by
// their class: lists of one agent, and the workflow that sets up Copilot's machine.
var (
	agentFiles = map[string]bool{
		".openhands_instructions": true, ".augment-guidelines": true, ".augmentignore": true, "sweep.yaml": true, "sweep.yml": true,
		".pr_agent.toml": true, "airules.md": true, ".aiderignore": true, ".cody.json": true,
		"copilot-setup-steps.yml": true, "copilot-setup-steps.yaml": true,
	}
	agentStarts  = []string{".clinerules-", ".roorules-", ".windsurfrules-"}
	agentFolders = []string{".copilot", ".sweep", ".lovable", ".bolt", ".zed", ".aiassistant", ".tabnine", ".cody", ".idx"}
)

func ofAgent(name string) bool {
	name = strings.ToLower(name)
	dir, base := path.Split(name)
	if agentFiles[base] {
		return true
	}
	if !strings.HasPrefix(name, ".") && !strings.Contains(name, "/.") {
		return false // most names
	}
	return slices.ContainsFunc(agentStarts, func(start string) bool { return strings.HasPrefix(base, start) }) ||
		slices.ContainsFunc(agentFolders, func(folder string) bool { return within(dir, folder) })
}
