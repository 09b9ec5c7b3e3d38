package manifest

import (
	"fmt"
	"path"
	"strings"
)

// cargoFormats are those of Rust.
var cargoFormats = []Format{
	{
		Name: "cargo-toml", Ecosystem: Cargo, is: named("cargo.toml"), Parse: parseCargoToml,
		Locks:      []string{"Cargo.lock"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift, LifecycleScript},
	},
	{
		Name: "cargo-lock", Ecosystem: Cargo, Lock: true, is: named("cargo.lock"), Parse: parseCargoLock,
		Manifests:  []string{"Cargo.toml"},
		Below:      true,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged, IntegrityRemoved, LockfileDrift},
	},
}

var cargoCouplings = []coupling{{"cargo-toml", "cargo-lock", cargoSatisfies, nameFixes}}

// A cargoToml collects one Cargo.toml.
type cargoToml struct {
	file *File
}

// cargoTables are the tables of dependencies, by their groups; underscores are an
// old spelling of the same.
var cargoTables = []struct{ key, group string }{
	{"dependencies", ""},
	{"dev-dependencies", "dev"},
	{"dev_dependencies", "dev"},
	{"build-dependencies", "build"},
	{"build_dependencies", "build"},
}

// parseCargoToml reads every table that says what is built with: those of the
// package and of its targets, of the workspace, and the replacements.
func parseCargoToml(path string, data []byte) (*File, error) {
	doc, err := parseTOML(path, data)
	if err != nil {
		return nil, err
	}
	c := &cargoToml{file: &File{Path: path, Ecosystem: Cargo, Format: "cargo-toml"}}
	c.file.project = doc.child("package").str("name")
	if err := c.tables(doc, ""); err != nil {
		return nil, err
	}
	if targets := doc.child("target"); targets != nil {
		for _, k := range targets.keys {
			if err := c.tables(targets.items[k], "cfg "+oneLine(k)); err != nil {
				return nil, err
			}
		}
	}
	if err := c.table(doc.child("workspace", "dependencies"), "workspace", ""); err != nil {
		return nil, err
	}
	if patches := doc.child("patch"); patches != nil {
		for _, k := range patches.keys {
			if err := c.table(patches.items[k], groupReplace, oneLine(redact(k))); err != nil {
				return nil, err
			}
		}
	}
	if err := c.table(doc.child("replace"), groupReplace, ""); err != nil {
		return nil, err
	}
	c.scripts(doc)
	return c.file, c.file.count()
}

func (c *cargoToml) fail(n *tomlNode, format string, args ...any) error {
	return &ParseError{Path: c.file.Path, Line: n.line, Reason: fmt.Sprintf(format, args...)}
}

func (c *cargoToml) tables(n *tomlNode, marker string) error {
	for _, t := range cargoTables {
		if err := c.table(n.child(t.key), t.group, marker); err != nil {
			return err
		}
	}
	return nil
}

func (c *cargoToml) table(n *tomlNode, group, marker string) error {
	if n == nil {
		return nil
	}
	if n.kind != tomlTable {
		return c.fail(n, "dependencies that are no table")
	}
	for _, name := range n.keys {
		p, err := c.dependency(name, n.items[name])
		if err != nil {
			return err
		}
		p.Group, p.Marker = group, marker
		if group == groupReplace && marker != "" {
			p.Marker, p.Alias = "", marker
		}
		c.file.Packages = append(c.file.Packages, p)
		if err := c.file.count(); err != nil {
			return err
		}
	}
	return nil
}

