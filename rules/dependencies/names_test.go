package dependencies_test

import (
	"os"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/dependencies"
)

// TestEveryNamedFileIsFound: testdata/names.txt lists the dependency files that
// are known and not parsed. Whatever the policy asks for, a change of one is a
// finding, also in a folder, under a name in capitals and as a link.
func TestEveryNamedFileIsFound(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for name := range strings.FieldsSeq(line) {
			checked++
			names := []string{name, strings.ToUpper(name)}
			if !strings.HasPrefix(name, ".github/workflows/") { // those in other folders are not run
				names = append(names, "packages/web/"+name)
			}
			for _, name := range names {
				comesChangesGoes(t, name)
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d names", checked)
	}
}

func comesChangesGoes(t *testing.T, name string) {
	t.Helper()
	a, b := changetest.Text(map[string]string{name: "a"}), changetest.Text(map[string]string{name: "b"})
	link := changetest.Tree{name: {Mode: "120000", Content: "elsewhere"}}
	for what, trees := range map[string][2]changetest.Tree{"comes": {nil, a}, "changes": {a, b}, "goes": {a, nil}, "becomes a link": {a, link}} {
		found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: changetest.New(trees[0], trees[1])}, &dependencies.Options{On: []dependencies.Condition{"minor"}})
		if err != nil || len(found) != 1 || found[0].Path != name {
			t.Errorf("%s %s: %v, %v", name, what, found, err)
		}
	}
}
