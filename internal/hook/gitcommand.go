package hook

import (
	"slices"
	"strings"
)

// git is judged by what it writes to files. What puts back what is committed is no
// change; what passes by the guard is looked for.
func (s *script) git(args []string, in output) output {
	was := s.place
	defer func() { s.place = was }()
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		switch {
		case args[0] == "-c" && strings.HasPrefix(strings.ToLower(args[1]), "core.hookspath"):
			s.bypass = "git -c core.hooksPath"
		case strings.HasPrefix(strings.ToLower(args[0]), "--config-env=core.hookspath"):
			s.bypass = "git --config-env=core.hooksPath"
			args = args[1:]
			continue
		case args[0] == "-C":
			s.place = s.within(args[1])
		case args[0] != "-c" && args[0] != "--git-dir" && args[0] != "--work-tree":
			args = args[1:]
			continue
		}
		args = args[2:]
	}
	if len(args) == 0 {
		return output{}
	}
	s.unguarded(args[0], args[1:])
	return s.gitVerb(args[0], args[1:], in)
}

func (s *script) gitVerb(verb string, args []string, in output) output {
	switch verb {
	case "rm":
		if o := parseOptions(args, ""); !o.has('n', "dry-run") {
			s.remove(o.rest...)
		}
	case "mv":
		s.moved("mv", operands(args))
	case "checkout":
		s.checkout(args)
	case "restore":
		o := parseOptions(args, "s", "source")
		if from := o.value('s', "source"); len(from) > 0 {
			s.restore(from[0], o.rest)
		}
	case "stash":
		if len(args) > 0 && (args[0] == "pop" || args[0] == "apply") {
			s.revision(append(operands(args[1:]), "stash@{0}")[0])
		}
	case "cherry-pick", "revert":
		for _, r := range operands(args) {
			s.revision(r)
		}
	case "apply", "am":
		o := parseOptions(args, "pC", "directory", "exclude", "include")
		if !o.has(0, "check", "stat", "numstat", "summary") {
			at := s.place
			s.place = place{dir: Top}
			s.diff(o.rest, in, at)
		}
	case "submodule":
		if files := operands(args); len(files) > 1 && files[0] == "add" {
			s.write(".gitmodules")
			s.write(files[2:]...)
		}
	default:
		return s.gitReading(verb, args)
	}
	return output{}
}

// gitReading are commands whose output says something, or is sent to a file.
func (s *script) gitReading(verb string, args []string) output {
	o := parseOptions(args, "oeO", "output")
	switch verb {
	case "show":
		if len(args) == 1 {
			if rev, name, ok := strings.Cut(args[0], ":"); ok && name != "" {
				return output{from: rev, file: name}
			}
		}
	case "ls-files":
		if len(o.rest) == 0 {
			o.rest = []string{"."}
		}
		var files []string
		for _, f := range o.rest {
			if strings.ContainsAny(f, "*?[") {
				files = append(files, f)
			} else {
				files = append(files, s.listed([]string{f}, Write{Set: Tracked})...)
			}
		}
		return output{files: files}
	case "grep":
		return grepping('G')(s, args, output{})
	case "rev-parse":
		if o.has(0, "show-toplevel") {
			return said(Top)
		}
	}
	s.write(o.long["output"]...)
	return output{}
}

// checkout writes files when it names them: a revision's, or what is committed.
func (s *script) checkout(args []string) {
	n := slices.Index(args, "--")
	before := operands(args[:max(n, 0)])
	if n < 0 {
		before = operands(args)
	}
	switch {
	case n < 0 && len(before) > 1 && !slices.Contains(args, "-b") && !slices.Contains(args, "-B"):
		s.restore(before[0], before[1:])
	case n > 0 && len(before) > 0:
		s.restore(before[0], args[n+1:])
	}
}

// restore writes files of a revision.
func (s *script) restore(revision string, files []string) {
	s.add(Write{From: revision}, files...)
}

// revision writes what a commit changed, once more.
func (s *script) revision(name string) {
	if told(name) && !s.lost {
		s.writes = append(s.writes, Write{Path: name, Dir: s.dir, Set: Revision})
	}
}

// guardKey reports whether a key of git's configuration holds the guard.
func guardKey(key string) bool {
	key = strings.ToLower(key)
	return key == "core.hookspath" || strings.Contains(key, ".changeguard")
}

// unguarded looks for what passes by the guard.
func (s *script) unguarded(verb string, args []string) {
	o := parseOptions(args, "mFCct", "message", "file", "author", "date")
	if verb == "config" {
		s.configured(args)
		return
	}
	if !slices.Contains([]string{"commit", "push", "merge", "am"}, verb) {
		return
	}
	for name := range o.long {
		if len(name) > 3 && strings.HasPrefix("no-verify", name) {
			s.bypass = "git " + verb + " --" + name
		}
	}
	if verb == "commit" && o.has('n') {
		s.bypass = "git commit -n"
	}
}

// configured is git config: what it asks for is read, what it gives a value or
// takes away is written.
func (s *script) configured(args []string) {
	verbs := operands(args)
	if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--get") }) || len(verbs) > 0 && (verbs[0] == "get" || verbs[0] == "list") {
		return
	}
	sections := slices.ContainsFunc(args, func(a string) bool { return strings.HasSuffix(a, "-section") })
	unset := slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--unset") || a == "unset" })
	for _, a := range args {
		if sections && strings.HasPrefix(strings.ToLower(a), "branch.") || guardKey(a) && (unset || len(verbs) > 1) {
			s.bypass = "git config " + a
		}
	}
}
