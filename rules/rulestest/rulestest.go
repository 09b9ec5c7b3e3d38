// Package rulestest runs the fixtures of a kind of rule.
//
// A fixture is a txtar archive. Its comment says what it shows; its files are
// policy.yml, pull-request.yml (optional), base/… and head/…, and want, which
// holds a line "path:line: kind: message" per finding of the kind, and below it,
// behind a tab, its remedy. evidence.json is what others say of the head
// (change.Recorded); without it nobody knows. A file that is only under base/ was
// removed. A name that ends in "~gone" under head/ takes a file away that base/ has;
// without it head/ starts from base/.
//
// Missing and unexpected findings both fail, and so does another remedy or none.
// With -update want is rewritten.
package rulestest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

var update = flag.Bool("update", false, "rewrite golden files")

// pullRequest is pull-request.yml.
type pullRequest struct {
	Event  string   `yaml:"event"`
	Title  string   `yaml:"title"`
	Body   string   `yaml:"body"`
	Labels []string `yaml:"labels"`
	Head   string   `yaml:"head"`
	Base   string   `yaml:"base"`
	Number int      `yaml:"number"`
	Draft  bool     `yaml:"draft"`
	Fork   bool     `yaml:"fork"`
	Author struct {
		Login string `yaml:"login"`
		ID    int64  `yaml:"id"`
		Kind  string `yaml:"kind"`
	} `yaml:"author"`
	Commits []struct {
		Message string   `yaml:"message"`
		Author  string   `yaml:"author"` // an address
		Parents int      `yaml:"parents"`
		Files   []string `yaml:"files"` // that it touched; all when left out
	} `yaml:"commits"`
	BaseModes map[string]string `yaml:"base-modes"`
	Modes     map[string]string `yaml:"modes"`
	// Repeat adds this many commits more, for limits.
	Repeat int `yaml:"repeat-commits"`
}

// Run runs every fixture of a folder for one kind. It wants at least one that
// finds something and one that does not.
func Run(t *testing.T, kind, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures in %s: %v", dir, err)
	}
	noisy, quiet := 0, 0
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			if runOne(t, kind, name) > 0 {
				noisy++
			} else {
				quiet++
			}
		})
	}
	if noisy == 0 || quiet == 0 {
		t.Errorf("%s has %d noisy and %d quiet fixtures; it needs one of each", kind, noisy, quiet)
	}
}

func runOne(t *testing.T, kind, name string) (found int) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		t.Error("the fixture does not say what it shows")
	}
	v := Judge(t, a)
	var got strings.Builder
	for _, f := range v.Findings {
		if f.Kind == kind {
			fmt.Fprintf(&got, "%s:%d: %s: %s\n\t%s\n", f.Path, f.Line, f.Kind, f.Message, strings.ReplaceAll(f.Remedy, "\n", "\n\t"))
			if !actionable(f.Remedy) {
				t.Errorf("%s:%d: %q tells nobody what to do", f.Path, f.Line, f.Remedy)
			}
			found++
		}
	}
	for _, m := range v.Missing {
		fmt.Fprintf(&got, "missing: %s\n", m.What)
	}
	at, want := -1, ""
	for i, f := range a.Files {
		if f.Name == "want" {
			at, want = i, string(f.Data)
		}
	}
	if *update && got.String() != want {
		if at < 0 {
			a.Files = append(a.Files, txtar.File{Name: "want"})
			at = len(a.Files) - 1
		}
		a.Files[at].Data = []byte(got.String())
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got.String() != want {
		t.Errorf("findings:\n%swant:\n%s", got.String(), want)
	}
	return found
}

// sentence is advice of several words; command is what a shell runs.
var (
	sentence = regexp.MustCompile(`^["A-Z].*\s.*[.:>…)\x60"'0-9a-zA-Z]$`)
	command  = regexp.MustCompile(`^(?:git|gh|changeguard) \S`)
)

