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
	program(t, "ordinary", func(t *testing.T, messages []string) {
		t.Helper()
		if len(messages) > 0 {
			t.Errorf("%q", messages)
		}
	})
}

func TestHostileEditsOfProgramsAreFound(t *testing.T) {
	t.Parallel()
	program(t, "hostile", func(t *testing.T, messages []string) {
		t.Helper()
		if len(messages) == 0 {
			t.Error("nothing is found")
		}
	})
}

func program(t *testing.T, kind string, judge func(*testing.T, []string)) {
	t.Helper()
	names, err := filepath.Glob("testdata/program/" + kind + "/*.txtar")
	if err != nil || len(names) < 25 {
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
			a.Files = append([]txtar.File{{Name: "policy.yml", Data: []byte("version: 1\nrules:\n  packages:\n    uses: dependencies\n")}}, a.Files...)
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
