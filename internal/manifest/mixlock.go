package manifest

import "strings"

// mixLockFormat is the lock file of Elixir.
var mixLockFormat = Format{
	Name: "mix-lock", Ecosystem: Hex, Lock: true, is: named("mix.lock"), Parse: parseMixLock,
	Manifests: []string{"mix.exs"}, Below: true,
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged, IntegrityRemoved, LockfileDrift},
}

// parseMixLock reads `%{"name": {:hex, :name, "1.2.3", "hash", …}, …}`, which is
// written in words that a Gemfile has as well.
func parseMixLock(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Hex, Format: "mix-lock", Lock: true}
	text, ok := strings.CutPrefix(strings.TrimLeft(strings.TrimPrefix(string(data), "\ufeff"), " \t\r"), "%{")
	l := &rubyLexer{path: path, s: text, line: 1}
	if !ok {
		return nil, l.fail("the document is no map")
	}
	var entry []rubyToken
	var options []string // of a repository; of a package the programs that build it
	depth := 1
	for {
		t, more, err := l.next()
		switch {
		case err != nil:
			return nil, err
		case !more && depth > 0:
			return nil, l.fail("the map has no end")
		case !more:
			return f, nil
		case t.kind == rubyEnd:
			continue
		case depth == 0:
			return nil, l.fail("something behind the map")
		case t.kind == rubyMark && strings.Contains("{[(", t.text):
			depth++
		case t.kind == rubyMark && strings.Contains("}])", t.text):
			depth--
		}
		if depth > maxNesting {
			return nil, l.fail("nested more than %d levels deep", maxNesting)
		}
		if depth == 2 || depth == 1 && t.kind != rubyMark { // deeper is what a package asks for
			if entry = append(entry, t); len(entry) > maxClauses {
				return nil, l.fail("an entry of too many words")
			}
			continue
		}
		if depth == 3 && t.kind != rubyMark {
			if options = append(options, t.text); len(options) > maxClauses {
				return nil, l.fail("an entry of too many words")
			}
		}
		if len(entry) > 0 && depth <= 1 && (t.text == "," || depth == 0) {
			if err := f.mixEntry(entry, options); err != nil {
				return nil, err
			}
			entry, options = entry[:0], options[:0]
		}
	}
}

// mixEntry reads one.
func (f *File) mixEntry(entry []rubyToken, options []string) error {
	var words []string
	for _, t := range entry {
		if t.kind == rubyString || t.kind == rubySymbol || t.kind == rubyLabel || t.kind == rubyWord {
			words = append(words, t.text)
		}
	}
	line := entry[0].line
	if len(words) < 4 || entry[0].kind != rubyLabel && entry[0].kind != rubyString || len(words[0]) > maxPathLen || words[0] == "" {
		return &ParseError{Path: f.Path, Line: line, Reason: "an entry that is not read: " + quote(joined(entry))}
	}
	p := Package{Ecosystem: Hex, Name: words[0], PURL: "pkg:hex/" + purlEscape(words[0]), Transitive: true, Line: line, EndLine: line}
	switch words[1] {
	case "hex":
		if len(words) < 5 {
			return &ParseError{Path: f.Path, Line: line, Reason: "an entry without a version or a hash"}
		}
		p.Spec, p.Pinned = words[3], true
		if words[2] != p.Name {
			p.Alias, p.Name, p.PURL = p.Name, words[2], "pkg:hex/"+purlEscape(words[2])
		}
		for _, w := range words[4:] {
			switch {
			case len(w) == 64 && isHex(w):
				p.Integrity = append(p.Integrity, "sha256:"+w)
			case w != "hexpm":
				p.Source = "registry:" + oneLine(w)
			}
		}
		p.Integrity = sorted(p.Integrity)
	case "git":
		p.Source, p.Pinned = repositoryAt("git", words[2], words[3], ""), isCommit(words[3])
	default:
		return &ParseError{Path: f.Path, Line: line, Reason: "an unknown source " + quote(words[1])}
	}
	if len(options) > 0 {
		p.Options = []string{oneLine(strings.Join(options, " "))}
	}
	f.Packages = append(f.Packages, p)
	return f.count()
}
