package manifest_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// nodeHostile are made for the readers of Yarn's, pnpm's and Bun's files.
func nodeHostile() map[string]map[string][]byte {
	long := strings.Repeat("a", size)
	return map[string]map[string][]byte{
		"yarn.lock": {
			"entries":     between("", "a@%d:\n  version \"1.0.1\"\n", ""),
			"same":        between("", "a@%d:\n  version \"%[1]d.0.1\"\n  integrity sha512-x\n", ""),
			"patterns":    between("", "a@%d, ", "a@x:\n  version \"1.0.0\"\n"),
			"colons":      []byte("a@" + strings.Repeat(":a", size/2) + ":\n"),
			"quotes":      []byte(strings.Repeat(`"a\"`, size/4)),
			"fields":      between("a@1:\n", "  f%d x\n", ""),
			"deps":        between("a@1:\n  dependencies:\n", "    d%d \"1\"\n", ""),
			"integrity":   []byte("a@1:\n  integrity \"" + strings.Repeat("sha512-x ", size/9) + "\"\n"),
			"berry":       between("__metadata:\n  version: 8\n\n\"x@workspace:.\":\n  resolution: \"x@workspace:.\"\n", "\"a%[1]d@npm:^1\":\n  version: 1.0.1\n  resolution: \"a%[1]d@npm:1.0.1\"\n", ""),
			"berry-asked": between("__metadata:\n  version: 8\n\n\"x@workspace:.\":\n  resolution: \"x@workspace:.\"\n  dependencies:\n", "    a%d: \"npm:1\"\n", ""),
			"berry-key":   between("__metadata:\n  version: 8\n\n? \"", "a@npm:%d, ", "a@1\"\n: resolution: \"a@npm:1.0.0\"\n"),
			"members":     between("__metadata:\n  version: 8\n\n", "\"a%[1]d@workspace:m%[1]d\":\n  resolution: \"a%[1]d@workspace:m%[1]d\"\n  dependencies:\n    b: 1\n", ""),
		},
		"pnpm-lock.yaml": {
			"packages":   between("lockfileVersion: '9.0'\npackages:\n", "  a@1.0.%d:\n    resolution: {integrity: sha512-x}\n", ""),
			"importers":  between("lockfileVersion: '9.0'\nimporters:\n", "  m%d:\n    dependencies:\n      a: {specifier: '1', version: 1.0.1}\n", ""),
			"asked":      between("lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n", "      a%d: {specifier: '1', version: 1.0.1}\n", ""),
			"old":        between("lockfileVersion: 5.4\nspecifiers:\n  a: '1'\ndependencies:\n", "  a%d: 1.0.1\n", ""),
			"specifiers": between("lockfileVersion: 5.4\nimporters:\n", "  m%[1]d:\n    specifiers: {a: '1'}\n    dependencies: {a: 1.0.1}\n", ""),
			"peers":      []byte("lockfileVersion: '9.0'\npackages:\n  a@1.0.0" + strings.Repeat("(b@1)", size/5) + ": {}\n"),
			"catalogs":   between("lockfileVersion: '9.0'\ncatalogs:\n  default:\n", "    a%d: {specifier: '1', version: 1.0.1}\n", ""),
			"overrides":  between("lockfileVersion: '9.0'\noverrides:\n", "  a>b%d@1: '1'\n", ""),
			"documents":  []byte(strings.Repeat("---\nlockfileVersion: '9.0'\n", size/27)),
			"anchors":    between("lockfileVersion: '9.0'\nx: &a0 [x, x]\n", "y%d: [*a0, *a0, *a0]\n", ""),
			"flow":       between("lockfileVersion: '9.0'\nx: [", "%d, ", "1]\n"),
		},
		"bun.lock": {
			"packages":   between("{\"packages\": {", `"a%[1]d": ["a%[1]d@1.0.1", "", {}, "sha512-x"],`, "}}"),
			"workspaces": between("{\"workspaces\": {", `"m%d": {"dependencies": {"a": "1"}},`, "}}"),
			"comments":   []byte("{" + strings.Repeat("/* */", size/5) + "}"),
			"open":       []byte("{" + strings.Repeat("/*", size/2)),
			"commas":     []byte("{\"packages\": {\"a\": [\"a@1.0.0\"" + strings.Repeat(", ", size/2) + "]}}"),
			"texts":      []byte("{\"packages\": {\"a\": [" + strings.Repeat(`"a",`, size/4) + "]}}"),
			"slashes":    []byte("{\"packages\": {\"" + strings.Repeat("a/", size/2) + "\": [\"a@1.0.0\"]}}"),
		},
		"pnpm-workspace.yaml": {
			"packages": between("packages:\n", "  - p%d\n", ""),
			"catalog":  between("catalog:\n", "  a%d: ^1.2.3 || ~2\n", ""),
			"catalogs": between("catalogs:\n", "  c%d: {a: 1.0.0}\n", ""),
			"settings": between("", "s%d: 1\n", ""),
			"long":     []byte("patchedDependencies: " + long + "\n"),
		},
		".npmrc": {
			"settings": between("", "s%d=1\n", ""),
			"sections": between("", "[s%d]\na=1\n", ""),
			"returns":  []byte(strings.Repeat("a=1\r", size/4)),
			"long":     []byte(long),
		},
		".yarnrc.yml": {
			"scopes":  between("npmScopes:\n", "  s%d: {npmRegistryServer: https://x.example}\n", ""),
			"catalog": between("catalog:\n", "  a%d: 1\n", ""),
			"plugins": between("plugins:\n", "  - p%d\n", ""),
		},
		"go.work": {
			"uses":    between("go 1.26\nuse (\n", "./a%d\n", ")\n"),
			"replace": between("go 1.26\n", "replace x.example/a%d => ../a\n", ""),
			"parens":  []byte("go 1.26\n" + strings.Repeat("(", size)),
		},
	}
}

