package manifest_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// TestKnown: every name of every ecosystem, in the folders and cases in which
// it is found.
func TestKnown(t *testing.T) {
	t.Parallel()
	parsed := map[string]string{
		"requirements": "requirements.txt requirements-dev.txt requirements_test.in requirements/base.txt requirements/prod.in constraints.txt a/constraints-3.12.txt dev-requirements.txt Requirements.TXT test_requirements.txt api.requirements.in constraints/all.txt requirements.pip requirements/dev.pip requirements-dev.lock",
		"pyproject":    "pyproject.toml a/b/PyProject.toml pyproject.toml.",
		"package-json": "package.json apps/web/package.json",
		"package-lock": "package-lock.json a/npm-shrinkwrap.json",
		"go-mod":       "go.mod tools/go.mod",
		"go-sum":       "go.sum go.work.sum",
		"go-work":      "go.work",

		"yarn-lock":      "yarn.lock web/Yarn.lock",
		"pnpm-lock":      "pnpm-lock.yaml",
		"pnpm-workspace": "pnpm-workspace.yaml",
		"bun-lock":       "bun.lock",
		"npmrc":          ".npmrc a/.npmrc",
		"yarnrc":         ".yarnrc.yml",

		"uv-lock":           "uv.lock",
		"poetry-lock":       "poetry.lock a/poetry.lock",
		"pdm-lock":          "pdm.lock",
		"pylock":            "pylock.toml pylock.dev.toml",
		"pipfile":           "Pipfile",
		"pipfile-lock":      "Pipfile.lock",
		"setup-cfg":         "setup.cfg",
		"conda-environment": "environment.yml environment.yaml environment-dev.yml",

		"dockerfile":      "Dockerfile Containerfile Dockerfile.dev api.dockerfile a/DOCKERFILE",
		"cargo-toml":      "Cargo.toml crates/a/Cargo.toml",
		"maven-pom":       "pom.xml a/pom.xml x.pom",
		"composer-json":   "composer.json",
		"composer-lock":   "composer.lock",
		"gemfile":         "Gemfile gems.rb rails7.gemfile",
		"gemfile-lock":    "Gemfile.lock gems.locked",
		"gradle-catalog":  "gradle/libs.versions.toml gradle/test.versions.toml",
		"gradle-lock":     "gradle.lockfile buildscript-gradle.lockfile",
		"gradle-wrapper":  "gradle/wrapper/gradle-wrapper.properties",
		"msbuild":         "a.csproj b.fsproj c.vbproj Directory.Packages.props Directory.Build.props i18n.csproj",
		"nuget-lock":      "packages.lock.json",
		"packages-config": "packages.config",
		"nuget-config":    "NuGet.config nuget.config",
		"pubspec":         "pubspec.yaml pubspec_overrides.yaml",
		"pubspec-lock":    "pubspec.lock",
		"mix-exs":         "mix.exs apps/a/mix.exs",
		"mix-lock":        "mix.lock",
		"gemspec":         "x.gemspec",
		"gradle-build":    "build.gradle app/build.gradle.kts settings.gradle settings.gradle.kts gradle/dependencies.gradle",
		"swift-package":   "Package.swift Package@swift-5.9.swift",
		"swift-resolved":  "Package.resolved x.xcodeproj/project.xcworkspace/xcshareddata/swiftpm/Package.resolved",
		"compose":         "docker-compose.yml docker-compose.prod.yaml compose.yaml compose.override.yml docker-compose-dev.yml",
		"kubernetes":      "k8s/web.yaml deploy/kubernetes/a/b.yml deployment.yaml web-deployment.yaml overlays/prod/kustomization.yaml",
		"terraform":       "main.tf x/versions.tf a.tofu",
		"terraform-lock":  ".terraform.lock.hcl",
		"helm-chart":      "Chart.yaml charts/x/Chart.yaml requirements.yaml",
		"helm-lock":       "Chart.lock requirements.lock",
		"gitmodules":      ".gitmodules",
		"pre-commit":      ".pre-commit-config.yaml",
		"cargo-lock":      "Cargo.lock",
		"github-actions":  ".github/workflows/ci.yml .github/workflows/ci.yaml action.yml actions/x/action.yaml",
	}
	named := map[string]string{
		"pypi":       "setup.py pip.conf",
		"conda":      "conda-lock.yml recipe/meta.yaml",
		"npm":        "bun.lockb a/.yarnrc .pnpmfile.cjs deno.lock",
		"golang":     "vendor/modules.txt a/vendor/modules.txt",
		"cargo":      ".cargo/config.toml a/.cargo/config rust-toolchain rust-toolchain.toml",
		"gem":        ".bundle/config",
		"maven":      "gradle/verification-metadata.xml gradle/wrapper/gradle-wrapper.jar ivy.xml build.sbt",
		"nuget":      "a.nuspec global.json paket.dependencies paket.lock paket.references paket.template",
		"hex":        "rebar.config rebar.lock",
		"cocoapods":  "Podfile Podfile.lock Cartfile Cartfile.resolved",
		"docker":     "docker-bake.hcl",
		"terraform":  "main.tf.json terragrunt.hcl",
		"helm":       "helmfile.yaml",
		"pre-commit": ".pre-commit-hooks.yaml",
		"tools":      ".tool-versions mise.toml mise.local.toml .config/mise/config.toml",
		"nix":        "flake.nix flake.lock",
		"bazel":      "MODULE.bazel",
		"ansible":    "roles/requirements.yml",
		"haskell":    "x.cabal stack.yaml",
	}
	for format, names := range parsed {
		for name := range strings.FieldsSeq(names) {
			if f, tier := manifest.Known(name); f.Name != format || tier != manifest.Parsed || f.Parse == nil {
				t.Errorf("Known(%q) = %q, %d, want %q parsed", name, f.Name, tier, format)
			}
		}
	}
	for ecosystem, names := range named {
		for name := range strings.FieldsSeq(names) {
			if f, tier := manifest.Known(name); f.Ecosystem != ecosystem || tier != manifest.Named || f.Parse != nil {
				t.Errorf("Known(%q) = %q, %d, want %q named", name, f.Ecosystem, tier, ecosystem)
			}
		}
	}
	for name := range strings.FieldsSeq("main.go package.json.md mypackage.json docs/requirements.md setup.python go.mod/x requirements.txt.bak workflows/ci.yml x.gradle.md Dockerfile.md locales/en/auth.json locales/en/global.json auth.json meta.yaml site/meta.yaml") {
		if f, tier := manifest.Known(name); tier != manifest.Unknown {
			t.Errorf("Known(%q) = %q, %d, want unknown", name, f.Name, tier)
		}
	}
}
