package dependencies_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/rules/rulestest"
)

// testdata/program has edits of manifests that are programs: ordinary ones, of which
// nobody wants to hear, and hostile ones, of which somebody must.
func TestOrdinaryEditsOfProgramsAreQuiet(t *testing.T) {
	t.Parallel()
	edits(t, "program/ordinary", 25, everything, func(t *testing.T, messages []string) {
		t.Helper()
		if len(messages) > 0 {
			t.Errorf("%q", messages)
		}
	})
}

func TestHostileEditsOfProgramsAreFound(t *testing.T) {
	t.Parallel()
	edits(t, "program/hostile", 25, everything, func(t *testing.T, messages []string) {
		t.Helper()
		if len(messages) == 0 {
			t.Error("nothing is found")
		}
	})
}

// testdata/locks has the same of lock files and of plain manifests. That a lock file
// changed alone is not asked for: it would hide whether the change itself is seen.
func TestOrdinaryEditsOfLocksAreQuiet(t *testing.T) {
	t.Parallel()
	edits(t, "locks/ordinary", 20, contents, func(t *testing.T, messages []string) {
		t.Helper()
		if len(messages) > 0 {
			t.Errorf("%q", messages)
		}
	})
}

func TestHostileEditsOfLocksAreFound(t *testing.T) {
	t.Parallel()
	edits(t, "locks/hostile", 40, contents, func(t *testing.T, messages []string) {
		t.Helper()
		if len(messages) == 0 {
			t.Error("nothing is found")
		}
	})
}

// The policies by which edits are judged.
const (
	everything = "version: 1\nrules:\n  packages:\n    uses: dependencies\n"
	contents   = everything + "    with:\n      on: [added, major, downgraded, loosened, unpinned, source-changed, integrity-removed, lifecycle-script]\n"
)

func edits(t *testing.T, dir string, least int, policy string, judge func(*testing.T, []string)) {
	t.Helper()
	names, err := filepath.Glob("testdata/" + dir + "/*.txtar")
	if err != nil || len(names) < least {
		t.Fatalf("%d archives: %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(data)
			a.Files = append([]txtar.File{{Name: "policy.yml", Data: []byte(policy)}}, a.Files...)
			v := rulestest.Judge(t, a)
			if len(v.Missing) > 0 {
				t.Fatal(v.Missing)
			}
			var messages []string
			for _, f := range v.Findings {
				if f.Kind == "dependencies" {
					messages = append(messages, f.Message)
				}
			}
			judge(t, messages)
		})
	}
}