// tomlHostile are made for the reader of lock files in TOML.
func tomlHostile(array string, more map[string][]byte) map[string][]byte {
	entry := "[[" + array + "]]\nname = \"a%[1]d\"\nversion = \"1.0.%[1]d\"\n"
	for shape, data := range map[string][]byte{
		"packages":    between("", entry, ""),
		"same":        between("", strings.Replace(entry, "a%[1]d", "a", 1), ""),
		"only-arrays": []byte(strings.Repeat("[["+array+"]]\n", size/(len(array)+5))),
		"keys":        between("[["+array+"]]\nname = \"a\"\n", "k%d = 1\n", ""),
		"root-keys":   between("", "k%d = 1\n", ""),
		"root-tables": between("", "[t%d]\n", ""),
		"sub-tables":  between("[["+array+"]]\nname = \"a\"\n", "["+array+".t%d]\n", ""),
		"sub-arrays":  []byte("[[" + array + "]]\nname = \"a\"\n" + strings.Repeat("[["+array+".t]]\n", size/(len(array)+7))),
		"dots":        []byte(strings.Repeat("a.", size/2) + "a=1"),
		"open-arrays": []byte("[[" + array + "]]\nname = \"a\"\nfiles = " + strings.Repeat("[", size)),
		"open-tables": []byte("[[" + array + "]]\nname = \"a\"\nfiles = " + strings.Repeat("{a=", size/3)),
		"skipped":     []byte("[[" + array + "]]\nname = \"a\"\ndescription = " + strings.Repeat("[", size)),
		"dotted":      between("[["+array+"]]\nname = \"a\"\n", "a.b.c.d%d = 1\n", ""),
		"escaped":     []byte("[[" + array + "]]\nname = \"" + strings.Repeat(`\u0061`, size/6) + "\"\n"),
	} {
		more[shape] = data
	}
	return more
}

