package testdiscovery_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/rules/rulestest"
)

const everyTest = "version: 1\nrules:\n  r:\n    uses: test-discovery\n"

// The tables are ordinary changes, runner by runner: half of them lose or weaken
// tests, half do not. A file holds cases of the form
//
//	=== what is done: what is found
//	-- edit PATH --
//	old text
//	=>
//	new text
//
// with -- move OLD NEW --, -- remove PATH -- and -- add PATH -- as further steps.
// The steps change the files of the case "setup", which stand for the base, or of
// the last case "setup" before. What is found is "nothing", or kinds (lost,
// skipped, weaker, untold) in sorted order, and behind "/" what a message holds.
func TestOrdinaryChanges(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*/changes.txt")
	if err != nil || len(names) == 0 {
		t.Fatal(err, len(names))
	}
	for _, name := range names {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			t.Parallel()
			table, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			runTable(t, table)
		})
	}
}

func runTable(t *testing.T, table []byte) {
	t.Helper()
	var base []txtar.File
	cases := bytes.Split(table, []byte("\n=== "))
	quiet, noisy := 0, 0
	for _, one := range cases[1:] {
		title, steps, _ := strings.Cut(string(one)+"\n", "\n")
		files := txtar.Parse([]byte(steps)).Files
		what, want, ok := strings.Cut(title, ": ")
		if what == "setup" {
			base = files
			continue
		}
		if !ok {
			t.Fatalf("%q does not say what is found", title)
		}
		if want == "nothing" {
			quiet++
		} else {
			noisy++
		}
		t.Run(what, func(t *testing.T) { judgeSteps(t, base, files, want) })
	}
	if quiet < 7 || noisy < 7 || quiet+noisy < 15 {
		t.Errorf("%d changes that lose something and %d that do not", noisy, quiet)
	}
}

// judgeSteps lays the rule on the change that steps make of a base.
func judgeSteps(t *testing.T, base, steps []txtar.File, want string) {
	t.Helper()
	head := make(map[string]string)
	a := &txtar.Archive{Files: []txtar.File{{Name: "policy.yml", Data: []byte(everyTest)}}}
	for _, f := range base {
		head[f.Name] = string(f.Data)
		a.Files = append(a.Files, txtar.File{Name: "base/" + f.Name, Data: f.Data})
	}
	for _, s := range steps {
		take(t, head, s)
	}
	for p, text := range head {
		a.Files = append(a.Files, txtar.File{Name: "head/" + p, Data: []byte(text)})
	}
	for _, f := range base {
		if _, ok := head[f.Name]; !ok {
			a.Files = append(a.Files, txtar.File{Name: "head/" + f.Name + "~gone"})
		}
	}
	slices.SortFunc(a.Files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	var kinds, messages []string
	v := rulestest.Judge(t, a)
	for _, f := range v.Findings {
		if f.Kind != "test-discovery" {
			continue
		}
		kinds, messages = append(kinds, kindOf(f.Message)), append(messages, f.Path+": "+f.Message)
	}
	for _, m := range v.Missing {
		messages = append(messages, "missing: "+m.What)
	}
	slices.Sort(kinds)
	said := strings.Join(messages, "\n")
	wanted, holds, _ := strings.Cut(want, " / ")
	found := strings.Join(slices.Compact(kinds), " ")
	if found == "" && len(v.Missing) == 0 {
		found = "nothing"
	}
	if found != wanted || !strings.Contains(said, holds) {
		t.Errorf("want %s\nfound %s\n%s", want, found, said)
	}
}

// take does one step.
func take(t *testing.T, head map[string]string, s txtar.File) {
	t.Helper()
	words := strings.Fields(s.Name)
	text, there := head[words[1]]
	if !there && words[0] != "add" {
		t.Fatalf("%s: there is no such file", s.Name)
	}
	switch words[0] {
	case "add":
		head[words[1]] = string(s.Data)
	case "remove":
		delete(head, words[1])
	case "move":
		delete(head, words[1])
		head[words[2]] = text
	case "edit":
		old, now, ok := strings.Cut(strings.TrimRight(string(s.Data), "\n")+"\n", "=>\n")
		if !strings.Contains(text, old) { // a part of a line
			old, now = strings.TrimSuffix(old, "\n"), strings.TrimSuffix(now, "\n")
		}
		if !ok || !strings.Contains(text, old) {
			t.Fatalf("%s: %q is not in it", s.Name, old)
		}
		head[words[1]] = strings.Replace(text, old, now, 1)
	default:
		t.Fatalf("%s is no step", s.Name)
	}
}

func kindOf(message string) string {
	switch {
	case strings.Contains(message, "lost: "):
		return "lost"
	case strings.Contains(message, "ran before and"):
		return "skipped"
	case strings.HasPrefix(message, "Tests assert less"):
		return "weaker"
	default:
		return "untold"
	}
}
