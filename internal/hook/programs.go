package hook

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var shells = []string{"sh", "bash", "zsh", "dash", "ksh"}

// A program knows which of the files named on its line it writes, and what it
// hands on.
type program func(s *script, args []string, in output) output

// programs are those that write files, and those whose output says which files the
// next one works on.
func programs() map[string]program {
	all := map[string]program{
		"cd": (*script).cd, "pushd": (*script).pushd, "popd": (*script).popd, "eval": (*script).eval, "set": (*script).set, "trap": (*script).trap,
		"export": (*script).export, "local": (*script).export, "readonly": (*script).export, "declare": (*script).export, "read": (*script).readLine,
		"tee": (*script).tee, "sponge": (*script).tee, "touch": (*script).touch, "truncate": (*script).truncate, "chmod": (*script).chmod,
		"rm": (*script).rm, "unlink": (*script).rm, "shred": (*script).rm,
		"mv": copying("mv", "tS"), "cp": copying("cp", "tS"), "install": copying("install", "tmogS"), "ln": copying("ln", "tS"), "rsync": copying("rsync", "efM"),
		"sed": (*script).sed, "gsed": (*script).sed, "perl": (*script).perl, "ruby": (*script).perl, "awk": (*script).awk, "gawk": (*script).awk, "mawk": (*script).awk, "dd": (*script).dd,
		"python": (*script).interpreter, "python3": (*script).interpreter, "node": (*script).interpreter, "php": (*script).interpreter, "deno": (*script).interpreter, "bun": (*script).bun,
		"patch": (*script).patch, "ed": (*script).editor, "ex": (*script).editor, "vim": (*script).editor, "vi": (*script).editor, "nvim": (*script).editor,
		"curl": (*script).curl, "wget": (*script).wget, "tar": (*script).tar, "unzip": (*script).unzip, "git": (*script).git,
		"find": (*script).find, "fd": (*script).fd, "grep": grepping('G'), "egrep": grepping('E'), "fgrep": grepping('F'), "rg": grepping('E'), "ag": grepping('E'), "xargs": (*script).xargs, "ls": (*script).ls,
		"echo": (*script).echo, "printf": (*script).printf, "cat": (*script).cat, "pwd": (*script).pwd, "mktemp": (*script).mktemp, "dirname": onName(path.Dir), "basename": onName(path.Base),
		"realpath": onName(path.Clean), "readlink": onName(path.Clean), "sort": (*script).sort, "split": (*script).parts, "csplit": (*script).parts, "uniq": passing, "head": passing, "tail": passing, "tac": passing,
		"powershell": (*script).powershell, "pwsh": (*script).powershell, "cmd": (*script).cmd,
	}
	for _, sh := range shells {
		all[sh] = (*script).shells
	}
	return all
}

func (s *script) program(name string, args []string, in output) output {
	name = strings.TrimSuffix(name, ".exe")
	if p := s.programs[name]; p != nil {
		return p(s, args, in)
	}
	if pythonName.MatchString(name) {
		return s.interpreter(args, in)
	}
	s.packages(name, args)
	s.format(name, args)
	return output{}
}

var pythonName = lazyregexp.New(`^python[0-9.]+$`)

// passing is for what hands on some of the lines that it reads.
func passing(_ *script, args []string, in output) output {
	if len(operands(args)) > 0 {
		return output{}
	}
	return in
}

func (s *script) sort(args []string, in output) output {
	o := parseOptions(args, "oktTS", "output", "key", "field-separator", "temporary-directory", "buffer-size")
	s.write(o.value('o', "output")...)
	return passing(s, o.rest, in)
}

// parts writes files whose names begin as it is told.
func (s *script) parts(args []string, _ output) output {
	o := parseOptions(args, "abCflnt", "prefix", "bytes", "lines", "number", "line-bytes", "suffix-length", "suffix-format", "digits", "separator")
	prefixes := append(o.value('f', "prefix"), o.rest[min(1, len(o.rest)):]...)
	for _, prefix := range prefixes {
		if strings.Contains(prefix, "/") && told(prefix) {
			s.write(path.Join(path.Dir(prefix), "*"))
		}
	}
	return output{}
}

func onName(f func(string) string) program {
	return func(_ *script, args []string, _ output) output {
		files := operands(args)
		if len(files) == 0 || !told(files[0]) {
			return output{}
		}
		return said(f(files[0]))
	}
}

func (s *script) cd(args []string, _ output) output {
	if files := operands(args); len(files) == 1 {
		s.place = s.within(files[0])
	} else {
		s.lost = true
	}
	return output{}
}

func (s *script) pushd(args []string, in output) output {
	if len(s.pushed) < maxValues {
		s.pushed = append(s.pushed, s.place)
	}
	return s.cd(args, in)
}

func (s *script) popd(_ []string, _ output) output {
	if n := len(s.pushed); n > 0 {
		s.place, s.pushed = s.pushed[n-1], s.pushed[:n-1]
	}
	return output{}
}

