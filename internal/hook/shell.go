package hook

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// The bounds of what is read of a command.
const (
	maxCommand  = 256 << 10
	maxNested   = 3 // shells in shells
	maxPrefixes = 8
	maxWords    = 1 << 19
)

func base(name string) string { return path.Base(strings.ReplaceAll(name, `\`, "/")) }

// shell finds the files that a command would write, where that can be told.
func (c *Call) shell(command string) error {
	if len(command) > maxCommand {
		return errors.New("the command is too long to be looked at")
	}
	s := &script{place: place{dir: c.Dir}, vars: make(map[string][]string), programs: programs()}
	command = strings.ReplaceAll(command, "\x00", "")
	if name := strings.ToLower(own(c.Tool)); strings.Contains(name, "powershell") || strings.Contains(name, "pwsh") {
		s.power(command)
	} else {
		s.read(command)
	}
	if len(s.writes) > maxWrites || s.words > maxWords {
		return errors.New("the command changes too many files to be looked at")
	}
	c.Write = append(c.Write, s.writes...)
	c.Bypass = s.bypass
	return nil
}

// script is one command line being read.
type script struct {
	place
	outer  []place // of the subshells that it is in
	pushed []place
	vars   map[string][]string
	lists  []Write
	writes []Write
	bypass string
	depth  int

	programs map[string]program
	words    int // that were made
}

// add is a write to each of some names. What they name may not be told, or be none
// of the repository's.
func (s *script) add(w Write, names ...string) {
	for _, n := range names {
		if len(s.writes) > maxWrites {
			return
		}
		if l, ok := s.marked(n); ok {
			l.Removed, l.Edit = w.Removed, w.Edit
			s.writes = append(s.writes, l)
			continue
		}
		if !told(n) || strings.HasPrefix(n, "/dev/") || s.lost && !absolute(n) {
			continue
		}
		w.Path, w.Dir = n, s.dir
		s.writes = append(s.writes, w)
	}
}

func (s *script) write(names ...string)  { s.add(Write{}, names...) }
func (s *script) remove(names ...string) { s.add(Write{Removed: true}, names...) }

// read goes through the commands of a text, and is what the last of them writes.
func (s *script) read(text string) (out output) {
	return s.run(split(text))
}

func (s *script) run(commands []*command) (out output) {
	level := len(s.outer)
	for _, c := range commands {
		switch {
		case s.words > maxWords:
			return output{}
		case c.open:
			s.outer = append(s.outer, s.place)
		case c.close:
			if n := len(s.outer); n > level {
				s.place, s.outer = s.outer[n-1], s.outer[:n-1]
			}
		default:
			in := out
			if !c.piped {
				in = output{}
			}
			out = s.command(c, in)
		}
	}
	s.outer = s.outer[:level]
	return out
}

// command is one of them, with what is redirected.
func (s *script) command(c *command, in output) output {
	var args, to []string
	for i := 0; i < len(c.words); i++ {
		redirect := c.words[i].redirect
		if redirect == "" {
			if args = append(args, s.values(c.words[i])...); s.words > maxWords {
				return output{}
			}
			continue
		}
		if i++; i == len(c.words) {
			break
		}
		values := s.values(c.words[i])
		switch redirect {
		case ">":
			to = append(to, values...)
		case "<<<":
			in = said(strings.Join(values, " ") + "\n")
		default:
			in = output{file: strings.Join(values, " ")}
		}
	}
	if n := len(c.docs); n > 0 {
		in = said(c.docs[n-1])
	}
	at := s.place
	out := s.simple(args, in)
	at, s.place = s.place, at
	s.add(Write{From: out.from, FromPath: out.file}, to...)
	s.place = at
	return out
}

// simple is a command without its redirections.
func (s *script) simple(args []string, in output) output {
	args = s.prefixed(args)
	if len(args) == 0 {
		return output{}
	}
	if args[0] == "for" && len(args) > 3 && args[2] == "in" {
		s.vars[args[1]] = args[3:min(len(args), 3+maxValues)]
		return output{}
	}
	return s.program(base(args[0]), args[1:], in)
}

// prefixes run what follows them. Their options that take an argument are named,
// and those that begin with how many words before it are their own.
var prefixes = map[string]struct {
	takes string
	own   int
}{
	"sudo": {"ugpCTDRh", 0}, "doas": {"uC", 0}, "env": {"uCS", 0}, "command": {"", 0}, "time": {"fo", 0}, "nohup": {"", 0}, "exec": {"a", 0}, "builtin": {"", 0}, "coproc": {"", 0},
	"timeout": {"ks", 1}, "nice": {"n", 0}, "ionice": {"cnp", 0}, "stdbuf": {"ioe", 0}, "setsid": {"", 0}, "busybox": {"", 0}, "flock": {"wE", 1}, "npx": {"p", 0}, "bunx": {"", 0}, "uvx": {"p", 0},
	"then": {}, "do": {}, "else": {}, "if": {}, "elif": {}, "while": {}, "until": {}, "!": {}, "{": {}, "function": {"", 1},
}

// prefixed is a command without what only runs it.
func (s *script) prefixed(args []string) []string {
	for len(args) > 0 {
		p, ok := prefixes[args[0]]
		switch {
		case args[0] == "command" && len(args) > 1 && strings.HasPrefix(args[1], "-v"):
			return nil
		case ok:
			args = afterOptions(args[1:], p.takes, p.own)
		case len(args) > 2 && args[1] == "run" && (args[0] == "uv" || args[0] == "poetry" || args[0] == "pdm" || args[0] == "pipenv"):
			args = afterOptions(args[2:], "", 0)
		case len(args) > 2 && (args[1] == "exec" || args[1] == "dlx") && (args[0] == "npm" || args[0] == "pnpm" || args[0] == "yarn"):
			args = afterOptions(args[2:], "", 0)
		case isAssignment(args[0]):
			name, value, _ := strings.Cut(args[0], "=")
			if before, ok := strings.CutSuffix(name, "+"); ok {
				name = before
				value = strings.Join(s.vars[name][:min(1, len(s.vars[name]))], "") + value
			}
			s.words += len(value) / wordSize
			if len(s.vars) < maxWrites {
				s.vars[name] = []string{value}
			}
			s.environment(name, value)
			args = args[1:]
		default:
			return args
		}
	}
	return nil
}

// longTakes are the long options of prefixes that take the next word.
var longTakes = []string{"--user", "--group", "--signal", "--kill-after", "--adjustment", "--unset", "--chdir", "--package", "--with", "--python", "--extra", "--from", "--project", "--directory"}

func afterOptions(args []string, takes string, own int) []string {
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		option := args[0]
		args = args[1:]
		if option == "--" {
			break
		}
		if slices.Contains(longTakes, option) && len(args) > 0 {
			args = args[1:]
		}
		if len(option) == 2 && strings.Contains(takes, option[1:]) && len(args) > 0 {
			args = args[1:]
		}
	}
	return args[min(own, len(args)):]
}

func isAssignment(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	name = strings.TrimSuffix(name, "+")
	return ok && name != "" && nameLength(name) == len(name) && isName(name[0])
}

// environment looks for what switches git's hooks off.
func (s *script) environment(name, value string) {
	if strings.HasPrefix(name, "GIT_CONFIG_KEY_") && guardKey(value) || name == "GIT_CONFIG_PARAMETERS" && strings.Contains(strings.ToLower(value), "core.hookspath") {
		s.bypass = name + "=" + value
	}
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

// options are arguments read as a program does that knows which of its options
// take a value: of one letter, and long ones that begin with two dashes.
type options struct {
	letters map[byte][]string
	long    map[string][]string
	rest    []string
}

func parseOptions(args []string, takes string, long ...string) options {
	o := options{letters: make(map[byte][]string), long: make(map[string][]string)}
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case a == "--":
			o.rest = append(o.rest, args...)
			return o
		case strings.HasPrefix(a, "--"):
			name, value, ok := strings.Cut(a[2:], "=")
			for _, l := range long {
				if !ok && l == name && len(args) > 0 {
					value, args = args[0], args[1:]
				}
			}
			o.long[name] = append(o.long[name], value)
		case len(a) > 1 && a[0] == '-':
			args = o.cluster(a[1:], takes, args)
		default:
			o.rest = append(o.rest, a)
		}
	}
	return o
}

// cluster reads letters behind one dash. A letter that takes a value takes the
// rest, or the next argument.
func (o *options) cluster(letters, takes string, args []string) []string {
	for i := 0; i < len(letters); i++ {
		c := letters[i]
		switch {
		case !strings.Contains(takes, string(c)):
			o.letters[c] = append(o.letters[c], "")
			continue
		case i+1 < len(letters):
			o.letters[c] = append(o.letters[c], letters[i+1:])
		case len(args) > 0:
			o.letters[c] = append(o.letters[c], args[0])
			args = args[1:]
		default:
			o.letters[c] = append(o.letters[c], "")
		}
		return args
	}
	return args
}

func (o options) has(letter byte, long ...string) bool {
	_, ok := o.letters[letter]
	for _, l := range long {
		_, there := o.long[l]
		ok = ok || there
	}
	return ok
}

func (o options) value(letter byte, long ...string) (values []string) {
	values = append(values, o.letters[letter]...)
	for _, l := range long {
		values = append(values, o.long[l]...)
	}
	return values
}
