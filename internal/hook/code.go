package hook

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// code finds the files that a script writes by name, where that can be told.
func (s *script) code(text string) { s.tokens(scan(text, '\\')) }

func (s *script) tokens(list []token) {
	r := &reader{script: s, list: list, vars: make(map[string]value)}
	for r.at < len(r.list) {
		r.step()
	}
}

// value is what an expression is: a text, or a path made of one.
type value struct {
	text   string
	isPath bool
}

type reader struct {
	*script
	list []token
	at   int
	vars map[string]value
	deep int // calls in calls
}

func (r *reader) is(i int, kind byte) bool {
	return i >= 0 && i < len(r.list) && r.list[i].kind == kind
}

// step looks at one token: a variable that is set, or a call.
func (r *reader) step() {
	i := r.at
	r.at++
	if !r.is(i, 'n') {
		return
	}
	name := r.list[i].text
	switch {
	case r.is(i+1, '=') && !r.is(i+2, '='):
		if v, _, ok := r.value(i + 2); ok && len(r.vars) < maxWrites {
			r.vars[name] = v
		}
	case r.is(i+1, '('):
		r.call(name, i+2, r.receiver(i, name))
	case r.is(i+1, 's') && commanded(name):
		if v, _, ok := r.value(i + 1); ok {
			r.effect(last(name), owner(name), value{}, []value{v}, nil)
		}
	}
}

// commanded reports whether a name is one that languages call without parentheses.
func commanded(name string) bool {
	return name == "unlink" || strings.HasPrefix(name, "File.") || name == "IO.write" || strings.HasPrefix(name, "FileUtils.") || name == "system"
}

func last(name string) string { return strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]) }

// owner is what a method belongs to.
func owner(name string) string {
	n := strings.LastIndexByte(name, '.')
	if n < 0 {
		return ""
	}
	return last(name[:n])
}

// receiver is the path on which a method is called: that of a variable, or of an
// expression just before.
func (r *reader) receiver(i int, name string) value {
	if n := strings.LastIndexByte(name, '.'); n > 0 {
		return r.vars[name[:n]]
	}
	if !r.is(i-1, '.') || !r.is(i-2, ')') {
		return value{}
	}
	depth := 0
	for j := i - 2; j >= 0 && i-j < maxExpression; j-- {
		switch {
		case r.is(j, ')'):
			depth++
		case r.is(j, '('):
			if depth--; depth == 0 {
				if r.is(j-1, 'n') && r.is(j-2, '.') {
					continue // a chain goes on before
				}
				if v, _, ok := r.value(max(0, j-1)); ok {
					return v
				}
				v, _, _ := r.value(j + 1)
				return v
			}
		}
	}
	return value{}
}

// How far is looked for the parts of one expression, and how deep.
const (
	maxExpression = 200
	maxDeep       = 8
)

// value reads an expression: a text, a variable, a path made of either, or these
// put together.
func (r *reader) value(i int) (v value, next int, ok bool) {
	v, i, ok = r.operand(i)
	for ok {
		switch {
		case r.is(i, '/') && v.isPath, r.is(i, '+'):
			slash := r.is(i, '/')
			w, n, told := r.operand(i + 1)
			if !told {
				return value{}, i, false
			}
			if slash {
				v.text = path.Join(v.text, w.text)
			} else {
				v.text += w.text
			}
			i = n
		case r.is(i, '.') && r.is(i+1, 'n') && r.list[i+1].text == "joinpath" && r.is(i+2, '('):
			args, n := r.values(i + 3)
			v.text, i = joined(append([]value{v}, args...)), n
		default:
			return v, i, true
		}
	}
	return value{}, i, false
}

func (r *reader) operand(i int) (v value, next int, ok bool) {
	switch {
	case r.is(i, 's'):
		return value{text: r.list[i].text}, i + 1, true
	case r.is(i, 'n') && r.is(i+1, '('):
		switch last(r.list[i].text) {
		case "path", "join", "resolve", "purepath":
			args, n := r.values(i + 2)
			return value{joined(args), last(r.list[i].text) == "path"}, n, len(args) > 0
		}
	case r.is(i, 'n'):
		v, ok = r.vars[r.list[i].text]
		return v, i + 1, ok
	case r.is(i, '(') && !r.is(i+1, '('):
		v, i, ok = r.operand(i + 1)
		if r.is(i, ')') {
			i++
		}
		return v, i, ok
	}
	return value{}, i + 1, false
}

func joined(args []value) string {
	var all []string
	for _, a := range args {
		all = append(all, a.text)
	}
	if slices.ContainsFunc(all, func(a string) bool { return !told(a) }) {
		return unknown
	}
	return path.Join(all...)
}

// values are the arguments of a call up to its end. What is not told is unknown.
func (r *reader) values(i int) (args []value, next int) {
	args, _, next = r.arguments(i)
	return args, next
}