// pythonHostile are made for the readers of Python's other files.
func pythonHostile() map[string]map[string][]byte {
	long := strings.Repeat("a", size)
	return map[string]map[string][]byte{
		"uv.lock": tomlHostile("package", map[string][]byte{
			"wheels":   between("[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"https://pypi.org/simple\" }\nwheels = [\n", "{ url = \"https://h%[1]d.example/a.whl\", hash = \"sha256:%[1]d\" },\n", "]\n"),
			"requires": between("[[package]]\nname = \"x\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [\n", "{ name = \"a%d\", specifier = \">=1\" },\n", "]\n"),
			"members":  between("[manifest]\nmembers = [", "\"m%d\",", "]\n"),
			"folders":  between("", "[[package]]\nname = \"m%[1]d\"\nsource = { virtual = \"m%[1]d\" }\n", ""),
		}),
		"poetry.lock": tomlHostile("package", map[string][]byte{
			"files":     between("[[package]]\nname = \"a\"\nversion = \"1\"\nfiles = [\n", "{file = \"a\", hash = \"sha256:%d\"},\n", "]\n"),
			"old-files": between("[[package]]\nname = \"a\"\nversion = \"1\"\n[metadata.files]\n", "a%[1]d = [{file = \"a\", hash = \"sha256:%[1]d\"}]\n", ""),
			"old-same":  between("[metadata.files]\na = [{file = \"a\", hash = \"sha256:1\"}]\n", "[[package]]\nname = \"a\"\nversion = \"%d\"\n", ""),
		}),
		"pdm.lock": tomlHostile("package", map[string][]byte{
			"extras": between("[[package]]\nname = \"a\"\nversion = \"1\"\nextras = [", "\"e%d\",", "]\n"),
		}),
		"pylock.toml": tomlHostile("packages", map[string][]byte{
			"hashes": between("[[packages]]\nname = \"a\"\nversion = \"1\"\nsdist = { hashes = {", "h%d = \"x\", ", "z = \"x\" } }\n"),
		}),
		"Pipfile": {
			"packages":   between("[packages]\n", "a%d = \"==1\"\n", ""),
			"categories": between("", "[c%d]\na = \"*\"\n", ""),
			"markers":    []byte("[packages]\na = {markers = '" + strings.Repeat("(", size) + "'}\n"),
			"dots":       []byte(strings.Repeat("a.", size/2) + "a=1"),
		},
		"Pipfile.lock": {
			"packages": between(`{"default": {`, `"a%d": {"version": "==1", "hashes": ["sha256:x"]},`, `"z": {}}}`),
			"hashes":   between(`{"default": {"a": {"hashes": [`, `"sha256:%d",`, `"x"]}}}`),
			"sources":  between(`{"_meta": {"sources": [`, `{"name": "n%d", "url": "https://x.example"},`, `{}]}}`),
			"keys":     between(`{"default": {"a": {`, `"k%d": "x",`, `"z": ""}}}`),
		},
		"setup.cfg": {
			"requires":     between("[options]\ninstall_requires =\n", "  a%d==1\n", ""),
			"one-line":     between("[options]\ninstall_requires = ", "a%d==1;", "\n"),
			"sections":     between("", "[s%d]\nk = v\n", ""),
			"keys":         between("[options]\n", "k%d = v\n", ""),
			"continuation": []byte("[metadata]\nname =\n" + strings.Repeat(" a\n", size/3)),
			"includes":     between("[options]\ninstall_requires = file: ", "a%d.txt, ", "\n"),
			"long":         []byte("[options]\ninstall_requires = " + long + "\n"),
			"commands":     []byte("[easy_install]\nx =" + strings.Repeat(" a\n", size/3)),
		},
		"environment.yml": {
			"dependencies": between("dependencies:\n", "- a%d=1\n", ""),
			"same":         between("dependencies:\n", "- a=%d\n", ""),
			"pip":          between("dependencies:\n- pip:\n", "  - a%d==1\n", ""),
			"pips":         []byte("dependencies:\n" + strings.Repeat("- pip: [a==1]\n", size/14)),
			"clauses":      []byte("dependencies:\n- a " + strings.Repeat(">=1,", size/4) + "\n"),
			"alternatives": []byte("dependencies:\n- a " + strings.Repeat("1|", size/2) + "1\n"),
			"channels":     between("channels:\n", "- c%d\n", ""),
		},
	}
}

// TestEveryFormatHasHostileInputs: what nobody attacked is not known to hold.
func TestEveryFormatHasHostileInputs(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for name := range allHostile() {
		f, _ := manifest.Known(name)
		seen[f.Name] = true
	}
	for _, f := range manifest.Formats() {
		if !seen[f.Name] {
			t.Errorf("%s has no hostile inputs of its own", f.Name)
		}
	}
}
