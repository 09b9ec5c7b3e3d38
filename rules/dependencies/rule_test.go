package dependencies_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/rules/rulestest"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	rulestest.Run(t, "dependencies", "testdata")
}

// Every format has, for each condition that can occur in it, a fixture in which
// it is found, one in which it is not, and one in which hostile input tries to
// hide it. The names are FORMAT/CONDITION-noisy.txtar and so on.
func TestEveryConditionOfEveryFormatHasFixtures(t *testing.T) {
	t.Parallel()
	for _, format := range manifest.Formats() {
		dir := filepath.Join("testdata", format.Name)
		t.Run(format.Name, func(t *testing.T) {
			t.Parallel()
			for _, condition := range format.Conditions {
				for _, way := range []string{"noisy", "quiet", "hostile"} {
					oneFixture(t, filepath.Join(dir, string(condition)+"-"+way+".txtar"), string(condition), way)
				}
			}
		})
	}
}

// oneFixture runs a fixture whose policy asks for one condition only, so that
// what is found is that condition or that the file cannot be read.
func oneFixture(t *testing.T, name, condition, way string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Error(err)
		return
	}
	a := txtar.Parse(data)
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		t.Errorf("%s does not say what it shows", name)
	}
	a.Files = append([]txtar.File{{Name: "policy.yml", Data: []byte("version: 1\nrules:\n  packages:\n    uses: dependencies\n    with: {on: [" + condition + "]}\n")}}, a.Files...)
	v := rulestest.Judge(t, a)
	if len(v.Missing) > 0 {
		t.Errorf("%s: not judged: %v", name, v.Missing)
	}
	found := 0
	for _, f := range v.Findings {
		if f.Kind != "dependencies" {
			continue
		}
		found++
		if way == "noisy" && (strings.Contains(f.Message, "does not parse") || strings.Contains(f.Message, "cannot be read")) {
			t.Errorf("%s: unreadable, which shows nothing: %s", name, f.Message)
		}
		if f.Package != nil && !strings.Contains(strings.Join(f.Package.Change, " "), condition) {
			t.Errorf("%s: found %v", name, f.Package)
		}
	}
	if (found > 0) != (way != "quiet") {
		t.Errorf("%s: %d findings: %v", name, found, v.Findings)
	}
}
