package manifest

import "slices"

// fileNames are the names by which files of a format are told, as a manual shows
// them: a "*" stands for any characters.
var fileNames = map[string][]string{
	"requirements":      {"requirements*.txt", "*-requirements.txt", "constraints*.txt", "requirements.in", "requirements/*.txt"},
	"pyproject":         {"pyproject.toml"},
	"package-json":      {"package.json"},
	"package-lock":      {"package-lock.json", "npm-shrinkwrap.json"},
	"go-mod":            {"go.mod"},
	"go-sum":            {"go.sum", "go.work.sum"},
	"go-work":           {"go.work"},
	"yarn-lock":         {"yarn.lock"},
	"pnpm-lock":         {"pnpm-lock.yaml"},
	"pnpm-workspace":    {"pnpm-workspace.yaml"},
	"bun-lock":          {"bun.lock"},
	"npmrc":             {".npmrc"},
	"yarnrc":            {".yarnrc.yml"},
	"uv-lock":           {"uv.lock"},
	"poetry-lock":       {"poetry.lock"},
	"pdm-lock":          {"pdm.lock"},
	"pylock":            {"pylock.toml", "pylock.*.toml"},
	"pipfile":           {"Pipfile"},
	"pipfile-lock":      {"Pipfile.lock"},
	"setup-cfg":         {"setup.cfg"},
	"conda-environment": {"environment.yml", "environment.yaml", "environment-*.yml"},
	"dockerfile":        {"Dockerfile", "Dockerfile.*", "*.dockerfile", "Containerfile"},
	"github-actions":    {".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml"},
	"compose":           {"compose.yaml", "compose.*.yml", "docker-compose.yml", "docker-compose-*.yaml"},
	"kubernetes":        {"k8s/*.yaml", "kubernetes/*.yml", "deployment.yaml", "*-deployment.yaml", "kustomization.yaml"},
	"cargo-toml":        {"Cargo.toml"},
	"cargo-lock":        {"Cargo.lock"},
	"maven-pom":         {"pom.xml", "*.pom"},
	"gradle-build":      {"*.gradle", "*.gradle.kts"},
	"gradle-catalog":    {"*.versions.toml"},
	"gradle-lock":       {"gradle.lockfile", "buildscript-gradle.lockfile"},
	"gradle-wrapper":    {"gradle/wrapper/gradle-wrapper.properties"},
	"composer-json":     {"composer.json"},
	"composer-lock":     {"composer.lock"},
	"gemfile":           {"Gemfile", "gems.rb", "*.gemfile"},
	"gemspec":           {"*.gemspec"},
	"gemfile-lock":      {"Gemfile.lock", "gems.locked"},
	"msbuild":           {"*.csproj", "*.fsproj", "*.vbproj", "Directory.Packages.props", "Directory.Build.props"},
	"nuget-lock":        {"packages.lock.json"},
	"packages-config":   {"packages.config"},
	"nuget-config":      {"nuget.config"},
	"terraform":         {"*.tf", "*.tofu"},
	"terraform-lock":    {".terraform.lock.hcl"},
	"helm-chart":        {"Chart.yaml", "requirements.yaml"},
	"helm-lock":         {"Chart.lock", "requirements.lock"},
	"pubspec":           {"pubspec.yaml", "pubspec_overrides.yaml"},
	"pubspec-lock":      {"pubspec.lock"},
	"gitmodules":        {".gitmodules"},
	"pre-commit":        {".pre-commit-config.yaml"},
	"mix-exs":           {"mix.exs"},
	"mix-lock":          {"mix.lock"},
	"swift-package":     {"Package.swift", "Package@swift-*.swift"},
	"swift-resolved":    {"Package.resolved"},
}

// Names are the names by which its files are told, for people to read.
func (f Format) Names() []string { return slices.Clone(fileNames[f.Name]) }

// HeldAgainst are the names of the formats of manifests that lock files of a format
// are held against.
func (f Format) HeldAgainst() []string {
	var names []string
	for _, c := range couplings {
		if c.lock == f.Name {
			names = append(names, c.asking)
		}
	}
	return names
}

// OnlyNamed are the files that are known and not parsed, by ecosystem, as names with
// blanks between them.
func OnlyNamed() [][2]string {
	var list [][2]string
	for _, f := range namedFiles {
		list = append(list, [2]string{f.ecosystem, f.names})
	}
	return list
}