// dependency reads "name = requirement" or the table of it. With "workspace = true"
// the manifest above says which version.
func (c *cargoToml) dependency(name string, n *tomlNode) (Package, error) {
	p := Package{Ecosystem: Cargo, Name: name, Line: n.line, EndLine: max(n.line, n.end)}
	switch n.kind {
	case tomlString:
		p.Spec = strings.TrimSpace(n.text)
	case tomlTable:
		p.Spec = strings.TrimSpace(n.str("version"))
		if other := n.str("package"); other != "" {
			p.Name, p.Alias = other, name
		}
		c.features(&p, n)
		c.source(&p, n)
		for _, k := range n.keys {
			p.EndLine = max(p.EndLine, n.items[k].end)
		}
	default:
		return p, c.fail(n, "%s is neither a version nor a table", quote(name))
	}
	if len(p.Name) > maxPathLen || p.Name == "" {
		return p, c.fail(n, "no name of a package: %s", quote(p.Name))
	}
	p.PURL = "pkg:cargo/" + purlEscape(p.Name)
	if inRegistry(&p) {
		s, ok := looseOf(Cargo, p.Spec)
		p.Pinned = ok && s.single
	}
	return p, nil
}

// features: each is code that comes along.
func (c *cargoToml) features(p *Package, n *tomlNode) {
	if list := n.child("features"); list != nil {
		for _, f := range list.list {
			p.Extras = append(p.Extras, oneLine(f.text))
		}
	}
	for _, key := range []string{"default-features", "default_features"} {
		if v := n.child(key); v != nil && v.text == "false" {
			return
		}
	}
}

// source reads where a package comes from. A commit is one artefact; a folder is
// in the tree.
func (c *cargoToml) source(p *Package, n *tomlNode) {
	p.Extras = sorted(p.Extras)
	switch workspace := n.child("workspace"); {
	case workspace != nil && workspace.text == "true":
		p.Source, p.Pinned = "workspace", true
	case n.str("git") != "":
		ref := n.str("rev")
		if ref == "" {
			ref = n.str("tag") + n.str("branch")
		}
		p.Source, p.Pinned = repositoryAt("git", n.str("git"), ref, ""), isCommit(ref)
	case n.str("path") != "":
		p.Source, p.Pinned = "path:"+path.Clean(n.str("path")), true
	case n.str("registry") != "":
		p.Source = "registry:" + oneLine(n.str("registry"))
	case n.str("registry-index") != "":
		p.Source = "registry:" + redact(oneLine(n.str("registry-index")))
	}
}

// scripts: a build script runs on the machine of whoever builds. Without a word
// about it Cargo looks for build.rs, which is a file of the tree.
func (c *cargoToml) scripts(doc *tomlNode) {
	build := doc.child("package", "build")
	if build == nil || build.kind != tomlString || build.text == "build.rs" {
		return
	}
	c.file.Scripts = append(c.file.Scripts, Script{Name: "build", Command: oneLine(build.text), Line: build.line, EndLine: max(build.line, build.end)})
}

// cratesIO are the names of the default registry in Cargo.lock.
var cratesIO = wordSet("registry+https://github.com/rust-lang/crates.io-index sparse+https://index.crates.io/")

// parseCargoLock reads Cargo.lock. What has no source is a member of the
// workspace or lies in a folder.
func parseCargoLock(path string, data []byte) (*File, error) {
	f := &File{Path: path, Ecosystem: Cargo, Format: "cargo-lock", Lock: true}
	rest, err := readTOMLLock(path, data, "package", nil, func(n *lockNode) error {
		p := Package{Ecosystem: Cargo, Name: n.str("name"), Spec: n.str("version"), Pinned: true, Transitive: true, Line: n.line, EndLine: max(n.line, n.end)}
		if p.Name == "" || p.Spec == "" {
			return &ParseError{Path: path, Line: n.line, Reason: "a package without a name or a version"}
		}
		p.PURL = "pkg:cargo/" + purlEscape(p.Name)
		if sum := n.str("checksum"); sum != "" {
			p.Integrity = []string{"sha256:" + sum}
		}
		if other := n.str("replace"); other != "" {
			p.Options = []string{"replaced by " + redact(oneLine(other))}
		}
		source := n.str("source")
		switch {
		case source == "":
			p.Source, p.Spec = "path:", ""
		case strings.HasPrefix(source, "git+"):
			p.Source = cargoGit(source)
		case !cratesIO[source]:
			p.Source = "registry:" + redact(strings.TrimPrefix(strings.TrimPrefix(source, "registry+"), "sparse+"))
		}
		f.Packages = append(f.Packages, p)
		f.cargoEdges(n)
		return f.count()
	})
	if err != nil {
		return nil, err
	}
	if v := rest.child("version"); v != nil && (len(v.text) != 1 || v.text > "5") {
		return nil, &ParseError{Path: path, Line: v.line, Reason: "unknown version of the lock file: " + quote(v.text)}
	}
	// In the first version of the format the hashes had a table of their own.
	f.cargoSums(rest.child("metadata"))
	return f, f.count()
}