func (s *script) pwd(_ []string, _ output) output {
	if s.lost {
		return output{}
	}
	return said(s.dir)
}

func (s *script) mktemp(_ []string, _ output) output { return said("/tmp/mktemp") }

// nested reads a command that is in another one.
func (s *script) nested(text string) output {
	if s.depth >= maxNested {
		return output{}
	}
	s.depth++
	defer func() { s.depth-- }()
	return s.read(text)
}

func (s *script) eval(args []string, _ output) output { return s.nested(strings.Join(args, " ")) }

func (s *script) trap(args []string, _ output) output {
	if len(args) > 1 {
		was := s.place
		s.nested(args[0])
		s.place = was
	}
	return output{}
}

// shells is a shell in a shell: its command is an argument, or what it reads.
func (s *script) shells(args []string, in output) output {
	was := s.place
	defer func() { s.place = was }()
	for i, a := range args {
		short := len(a) > 1 && a[0] == '-' && a[1] != '-'
		switch {
		case i > 0 && shellTakes.MatchString(args[i-1]):
		case short && strings.HasSuffix(a, "c") && i+1 < len(args):
			if i++; args[i] == "--" && i+1 < len(args) {
				i++
			}
			s.positional(args[i+1:])
			return s.nested(args[i])
		case a == "-s" || a == "-":
		case !strings.HasPrefix(a, "-"):
			return output{} // a script
		case strings.Contains(a, "n") && a[1] != '-':
			return output{} // it only looks at it
		}
	}
	if in.known {
		return s.nested(in.text)
	}
	return output{}
}

// shellTakes are the options of shells that take the next word.
var shellTakes = lazyregexp.New(`^([-+][a-zA-Z]*[oO]|--rcfile|--init-file)$`)

// positional are what a command calls $0, $1 and so on.
func (s *script) positional(args []string) {
	for i, a := range args {
		if i < 10 {
			s.vars[string(rune('0'+i))] = []string{a}
		}
	}
	if len(args) > 1 {
		s.vars["@"] = args[1:min(len(args), maxValues)]
	}
}

// set gives the positional parameters behind two dashes.
func (s *script) set(args []string, _ output) output {
	if n := slices.Index(args, "--"); n >= 0 {
		s.positional(append([]string{"$0"}, args[n+1:]...))
	}
	return output{}
}

func (s *script) export(args []string, _ output) output {
	for _, a := range args {
		if isAssignment(a) {
			s.prefixed([]string{a})
		}
	}
	return output{}
}

// readLine takes one line of a list after another, so all of them.
func (s *script) readLine(args []string, in output) output {
	if names := parseOptions(args, "dnNptu").rest; len(names) == 1 {
		s.vars[names[0]] = in.names(false)
	}
	return output{}
}

func (s *script) tee(args []string, in output) output {
	s.write(operands(args)...)
	return in
}

// touch makes a file, and leaves one that is there as it is.
func (s *script) touch(args []string, _ output) output {
	o := parseOptions(args, "dtr", "date", "reference")
	if !o.has('c', "no-create") {
		s.add(Write{Edit: func(old string) (string, bool) { return old, true }}, o.rest...)
	}
	return output{}
}

func (s *script) truncate(args []string, _ output) output {
	s.write(parseOptions(args, "sr", "size", "reference").rest...)
	return output{}
}

var modes = lazyregexp.New(`^([ugoa]*[+=-][rwxXst]*,?)+$`)

// chmod is known by what it does to the one mode that git keeps.
func (s *script) chmod(args []string, _ output) output {
	if len(args) > 0 && modes.MatchString(args[0]) {
		args = append([]string{"--"}, args...)
	}
	files := operands(args)
	if len(files) < 2 {
		return output{}
	}
	mode := files[0]
	octal := strings.Trim(mode, "01234567") == ""
	owner := strings.TrimPrefix(mode, "u")
	switch {
	case octal && len(mode) >= 3:
		s.add(Write{Exec: set((mode[len(mode)-3]-'0')&1 == 1)}, files[1:]...)
	case strings.ContainsAny(owner[:min(1, len(owner))], "+=a") && strings.Contains(mode, "x") && !strings.Contains(mode, "-x"):
		s.add(Write{Exec: set(true)}, files[1:]...)
	case strings.Contains(mode, "-x"):
		s.add(Write{Exec: set(false)}, files[1:]...)
	}
	return output{}
}

func set(b bool) *bool { return &b }

func (s *script) rm(args []string, _ output) output {
	s.remove(operands(args)...)
	return output{}
}

func (s *script) dd(args []string, _ output) output {
	for _, a := range args {
		if f, ok := strings.CutPrefix(a, "of="); ok {
			s.write(f)
		}
	}
	return output{}
}

