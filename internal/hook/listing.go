package hook

import (
	"slices"
	"strings"
)

// each stands for a file that find or xargs puts in.
const each = "{}"

// find lists files of folders, removes them, or runs something on each.
func (s *script) find(args []string, _ output) output {
	n := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") || a == "(" || a == "!" })
	if n < 0 {
		n = len(args)
	}
	folders, tests := args[:n], args[n:]
	if n == 0 {
		folders = []string{"."}
	}
	marks := s.listed(folders, wanted(tests))
	for i := 0; i < len(tests); i++ {
		switch a := tests[i]; {
		case a == "-delete":
			s.remove(marks...)
		case (a == "-fprint" || a == "-fprint0" || a == "-fls") && i+1 < len(tests):
			s.write(tests[i+1])
		case a == "-exec" || a == "-execdir" || a == "-ok" || a == "-okdir":
			run := tests[i+1:]
			if n := slices.IndexFunc(run, func(a string) bool { return a == ";" || a == "+" }); n >= 0 {
				run = run[:n]
			}
			s.runEach(run, marks)
			i += len(run)
		}
	}
	return output{files: marks}
}

// wanted are the files that the tests of find leave.
func wanted(tests []string) (w Write) {
	w.Set = Tracked
	for i := 0; i+1 < len(tests); i++ {
		not := i > 0 && (tests[i-1] == "!" || tests[i-1] == "-not")
		switch {
		case not:
		case tests[i] == "-name" || tests[i] == "-iname":
			w.Names = append(w.Names, tests[i+1])
		case tests[i] == "-maxdepth" && tests[i+1] == "1":
			w.Shallow = true
		case tests[i] == "-type" && tests[i+1] != "f":
			w.Names = append(w.Names, "") // no files
		}
	}
	return w
}

// listed marks the files below folders.
func (s *script) listed(folders []string, w Write) (marks []string) {
	for _, f := range folders {
		if l, ok := s.marked(f); ok && w.Text != "" {
			l.Text, l.Match, l.Fold = w.Text, w.Match, w.Fold
			marks = append(marks, s.list(l))
		} else if told(f) && (!s.lost || absolute(f)) {
			w.Path, w.Dir = f, s.dir
			marks = append(marks, s.list(w))
		}
	}
	return marks
}

// runEach runs a command with names in the place of the sign for each.
func (s *script) runEach(args, names []string) (out output) {
	var all []string
	for _, a := range args {
		switch {
		case a == each:
			all = append(all, names...)
		case strings.Contains(a, each) && len(names) == 1:
			all = append(all, strings.ReplaceAll(a, each, names[0]))
		default:
			all = append(all, a)
		}
	}
	if s.depth >= maxNested || len(all) == 0 {
		return out
	}
	was := s.place
	s.depth++
	out = s.simple(all, output{})
	s.depth--
	s.place = was
	return out
}

func (s *script) xargs(args []string, in output) output {
	args, sign := xargsCommand(args)
	names := in.names(true)
	switch sign {
	case "":
		args = append(args, each)
	case each:
	default:
		for i, a := range args {
			args[i] = strings.ReplaceAll(a, sign, each)
		}
	}
	return s.runEach(args, names[:min(len(names), maxWrites)])
}

// xargsCommand is what xargs is to run, and the sign in whose place names are put.
func xargsCommand(args []string) (command []string, sign string) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		option := args[0]
		args = args[1:]
		letter := option[min(1, len(option)-1)]
		switch {
		case option == "-i" || strings.HasPrefix(option, "--replace"):
			sign = each
		case letter == 'I' && len(option) > 2:
			sign = option[2:]
		case letter == 'I' && len(args) > 0:
			sign, args = args[0], args[1:]
		case len(option) == 2 && strings.IndexByte("nPLsdEa", letter) >= 0 && len(args) > 0:
			args = args[1:]
		}
	}
	return slices.Clone(args), sign
}

func (s *script) fd(args []string, _ output) output {
	o := parseOptions(args, "etdEx", "extension", "type", "exclude")
	w := Write{Set: Tracked}
	for _, e := range o.value('e', "extension") {
		w.Names = append(w.Names, "*."+e)
	}
	folders := []string{"."}
	if len(o.rest) > 1 {
		folders = o.rest[1:]
	}
	if len(o.rest) > 0 && o.rest[0] != "." {
		return output{} // what a pattern finds is not told
	}
	return output{files: s.listed(folders, w)}
}

// grep lists the files that hold something, when it is told to.
func grepping(match byte) program {
	return func(s *script, args []string, _ output) output { return s.grep(args, match) }
}

func (s *script) grep(args []string, match byte) output {
	o := parseOptions(args, "efmABCtgjT", "include", "exclude", "exclude-dir", "regexp", "type", "glob", "max-count")
	if !o.has('l', "files-with-matches") {
		return output{}
	}
	pattern := o.value('e', "regexp")
	if len(pattern) == 0 && len(o.rest) > 0 {
		pattern, o.rest = o.rest[:1], o.rest[1:]
	}
	if len(pattern) != 1 || !told(pattern[0]) {
		return output{}
	}
	w := Write{Set: Tracked, Text: pattern[0], Names: o.value('g', "include", "glob"), Match: match}
	switch {
	case o.has('F', "fixed-strings"):
		w.Match = 'F'
	case o.has('E', "extended-regexp") || o.has('P', "perl-regexp"):
		w.Match = 'E'
	}
	w.Fold = o.has('i', "ignore-case") || o.has('S', "smart-case")
	if len(o.rest) == 0 {
		o.rest = []string{"."}
	}
	return output{files: s.listed(o.rest, w)}
}

// ls says the names that it is given; those within a folder are not looked at.
func (s *script) ls(args []string, _ output) output {
	var names []string
	for _, f := range operands(args) {
		if strings.ContainsAny(f, "*?[") {
			names = append(names, f)
		}
	}
	if len(names) == 0 {
		return output{}
	}
	return output{files: names}
}
