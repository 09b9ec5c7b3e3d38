package manifest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// written is a lock file of 4,000 packages, made of an entry for each.
func written(head, entry, tail string) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for i := range 4000 {
		fmt.Fprintf(&b, entry, i, strings.Repeat("0123456789abcdef", 4), strings.Repeat("x", 86))
	}
	b.WriteString(tail)
	return b.Bytes()
}

// lockFiles are lock files as their tools write them, two archives a package.
func lockFiles() map[string][]byte {
	return map[string][]byte{
		"poetry.lock": written("# written by hand\n\n", `[[package]]
name = "package-%[1]d"
version = "1.%[1]d.0"
description = "A package of Python code that does something useful"
optional = false
python-versions = ">=3.8"
groups = ["main"]
files = [
    {file = "package_%[1]d-1.%[1]d.0-py3-none-any.whl", hash = "sha256:%[2]s"},
    {file = "package_%[1]d-1.%[1]d.0.tar.gz", hash = "sha256:%[2]s"},
]

[package.dependencies]
package-1 = ">=1.0,<2.0"
package-2 = {version = ">=1.0", markers = "python_version < \"3.12\""}

[package.extras]
test = ["pytest (>=7)"]

`, "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"x\"\n"),
		"uv.lock": written("version = 1\nrevision = 3\n\n", `[[package]]
name = "package-%[1]d"
version = "1.%[1]d.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "package-1" },
]
sdist = { url = "https://files.pythonhosted.org/packages/aa/bb/package_%[1]d-1.%[1]d.0.tar.gz", hash = "sha256:%[2]s", size = 1234 }
wheels = [
    { url = "https://files.pythonhosted.org/packages/aa/bb/package_%[1]d-1.%[1]d.0-py3-none-any.whl", hash = "sha256:%[2]s", size = 1234 },
]

`, ""),
		"yarn.lock": written("# yarn lockfile v1\n\n\n", `package-%[1]d@^1.0.0:
  version "1.%[1]d.0"
  resolved "https://registry.yarnpkg.com/package-%[1]d/-/package-%[1]d-1.%[1]d.0.tgz#%.40[2]s"
  integrity sha512-%[3]s==
  dependencies:
    package-1 "^1.0.0"

`, ""),
		"pnpm-lock.yaml": written("lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      package-0:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n", `
  package-%[1]d@1.%[1]d.0:
    resolution: {integrity: sha512-%[3]s==}
    engines: {node: '>=18'}
`, "\nsnapshots:\n"),
		"bun.lock": written("{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\"\": {\"name\": \"x\"}},\n  \"packages\": {\n", `    "package-%[1]d": ["package-%[1]d@1.%[1]d.0", "", { "dependencies": { "package-1": "^1.0.0" } }, "sha512-%[3]s=="],

`, "  }\n}\n"),
		"Pipfile.lock": written("{\n    \"_meta\": {},\n    \"default\": {\n", `        "package-%[1]d": {
            "hashes": [
                "sha256:%[2]s",
                "sha256:%[2]s"
            ],
            "markers": "python_version >= '3.8'",
            "version": "==1.%[1]d.0"
        },
`, "        \"z\": {}\n    }\n}\n"),
	}
}

// BenchmarkLocks reads lock files of 4,000 packages.
func BenchmarkLocks(b *testing.B) {
	for name, data := range lockFiles() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := manifest.Parse(name, data)
				if err != nil || len(f.Packages) < 4000 {
					b.Fatalf("%v", err)
				}
			}
		})
	}
}
