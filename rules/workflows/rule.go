// Package workflows is the rule that fails when a GitHub Actions workflow becomes
// more dangerous.
//
// A workflow is read as a list of facts: what it may, what it runs that others can
// change, what it hands to whom. Those of the head that the base did not have are
// findings; what was there before is not this change's doing.
package workflows

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/workflow"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/session"
)

// Options of the rule.
type Options struct {
	Allow []string `yaml:"allow" desc:"What may come without a finding; * and ? stand for any characters and one: actions and images without their version (actions/*, docker://ghcr.io/acme/*), contents:write, default-permissions, secrets.NAME, pull_request_target, self-hosted or a runner's label or group. Never injections, prompts, a head that is checked out with rights, or the guard's own workflow."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "workflows",
		Title: "a workflow gains permissions, secrets, unpinned actions, dangerous triggers or injections",
		Why: "Workflows run with tokens that can write to the repository and publish packages. An action at a tag is whatever its owner makes of the tag tomorrow; " +
			"a title in a script is a command that anybody may write; pull_request_target with the head checked out gives a stranger's code the repository's secrets; " +
			"a comment in an agent's prompt is an instruction. Found is only what the change brings: permissions gained, unpinned actions, images and reusable workflows, dangerous triggers, " +
			"new secrets, event text in scripts and prompts, id-token: write, runners that are none of GitHub's hosted images, and a workflow of this guard that ends or weakens: " +
			"its action, program, module or image, also in an action, a reusable workflow or a script of the repository; those of other repositories are told by their names. " +
			"A workflow that cannot be read is a finding.",
		Bad:  "+      - run: echo \"${{ github.event.issue.title }}\"",
		Good: "+      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
		Remedy: "Pin to a full commit with the version in a comment, ask for the least permissions in the job that needs them, and put " +
			"event text into an environment variable instead of a script. What must stay as it is needs the approval of somebody " +
			"who may give it; the finding's command takes the file back.",
		Since:   "0.1.0",
		More:    page,
		Subject: rules.Content,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	var problems []rules.Problem
	for i, a := range o.Allow {
		if strings.Trim(a, "*? ") == "" {
			problems = append(problems, rules.Problem{Path: []any{"allow", i}, Message: fmt.Sprintf("%q would allow everything; leave the rule out instead", a)})
		}
	}
	return problems
}

// concerned reports whether a path is read as a workflow or an action.
func concerned(path string) bool { return workflow.Is(path) || workflow.IsAction(path) }

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	var files []change.File
	var before, after []string
	for _, f := range in.Change.Files {
		b, a := f.BasePath(), f.HeadPath()
		if !concerned(b) && !concerned(a) {
			continue
		}
		files = append(files, f)
		if concerned(b) {
			before = append(before, b)
		}
		if a != "" {
			after = append(after, a)
		}
	}
	if len(files) == 0 {
		return nil, nil
	}
	in.Change.Prefetch(ctx, change.AtBase, before)
	in.Change.Prefetch(ctx, change.AtHead, after)
	var found []rules.Finding
	for _, f := range files {
		more, err := judge(ctx, in.Change, f, o)
		if err != nil {
			return found, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// maxFindings bounds those of one file.
const maxFindings = 100

// judge compares one file.
func judge(ctx context.Context, c *change.Change, f change.File, o *Options) ([]rules.Finding, error) {
	var before, after *workflow.File
	if concerned(f.BasePath()) {
		// A base that cannot be read had nothing that the head could have kept.
		file, broken, err := read(ctx, c, change.AtBase, f.BasePath(), f.OldMode)
		if err != nil {
			return nil, err
		}
		if before = file; broken != "" {
			before = nil
		}
	}
	if concerned(f.HeadPath()) {
		file, broken, err := read(ctx, c, change.AtHead, f.HeadPath(), f.Mode)
		if err != nil {
			return nil, err
		}
		if broken != "" {
			return []rules.Finding{finding(c, f, fact{key: "unreadable", message: "This workflow cannot be judged: " + broken + "."})}, nil
		}
		after = file
	}
	ends, err := lifecycle(ctx, c, before, after)
	if err != nil {
		return nil, err
	}
	facts := append(brought(factsOf(before), factsOf(after), o), ends...)
	var found []rules.Finding
	for i, one := range facts {
		if i == maxFindings {
			found = append(found, finding(c, f, fact{key: "more", message: fmt.Sprintf("%d more findings in this file.", len(facts)-i)}))
			break
		}
		found = append(found, finding(c, f, one))
	}
	return found, nil
}

// read reads one version; broken says why a file cannot be judged.
func read(ctx context.Context, c *change.Change, side change.Side, path string, mode change.Mode) (f *workflow.File, broken string, err error) {
	if mode == change.Symlink || mode == change.Submodule {
		return nil, "it is a link, and its content is elsewhere", nil
	}
	data, err := c.Read(ctx, side, path)
	switch {
	case errors.Is(err, change.ErrTooLarge):
		return nil, "it is too large", nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case err != nil:
		return nil, "", err
	}
	f, err = workflow.Parse(data)
	if err != nil {
		return nil, err.Error(), nil
	}
	return f, "", nil
}

// A fact is one thing that is so in a workflow. Facts of equal keys are alike.
type fact struct {
	key     string
	allow   string   // what the option may name; "" for what it cannot allow
	also    []string // other names for it
	once    bool     // more of it in the same file is no more than one
	line    int
	message string
	shown   string
	remedy  string
}

func (o *Options) allows(name string) bool {
	return slices.ContainsFunc(o.Allow, func(a string) bool { return session.MatchTitle(a, name) })
}

// brought are the facts of the head beyond those of the base.
func brought(before, after []fact, o *Options) []fact {
	had := make(map[string]int)
	once := make(map[string]bool)
	for _, f := range before {
		had[f.key]++
		once[f.key] = true
	}
	var list []fact
	for _, f := range after {
		if had[f.key]--; had[f.key] >= 0 || f.once && once[f.key] {
			continue
		}
		if once[f.key] = true; f.allow != "" && slices.ContainsFunc(append(f.also[:len(f.also):len(f.also)], f.allow), o.allows) {
			continue
		}
		list = append(list, f)
	}
	return list
}

func finding(c *change.Change, f change.File, one fact) rules.Finding {
	remedy := one.remedy
	if remedy == "" {
		remedy = rules.Undo(c, f)
	}
	return rules.Finding{
		Key: one.key, Path: f.Path, PreviousPath: f.OldPath, Line: one.line, EndLine: one.line,
		Message: one.message, Evidence: one.shown, Remedy: remedy,
	}
}
