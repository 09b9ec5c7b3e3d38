package guardintegrity_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/rules/rulestest"
	"github.com/changeguard/changeguard/verdict"
)

// TestEveryAgent: each file of testdata/agents.txt is found, at the root and
// under an upper-case name, and where an agent reads it in folders there, too.
func TestEveryAgent(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/agents.txt")
	if err != nil {
		t.Fatal(err)
	}
	agents := 0
	for line := range strings.Lines(string(data)) {
		agent, files, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		agents++
		t.Run(agent, func(t *testing.T) {
			t.Parallel()
			for name := range strings.FieldsSeq(files) {
				names := []string{name, strings.ToUpper(name)}
				if !strings.HasPrefix(name, ".github/") {
					names = append(names, "packages/web/"+name)
				}
				for _, name := range names {
					if !found(t, name) {
						t.Errorf("%s of %s is not found", name, agent)
					}
				}
			}
		})
	}
	if agents < 30 {
		t.Errorf("only %d agents", agents)
	}
}

// found adds a file in a change under the built-in form of the rule.
func found(t *testing.T, name string) bool {
	t.Helper()
	v := rulestest.Judge(t, &txtar.Archive{Files: []txtar.File{
		{Name: "policy.yml", Data: []byte("version: 1\n")}, {Name: "head/" + name, Data: []byte("x\n")},
	}})
	return slices.ContainsFunc(v.Findings, func(f verdict.Finding) bool { return f.Kind == "guard-integrity" && f.Path == name })
}