// cargoGit reads "git+URL?branch=b#commit".
func cargoGit(source string) string {
	url, commit, _ := strings.Cut(source, "#")
	url, _, _ = strings.Cut(url, "?")
	return repositoryAt("git", url, commit, "")
}

// cargoSums adds `"checksum NAME VERSION (SOURCE)" = "…"`.
func (f *File) cargoSums(meta *lockNode) {
	if meta == nil || meta.kind != tomlTable {
		return
	}
	sums := make(map[string]string, len(meta.keys))
	for i, k := range meta.keys {
		words := strings.Fields(k)
		if len(words) >= 3 && words[0] == "checksum" && meta.vals[i].text != "<none>" {
			sums[words[1]+" "+words[2]] = "sha256:" + meta.vals[i].text
		}
	}
	for i := range f.Packages {
		p := &f.Packages[i]
		if sum := sums[p.Name+" "+p.Spec]; sum != "" && p.Integrity == nil {
			p.Integrity = []string{sum}
		}
	}
}

// nameFixes: a requirement is fixed when every entry of its name is one artefact.
func nameFixes(_ string, lock *File) func(*Package) bool {
	anywhere := pinnedAnywhere(lock)
	return func(p *Package) bool { return anywhere[p.Name] }
}

// cargoSatisfies holds Cargo.lock against a member of its workspace. The lock file
// has all targets and features in it, so what is missing is missing; that of a
// folder which is no member says nothing about it. What the workspace declares
// somebody may use or not.
func cargoSatisfies(manifest, lock *File) []Drift {
	entries := pyByName(lock)
	if manifest.project == "" || !hasMember(entries[manifest.project]) {
		return nil
	}
	replaced := make(map[string]bool)
	for _, p := range manifest.Packages {
		replaced[p.Name] = replaced[p.Name] || p.Group == groupReplace
	}
	var drifts []Drift
	for _, p := range manifest.Packages {
		if p.Group == groupReplace || p.Group == "workspace" || replaced[p.Name] {
			continue
		}
		if d, ok := cargoDrift(p, entries[p.Name]); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

func hasMember(entries []*Package) bool {
	for _, e := range entries {
		if e.Source == "path:" {
			return true
		}
	}
	return false
}

func cargoDrift(p Package, found []*Package) (Drift, bool) {
	if len(found) == 0 {
		return Drift{Package: p, Reason: "nothing is locked for this requirement"}, true
	}
	if p.Source == "workspace" {
		return Drift{}, false // the manifest above says which version
	}
	for _, e := range found {
		if cargoFits(&p, e) {
			return Drift{}, false
		}
	}
	d := Drift{Package: p, Locked: found[0].Spec, Reason: "the locked version is not accepted by the requirement"}
	if p.Source != "" && !inRegistry(&p) || !inRegistry(found[0]) {
		d.Locked, d.Reason = found[0].Source, "another source is locked"
	}
	return d, true
}

// cargoFits: names of registries other than the default one are told by a
// configuration elsewhere.
func cargoFits(p, e *Package) bool {
	switch {
	case strings.HasPrefix(p.Source, "path:"):
		return e.Source == "path:"
	case strings.HasPrefix(p.Source, "git+"):
		_, ref, _ := cutLast(p.Source, "@")
		return strings.HasPrefix(e.Source, "git+") && repository(p.Source) == repository(e.Source) && (!isCommit(ref) || strings.HasSuffix(e.Source, "@"+ref))
	case p.Source == "" && e.Source != "":
		return false
	}
	s, ok := looseOf(Cargo, p.Spec)
	return inRegistry(e) && (!ok || acceptsLoose(s, e.Spec))
}
