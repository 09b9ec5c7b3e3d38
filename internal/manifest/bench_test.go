package manifest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// lockOf is a package-lock.json like npm's, about 210 bytes an entry.
func lockOf(packages int) []byte {
	var b bytes.Buffer
	b.WriteString("{\n  \"name\": \"app\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\"name\": \"app\", \"dependencies\": {\"package-0\": \"^1.0.0\"}}")
	for i := range packages {
		fmt.Fprintf(&b, `,
    "node_modules/package-%[1]d": {
      "version": "1.%[1]d.0",
      "resolved": "https://registry.npmjs.org/package-%[1]d/-/package-%[1]d-1.%[1]d.0.tgz",
      "integrity": "sha512-%[2]s==",
      "dev": true,
      "license": "MIT",
      "dependencies": {
        "package-1": "^1.0.0"
      },
      "engines": {
        "node": ">=18"
      }
    }`, i, strings.Repeat("x", 86))
	}
	b.WriteString("\n  }\n}\n")
	return b.Bytes()
}

// BenchmarkPackageLock reads a lock of 4,000 packages.
func BenchmarkPackageLock(b *testing.B) {
	data := lockOf(4000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := manifest.Parse("package-lock.json", data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompareLock compares two locks of 4,000 packages that differ in one.
func BenchmarkCompareLock(b *testing.B) {
	data := lockOf(4000)
	before, err := manifest.Parse("package-lock.json", data)
	if err != nil {
		b.Fatal(err)
	}
	after, err := manifest.Parse("package-lock.json", bytes.ReplaceAll(data, []byte("1.77.0"), []byte("1.78.0")))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(manifest.Compare(before, after)); n != 1 {
			b.Fatalf("%d changes", n)
		}
	}
}

// BenchmarkKnown asks for the names of a change of 11,178 files.
func BenchmarkKnown(b *testing.B) {
	paths := make([]string, 11178)
	for i := range paths {
		paths[i] = fmt.Sprintf("netra_backend/app/routes/part_%d/handler_%d.py", i%97, i)
	}
	for b.Loop() {
		for _, p := range paths {
			if _, tier := manifest.Known(p); tier != manifest.Unknown {
				b.Fatal(p)
			}
		}
	}
}
