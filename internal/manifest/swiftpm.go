package manifest

import "strings"

// swiftFormat is the lock file of Swift's package manager.
var swiftFormat = Format{
	Name: "swift-resolved", Ecosystem: Swift, Lock: true, is: named("package.resolved"), Parse: parsePackageResolved,
	Manifests: []string{"Package.swift"}, Below: true,
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift},
}

// A swiftReader reads Package.resolved.
type swiftReader struct {
	*jsonReader
	file *File
}

// parsePackageResolved reads all three versions of the format.
func parsePackageResolved(path string, data []byte) (*File, error) {
	r, err := newJSONReader(path, data)
	if err != nil {
		return nil, err
	}
	s := &swiftReader{r, &File{Path: path, Ecosystem: Swift, Format: "swift-resolved", Lock: true}}
	member := func(key string, line int) error {
		switch key {
		case "pins":
			return s.array(key, s.pin)
		case "version":
			if v := string(s.raw()); v != "1" && v != "2" && v != "3" {
				return &ParseError{Path: path, Line: line, Reason: "unknown version of the lock file: " + quote(v)}
			}
			return nil
		}
		s.skip()
		return nil
	}
	err = s.object("the document", func(key string, line int) error {
		if key == "object" {
			return s.object(key, member)
		}
		return member(key, line)
	})
	if err != nil {
		return nil, err
	}
	return s.file, s.file.count()
}

// pin reads one package. Its name is made of its address, its version is the name
// of a commit.
func (s *swiftReader) pin() error {
	p := Package{Ecosystem: Swift, Line: s.line()}
	fields := make(map[string]string)
	err := s.object("a pin", func(key string, _ int) error {
		if key == "state" {
			return s.object(key, func(key string, _ int) error { return s.field(fields, key) })
		}
		return s.field(fields, key)
	})
	if err != nil {
		return err
	}
	p.EndLine = s.lines.at(s.at)
	url := fields["location"] + fields["repositoryURL"]
	p.Name = strings.ToLower(fields["identity"])
	if p.Name == "" {
		p.Name = strings.ToLower(strings.TrimSuffix(url[strings.LastIndexByte(url, '/')+1:], ".git"))
	}
	if p.Name == "" || len(p.Name) > maxPathLen {
		return s.fail("a pin without a name")
	}
	p.PURL = "pkg:swift/" + purlEscape(p.Name)
	p.Spec = fields["version"]
	if p.Spec == "" {
		p.Spec = fields["branch"]
	}
	if p.Spec == "" {
		p.Spec = "(a commit)"
	}
	if strings.HasPrefix(fields["kind"], "local") {
		p.Source = "path:" + oneLine(url)
	} else if url != "" && fields["kind"] != "registry" {
		p.Source = "registry:" + strings.TrimSuffix(repositoryAt("git", url, "", ""), ".git")
	}
	if rev := fields["revision"]; isCommit(rev) {
		p.Integrity, p.Pinned = []string{"commit:" + rev}, true
	}
	p.Pinned = p.Pinned || fields["kind"] == "registry" && fields["version"] != ""
	s.file.Packages = append(s.file.Packages, p)
	return s.file.count()
}

func (s *swiftReader) field(fields map[string]string, key string) error {
	if s.next() != '"' {
		s.skip()
		return nil
	}
	fields[key] = s.str()
	return nil
}
