package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/changeguard/changeguard/rules/catalogue"
)

// pages are those of the manual, by their names.
func pages(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	rules, err := filepath.Glob("../../docs/rules/*.md")
	if err != nil || len(rules) != len(catalogue.Kinds()) {
		t.Fatalf("%d pages of rules, %v", len(rules), err)
	}
	names = append(names, rules...)
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], "../../")
	}
	return append(names, "README.md", "deploy/README.md")
}

// What any page tells people to type exists, with its flags.
func TestManualCommandsExist(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range pages(t) {
		for _, command := range commandsOf(page(t, name)) {
			total++
			if words := strings.Fields(command); !slices.Contains(words, "help") {
				if err := known(words); err != nil {
					t.Errorf("%s: changeguard %s: %v", name, command, err)
				}
			}
		}
	}
	if total < 30 {
		t.Errorf("only %d commands found", total)
	}
}

var consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// What a page shows in a console works in a fresh repository: each command ends
// well.
func TestManualConsolesRun(t *testing.T) {
	t.Parallel()
	dir, total := t.TempDir(), 0
	for _, name := range pages(t) {
		var script strings.Builder
		script.WriteString("exec git init -q -b main\nexec git add README.md\nexec git commit -q -m start\nexec git commit -q --allow-empty -m more\n")
		found := 0
		for _, block := range consoleBlock.FindAllStringSubmatch(page(t, name), -1) {
			for line := range strings.Lines(block[1]) {
				if command, ok := strings.CutPrefix(line, "$ "); ok {
					found++
					fmt.Fprintf(&script, "exec %s\n", strings.TrimSpace(command))
				}
			}
		}
		if total += found; found == 0 {
			continue
		}
		script.WriteString("-- README.md --\nA project.\n")
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".txtar"), []byte(script.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if total < 6 {
		t.Fatalf("only %d commands", total)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: committer})
}

// The list of rules has every kind.
func TestManualListsEveryRule(t *testing.T) {
	t.Parallel()
	text := page(t, "docs/rules.md")
	for _, k := range catalogue.Kinds() {
		if !strings.Contains(text, "](rules/"+k.Name+".md)") {
			t.Errorf("docs/rules.md does not list %s", k.Name)
		}
	}
}
