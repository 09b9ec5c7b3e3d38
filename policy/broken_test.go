package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestBrokenPolicies holds every message with its place. An archive has pairs
// NAME.yml and NAME.want.
func TestBrokenPolicies(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, name := range names {
		cases += golden(t, name, func(text string) string {
			p, problems := load(text)
			if p != nil || len(problems) == 0 {
				return "loads\n"
			}
			return problems.Error() + "\n"
		})
	}
	if cases < 50 {
		t.Errorf("only %d broken policies", cases)
	}
}

// golden compares what is made of every NAME.yml of an archive with NAME.want.
func golden(t *testing.T, name string, make func(text string) string) (cases int) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(a.Files); i += 2 {
		text, want := a.Files[i], &a.Files[i+1]
		label := strings.TrimSuffix(text.Name, ".yml")
		if want.Name != label+".want" {
			t.Fatalf("%s: %s does not follow %s", name, want.Name, text.Name)
		}
		cases++
		got := make(string(text.Data))
		if *update {
			want.Data = []byte(got)
		} else if got != string(want.Data) {
			t.Errorf("%s, %s:\ngot\n%swant\n%s", filepath.Base(name), label, got, want.Data)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// compareWant compares a text with the file "want" of an archive.
func compareWant(t *testing.T, name string, a *txtar.Archive, got []byte) {
	t.Helper()
	for i := range a.Files {
		if a.Files[i].Name != "want" {
			continue
		}
		if *update {
			a.Files[i].Data = got
			if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(string(a.Files[i].Data), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		return
	}
	t.Errorf("%s has no want", name)
}