// copying is for what writes its last operand, or the folder that an option names.
func copying(name, takes string) program {
	return func(s *script, args []string, _ output) output {
		o := parseOptions(args, takes, "target-directory", "suffix", "mode", "owner", "group", "exclude", "include", "filter", "rsh")
		switch {
		case name == "rsync" && o.has('n', "dry-run"), name == "install" && o.has('d', "directory"):
			return output{}
		case o.has('t', "target-directory") && name != "rsync":
			o.rest = append(o.rest, o.value('t', "target-directory")[0])
		case name == "ln" && len(o.rest) == 1:
			o.rest = append(o.rest, ".")
		}
		s.moved(name, o.rest)
		return output{}
	}
}

// moved writes the last operand; where that is a folder, within it.
func (s *script) moved(name string, files []string) {
	if len(files) < 2 {
		return
	}
	last := files[len(files)-1]
	s.write(last)
	for _, f := range files[:len(files)-1] {
		inner := path.Base(f)
		switch _, isList := s.marked(f); {
		case inner == "." || name == "rsync" && strings.HasSuffix(f, "/"), isList:
			inner = "*"
		}
		if told(last) && (inner == "*" || told(inner)) {
			s.write(path.Join(last, inner))
		}
		if name == "mv" {
			s.remove(f)
		}
	}
}

func (s *script) echo(args []string, _ output) output {
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && strings.Trim(args[0][1:], "neE") == "" {
		args = args[1:]
	}
	return saidAll(args, " ")
}

func (s *script) printf(args []string, _ output) output {
	if len(args) == 0 {
		return output{}
	}
	if len(args) > 1 {
		return saidAll(args[1:], "\n")
	}
	return saidAll([]string{strings.ReplaceAll(args[0], `\n`, "\n")}, "")
}

func saidAll(args []string, between string) output {
	if len(args) == 1 && strings.HasPrefix(args[0], listMark) {
		return output{files: args}
	}
	text := strings.Join(args, between)
	return output{known: !strings.Contains(text, "\x00"), text: text + "\n"}
}

func (s *script) cat(args []string, in output) output {
	switch files := operands(args); {
	case len(files) == 0 || files[0] == "-":
		return in
	case len(files) == 1:
		return output{file: files[0]}
	}
	return output{}
}

func (s *script) editor(args []string, in output) output {
	text := strings.Join(args, " ") + "\n" + in.text
	o := parseOptions(args, "cp")
	if !o.has('R') && editorSaves.MatchString(text) {
		s.write(slices.DeleteFunc(o.rest, func(f string) bool { return strings.HasPrefix(f, "+") })...)
	}
	return output{}
}

var editorSaves = lazyregexp.New(`(?m)(^|[|+:" ])(w|x|wq|wq!|w!|x!|update|up)($|[|" ])`)

func (s *script) curl(args []string, _ output) output {
	o := parseOptions(args, "oHdXuAebFmTwKCQrtxyYzcD", "output", "output-dir", "header", "data", "request", "url", "user")
	s.write(o.value('o', "output")...)
	if o.has('O', "remote-name") {
		for _, name := range urlNames(o.rest) {
			s.write(path.Join(append(o.value(0, "output-dir"), name)...))
		}
	}
	return output{}
}

func (s *script) wget(args []string, _ output) output {
	o := parseOptions(args, "OoPUtTwaiQ", "output-document", "directory-prefix", "header")
	if out := o.value('O', "output-document"); len(out) > 0 {
		s.write(slices.DeleteFunc(out, func(f string) bool { return f == "-" })...)
		return output{}
	}
	for _, name := range urlNames(o.rest) {
		for _, dir := range append(o.value('P', "directory-prefix"), ".")[:1] {
			s.write(path.Join(dir, name))
		}
	}
	return output{}
}

func urlNames(urls []string) (names []string) {
	for _, u := range urls {
		u, _, _ = strings.Cut(u, "?")
		if _, rest, ok := strings.Cut(u, "://"); ok && strings.Contains(rest, "/") && !strings.HasSuffix(u, "/") {
			names = append(names, path.Base(u))
		}
	}
	return names
}

// tar writes into a folder that is named.
func (s *script) tar(args []string, _ output) output {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		args = append([]string{"-" + args[0]}, args[1:]...)
	}
	o := parseOptions(args, "CfTXbIH", "directory", "file", "exclude")
	if o.has('x', "extract", "get") {
		for _, dir := range o.value('C', "directory") {
			s.write(path.Join(dir, "*"))
		}
		if !o.has('C', "directory") && !o.has('O', "to-stdout") {
			s.write(o.rest...) // the members that it is to take
		}
	}
	if o.has('c', "create") {
		s.write(o.value('f', "file")...)
	}
	return output{}
}

func (s *script) unzip(args []string, _ output) output {
	for i, a := range args {
		if a == "-d" && i+1 < len(args) {
			s.write(path.Join(args[i+1], "*"))
		}
	}
	return output{}
}
