package hook

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// The bounds of what is read of a command.
const (
	maxCommand = 256 << 10
	maxNested  = 3 // shells in shells
)

var shells = []string{"sh", "bash", "zsh", "dash", "ksh"}

func base(name string) string { return path.Base(name) }

// shell finds the files that a command would write, where that can be told.
func (c *Call) shell(command string) error {
	if len(command) > maxCommand {
		return errors.New("the command is too long to be looked at")
	}
	s := &script{dir: c.Dir}
	s.read(command, 0)
	c.Write = append(c.Write, s.writes...)
	c.Bypass = s.bypass
	return nil
}

// script is one command line being read.
type script struct {
	dir    string
	writes []Write
	bypass string
}

func (s *script) add(removed bool, names ...string) {
	for _, n := range names {
		if n == "" || strings.ContainsAny(n, "$`") || strings.HasPrefix(n, "/dev/") || strings.HasPrefix(n, "~") {
			continue // what it names cannot be told, or is none of the repository's
		}
		s.writes = append(s.writes, Write{Path: n, Dir: s.dir, Removed: removed})
	}
}

// read goes through the commands of a text.
func (s *script) read(text string, depth int) {
	for _, words := range split(text) {
		s.command(words, depth)
	}
}

// prefixes run what follows them.
var prefixes = []string{"sudo", "env", "command", "time", "nohup", "exec", "builtin", "then", "do", "else", "if", "while", "until", "!", "{", "("}

func (s *script) command(words []word, depth int) {
	var args []string
	for i := 0; i < len(words); i++ {
		if words[i].redirects {
			if i+1 < len(words) {
				s.add(false, words[i+1].text)
			}
			i++
			continue
		}
		args = append(args, words[i].text)
	}
	for len(args) > 0 && (slices.Contains(prefixes, args[0]) || isAssignment(args[0])) {
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	s.program(base(args[0]), args[1:], depth)
}

func isAssignment(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// program knows the commands that write files named on their line.
func (s *script) program(name string, args []string, depth int) {
	files := operands(args)
	switch {
	case name == "cd" && len(files) == 1:
		s.dir = within(s.dir, files[0])
	case slices.Contains(shells, name) && depth < maxNested:
		if i := slices.IndexFunc(args, func(a string) bool { return len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.HasSuffix(a, "c") }); i >= 0 && i+1 < len(args) {
			s.read(args[i+1], depth+1)
		}
	case name == "eval" && depth < maxNested:
		s.read(strings.Join(args, " "), depth+1)
	case name == "tee", name == "touch", name == "truncate":
		s.add(false, files...)
	case name == "rm", name == "unlink", name == "shred", name == "rmdir":
		s.add(true, files...)
	case name == "mv" || name == "cp" || name == "install" || name == "ln" || name == "rsync":
		s.moved(name, files)
	case name == "sed" || name == "perl" || name == "ruby":
		s.inPlace(name, args, files)
	case name == "dd":
		for _, a := range args {
			if f, ok := strings.CutPrefix(a, "of="); ok {
				s.add(false, f)
			}
		}
	case name == "git":
		s.git(args)
	default:
		s.packages(name, files)
	}
}

// within is a folder as seen from another.
func within(dir, name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return path.Join(dir, name)
}

// operands are the arguments that are no options.
func operands(args []string) (files []string) {
	for i, a := range args {
		if a == "--" {
			return append(files, args[i+1:]...)
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			files = append(files, a)
		}
	}
	return files
}

// moved writes the last operand; where that is a folder, within it.
func (s *script) moved(name string, files []string) {
	if len(files) < 2 {
		return
	}
	last := files[len(files)-1]
	s.add(false, last)
	for _, f := range files[:len(files)-1] {
		s.add(false, path.Join(last, path.Base(f)))
		if name == "mv" {
			s.add(true, f)
		}
	}
}

// inPlace is for stream editors told to change files.
func (s *script) inPlace(name string, args, files []string) {
	inPlace := slices.ContainsFunc(args, func(a string) bool {
		return strings.HasPrefix(a, "--in-place") || len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.Contains(strings.TrimLeft(a, "-0123456789pEnraszl"), "i")
	})
	if !inPlace {
		return
	}
	scripted := slices.ContainsFunc(args, func(a string) bool {
		return strings.HasPrefix(a, "--expression") || strings.HasPrefix(a, "--file") || len(a) > 1 && a[0] == '-' && a[1] != '-' && strings.HasSuffix(a, "e") || a == "-f"
	})
	if !scripted && len(files) > 0 {
		files = files[1:] // the script itself
	}
	if scripted && name != "sed" || scripted && len(files) > 1 {
		files = files[1:] // what -e takes
	}
	s.add(false, files...)
}

// git leaves alone what undoes changes; it looks for what passes by the guard.
func (s *script) git(args []string) {
	for len(args) > 1 && (args[0] == "-C" || args[0] == "-c") {
		if args[0] == "-c" && strings.HasPrefix(strings.ToLower(args[1]), "core.hookspath") {
			s.bypass = "git -c core.hooksPath"
		}
		args = args[2:]
	}
	if len(args) == 0 {
		return
	}
	for _, a := range args[1:] {
		switch {
		case a == "--no-verify" && slices.Contains([]string{"commit", "push", "merge", "am"}, args[0]), args[0] == "commit" && a == "-n":
			s.bypass = "git " + args[0] + " " + a
		case args[0] == "config" && (strings.Contains(strings.ToLower(a), ".changeguard") || strings.EqualFold(a, "core.hooksPath")) && len(args) > 2 && !strings.HasPrefix(args[1], "--get") && args[1] != "get":
			s.bypass = "git config " + a
		}
	}
}

// adders write the manifest beside which they are run.
var adders = map[string]struct {
	verbs    []string
	manifest string
}{
	"npm": {[]string{"install", "i", "add"}, "package.json"}, "pnpm": {[]string{"add", "install", "i"}, "package.json"}, "yarn": {[]string{"add"}, "package.json"}, "bun": {[]string{"add", "install", "i"}, "package.json"},
	"poetry": {[]string{"add"}, "pyproject.toml"}, "uv": {[]string{"add"}, "pyproject.toml"}, "pdm": {[]string{"add"}, "pyproject.toml"}, "pipenv": {[]string{"install"}, "Pipfile"},
	"cargo": {[]string{"add"}, "Cargo.toml"}, "go": {[]string{"get"}, "go.mod"}, "composer": {[]string{"require"}, "composer.json"}, "bundle": {[]string{"add"}, "Gemfile"},
}

// packages knows that a package manager told to add something changes a manifest.
func (s *script) packages(name string, files []string) {
	if a, ok := adders[name]; ok && len(files) > 1 && slices.Contains(a.verbs, files[0]) {
		s.add(false, a.manifest)
	}
}
