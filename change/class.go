package change

import (
	"path"
	"strings"
)

// Class says what a file is for. Classes are assigned by ordered rules over
// the name and the mode; the first that matches wins, and what none places is
// functional, because unknown must be strict.
type Class string

// The classes, in order of precedence. Cosmetic is found by comparing contents
// and never assigned.
const (
	ClassPolicy            Class = "policy"
	ClassAgentInstructions Class = "agent-instructions"
	ClassCI                Class = "ci"
	ClassDependencies      Class = "dependencies"
	ClassDeployment        Class = "deployment"
	ClassBuild             Class = "build"
	ClassVendored          Class = "vendored"
	ClassGenerated         Class = "generated"
	ClassDocs              Class = "docs"
	ClassTests             Class = "tests"
	ClassAssets            Class = "assets"
	ClassData              Class = "data"
	ClassConfig            Class = "config"
	ClassFunctional        Class = "functional"
	ClassCosmetic          Class = "cosmetic"
)

// Classes lists the classes that can be assigned, in order of precedence.
func Classes() []Class {
	return []Class{
		ClassPolicy, ClassAgentInstructions, ClassCI, ClassDependencies, ClassDeployment, ClassBuild, ClassVendored,
		ClassGenerated, ClassDocs, ClassTests, ClassAssets, ClassData, ClassConfig, ClassFunctional,
	}
}

// Classify assigns a class by name and mode. Names are compared case-folded:
// on some machines ".GitHub/Workflows" is ".github/workflows".
func Classify(name string, mode Mode) Class {
	n := newName(name)
	switch {
	case n.isPolicy():
		return ClassPolicy
	case n.isAgentInstructions():
		return ClassAgentInstructions
	case n.isCI():
		return ClassCI
	case mode == Submodule || n.isDependencies():
		return ClassDependencies
	case n.isDeployment():
		return ClassDeployment
	case n.isBuild():
		return ClassBuild
	case mode == Symlink:
		return ClassFunctional // it is whatever it points to
	case n.isVendored():
		return ClassVendored
	}
	if mode == Executable {
		if n.isTest() {
			return ClassTests
		}
		return ClassFunctional
	}
	return n.plain()
}

// plain classifies a file that is neither special nor executable.
func (n fileName) plain() Class {
	switch {
	case n.isGenerated():
		return ClassGenerated
	case n.isDocs():
		return ClassDocs
	case n.isTest():
		return ClassTests
	case assets[n.ext]:
		return ClassAssets
	case data[n.ext]:
		return ClassData
	case config[n.ext], configNames[n.base]:
		return ClassConfig
	default:
		return ClassFunctional
	}
}

// IsDependencyFile reports whether a name is that of a manifest or lock file
// of any known ecosystem.
func IsDependencyFile(name string) bool { return newName(name).isDependencies() }

// fileName is a name in the parts that rules ask for, all in lower case.
type fileName struct {
	full string   // "a/b/c.txt"
	dirs []string // "a", "b"
	base string   // "c.txt"
	ext  string   // ".txt"
}

func newName(name string) fileName {
	n := fileName{full: strings.ToLower(name)}
	parts := strings.Split(n.full, "/")
	for i, part := range parts {
		// Windows drops trailing dots and blanks.
		parts[i] = strings.TrimRight(part, ". ")
	}
	n.dirs, n.base = parts[:len(parts)-1], parts[len(parts)-1]
	n.full = strings.Join(parts, "/")
	n.ext = path.Ext(n.base)
	return n
}

func (n fileName) in(dir string) bool { return strings.HasPrefix(n.full, dir+"/") }