// arguments are those by place, with lists laid out flat, and those by name.
func (r *reader) arguments(i int) (args []value, named map[string]value, next int) {
	named = make(map[string]value)
	if r.deep > maxDeep {
		return nil, named, i
	}
	r.deep++
	defer func() { r.deep-- }()
	depth := 1
	fresh := true
	for from := i; i < len(r.list) && i-from < maxExpression; {
		switch k := r.list[i].kind; {
		case k == '(' && !fresh || k == '{':
			depth++
		case k == ')' || k == '}':
			if depth--; depth == 0 {
				return args, named, i + 1
			}
		case k == ',' || k == '[' || k == ']' || k == '\n':
			fresh = fresh || k != '\n' && k != ']'
		case fresh && depth == 1:
			fresh = false
			at := i
			if r.is(i, 'n') && (r.is(i+1, '=') || r.is(i+1, ':')) && !r.is(i+2, '=') {
				at = i + 2
			}
			v, n, ok := r.value(at)
			if !ok {
				v, n = value{text: unknown}, at+1
			}
			if at > i {
				named[strings.ToLower(r.list[i].text)] = v
			} else {
				args = append(args, v)
			}
			i = max(n, i+1)
			continue
		}
		i++
	}
	return args, named, i
}

// call is a function that is called.
func (r *reader) call(name string, i int, on value) {
	args, named, _ := r.arguments(i)
	r.effect(last(name), owner(name), on, args, named)
}

// The functions that write their first argument, remove it, or write the second,
// and those of which only these owners' do so.
var (
	writers = []string{
		"writefilesync", "writefile", "appendfilesync", "appendfile", "createwritestream", "outputfile", "outputfilesync", "file_put_contents", "truncatesync",
		"writetextfile", "writetextfilesync", "writealltext", "writealllines", "writeallbytes", "appendalltext", "appendalllines",
	}
	removers = []string{"unlinksync", "rmsync", "rmtree", "rimraf", "rm_rf", "rm_r", "rm_f"}
	movers   = []string{"renamesync", "movesync"}
	copiers  = []string{"copyfilesync", "copyfile", "copy2", "copytree", "cpsync", "cp_r"}
	runners  = []string{"system", "popen", "execsync", "spawnsync", "spawn", "execfilesync", "check_call", "check_output", "getoutput"}
	owners   = []string{"os", "fs", "shutil", "file", "fileutils", "fsp", "promises", "path", "io", "directory", "pathlib", "deno", "bun"}
	openers  = lazyregexp.New(`^[rbtU]*[wax]|^[rbt]+\+|^\+?[><]*>`)
)

// effect is what a call does to files.
func (r *reader) effect(name, owner string, on value, args []value, named map[string]value) {
	first, second := nth(args, 0), nth(args, 1)
	if v, ok := named["file"]; ok && len(args) == 0 {
		first = v
	}
	owned := slices.Contains(owners, owner) || owner == "" && name != "remove" && name != "replace" && name != "copy" && name != "delete" && name != "write"
	switch {
	case name == "open" || name == "fopen" || name == "opensync":
		r.opened(on, args, named)
	case name == "fileinput.input" || name == "input" && owner == "fileinput":
		if _, ok := named["inplace"]; ok {
			r.write(first.text)
		}
	case (name == "write_text" || name == "write_bytes" || name == "touch") && on.isPath:
		r.write(on.text)
	case name == "unlink" && on.isPath:
		r.remove(on.text)
	case (name == "rename" || name == "replace") && on.isPath && len(args) == 1:
		r.moved("mv", []string{on.text, first.text})
	case slices.Contains(writers, name) || name == "write" && owned:
		r.write(first.text)
	case slices.Contains(removers, name) || (name == "remove" || name == "unlink" || name == "rm" || name == "delete") && owned:
		r.remove(first.text)
	case slices.Contains(movers, name) || (name == "rename" || name == "move" || name == "replace" || name == "mv") && owned:
		r.moved("mv", []string{first.text, second.text})
	case slices.Contains(copiers, name) || (name == "copy" || name == "cp") && owned:
		r.moved("cp", []string{first.text, second.text})
	case slices.Contains(runners, name) || (name == "run" || name == "call" || name == "popen") && owner == "subprocess" || name == "exec" && strings.HasPrefix(owner, "child"):
		r.ran(args)
	}
}

func nth(args []value, n int) value {
	if n < len(args) {
		return args[n]
	}
	return value{text: unknown}
}

// opened is a file that is opened to be written, in the order of each language.
func (r *reader) opened(on value, args []value, named map[string]value) {
	first, mode := nth(args, 0), nth(args, 1)
	if on.isPath {
		first, mode = on, nth(args, 0)
	}
	if f, ok := named["file"]; ok {
		first, mode = f, nth(args, 0)
	}
	if m, ok := named["mode"]; ok {
		mode = m
	}
	if strings.HasPrefix(mode.text, ">") || strings.HasPrefix(mode.text, "+<") {
		first = nth(args, 2) // of Perl
		if rest := strings.TrimLeft(mode.text, "+<> "); rest != "" {
			first.text = rest
		}
	}
	if mode.text != unknown && openers.MatchString(mode.text) {
		r.write(first.text)
	}
}

// ran is a command that is given as a text, or as a list of words.
func (r *reader) ran(args []value) {
	var all []string
	for _, a := range args {
		all = append(all, a.text)
	}
	if len(all) == 1 {
		r.nested(all[0])
	} else if len(all) > 1 && r.depth < maxNested {
		r.depth++
		r.simple(all, output{})
		r.depth--
	}
}
