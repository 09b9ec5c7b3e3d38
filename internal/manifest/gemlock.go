package manifest

import (
	"fmt"
	"path"
	"strings"
)

// A gemLock collects one Gemfile.lock.
type gemLock struct {
	file    *File
	line    int
	section string
	remotes []string
	from    string // what the remotes come to, made when the gems begin
	fields  map[string]string
	sums    map[string][]string
	asked   map[string]bool
	own     *pathGem // the gem of the repository that is read
	copied  int      // what such gems ask for, together
}

// gemSections are those that Bundler writes.
var gemSections = wordSet("GEM GIT PATH PLATFORMS DEPENDENCIES CHECKSUMS SVN")

// parseGemfileLock reads what Bundler writes: sections, told by their indentation.
func parseGemfileLock(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	l := &gemLock{
		file: &File{Path: path, Ecosystem: Gem, Format: "gemfile-lock", Lock: true, gems: make(map[string]*pathGem)}, sums: make(map[string][]string), asked: make(map[string]bool),
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		l.line++
		line = strings.TrimRight(line, " \r")
		if line == "" {
			continue
		}
		if err := l.read(line); err != nil {
			return nil, err
		}
	}
	for i := range l.file.Packages {
		p := &l.file.Packages[i]
		p.Integrity = sorted(l.sums[p.Path])
		p.Transitive = !l.asked[p.Name] && p.Group == ""
	}
	return l.file, nil
}

func (l *gemLock) fail(format string, args ...any) error {
	return &ParseError{Path: l.file.Path, Line: l.line, Reason: fmt.Sprintf(format, args...)}
}

func (l *gemLock) read(line string) error {
	body := strings.TrimLeft(line, " ")
	switch indent := len(line) - len(body); {
	case indent == 0:
		if strings.HasPrefix(body, "<<<<<<<") || strings.HasPrefix(body, "=======") || strings.HasPrefix(body, ">>>>>>>") {
			return l.fail("marks of a merge that was not finished")
		}
		known := gemSections[body] || body == "BUNDLED WITH" || body == "RUBY VERSION" || body == "PLUGIN SOURCE"
		if !known {
			return l.fail("an unknown section %s", quote(body))
		}
		l.section, l.fields, l.remotes, l.from = body, make(map[string]string), nil, ""
	case l.section == "GEM" || l.section == "GIT" || l.section == "PATH" || l.section == "PLUGIN SOURCE" || l.section == "SVN":
		return l.source(body, indent)
	case l.section == "DEPENDENCIES":
		return l.dependency(body)
	case l.section == "CHECKSUMS":
		return l.checksum(body)
	case l.section == "BUNDLED WITH":
		// Bundler installs and runs the version of itself that the file names.
		l.file.Packages = append(l.file.Packages, Package{
			Ecosystem: Gem, Name: "bundler", PURL: "pkg:gem/bundler", Spec: oneLine(body), Group: "bundled with", Pinned: true, Line: l.line, EndLine: l.line,
		})
		return l.file.count()
	case l.section == "":
		return l.fail("a line before the first section")
	}
	return nil
}

// source reads where the gems below it come from, and the gems.
func (l *gemLock) source(body string, indent int) error {
	switch indent {
	case 2:
		key, value, ok := strings.Cut(body, ":")
		value = strings.TrimSpace(value)
		switch {
		case !ok:
			return l.fail("neither a field nor a gem: %s", quote(body))
		case key == "remote" && len(l.remotes) == maxClauses:
			return l.fail("more than %d servers", maxClauses)
		case key == "remote":
			l.remotes = append(l.remotes, value)
		case key == "specs":
			l.from = l.place()
		default:
			l.fields[key] = value
		}
		return nil
	case 4:
		return l.gem(body)
	case 6:
		return l.asks(body)
	}
	return l.fail("a line of %d blanks before it", indent)
}

// cutGem reads "name (version)".
func cutGem(body string) (name, version string, ok bool) {
	name, rest, found := strings.Cut(body, " ")
	if !found {
		return name, "", name != ""
	}
	inner, closed := strings.CutSuffix(rest, ")")
	inner, open := strings.CutPrefix(inner, "(")
	return name, strings.TrimSpace(inner), name != "" && closed && open
}

func (l *gemLock) gem(body string) error {
	name, version, ok := cutGem(body)
	if !ok || version == "" || len(name) > maxPathLen {
		return l.fail("no gem with a version: %s", quote(body))
	}
	p := Package{Ecosystem: Gem, Name: name, PURL: "pkg:gem/" + purlEscape(name), Pinned: true, Path: body, Line: l.line, EndLine: l.line}
	p.Spec, p.Marker, _ = strings.Cut(version, "-") // the platform
	p.Source, l.own = l.from, nil
	switch l.section {
	case "GEM":
	case "PATH":
		p.Spec = ""
		l.own = &pathGem{folder: strings.TrimPrefix(l.from, "path:"), asked: make(map[string]string)}
		l.file.gems[name] = l.own
	default:
		p.Pinned = isCommit(l.fields["revision"])
	}
	l.file.Packages = append(l.file.Packages, p)
	return l.file.count()
}

