package manifest

import (
	"path"
	"strings"
)

// swiftPackageFormat is that of the manifests of Swift's package manager.
var swiftPackageFormat = Format{
	Name: "swift-package", Ecosystem: Swift, Parse: parseSwiftPackage,
	is: func(p place) bool {
		return p.base == "package.swift" || strings.HasPrefix(p.base, "package@swift-") && p.ext == ".swift"
	},
	Locks:      []string{"Package.resolved"},
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift, LifecycleScript},
}

// A swiftPackage collects one manifest.
type swiftPackage struct {
	file   *File
	tokens []codeToken
	odd    bool // something is computed
}

// parseSwiftPackage reads the calls of .package, .binaryTarget and .plugin, wherever
// they stand. Where anything is computed or depends on something, the rest of the
// file counts as well: every line of it is an unread part.
func parseSwiftPackage(path string, data []byte) (*File, error) {
	s := &swiftPackage{file: &File{Path: path, Ecosystem: Swift, Format: "swift-package"}}
	code, err := lexCode(path, data, swiftCode)
	if err != nil {
		return nil, err
	}
	s.tokens, s.file.program = code.tokens, code
	s.idle()
	for i := range s.tokens {
		if err := s.call(i); err != nil {
			return nil, err
		}
	}
	if s.odd {
		return s.file, s.file.rest(s.tokens)
	}
	return s.file, s.file.count()
}

// swiftComputing are words that make a list out of something else.
var swiftComputing = wordSet("#if #else #elseif #endif if else guard switch for while func map flatMap compactMap filter forEach reduce removeAll remove insert append extension struct class enum Context environment getenv")

// call reads one, if there is one here.
func (s *swiftPackage) call(i int) error {
	t := &s.tokens[i]
	if t.kind != codeWord {
		s.odd = s.odd || t.kind == codeText && !t.plain || t.is("?")
		return nil
	}
	dot := i > 0 && s.tokens[i-1].is(".")
	if i+1 >= len(s.tokens) || !s.tokens[i+1].is("(") || !dot {
		// A list that is joined with another, or a function of the name.
		s.odd = s.odd || swiftComputing[t.text] && !t.label || t.text == "package" && dot || t.text == "dependencies" && !t.label
		return nil
	}
	args := codeArguments(s.tokens[i+2 : i+1+s.tokens[i+1].span])
	var p *Package
	ok := true
	switch t.text {
	case "package":
		p, ok = s.dependency(args)
	case "binaryTarget":
		p, ok = s.binary(args)
	case "plugin":
		return s.plugin(i, args)
	default:
		s.odd = s.odd || swiftComputing[t.text]
		return nil
	}
	if !ok {
		s.odd = true
		return nil
	}
	all := s.tokens[i-1 : i+2+s.tokens[i+1].span]
	markRead(all)
	if p == nil {
		return nil
	}
	p.Line, p.EndLine = all[0].line, all[len(all)-1].end
	s.file.Packages = append(s.file.Packages, *p)
	return s.file.count()
}

// fields are the arguments with labels whose values are texts; the others stay as
// they are.
func swiftFields(args [][]codeToken) (fields map[string]string, others map[string][]codeToken, ok bool) {
	fields, others = make(map[string]string), make(map[string][]codeToken)
	for _, a := range args {
		label := ""
		if len(a) > 0 && a[0].label {
			label, a = a[0].text, trimEnds(a[1:])
		}
		if _, twice := fields[label]; twice || others[label] != nil || len(a) == 0 {
			return nil, nil, false
		}
		if len(a) == 1 && a[0].literal() {
			fields[label] = a[0].text
		} else {
			others[label] = a
		}
	}
	return fields, others, true
}

// dependency reads .package(url: "…", from: "1.0.0") and its other forms.
func (s *swiftPackage) dependency(args [][]codeToken) (*Package, bool) {
	fields, others, ok := swiftFields(args)
	if !ok {
		return nil, false
	}
	p := &Package{Ecosystem: Swift}
	url := fields["url"]
	switch {
	case fields["path"] != "":
		p.Source, p.Pinned = "path:"+path.Clean(fields["path"]), true
		p.Name = strings.ToLower(path.Base(fields["path"]))
	case fields["id"] != "":
		p.Name = strings.ToLower(fields["id"])
	case url != "":
		p.Name = strings.ToLower(strings.TrimSuffix(url[strings.LastIndexByte(strings.TrimSuffix(url, "/"), '/')+1:], ".git"))
		p.Source = swiftSource(url)
	}
	if p.Name == "" || len(p.Name) > maxPathLen {
		return nil, false
	}
	p.PURL = "pkg:swift/" + purlEscape(p.Name)
	branch := fields["branch"] != ""
	for label, text := range fields {
		switch label {
		case "name", "url", "path", "id":
		case "from":
			p.Spec = "^" + text
		case "exact":
			p.Spec = text
		case "branch":
			p.branch(text)
		case "revision":
			p.Spec, p.Pinned = text, isCommit(text)
		default:
			return nil, false
		}
	}
	for label, value := range others {
		if label == "traits" {
			p.Options = append(p.Options, joinedCode(value))
			continue
		}
		spec, ok := swiftRequirement(value)
		if label != "" || !ok || p.Spec != "" {
			return nil, false
		}
		if branch = branch || value[1].word("branch"); branch {
			p.branch(spec)
		}
		p.Spec = spec
	}
	p.Pinned = p.Pinned || isCommit(p.Spec) || !branch && isOneLoose(Swift, p.Spec)
	if p.Spec == "" && p.Source == "" || fields["branch"] != "" && fields["revision"] != "" {
		return nil, false
	}
	return p, true
}

