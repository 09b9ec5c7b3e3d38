package hook

import (
	"path"
	"slices"
	"strings"
)

// manager is a package manager: the words that make it write the manifest beside
// which it is run, those that do so only with a name behind them, and its options
// that name another folder or manifest.
type manager struct {
	manifest string
	naming   []string // add NAME
	alone    []string
	folders  []string
}

var managers = map[string]manager{
	"npm":    {"package.json", []string{"install", "i", "add", "uninstall", "remove", "rm", "un", "update", "version", "pkg"}, []string{"init"}, []string{"--prefix", "-C"}},
	"pnpm":   {"package.json", []string{"add", "install", "i", "remove", "rm"}, []string{"init"}, []string{"-C", "--dir"}},
	"yarn":   {"package.json", []string{"add", "remove"}, []string{"init"}, []string{"--cwd"}},
	"bun":    {"package.json", []string{"add", "install", "i", "remove"}, []string{"init"}, []string{"--cwd"}},
	"poetry": {"pyproject.toml", []string{"add", "remove", "version"}, []string{"init"}, []string{"-C", "--directory", "--project"}},
	"uv":     {"pyproject.toml", []string{"add", "remove", "version"}, []string{"init"}, []string{"--directory", "--project"}},
	"pdm":    {"pyproject.toml", []string{"add", "remove"}, []string{"init"}, []string{"-p", "--project"}},
	"pipenv": {"Pipfile", []string{"install", "uninstall"}, nil, nil},
	"cargo":  {"Cargo.toml", []string{"add", "remove", "rm"}, []string{"init"}, []string{"--manifest-path"}},
	"go":     {"go.mod", []string{"get"}, nil, []string{"-C"}}, "composer": {"composer.json", []string{"require", "remove"}, []string{"init"}, []string{"-d", "--working-dir"}},
	"bundle": {"Gemfile", []string{"add", "remove"}, []string{"init"}, nil},
}

// packages knows that a package manager told to add or remove something changes a
// manifest.
func (s *script) packages(name string, args []string) {
	m, ok := managers[name]
	if !ok {
		s.dotnet(name, args)
		return
	}
	dir, files, dry := m.read(args)
	switch {
	case dry || len(files) == 0:
	case name == "go" && files[0] == "mod":
		if len(files) > 1 && (files[1] == "edit" || files[1] == "init") {
			s.write(path.Join(dir, m.manifest))
		}
	case name == "npm" && files[0] == "pkg" && len(files) > 1 && files[1] == "get":
	case slices.Contains(m.alone, files[0]), len(files) > 1 && slices.Contains(m.naming, files[0]), name == "go" && files[0] == "get":
		s.write(path.Join(dir, m.manifest))
	}
}

// read are the folder and the words of a call, and whether it leaves the manifest.
func (m manager) read(args []string) (dir string, files []string, dry bool) {
	for i := 0; i < len(args); i++ {
		name, value, ok := strings.Cut(args[i], "=")
		switch {
		case slices.Contains(m.folders, name):
			if !ok && i+1 < len(args) {
				i++
				value = args[i]
			}
			if dir = value; name == "--manifest-path" {
				dir = path.Dir(value)
			}
		case args[i] == "-g", args[i] == "--global", args[i] == "--dry-run", args[i] == "-n" && m.manifest == "Cargo.toml", args[i] == "--no-save", args[i] == "--help":
			dry = true
		case i == 0 && m.manifest == "Cargo.toml" && strings.HasPrefix(args[0], "+"): // a toolchain
		case strings.HasPrefix(args[i], "-"):
			if m.manifest == "go.mod" && strings.HasPrefix(args[i], "-json") {
				dry = true
			}
		default:
			files = append(files, args[i])
		}
	}
	return dir, files, dry
}

// dotnet writes the project that it names.
func (s *script) dotnet(name string, args []string) {
	if files := operands(args); name == "dotnet" && len(files) > 2 && slices.Contains(files, "package") && (files[0] == "add" || files[0] == "remove") && files[1] != "package" {
		s.write(files[1])
	}
}

// formatters rewrite the files that they name when they are told so, or unless they
// are told to look only.
var formatters = map[string]struct{ told, unless []string }{
	"gofmt": {told: []string{"-w"}}, "goimports": {told: []string{"-w"}}, "gofumpt": {told: []string{"-w"}}, "shfmt": {told: []string{"-w"}}, "prettier": {told: []string{"--write", "-w"}},
	"eslint": {told: []string{"--fix"}}, "ruff": {told: []string{"--fix", "format"}, unless: []string{"--check", "--diff"}}, "clang-format": {told: []string{"-i"}}, "autopep8": {told: []string{"-i", "--in-place"}},
	"yapf": {told: []string{"-i", "--in-place"}}, "yq": {told: []string{"-i", "--inplace"}}, "biome": {told: []string{"--write", "--apply"}}, "stylelint": {told: []string{"--fix"}}, "rubocop": {told: []string{"-a", "-A", "--autocorrect"}},
	"black": {unless: []string{"--check", "--diff", "--version"}}, "isort": {unless: []string{"--check", "--check-only", "-c", "--diff"}}, "rustfmt": {unless: []string{"--check"}}, "dos2unix": {}, "sd": {},
}

// format knows the programs that rewrite files and folders which they name; one
// that is let loose on the whole tree may well change nothing.
func (s *script) format(name string, args []string) {
	name, _, _ = strings.Cut(name, "@") // of its version
	f, ok := formatters[name]
	has := func(words []string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return slices.Contains(words, a) })
	}
	if !ok || has(f.unless) || len(f.told) > 0 && !has(f.told) {
		return
	}
	files := operands(args)
	switch name {
	case "ruff", "biome", "yq":
		files = files[min(1, len(files)):]
	case "sd":
		files = files[min(2, len(files)):]
	}
	for _, file := range files {
		if path.Clean(file) != "." {
			s.add(Write{Into: true}, file)
		}
	}
}