// place is where the gems of a section come from.
func (l *gemLock) place() string {
	remote := strings.Join(l.remotes, "")
	switch l.section {
	case "GEM":
		return l.registry()
	case "PATH":
		return "path:" + path.Clean(remote)
	}
	return repositoryAt("git", strings.TrimSuffix(remote, ".git"), l.fields["revision"], "")
}

// registry: one section may name several servers, of which any may answer.
func (l *gemLock) registry() string {
	var all []string
	for _, r := range l.remotes {
		all = append(all, strings.TrimPrefix(gemRegistry(r), "registry:"))
	}
	if len(all) == 1 && all[0] == "" {
		return ""
	}
	text := strings.Join(all, " and ")
	return "registry:" + text[:min(len(text), maxPathLen)]
}

// dependency reads what the Gemfile asked for; "!" means from its own source.
func (l *gemLock) dependency(body string) error {
	name, spec, ok := cutGem(strings.TrimSuffix(body, "!"))
	if !ok {
		return l.fail("no dependency: %s", quote(body))
	}
	l.asked[name] = true
	l.file.Declared = append(l.file.Declared, Package{
		Ecosystem: Gem, Name: name, PURL: "pkg:gem/" + purlEscape(name), Spec: gemSpec(spec), Line: l.line, EndLine: l.line,
	})
	return l.file.count()
}

// checksum reads "name (version) sha256=…".
func (l *gemLock) checksum(body string) error {
	gem, sums, ok := strings.Cut(body, ") ")
	if !ok {
		return nil // a gem without one
	}
	for sum := range strings.SplitSeq(sums, ",") {
		algorithm, hash, ok := strings.Cut(sum, "=")
		if !ok || hash == "" {
			return l.fail("no hash: %s", quote(sum))
		}
		if len(l.sums[gem+")"]) == maxClauses {
			return l.fail("more than %d hashes of %s", maxClauses, quote(gem))
		}
		l.sums[gem+")"] = append(l.sums[gem+")"], algorithm+":"+hash)
	}
	return nil
}

// gemSatisfies holds Gemfile.lock against the Gemfile: the copy of what it asks
// for, and what is locked. What a gemspec or another Gemfile brings is not known
// here, so then the copy may have more.
func gemSatisfies(manifest, lock *File) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	more := false
	for _, s := range manifest.Settings {
		more = more || s.Name == "gemspec" || s.Name == "eval_gemfile"
	}
	declared := make(map[string]string, len(lock.Declared))
	for _, d := range lock.Declared {
		declared[d.Name] = d.Spec
	}
	entries, wanted := pyByName(lock), make(map[string]bool)
	var drifts []Drift
	for _, p := range manifest.Packages {
		wanted[p.Name] = true
		if d, ok := gemDrift(p, declared, entries[p.Name]); ok {
			drifts = append(drifts, d)
		}
	}
	for _, d := range lock.Declared {
		if !wanted[d.Name] && !more {
			drifts = append(drifts, Drift{Package: d, Reason: "the lock file has a requirement that the manifest has not"})
		}
	}
	return drifts
}

func gemDrift(p Package, declared map[string]string, found []*Package) (Drift, bool) {
	spec, known := declared[p.Name]
	switch {
	case !known && p.Marker != "":
		return Drift{}, false // where it is locked it was not asked for
	case !known:
		return Drift{Package: p, Reason: "the lock file does not know this requirement"}, true
	case spec != p.Spec:
		return Drift{Package: p, Locked: spec, Reason: "the lock file was made for another requirement"}, p.Marker == ""
	case len(found) == 0:
		return Drift{Package: p, Reason: "nothing is locked for this requirement"}, p.Marker == ""
	}
	e := found[0]
	if strings.HasPrefix(p.Source, "git+") {
		_, ref, _ := cutLast(p.Source, "@")
		if repository(p.Source) != repository(e.Source) || isCommit(ref) && !strings.HasSuffix(e.Source, "@"+ref) {
			return Drift{Package: p, Locked: e.Source, Reason: "another source is locked"}, true
		}
		return Drift{}, false
	}
	if inRegistry(&p) && !inRegistry(e) && e.Source != "" && !strings.HasPrefix(e.Source, "path:") {
		return Drift{Package: p, Locked: e.Source, Reason: "another source is locked"}, true
	}
	if !inRegistry(e) {
		return Drift{}, false
	}
	return looseDrift(p, found)
}