// actionable reports whether a remedy is a command, or a sentence that asks for
// something.
func actionable(remedy string) bool {
	return command.MatchString(remedy) || sentence.MatchString(strings.ReplaceAll(remedy, "\n", " "))
}

// Judge judges the change of an archive.
func Judge(t *testing.T, a *txtar.Archive) *verdict.Verdict {
	t.Helper()
	base, head := trees(a)
	var text []byte
	var pr pullRequest
	var evidence *change.Recorded
	for _, f := range a.Files {
		switch f.Name {
		case "policy.yml":
			text = f.Data
		case "pull-request.yml":
			if err := yaml.Load(f.Data, &pr, yaml.WithKnownFields()); err != nil {
				t.Fatal(err)
			}
		case "evidence.json":
			evidence = new(change.Recorded)
			if err := json.Unmarshal(f.Data, evidence); err != nil {
				t.Fatal(err)
			}
		}
	}
	setModes(base, pr.BaseModes)
	setModes(head, pr.BaseModes)
	setModes(head, pr.Modes)
	p, problems := policy.Load(text, policy.Source{Name: "policy.yml"}, catalogue.Kinds())
	if problems != nil {
		t.Fatal(problems)
	}
	c := changetest.New(base, head)
	pr.describe(c)
	if evidence != nil {
		c.Evidence = evidence
	}
	v, err := verdict.Judge(context.Background(), verdict.Input{
		Change: c, Layers: []verdict.Layer{{Name: verdict.RepositoryLayer, Policy: p}}, Kinds: catalogue.Kinds(), Engine: "changeguard test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// trees are both trees of an archive.
func trees(a *txtar.Archive) (base, head changetest.Tree) {
	base, head = changetest.Tree{}, changetest.Tree{}
	for _, f := range a.Files {
		switch side, path, _ := strings.Cut(f.Name, "/"); side {
		case "base":
			base[path] = changetest.File{Content: string(f.Data)}
		case "head":
			head[path] = changetest.File{Content: string(f.Data)}
		}
	}
	for path, f := range base {
		if _, there := head[path]; !there {
			if _, gone := head[path+"~gone"]; !gone {
				head[path] = f
			}
		}
	}
	for path := range head {
		if strings.HasSuffix(path, "~gone") {
			delete(head, path)
		}
	}
	return base, head
}

func setModes(t changetest.Tree, modes map[string]string) {
	for path, mode := range modes {
		if f, ok := t[path]; ok {
			f.Mode = change.Mode(mode)
			if f.Mode != change.Executable {
				f.Content = strings.TrimSuffix(f.Content, "\n") // a link's target, a commit's id
			}
			t[path] = f
		}
	}
}

// describe writes what pull-request.yml says into the change.
func (pr *pullRequest) describe(c *change.Change) {
	if pr.Event != "" {
		c.Event = change.Event(pr.Event)
	}
	c.Title, c.Body, c.HeadRef, c.BaseRef = pr.Title, pr.Body, pr.Head, pr.Base
	c.Number, c.Draft, c.Fork = pr.Number, pr.Draft, pr.Fork
	c.Author = change.Person{Login: pr.Author.Login, ID: pr.Author.ID, Kind: change.AccountKind(pr.Author.Kind)}
	for _, l := range pr.Labels {
		c.Labels = append(c.Labels, change.Label{Name: l})
	}
	source := c.Source.(*changetest.Source)
	for i, x := range pr.Commits {
		commit := change.Commit{ID: fmt.Sprintf("%040x", i+1), Message: x.Message, Author: change.Identity{Name: "somebody", Email: x.Author}}
		for p := range x.Parents {
			commit.Parents = append(commit.Parents, fmt.Sprintf("%040x", 1000+p))
		}
		if x.Files != nil {
			source.Touched[commit.ID] = x.Files
		}
		c.Commits = append(c.Commits, commit)
	}
	for i := range pr.Repeat {
		c.Commits = append(c.Commits, change.Commit{ID: fmt.Sprintf("%040x", 5000+i), Message: fmt.Sprint("more ", i)})
	}
}
