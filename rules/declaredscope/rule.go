// Package declaredscope is the rule that fails when a change says less of
// itself than it does.
//
// Titles and commit subjects that promise words only ("docs: …", "Document the
// outage") are held against the files: the title against the whole change,
// each subject against what its commit touched. A list of modified files in
// the body is held against the functional files of the change.
//
// Words are documents, comments where that can be proved, and prose that agents
// read. A title that names work beside its words ("… and fix the port") promises
// more.
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
	WordsOnly     []string `yaml:"words-only" example:"[docs, analysis, worklog]" desc:"Conventional-commit types that promise only words. Default: docs, doc, documentation, analysis, analyze, analyse, report, audit, worklog."`
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
			"also changes connection handling and adds a package is read as a document. Whether it was meant or not, what is said must cover what is done. " +
			"Comments are words in the languages where a change can be proved to be nothing else (see cosmetic in the manual); docstrings, and comments elsewhere, count as code.",
		Bad:  "\"docs: describe the outage\" with  M app/server.py",
		Good: "\"docs: describe the outage\" with  A docs/outage.md, A docs/outage.png",
		Remedy: "Say in the title and body what the change does, or move what is more than words into a change of its own. A list of " +
			"files in the body is completed or removed.",
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
	s := &saying{in: in, types: o.WordsOnly}
	if len(s.types) == 0 {
		s.types = defaultTypes
	}
	offending := offenders(in)
	if len(offending) == 0 {
		return nil, nil // whatever it says, it does only words
	}
	found, err := s.titleAndSubjects(ctx, offending)
	if err == nil && (o.CheckFileList == nil || *o.CheckFileList) {
		var list []rules.Finding
		list, err = s.fileList(ctx)
		found = append(found, list...)
	}
	return found, err
}

// saying is one run of the rule.
type saying struct {
	in    *rules.Input
	types []string
	same  map[int]bool // whether the file differs only in comments, once asked
}

// titleAndSubjects looks into the files only where something promises words.
func (s *saying) titleAndSubjects(ctx context.Context, offending []int) ([]rules.Finding, error) {
	title := wordsOnly(s.in.Change.Title, s.types)
	subjects := s.subjects()
	if title == "" && len(subjects) == 0 {
		return nil, nil
	}
	offending, err := s.withoutCosmetic(ctx, offending)
	if err != nil || len(offending) == 0 {
		return nil, err
	}
	alone := len(subjects) > 0 && s.alone(subjects[0].commit)
	switch {
	case alone && title != "": // said twice, found once
		return []rules.Finding{finding(s.in, "title", "The title, like the subject of its only commit,", title, offending)}, nil
	case alone: // the whole change is its work, and nothing needs to be looked up
		return []rules.Finding{commitFinding(s.in, subjects[0], offending)}, nil
	}
	found, err := s.bySubject(ctx, subjects, offending)
	if title != "" {
		found = append([]rules.Finding{finding(s.in, "title", "The title", title, offending)}, found...)
	}
	return found, err
}

// A promised is a commit whose subject promises only words.
type promised struct{ commit, promise string }

// subjects are the commits that promise words, without merges.
func (s *saying) subjects() []promised {
	var list []promised
	for _, c := range s.in.Change.Commits {
		if promise := wordsOnly(c.Subject(), s.types); promise != "" && !c.Merge() {
			list = append(list, promised{c.ID, promise})
		}
	}
	return list
}

// alone reports whether a commit is the only one that is no merge.
func (s *saying) alone(id string) bool {
	return !slices.ContainsFunc(s.in.Change.Commits, func(c change.Commit) bool { return !c.Merge() && c.ID != id })
}

// bySubject holds each commit that promises words against what it touched.
func (s *saying) bySubject(ctx context.Context, list []promised, offending []int) ([]rules.Finding, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var ids []string
	for _, p := range list {
		ids = append(ids, p.commit)
	}
	touched, err := s.in.Change.CommitPaths(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []rules.Finding
	for _, p := range list {
		names, ok := touched[p.commit]
		if !ok {
			return found, fmt.Errorf("the files of commit %s are unknown", p.commit)
		}
		if of := among(s.in, offending, names); len(of) > 0 {
			found = append(found, commitFinding(s.in, p, of))
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

func commitFinding(in *rules.Input, p promised, offending []int) rules.Finding {
	return finding(in, "commit "+p.commit, "The subject of commit "+p.commit[:min(len(p.commit), 12)], p.promise, offending)
}

// maxNamed is how many files the evidence names.
const maxNamed = 5

func someOf(names []string) string {
	shown := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if len(names) > maxNamed {
		shown += fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	return shown
}

func finding(in *rules.Input, key, who, promise string, offending []int) rules.Finding {
	var names []string
	for _, i := range offending {
		names = append(names, in.Change.Files[i].Path)
	}
	return rules.Finding{
		Key:      key,
		Message:  fmt.Sprintf("%s promises only words (%q), but it changes %s.", who, promise, countByClass(in, offending)),
		Evidence: someOf(names),
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