// under reports whether any folder above the file has one of the names.
func (n fileName) under(names map[string]bool) bool {
	for _, d := range n.dirs {
		if names[d] {
			return true
		}
	}
	return false
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

func (n fileName) isPolicy() bool {
	switch n.full {
	case ".github/changeguard.yml", ".github/changeguard.yaml", ".github/changeguard.test.yml",
		"codeowners", "docs/codeowners", ".github/codeowners", ".gitlab/codeowners":
		return true
	}
	return false
}

var (
	agentDirs  = set(".claude", ".codex", ".cursor", ".gemini", ".windsurf", ".devin", ".openhands", ".jules", ".aider", ".roo", ".clinerules", ".kiro", ".continue", ".factory", ".amp", ".agents", ".junie")
	agentNames = set("agents.md", "agent.md", "agents.override.md", "claude.md", "claude.local.md", "gemini.md", "codex.md", "copilot-instructions.md",
		".mcp.json", "mcp.json", ".cursorrules", ".cursorignore", ".windsurfrules", ".clinerules", ".roorules", ".goosehints", ".aider.conf.yml", ".aiderignore", "warp.md", "crush.md", ".crush.json", "opencode.json")
)

func (n fileName) isAgentInstructions() bool {
	return agentNames[n.base] || n.under(agentDirs) || n.in(".github/hooks") || n.in(".github/instructions") || n.in(".github/prompts") ||
		n.in(".github/agents") || n.in(".github/chatmodes") || n.full == ".vscode/mcp.json"
}

var ciNames = set(".gitlab-ci.yml", ".travis.yml", "appveyor.yml", ".appveyor.yml", "azure-pipelines.yml", "azure-pipelines.yaml", "bitbucket-pipelines.yml", "jenkinsfile", ".drone.yml", ".cirrus.yml", "wercker.yml", "codecov.yml", ".codecov.yml", "renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json")

func (n fileName) isCI() bool {
	return n.in(".github/workflows") || n.in(".github/actions") || n.in(".circleci") || n.in(".buildkite") || n.in(".gitlab/ci") || n.in(".woodpecker") || n.in(".teamcity") ||
		n.full == ".github/dependabot.yml" || n.full == ".github/dependabot.yaml" || ciNames[n.base] || n.base == "jenkinsfile" || n.ext == ".jenkinsfile"
}

var depNames = set(
	// Python
	"pyproject.toml", "setup.py", "setup.cfg", "pipfile", "pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "environment.yml", "environment.yaml", "conda-lock.yml", "conda-lock.yaml",
	// JavaScript
	"package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml", "bun.lock", "bun.lockb", ".npmrc", ".yarnrc", ".yarnrc.yml",
	// Go, Rust, Ruby, PHP
	"go.mod", "go.sum", "go.work", "go.work.sum", "cargo.toml", "cargo.lock", "rust-toolchain", "rust-toolchain.toml", "gemfile", "gemfile.lock", "gems.rb", "gems.locked", "composer.json", "composer.lock",
	// JVM, .NET
	"pom.xml", "settings.gradle", "settings.gradle.kts", "gradle.lockfile", "buildscript-gradle.lockfile", "verification-metadata.xml", "gradle-wrapper.properties", "gradle-wrapper.jar", "ivy.xml", "build.sbt", "libs.versions.toml",
	"directory.packages.props", "directory.build.props", "packages.config", "packages.lock.json", "nuget.config", "global.json", "paket.dependencies", "paket.lock", "paket.references",
	// Dart, Erlang, Swift, iOS
	"pubspec.yaml", "pubspec.lock", "mix.exs", "mix.lock", "rebar.config", "rebar.lock", "package.swift", "package.resolved", "podfile", "podfile.lock", "cartfile", "cartfile.resolved",
	// Infrastructure
	".terraform.lock.hcl", "chart.yaml", "chart.lock", ".gitmodules", ".pre-commit-config.yaml", ".pre-commit-config.yml", ".tool-versions", "mise.toml", ".mise.toml", "flake.nix", "flake.lock", "module.bazel", "module.bazel.lock",
)

func (n fileName) isDependencies() bool {
	switch {
	case depNames[n.base]:
		return true
	case n.ext == ".gradle", strings.HasSuffix(n.base, ".gradle.kts"), n.ext == ".gemspec", n.ext == ".csproj", n.ext == ".fsproj", n.ext == ".vbproj":
		return true
	case strings.HasPrefix(n.base, "pylock") && n.ext == ".toml":
		return true
	case n.full == "vendor/modules.txt", strings.HasSuffix(n.full, "/vendor/modules.txt"), strings.HasSuffix("/"+n.full, "/.cargo/config.toml"), strings.HasSuffix("/"+n.full, "/.cargo/config"):
		return true
	case n.base == "action.yml", n.base == "action.yaml":
		return true
	}
	return n.isRequirements()
}

// isRequirements knows pip's files, which have no fixed name.
func (n fileName) isRequirements() bool {
	if n.ext != ".txt" && n.ext != ".in" {
		return false
	}
	last := ""
	if len(n.dirs) > 0 {
		last = n.dirs[len(n.dirs)-1]
	}
	return strings.HasPrefix(n.base, "requirements") || strings.HasPrefix(n.base, "constraints") || last == "requirements" ||
		strings.HasSuffix(n.base, "-requirements"+n.ext) || strings.HasSuffix(n.base, "_requirements"+n.ext) || strings.HasSuffix(n.base, ".requirements"+n.ext)
}

var (
	deployDirs  = set("k8s", "kubernetes", "helm", "charts", "terraform", "kustomize", "ansible", "deployments", "manifests", "terraform-gcp", "terraform-aws")
	deployNames = set("dockerfile", "containerfile", ".dockerignore", "procfile", "app.yaml", "app.yml", "fly.toml", "render.yaml", "railway.json", "railway.toml", "vercel.json", "netlify.toml", "cloudbuild.yaml", "cloudbuild.yml", "skaffold.yaml", "serverless.yml", "serverless.yaml", "nginx.conf", "service.yaml", "kustomization.yaml", "kustomization.yml", "heroku.yml", "now.json", "wrangler.toml", "apprunner.yaml", "cloudrun.yaml", "knative.yaml")
)

func (n fileName) isDeployment() bool {
	switch {
	case deployNames[n.base], n.ext == ".tf", n.ext == ".tfvars", n.ext == ".hcl", n.ext == ".bicep":
		return true
	case strings.HasPrefix(n.base, "dockerfile.") && !prose[n.ext], strings.HasSuffix(n.base, ".dockerfile"), strings.HasPrefix(n.base, "containerfile."):
		return true
	case (strings.HasPrefix(n.base, "docker-compose") || strings.HasPrefix(n.base, "compose.") || strings.HasPrefix(n.base, "cloudbuild")) && (n.ext == ".yml" || n.ext == ".yaml"):
		return true
	}
	return n.under(deployDirs) && (n.ext == ".yml" || n.ext == ".yaml" || n.ext == ".tpl" || n.ext == ".json" || n.ext == ".sh" || n.ext == ".toml")
}

var buildNames = set("makefile", "gnumakefile", "rakefile", "justfile", "taskfile.yml", "taskfile.yaml", "cmakelists.txt", "meson.build", "meson_options.txt", "build", "build.bazel", "workspace", "workspace.bazel", ".bazelrc", "build.xml", "configure.ac", "makefile.am", "tox.ini", "noxfile.py", "gulpfile.js", "gruntfile.js", "webpack.config.js", "rollup.config.js", "vite.config.js", "vite.config.ts", "tsconfig.json", "babel.config.js", ".babelrc", "build.rs", ".goreleaser.yml", ".goreleaser.yaml", "turbo.json", "nx.json", "lerna.json")

func (n fileName) isBuild() bool {
	return buildNames[n.base] || n.ext == ".mk" || n.ext == ".cmake" || n.ext == ".bzl" || strings.HasPrefix(n.base, "makefile.") && !prose[n.ext]
}

var vendorDirs = set("node_modules", "third_party", "bower_components", ".yarn")

func (n fileName) isVendored() bool {
	return n.under(vendorDirs) || len(n.dirs) > 0 && n.dirs[0] == "vendor"
}

// isGenerated takes only names that generators alone write.
func (n fileName) isGenerated() bool {
	for _, end := range []string{".pb.go", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", ".pb.cc", ".pb.h", ".min.js", ".min.css", ".js.map", ".css.map", ".g.dart", ".freezed.dart", ".snap"} {
		if strings.HasSuffix(n.base, end) {
			return true
		}
	}
	return false
}

var (
	prose    = set(".md", ".markdown", ".rst", ".adoc", ".asciidoc", ".txt", ".org", ".tex", ".pdf", ".docx", ".odt", ".rtf", ".textile", ".wiki")
	docNames = set("readme", "license", "licence", "copying", "notice", "authors", "contributors", "maintainers", "changelog", "changes", "history", "news", "todo", "contributing", "security", "support", "code_of_conduct", "install", "patents", "copyright", "credits", "thanks")
	// Text files that programs read.
	notProse = set("robots.txt", "llms.txt", "humans.txt", "ads.txt", "cname.txt", "runtime.txt", "packages.txt", "version.txt", "security.txt")
)

func (n fileName) isDocs() bool {
	return prose[n.ext] && !notProse[n.base] || docNames[n.base]
}

var (
	testDirs  = set("test", "tests", "__tests__", "testdata", "spec", "specs", "e2e", "__mocks__", "__snapshots__", "fixtures", "testing", "integration_tests", "unit_tests")
	codeExts  = set(".py", ".go", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".java", ".kt", ".rb", ".php", ".rs", ".cs", ".swift", ".scala", ".c", ".cc", ".cpp", ".ex", ".exs", ".clj", ".dart", ".vue")
	testNames = set("conftest.py", "pytest.ini", "jest.config.js", "jest.config.ts", "vitest.config.ts", "vitest.config.js", "phpunit.xml", "phpunit.xml.dist", ".rspec", "karma.conf.js", "playwright.config.ts", "cypress.config.ts", "cypress.config.js", ".coveragerc")
)

func (n fileName) isTest() bool {
	if testNames[n.base] || n.under(testDirs) {
		return true
	}
	if !codeExts[n.ext] {
		return false
	}
	stem := strings.TrimSuffix(n.base, n.ext)
	for _, end := range []string{"_test", ".test", ".spec", "_spec", "-test", "-spec", ".e2e"} {
		if strings.HasSuffix(stem, end) {
			return true
		}
	}
	if strings.HasPrefix(stem, "test_") {
		return true
	}
	return (n.ext == ".java" || n.ext == ".kt" || n.ext == ".cs" || n.ext == ".scala" || n.ext == ".php" || n.ext == ".swift") &&
		(strings.HasSuffix(stem, "test") || strings.HasSuffix(stem, "tests"))
}

var (
	assets      = set(".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp", ".avif", ".bmp", ".tiff", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".wav", ".ogg", ".webm", ".mov", ".css", ".scss", ".less")
	data        = set(".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".avro", ".arrow", ".log", ".ipynb_output", ".npz", ".npy", ".po", ".pot", ".geojson")
	config      = set(".yml", ".yaml", ".json", ".json5", ".jsonc", ".toml", ".ini", ".cfg", ".conf", ".properties", ".env", ".xml", ".editorconfig", ".plist")
	configNames = set(".gitignore", ".gitattributes", ".editorconfig", ".env", ".env.example", ".flake8", ".pylintrc", ".prettierrc", ".eslintrc", ".eslintignore", ".prettierignore", ".nvmrc", ".python-version", ".ruby-version", ".mailmap")
)
