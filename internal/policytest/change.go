package policytest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
)

// Ids that no repository has, so that nobody takes a case's verdict for one on a
// real commit.
const (
	baseID = "ba5e000000000000000000000000000000000000"
	headID = "4ead000000000000000000000000000000000000"
)

// What stands for contents that a case does not give.
const (
	standIn       = "changeguard: a stand-in for what this file holds\n"
	standInEdited = standIn + "changeguard: a stand-in for what was added\n"
)

var modes = map[string]change.Mode{"regular": change.Regular, "executable": change.Executable, "link": change.Symlink, "submodule": change.Submodule}

// newChange makes the change that a case describes.
func newChange(f *policy.TestFile, c policy.TestCase) (*change.Change, error) {
	t := &trees{touched: make(map[string][]string)}
	t.side[change.AtBase] = make(map[string]file)
	for _, x := range slices.Concat(f.Base, c.Base) {
		t.side[change.AtBase][x.Path] = file{change.Regular, x.Text}
	}
	for _, x := range c.Files {
		if err := t.before(f, c, x); err != nil {
			return nil, err
		}
	}
	t.side[change.AtHead] = make(map[string]file)
	for path, x := range t.side[change.AtBase] {
		t.side[change.AtHead][path] = x
	}
	for _, x := range c.Files {
		t.after(x)
	}
	if err := t.plausible(f, c); err != nil {
		return nil, err
	}
	made := &change.Change{
		Event: change.Event(c.Event), Base: baseID, MergeBase: baseID, Head: headID, BaseRef: c.BaseRef, HeadRef: c.Head,
		Fork: c.Fork, Draft: c.Draft, Title: c.Title, Body: c.Body, Source: t, Files: t.files(),
	}
	if c.Event == string(change.PullRequest) {
		made.Number = 1
	}
	if c.Author != "" {
		made.Author = change.Person{Login: c.Author, ID: 1, Kind: change.AccountKind(c.AuthorKind)}
	}
	for _, name := range c.Labels {
		made.Labels = append(made.Labels, change.Label{Name: name})
	}
	made.Commits = t.commits(c)
	made.Normalise()
	return made, nil
}

// before puts what a case changes into the tree before.
func (t *trees) before(f *policy.TestFile, c policy.TestCase, x policy.TestFileChange) error {
	base := t.side[change.AtBase]
	name := x.Path
	if x.From != "" {
		name = x.From
	}
	have, there := base[name]
	switch {
	case x.Word == "added" && there:
		return mistake(f, x.Line, "cases.%s.files: %s is said to be added, but base has it", c.Name, x.Path)
	case x.Word == "added", x.From == "" && x.Word == "" && x.Before == nil && x.After != nil && !there:
		return nil
	case !there:
		have = file{change.Regular, standIn + name + "\n"}
	}
	if x.Before != nil {
		have.content = *x.Before
	}
	if x.OldMode != "" {
		have.mode = modes[x.OldMode]
	}
	base[name] = have
	return nil
}

// after makes the change in the tree after.
func (t *trees) after(x policy.TestFileChange) {
	head := t.side[change.AtHead]
	name := x.Path
	if x.From != "" {
		name = x.From
	}
	now, there := t.side[change.AtBase][name]
	if x.From != "" {
		delete(head, x.From)
	}
	switch {
	case x.Word == "removed", x.Word == "" && x.From == "" && x.Before != nil && x.After == nil && x.Mode == "":
		delete(head, x.Path)
		return
	case x.After != nil:
		now.content = *x.After
	case x.Word == "added":
		now.content = standIn + x.Path + "\n"
	case x.Word == "edited":
		now.content += standInEdited
	}
	switch {
	case x.Mode != "":
		now.mode = modes[x.Mode]
	case !there:
		now.mode = change.Regular
	}
	head[x.Path] = now
}

// plausible refuses trees that git could not hold: a file where a folder is, or a
// submodule at what is no commit. The change of such a case would be none that
// anybody can make.
func (t *trees) plausible(f *policy.TestFile, c policy.TestCase) error {
	for _, side := range t.side {
		for path, x := range side {
			if x.mode == change.Submodule && (len(x.content) != 40 || strings.Trim(x.content, "0123456789abcdef") != "") {
				return mistake(f, c.Line, "cases.%s.files: the submodule %s needs a commit of 40 hexadecimal digits as its content", c.Name, path)
			}
			for at, r := range path {
				if _, isFile := side[path[:at]]; r == '/' && isFile {
					return mistake(f, c.Line, "cases.%s.files: %s is a file, so %s cannot be below it", c.Name, path[:at], path)
				}
			}
		}
	}
	return nil
}

// commits makes a case's commits, each on the one before.
func (t *trees) commits(c policy.TestCase) (commits []change.Commit) {
	given := c.Commits
	if len(given) == 0 {
		given = []policy.TestCommit{{Message: c.Title, Author: "Dev <dev@example.com>", Repeat: 1}}
	}
	parent := baseID
	for _, x := range given {
		message := strings.TrimRight(x.Message, "\n")
		if len(x.Trailers) > 0 {
			message += "\n\n" + strings.Join(x.Trailers, "\n")
		}
		for range x.Repeat {
			one := change.Commit{ID: fmt.Sprintf("%040x", len(commits)+1), Parents: []string{parent}, Message: message + "\n", Author: person(x.Author), Committer: person(x.Author)}
			if x.Committer != "" {
				one.Committer = person(x.Committer)
			}
			if x.Merge {
				one.Parents = append(one.Parents, fmt.Sprintf("%040x", 1<<20+len(commits)))
			}
			if x.Files != nil {
				t.touched[one.ID] = x.Files
			}
			parent = one.ID
			commits = append(commits, one)
		}
	}
	return commits
}

func person(s string) change.Identity {
	name, rest, _ := strings.Cut(s, " <")
	return change.Identity{Name: name, Email: strings.TrimSuffix(rest, ">")}
}
