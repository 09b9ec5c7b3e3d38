// Package declaredscope is the rule that fails when a change says less of
// itself than it does.
//
// Titles and commit subjects that promise words only ("docs: …", "Document the
// outage") are held against the files: the title against the whole change,
// each subject against what its commit touched. A list of modified files in
// the body is held against the functional files of the change.
package declaredscope

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule.
type Options struct {
	WordsOnly     []string `yaml:"words-only" desc:"Conventional-commit types that promise only words. Default: docs, doc, documentation, analysis, analyze, analyse, report, audit, worklog."`
	CheckFileList *bool    `yaml:"check-file-list" desc:"Hold a list of modified files in the body against the functional files. Default: true."`
}

// defaultTypes promise only words.
var defaultTypes = []string{"docs", "doc", "documentation", "analysis", "analyze", "analyse", "report", "audit", "worklog"}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "declared-scope",
		Title: "title, commit subjects or the body's file list say less than the diff does",
		Why: "A reviewer reads the title first and decides by it how closely to look. A commit called \"Document critical failures\" that " +
			"also changes connection handling and adds a package is read as a document. Whether it was meant or not, what is said must cover what is done.",
		Bad:     "\"docs: describe the outage\" with  M app/server.py",
		Good:    "\"docs: describe the outage\" with  A docs/outage.md, A docs/outage.png",
		Since:   "0.1.0",
		Subject: rules.People,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	var problems []rules.Problem
	for i, t := range o.WordsOnly {
		if t == "" || strings.ContainsAny(t, " \t():!") {
			problems = append(problems, rules.Problem{Path: []any{"words-only", i}, Message: fmt.Sprintf("%q is no conventional-commit type: one word without blanks, brackets, colons and exclamation marks", t)})
		}
	}
	return problems
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	types := o.WordsOnly
	if len(types) == 0 {
		types = defaultTypes
	}
	offending := offenders(in)
	if len(offending) == 0 {
		return nil, nil // whatever it says, it does only words
	}
	var found []rules.Finding
	if promise := wordsOnly(in.Change.Title, types); promise != "" {
		found = append(found, finding(in, "title", "The title", promise, offending))
	}
	subjects, err := bySubject(ctx, in, types, offending)
	found = append(found, subjects...)
	if err == nil && (o.CheckFileList == nil || *o.CheckFileList) {
		found = append(found, byFileList(in)...)
	}
	return found, err
}

// broken are the classes that a promise of words does not cover.
var broken = []change.Class{
	change.ClassFunctional, change.ClassTests, change.ClassDependencies, change.ClassDeployment,
	change.ClassCI, change.ClassBuild, change.ClassPolicy, change.ClassAgentInstructions,
}

// offenders are the indexes of files that are more than words.
func offenders(in *rules.Input) []int {
	var at []int
	for i, c := range in.Classes {
		if slices.Contains(broken, c.Worst()) || slices.Contains(broken, c.Before) && slices.Contains(broken, c.After) {
			at = append(at, i)
		}
	}
	return at
}

// bySubject holds each commit that promises words against what it touched. When
// every commit promises words the whole change is their work, and no commit
// needs to be looked up.
func bySubject(ctx context.Context, in *rules.Input, types []string, offending []int) ([]rules.Finding, error) {
	var ids []string
	promises := make(map[string]string)
	others := 0
	for _, c := range in.Change.Commits {
		switch promise := wordsOnly(c.Subject(), types); {
		case c.Merge():
		case promise == "":
			others++
		default:
			ids = append(ids, c.ID)
			promises[c.ID] = promise
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) == 1 && others == 0 {
		return []rules.Finding{commitFinding(in, ids[0], promises[ids[0]], offending)}, nil
	}
	touched, err := in.Change.CommitPaths(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []rules.Finding
	for _, id := range ids {
		if of := among(in, offending, touched[id]); len(of) > 0 {
			found = append(found, commitFinding(in, id, promises[id], of))
		}
	}
	return found, nil
}

// among keeps the offending files that a commit touched.
func among(in *rules.Input, offending []int, touched []string) []int {
	names := make(map[string]bool, len(touched))
	for _, name := range touched {
		names[name] = true
	}
	var kept []int
	for _, i := range offending {
		f := in.Change.Files[i]
		if names[f.Path] || f.OldPath != "" && names[f.OldPath] {
			kept = append(kept, i)
		}
	}
	return kept
}

func commitFinding(in *rules.Input, id, promise string, offending []int) rules.Finding {
	return finding(in, "commit "+id, "The subject of commit "+id[:min(len(id), 12)], promise, offending)
}

// maxNamed is how many files the evidence names.
const maxNamed = 5

func finding(in *rules.Input, key, who, promise string, offending []int) rules.Finding {
	var names []string
	for _, i := range offending {
		names = append(names, in.Change.Files[i].Path)
	}
	shown := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if len(names) > maxNamed {
		shown += fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	return rules.Finding{
		Key:      key,
		Message:  fmt.Sprintf("%s promises only words (%q), but it changes %s.", who, promise, countByClass(in, offending)),
		Evidence: shown,
		Remedy:   "Say what the change does, or move what is more than words into a change of its own.",
		Files:    names,
	}
}

// countByClass words the files: "6 files that are more (2 functional, 3 tests, 1 dependencies)".
func countByClass(in *rules.Input, offending []int) string {
	counts := make(map[change.Class]int)
	for _, i := range offending {
		counts[in.Classes[i].Worst()]++
	}
	var parts []string
	for _, class := range broken {
		if counts[class] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[class], class))
		}
	}
	noun := "files that are"
	if len(offending) == 1 {
		noun = "file that is"
	}
	return fmt.Sprintf("%d %s more (%s)", len(offending), noun, strings.Join(parts, ", "))
}
