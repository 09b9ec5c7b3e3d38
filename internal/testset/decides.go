package testset

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

// deciders are names of files that say what is collected.
var deciders = map[string]bool{
	"pytest.ini": true, ".pytest.ini": true, "pytest.toml": true, ".pytest.toml": true, "pyproject.toml": true, "tox.ini": true, "setup.cfg": true, "conftest.py": true,
	"package.json": true, "go.mod": true, "go.work": true, "cargo.toml": true, "pom.xml": true, "build.gradle": true, "build.gradle.kts": true,
	".rspec": true, "phpunit.xml": true, "phpunit.xml.dist": true, "phpunit.dist.xml": true,
	"makefile": true, "gnumakefile": true, "justfile": true, "directory.build.props": true,
}

var deciderName = lazyregexp.New(`^(?:(?:jest|vitest|vite)\.(?:config|workspace|unit|e2e|integration)[\w.-]*|vitest\.[\w.-]+|jest\.[\w.-]+|\.mocharc[\w.]*|pytest[\w.-]*\.ini|[\w.-]+\.(?:cs|fs|vb)proj)$`)

var scripts = lazyregexp.New(`test|check|(?:^|/)(?:scripts?|bin|ci|hack|tools?|build)/`)

// Decides reports whether a file says what is collected, whatever is in it: a
// configuration, a workflow, or a script of make or npm.
func Decides(p string) bool {
	base := strings.ToLower(path.Base(p))
	return !vendored(p) && (deciders[base] || workflow.Is(p) || deciderName.MatchString(base))
}

// Matters reports whether a change of a file may, by its name, change what is
// collected, or what the tests in it are worth. Other sources may as well, where a
// configuration says so: see [MayTest].
func Matters(p string) bool {
	if vendored(p) {
		return false
	}
	base, lower := strings.ToLower(path.Base(p)), strings.ToLower(p)
	switch {
	case Decides(p), base == "__init__.py", base == "pyvenv.cfg":
		return true
	case strings.HasSuffix(base, ".sh"), strings.HasSuffix(base, ".rs"):
		return true
	case !strings.Contains(base, ".") && strings.Contains(p, "/"): // perhaps a script
		return scripts.MatchString(lower)
	}
	return Language(p) && (strings.Contains(lower, "test") || strings.Contains(lower, "spec"))
}

var testing = lazyregexp.New(`(?i)assert|expect|\btest|test\b|\bfact\b|\bit\s*\(|\bshould|\bdef\s+\w*(?:check|spec|should)`)

// MayTest reports whether a source holds what tests are made of, whatever its name
// says. It errs on the side of true.
func MayTest(data []byte) bool { return testing.Match(data) }

// IsPython reports whether a path is of a Python source.
func IsPython(p string) bool { return strings.HasSuffix(p, ".py") }
