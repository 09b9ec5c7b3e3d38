// Package limits is the rule that fails when a change is larger than allowed.
package limits

import (
	"context"
	"fmt"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// Options of the rule; nil means no limit.
type Options struct {
	Commits     *int   `yaml:"commits" desc:"Most commits, merges not counted."`
	Files       *int   `yaml:"files" desc:"Most files."`
	Lines       *int   `yaml:"lines" desc:"Most lines added and deleted together."`
	BinaryBytes *int64 `yaml:"binary-bytes" desc:"Most bytes in added or changed binary files together."`
}

// Kind documents and runs the rule.
func Kind() rules.Kind {
	return rules.Define(rules.Kind{
		Name:  "limits",
		Title: "the change has more commits, files, lines or binary bytes than allowed",
		Why: "A change that is too large is not reviewed, it is waved through, and rolling it back takes other work with it. " +
			"A session that was to analyse and made more than eighty commits would have stopped at the first limit.",
		Bad:  "83 commits   (with commits: 20)",
		Good: "4 commits, 12 files",
		Remedy: "Split the change: what each part is for decides where it is cut, and each is opened as a pull request of its own. " +
			"Squash commits that belong together. What is large for a reason, such as moved files, is lifted once by an override.",
		Since:   "0.1.0",
		Subject: rules.People,
	}, check, run)
}

func check(o *Options) []rules.Problem {
	if o.Commits == nil && o.Files == nil && o.Lines == nil && o.BinaryBytes == nil {
		return []rules.Problem{{Message: "at least one of commits, files, lines and binary-bytes is required"}}
	}
	return nil
}

func run(ctx context.Context, in *rules.Input, o *Options) ([]rules.Finding, error) {
	var found []rules.Finding
	over := func(what string, n, most int64, remedy string) {
		if n > most {
			found = append(found, rules.Finding{
				Key:      what,
				Message:  fmt.Sprintf("The change has %d %s; %d are allowed.", n, what, most),
				Evidence: fmt.Sprintf("%s: %d > %d", what, n, most),
				Remedy:   remedy,
			})
		}
	}
	const split = "Split the change into parts that can be reviewed and rolled back one by one."
	if o.Commits != nil {
		over("commits", commits(in.Change), int64(*o.Commits), "git rebase -i "+in.Change.MergeBase)
	}
	if o.Files != nil {
		over("files", int64(len(in.Change.Files)), int64(*o.Files), split)
	}
	if o.Lines != nil {
		added, deleted, err := in.Vars.Lines()
		if err != nil {
			return found, err
		}
		over("lines", added+deleted, int64(*o.Lines), split)
	}
	if o.BinaryBytes != nil {
		n, err := binaryBytes(ctx, in.Change)
		if err != nil {
			return found, err
		}
		over("binary bytes", n, *o.BinaryBytes, "Keep large files out of the repository, or store them with Git LFS.")
	}
	return found, nil
}

func commits(c *change.Change) int64 {
	n := int64(0)
	for _, commit := range c.Commits {
		if !commit.Merge() {
			n++
		}
	}
	return n
}
