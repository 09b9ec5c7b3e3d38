package hook

import "strings"

// patch writes the files of a diff, or the one that it names.
func (s *script) patch(args []string, in output) output {
	o := parseOptions(args, "pidDorFgVxYz", "input", "directory", "strip", "output")
	if o.has(0, "dry-run") {
		return output{}
	}
	s.write(o.value('o', "output")...)
	at := s.place
	for _, d := range o.value('d', "directory") {
		s.place = s.within(d)
	}
	if len(o.rest) > 0 {
		s.write(o.rest[0])
	} else {
		s.diff(o.value('i', "input"), in, at)
	}
	s.place = at
	return output{}
}

// diff writes what diffs change: files of diffs, which are relative to a place, or
// what is read.
func (s *script) diff(files []string, in output, at place) {
	here := s.place
	s.place = at
	defer func() { s.place = at }()
	if len(files) == 0 && in.file != "" && in.from == "" {
		files = []string{in.file}
	}
	for _, f := range files {
		if f != "-" && told(f) && (!s.lost || absolute(f)) {
			s.writes = append(s.writes, Write{Path: within(s.dir, f), Dir: here.dir, Set: Diff})
		}
	}
	if in.known {
		s.place = here
		s.write(DiffNames(in.text)...)
	}
}

// DiffNames are the files that a diff changes.
func DiffNames(text string) (names []string) {
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		for _, mark := range []string{"+++ ", "--- ", "rename from ", "rename to ", "copy to "} {
			name, ok := strings.CutPrefix(line, mark)
			if !ok {
				continue
			}
			name, _, _ = strings.Cut(name, "\t")
			name = strings.Trim(name, `"`)
			if strings.HasPrefix(name, "a/") || strings.HasPrefix(name, "b/") {
				name = name[2:]
			}
			if name != "" && name != "/dev/null" && !seen[name] && len(names) < maxWrites {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
