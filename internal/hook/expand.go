package hook

import (
	"path"
	"strconv"
	"strings"
)

// What stands for a part of a word that is not text. Commands hold no NUL.
const (
	// Top begins a path that is relative to the top of the work tree.
	Top      = "\x00top"
	unknown  = "\x00?"
	listMark = "\x00list"
)

// The bounds of what a word and a command can stand for.
const (
	maxValues = 64
	maxParts  = 256
	maxWrites = 5000
	maxBraces = 6
	wordSize  = 64 // a longer text counts as more words
)

// told reports whether a value is a name, and not one that is partly unknown.
func told(value string) bool {
	return value != "" && !strings.Contains(strings.TrimPrefix(value, Top), "\x00")
}

// values are the texts that a word stands for.
func (s *script) values(w word) []string {
	all := s.combined(w)
	s.words += len(all)
	for _, v := range all {
		s.words += len(v) / wordSize
	}
	return all
}

func (s *script) combined(w word) []string {
	if len(w.parts) > maxParts {
		return []string{unknown}
	}
	all := []string{""}
	brace := false
	for _, p := range w.parts {
		var some []string
		switch p.kind {
		case literal:
			some = []string{p.text}
			brace = brace || !p.quoted && strings.Contains(p.text, "{")
		case variable:
			some = s.variable(p.text)
		case substitution:
			some = s.substitute(p.text)
		}
		if p.kind != literal && !p.quoted && len(w.parts) == 1 {
			return fields(some)
		}
		all = product(all, some)
	}
	if len(w.parts) > 0 && w.parts[0].kind == literal && !w.parts[0].quoted && strings.HasPrefix(w.parts[0].text, "~") {
		return []string{unknown} // somebody's home
	}
	if brace {
		return braces(all)
	}
	return all
}

func product(left, right []string) (all []string) {
	for _, a := range left {
		for _, b := range right {
			switch {
			case len(all) == maxValues:
			case len(a)+len(b) > maxCommand:
				all = append(all, unknown)
			default:
				all = append(all, a+b)
			}
		}
	}
	return all
}

// fields splits what stands unquoted.
func fields(values []string) (all []string) {
	for _, v := range values {
		for _, f := range strings.Fields(v) {
			if len(all) < maxWrites {
				all = append(all, f)
			}
		}
	}
	return all
}

// braces are the words of a{b,c}d, where each may hold some more.
func braces(values []string) (all []string) {
	for range maxBraces {
		if all = brace(values); len(all) == len(values) {
			break
		}
		values = all
	}
	return all
}

// brace takes the first and innermost braces of each apart.
func brace(values []string) (all []string) {
	for _, v := range values {
		before, rest, _ := strings.Cut(v, "{")
		if end := strings.IndexByte(rest, '}'); end > 0 {
			if n := strings.LastIndexByte(rest[:end], '{'); n >= 0 {
				before, rest = before+"{"+rest[:n], rest[n+1:]
			}
		}
		inner, after, ok := strings.Cut(rest, "}")
		if !ok || !strings.Contains(inner, ",") || len(all) >= maxValues {
			all = append(all, v)
			continue
		}
		for one := range strings.SplitSeq(inner, ",") {
			if len(all) < maxValues {
				all = append(all, before+one+after)
			}
		}
	}
	return all
}

// variable is what a variable holds, as far as the command says.
func (s *script) variable(name string) []string {
	if values, ok := s.vars[name]; ok {
		return values
	}
	if name == "PWD" && !s.lost {
		return []string{s.dir}
	}
	key := name[:nameLength(name)]
	values, set := s.vars[key]
	operator := strings.TrimPrefix(name[len(key):], ":")
	switch {
	case operator == "" || strings.IndexByte("-=?", operator[0]) < 0:
	case set:
		return values
	case operator[0] != '?':
		return []string{operator[1:]}
	}
	return []string{unknown}
}

// substitute runs a command for its output.
func (s *script) substitute(text string) []string {
	if s.depth >= maxNested {
		return []string{unknown}
	}
	was := s.place
	s.depth++
	out := s.read(text)
	s.depth--
	s.place = was
	return out.values()
}

// output is what a command writes or reads: a text, a list of files, or a file's
// content; or it is not known.
type output struct {
	known bool
	text  string
	files []string // names, or marks of lists
	file  string
	from  string // a revision whose file it is
}

func said(text string) output { return output{known: true, text: text} }

func (o output) values() []string {
	switch {
	case len(o.files) > 0:
		return o.files
	case o.known:
		return []string{strings.TrimRight(o.text, "\n")}
	}
	return []string{unknown}
}

// names are the files that a list of them names, a line or a word each.
func (o output) names(words bool) []string {
	switch {
	case len(o.files) > 0:
		return o.files
	case o.known && words:
		return strings.Fields(strings.ReplaceAll(o.text, "\x00", " "))
	case o.known:
		return strings.Split(strings.TrimRight(o.text, "\n"), "\n")
	}
	return []string{unknown}
}

// list keeps files that have no names yet, and is the mark for them.
func (s *script) list(w Write) string {
	s.lists = append(s.lists, w)
	return listMark + strconv.Itoa(len(s.lists)-1)
}

// marked is the list that a mark stands for.
func (s *script) marked(value string) (Write, bool) {
	rest, ok := strings.CutPrefix(value, listMark)
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n >= len(s.lists) {
		return Write{}, false
	}
	return s.lists[n], true
}

// place is where a script stands.
type place struct {
	dir  string
	lost bool // it went somewhere that is not told
}

func (s *script) within(name string) place {
	switch {
	case !told(name) || strings.HasPrefix(name, "-"):
		return place{s.dir, true}
	case absolute(name):
		return place{name, false}
	}
	return place{path.Join(s.dir, name), s.lost}
}

// absolute reports whether a path does not depend on the folder, on any system.
func absolute(name string) bool {
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, Top) || len(name) > 2 && name[1] == ':' && (name[2] == '/' || name[2] == '\\')
}

// within is a folder as seen from another.
func within(dir, name string) string {
	if absolute(name) {
		return name
	}
	return path.Join(dir, name)
}
