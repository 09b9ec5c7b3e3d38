package manifest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
)

// FuzzFormats throws any bytes at any parser; a new format needs no target of its
// own. The seeds are its files in testdata and in the fixtures of the rule.
func FuzzFormats(f *testing.F) {
	formats := manifest.Formats()
	for i, format := range formats {
		for _, pattern := range []string{"testdata/compare/" + format.Name, "testdata/parse/" + format.Name, fixtures + "/" + format.Name} {
			archives, err := filepath.Glob(pattern + "/*.txtar")
			if err != nil {
				f.Fatal(err)
			}
			for _, name := range archives {
				data, err := os.ReadFile(name)
				if err != nil {
					f.Fatal(err)
				}
				for _, in := range txtar.Parse(data).Files {
					if format.Match(filepath.ToSlash(in.Name)) {
						f.Add(uint8(i), in.Data) //nolint:gosec // few formats
					}
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		checkWith(t, formats[int(which)%len(formats)].Parse, "x", data)
	})
}

// FuzzBuildFiles throws any bytes at the readers of manifests that are programs. A
// comment in front changes nothing but the lines.
func FuzzBuildFiles(f *testing.F) {
	names := []string{"build.gradle", "build.gradle.kts", "Package.swift", "mix.exs", "x.gemspec"}
	comments := []string{"// x\n", "// x\n", "// x\n", "# x\n", "# x\n"}
	for i, folder := range []string{"gradle-build", "gradle-build", "swift-package", "mix-exs", "gemspec"} {
		archives, err := filepath.Glob("testdata/parse/" + folder + "/*.txtar")
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range archives {
			a, err := txtar.ParseFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), a.Files[0].Data) //nolint:gosec // few names
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		name := names[int(which)%len(names)]
		check(t, name, data)
		plain, err := manifest.Parse(name, data)
		if err != nil {
			return
		}
		moved, err := manifest.Parse(name, append([]byte(comments[int(which)%len(names)]), data...))
		if err != nil {
			t.Fatalf("with a comment before it: %v", err)
		}
		if c := manifest.Compare(plain, moved); len(c) > 0 {
			t.Fatalf("a comment is a change: %+v", c[0])
		}
		if part, ok := manifest.NewlyUnread(plain, moved); ok {
			t.Fatalf("a comment is a change: %+v", part)
		}
	})
}

// FuzzDrift holds any lock file against any manifest: no panic, and the same
// answer twice.
func FuzzDrift(f *testing.F) {
	pairs := [][2]string{
		{"package.json", "yarn.lock"},
		{"package.json", "pnpm-lock.yaml"},
		{"pnpm-workspace.yaml", "pnpm-lock.yaml"},
		{"package.json", "bun.lock"},
		{"pyproject.toml", "uv.lock"},
		{"pyproject.toml", "poetry.lock"},
		{"pyproject.toml", "pdm.lock"},
		{"Pipfile", "Pipfile.lock"},
		{"go.mod", "go.sum"},
		{"Cargo.toml", "Cargo.lock"},
		{"composer.json", "composer.lock"},
		{"Gemfile", "Gemfile.lock"},
		{"x.csproj", "packages.lock.json"},
		{"main.tf", ".terraform.lock.hcl"},
		{"Chart.yaml", "Chart.lock"},
		{"pubspec.yaml", "pubspec.lock"},
		{"mix.exs", "mix.lock"},
		{"Package.swift", "Package.resolved"},
		{"build.gradle", "gradle.lockfile"},
	}
	archives, err := filepath.Glob("testdata/drift/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i, p := range pairs {
			if filepath.Base(a.Files[0].Name) == p[0] && a.Files[1].Name == p[1] {
				f.Add(uint8(i), string(a.Files[0].Data), string(a.Files[1].Data)) //nolint:gosec // few pairs
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, asking, locked string) {
		p := pairs[int(which)%len(pairs)]
		m, errM := manifest.Parse(p[0], []byte(asking))
		l, errL := manifest.Parse(p[1], []byte(locked))
		if errM != nil || errL != nil {
			return
		}
		first, second := manifest.Satisfies(m, l), manifest.Satisfies(m, l)
		if len(first) != len(second) {
			t.Fatalf("%d and %d ways not to fit", len(first), len(second))
		}
		fixes := manifest.Fixes(m.Path, l)
		for i, d := range first {
			if d.Reason == "" || d.Reason != second[i].Reason || d.Package.Name != second[i].Package.Name {
				t.Fatalf("%+v and %+v", d, second[i])
			}
		}
		for i := range m.Packages {
			fixes(&m.Packages[i])
		}
	})
}
