package dependencies_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/dependencies"
)

// fuzzed are the names that the fuzzer writes to, each with a second file that
// decides about the first: its lock, its manifest, its compiled list, the file
// that includes it.
var fuzzed = [][2]string{
	{"requirements.txt", "constraints.txt"},
	{"requirements.in", "requirements.txt"},
	{"deps.txt", "requirements.txt"},
	{"pyproject.toml", "runtime.txt"},
	{"m/package.json", "package-lock.json"},
	{"package.json", "npm-shrinkwrap.json"},
	{"package-lock.json", "package.json"},
	{"go.mod", "go.sum"},
	{"go.sum", "go.mod"},
	{"yarn.lock", "package.json"},
	{"pnpm-lock.yaml", "package.json"},
	{"pnpm-workspace.yaml", "pnpm-lock.yaml"},
	{"bun.lock", "package.json"},
	{".npmrc", "package.json"},
	{".yarnrc.yml", "yarn.lock"},
	{"uv.lock", "pyproject.toml"},
	{"poetry.lock", "pyproject.toml"},
	{"pdm.lock", "pyproject.toml"},
	{"pylock.toml", "pyproject.toml"},
	{"Pipfile", "Pipfile.lock"},
	{"Pipfile.lock", "Pipfile"},
	{"setup.cfg", "requirements.txt"},
	{"environment.yml", "requirements.txt"},
	{"go.work", "go.mod"},
	{"Dockerfile", "compose.yaml"},
	{"compose.yaml", "Dockerfile"},
	{".github/workflows/ci.yml", "action.yml"},
	{"k8s/web.yaml", "Dockerfile"},
	{"Cargo.toml", "Cargo.lock"},
	{"Cargo.lock", "Cargo.toml"},
	{"pom.xml", "gradle.lockfile"},
	{"gradle/libs.versions.toml", "gradle.lockfile"},
	{"composer.json", "composer.lock"},
	{"composer.lock", "composer.json"},
	{"Gemfile", "Gemfile.lock"},
	{"Gemfile.lock", "Gemfile"},
	{"x.csproj", "packages.lock.json"},
	{"packages.lock.json", "x.csproj"},
	{"NuGet.config", "x.csproj"},
	{"main.tf", ".terraform.lock.hcl"},
	{"Chart.yaml", "Chart.lock"},
	{"pubspec.yaml", "pubspec.lock"},
	{"mix.lock", "Package.resolved"},
	{".pre-commit-config.yaml", ".gitmodules"},
}

// FuzzDependencies judges any two contents of a manifest beside any other file.
// The rule must answer the same every time, and a line end more at the end of a
// file changes no package.
func FuzzDependencies(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, which uint8, before, after, beside string) {
		names := fuzzed[int(which)%len(fuzzed)]
		base := changetest.Text(map[string]string{names[0]: before, names[1]: beside})
		head := changetest.Text(map[string]string{names[0]: after, names[1]: beside})
		first := judge(t, base, head)
		if diff := cmp.Diff(first, judge(t, base, head)); diff != "" {
			t.Errorf("another answer to the same question (-first +second):\n%s", diff)
		}
		for _, found := range first {
			if found.Key == "" || found.Path == "" || found.Message == "" {
				t.Errorf("a finding that says nothing: %+v", found)
			}
		}
		longer := changetest.Text(map[string]string{names[0]: after + "\n", names[1]: beside})
		for _, found := range judge(t, head, longer) {
			if found.Package != nil {
				t.Errorf("a line end more, and yet: %+v", found)
			}
		}
	})
}

// seed takes the fixtures that change one file.
func seed(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob("testdata/*/*-hostile.txtar")
	if err != nil || len(names) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		texts := map[string]string{}
		for _, file := range a.Files {
			texts[file.Name] = string(file.Data)
		}
		for i, pair := range fuzzed {
			before, ok := texts["base/"+pair[0]]
			if ok {
				f.Add(uint8(i), before, texts["head/"+pair[0]], texts["base/"+pair[1]])
			}
		}
	}
	f.Add(uint8(2), "a==1\n", "a==1\nb\n", "-r deps.txt\n")
	f.Add(uint8(1), "a\n", "a\nb\n", "a==1\nb==1\n")
}

// judge runs the rule with every condition and holds its answer against its
// promises.
func judge(t *testing.T, base, head changetest.Tree) []rules.Finding {
	t.Helper()
	var on []dependencies.Condition
	for _, k := range manifest.Kinds() {
		on = append(on, dependencies.Condition(k))
	}
	found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: changetest.New(base, head)}, &dependencies.Options{On: on})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if strings.ContainsAny(f.Path, "\n\x00") || f.Line < 0 || f.EndLine < f.Line {
			t.Errorf("a finding at no place: %+v", f)
		}
	}
	return found
}
