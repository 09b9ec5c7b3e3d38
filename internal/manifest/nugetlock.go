package manifest

import (
	"path"
	"strings"
)

// A nugetLock reads packages.lock.json.
type nugetLock struct {
	*jsonReader
	file *File
}

// parseNuGetLock reads the packages of every framework.
func parseNuGetLock(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	l := &nugetLock{r, &File{Path: path, Ecosystem: NuGet, Format: "nuget-lock", Lock: true}}
	err = l.object("the document", func(key string, _ int) error {
		if key != "dependencies" {
			if v := string(l.raw()); key == "version" && (len(v) != 1 || v < "1" || v > "3") {
				return l.fail("unknown version of the lock file: %s", quote(v))
			}
			return nil
		}
		return l.object(key, func(framework string, _ int) error {
			return l.object("a framework", func(name string, line int) error { return l.entry(oneLine(framework), name, line) })
		})
	})
	if err != nil {
		return nil, err
	}
	return l.file, l.file.count()
}

func (l *nugetLock) entry(framework, name string, line int) error {
	p := Package{Ecosystem: NuGet, Name: strings.ToLower(oneLine(name)), Marker: framework, Pinned: true, Line: line}
	fields := make(map[string]string)
	err := l.object("an entry", func(key string, _ int) error {
		if l.next() != '"' {
			l.skip()
			return nil
		}
		fields[key] = l.str()
		return nil
	})
	if err != nil {
		return err
	}
	p.EndLine = l.lines.at(l.at)
	if p.Name == "" || len(p.Name) > maxPathLen || len(framework) > maxPathLen {
		return l.fail("an entry without a name")
	}
	p.PURL, p.Spec = "pkg:nuget/"+purlEscape(p.Name), fields["resolved"]
	p.Transitive = fields["type"] != "Direct"
	if fields["type"] == "Project" {
		p.Source, p.Spec = "path:"+p.Name, ""
	} else if p.Spec == "" {
		return l.fail("no version is locked for %s", quote(p.Name))
	}
	if hash := fields["contentHash"]; hash != "" {
		p.Integrity = []string{"sha512-" + hash}
	}
	if fields["type"] == "Direct" {
		l.file.Declared = append(l.file.Declared, Package{
			Ecosystem: NuGet, Name: p.Name, PURL: p.PURL, Spec: strings.ReplaceAll(oneLine(fields["requested"]), ", ", ","), Marker: framework, Line: line, EndLine: p.EndLine,
		})
	}
	l.file.Packages = append(l.file.Packages, p)
	return l.file.count()
}

// nugetSatisfies holds packages.lock.json against the project beside it: for each
// reference with a version the lock file has it as asked for, and a version that
// is accepted. What a central list says is not known here.
func nugetSatisfies(manifest, lock *File) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	declared, entries := make(map[string][]string), pyByName(lock)
	for _, d := range lock.Declared {
		declared[d.Name] = append(declared[d.Name], d.Spec)
	}
	var drifts []Drift
	for _, p := range manifest.Packages {
		if p.Group != "" || p.Alias != "" || p.Marker != "" || p.Spec == "" || strings.Contains(p.Spec, "$(") {
			continue
		}
		if d, ok := nugetDrift(p, declared[p.Name], entries[p.Name]); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

func nugetDrift(p Package, requested []string, found []*Package) (Drift, bool) {
	if len(requested) == 0 || len(found) == 0 {
		return Drift{Package: p, Reason: "nothing is locked for this requirement"}, true
	}
	for _, r := range requested {
		if nugetRange(r) != nugetRange(p.Spec) {
			return Drift{Package: p, Locked: r, Reason: "the lock file was made for another requirement"}, true
		}
	}
	s, ok := intervalSpec(nugetRange(p.Spec), false)
	for _, e := range found {
		if ok && !acceptsLoose(s, e.Spec) {
			return Drift{Package: p, Locked: e.Spec, Reason: "the locked version is not accepted by the requirement"}, true
		}
	}
	return Drift{}, false
}

// nugetRange writes a version alone as the range that it is.
func nugetRange(spec string) string {
	if strings.ContainsAny(spec, "[](),*") {
		return spec
	}
	return "[" + spec + ",)"
}