// branch: a branch is another place than the versions, also where it has the name of
// one.
func (p *Package) branch(name string) {
	p.Spec = name
	p.Source += "@" + name
}

// swiftSource is the repository, as the lock file names it.
func swiftSource(url string) string {
	return "registry:" + strings.TrimSuffix(repositoryAt("git", url, "", ""), ".git")
}

// swiftRequirement reads .upToNextMajor(from: "1.0.0"), .exact("1.0.0"),
// .branch("main"), .revision("…") and ranges of two texts.
func swiftRequirement(v []codeToken) (string, bool) {
	if len(v) > 2 && v[0].is(".") && v[1].kind == codeWord {
		inner, ok := inBrackets(v[2:], "(")
		inner = trimEnds(inner)
		label := len(inner) > 0 && inner[0].word("from") && inner[0].label
		if label {
			inner = inner[1:]
		}
		inner = trimEnds(inner)
		if !ok || len(inner) != 1 || !inner[0].literal() {
			return "", false
		}
		switch text := inner[0].text; v[1].text {
		case "upToNextMajor":
			return "^" + text, label
		case "upToNextMinor":
			return "~" + text, label
		case "exact", "branch", "revision":
			return text, !label
		}
		return "", false
	}
	if len(v) != 5 || !v[0].literal() || !v[4].literal() || !v[1].is(".") || !v[2].is(".") {
		return "", false
	}
	switch {
	case v[3].is("<"):
		return ">=" + v[0].text + " <" + v[4].text, true
	case v[3].is("."):
		return ">=" + v[0].text + " <=" + v[4].text, true
	}
	return "", false
}

// binary reads .binaryTarget: an archive that is held to its checksum, or a file of
// the tree.
func (s *swiftPackage) binary(args [][]codeToken) (*Package, bool) {
	fields, others, ok := swiftFields(args)
	if !ok || len(others) > 0 || fields["name"] == "" || len(fields["name"]) > maxPathLen {
		return nil, false
	}
	p := &Package{Ecosystem: Swift, Name: fields["name"], PURL: "pkg:generic/" + purlEscape(fields["name"]), Group: "binary"}
	switch {
	case fields["path"] != "":
		p.Source, p.Pinned = "path:"+path.Clean(fields["path"]), true
	case fields["url"] != "":
		p.Source = redact(fields["url"])
		if sum := fields["checksum"]; sum != "" {
			p.Integrity, p.Pinned = []string{"sha256:" + strings.ToLower(sum)}, true
		}
	default:
		return nil, false
	}
	return p, true
}

// plugin reads the use of a plugin by a target: it runs whenever that is built. One
// without a package is a target of this file.
func (s *swiftPackage) plugin(i int, args [][]codeToken) error {
	fields, others, ok := swiftFields(args)
	name := fields["name"]
	if !ok || name == "" {
		s.odd = true
		return nil
	}
	if len(others) > 0 {
		return nil // the declaration of one
	}
	if fields["package"] == "" {
		return nil
	}
	all := s.tokens[i : i+2+s.tokens[i+1].span]
	markRead(all)
	s.file.Scripts = append(s.file.Scripts, Script{Name: "plugin " + name, Command: name + " of " + fields["package"], Line: all[0].line, EndLine: all[len(all)-1].end})
	return s.file.count()
}

// swiftSatisfies holds Package.resolved against the manifest beside it.
func swiftSatisfies(manifest, lock *File) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	entries := pyByName(lock)
	var drifts []Drift
	for _, p := range manifest.Packages {
		if p.Group == "binary" || strings.HasPrefix(p.Source, "path:") {
			continue
		}
		found := entries[p.Name]
		d := Drift{Package: p}
		switch {
		case len(found) == 0:
			d.Reason = "nothing is locked for this requirement"
		case p.Source != "" && found[0].Source != "" && repository(strings.TrimPrefix(p.Source, "registry:")) != repository(strings.TrimPrefix(found[0].Source, "registry:")):
			d.Locked, d.Reason = found[0].Source, "another repository is locked"
		case isCommit(p.Spec):
			if len(found[0].Integrity) == 0 || found[0].Integrity[0] == "commit:"+p.Spec {
				continue
			}
			d.Locked, d.Reason = found[0].Integrity[0], "another commit is locked"
		default:
			loose, ok := looseDrift(p, found)
			if !ok {
				continue
			}
			d = loose
		}
		drifts = append(drifts, d)
	}
	return drifts
}
