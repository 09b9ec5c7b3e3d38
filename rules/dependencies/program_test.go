package dependencies_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/dependencies"
)

// A line of a file that is a program is explained by a package that changed, or a
// person must look.
func TestLinesOfProgramsAreExplained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before, after string
		unexplained         bool
	}{
		{"build.gradle", "ext { set('v', \"2023.0.0\") }\ndependencies { implementation \"a:b:${v}\" }\n", "ext { set('v', \"2023.0.1\") }\ndependencies { implementation \"a:b:${v}\" }\n", true},
		{"build.gradle", "ext.deps = [core: \"a:b:$v\"]\n", "ext.deps = [core: \"evil:b:$v\"]\n", false},
		{"build.gradle", "def y = 4\ndependencies { }\n", "def y = 4 /2; dependencies { implementation 'evil:evil:1.0' } //\ndependencies { }\n", true},
		{"build.gradle", "dependencies {\n    implementation 'a:b:1.0'\n}\n", "dependencies {\n    implementation 'a:b:1.1'\n}\n", false},
		{"build.gradle", "// one\ndependencies {\n    implementation 'a:b:1.0'\n}\n", "// two\n\ndependencies {\n    implementation 'a:b:1.0'\n}\n", false},
		{"build.gradle", "/*\n    task evil {}\n*/\n", "/*\n*/\n    task evil {}\n", true},
		{"build.gradle", "/*\n*/\n", "/*\n// */ apply from: 'evil' /*\n*/\n", true},
		{"build.gradle", "", "def y = 4 /2; dependencies { implementation 'evil:evil:1.0' } //\n", false},
		{"mix.exs", "defmodule A do\n  def project, do: [deps: deps()]\n  defp deps, do: []\nend\n", "defmodule A do\n  def project, do: [{:deps, [{:evil, \"~> 1.0\"}]}]\n  defp deps, do: []\nend\n", true},
		{"Package.swift", "let package = Package(name: \"a\", dependencies: [\n.package(url: \"https://e.com/b\", .exact(\"1.0.0\")),\n])\n", "let package = Package(name: \"a\", dependencies: [\n.package(url: \"https://e.com/b\", .branch(\"1.0.0\")),\n])\n", false},
		{"a.gemspec", "Gem::Specification.new do |s|\n  s.name = \"x\"\nend\n", "Gem::Specification.new do |s|\n  s.name, s.extensions = \"x\", [\"ext/extconf.rb\"]\nend\n", true},
	} {
		base := changetest.Text(map[string]string{c.name: c.before})
		if c.before == "" {
			base = nil
		}
		change := changetest.New(base, changetest.Text(map[string]string{c.name: c.after}))
		found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: change}, &dependencies.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, f := range found {
			got = got || strings.Contains(f.Message, "is a program")
		}
		if got != c.unexplained {
			t.Errorf("%s:\n%s%s: %t, %v", c.name, c.before, c.after, got, found)
		}
	}
}
