package manifest

import (
	"bytes"
	"path"
	"strings"
)

// A bunLock collects one bun.lock: JSON with comments and trailing commas.
type bunLock struct {
	*jsonReader
	file  *File
	names map[string]string // the members' own names, by their folders
	at    map[string]bool   // the keys of packages
}

func parseBunLock(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	r, err := newJSONReader(path, plainJSON(data))
	if err != nil {
		return nil, err
	}
	b := &bunLock{
		jsonReader: r, file: &File{Path: path, Ecosystem: NPM, Format: "bun-lock", Lock: true},
		names: make(map[string]string), at: make(map[string]bool),
	}
	if err := b.object("the document", b.member); err != nil {
		return nil, err
	}
	b.resolve()
	return b.file, b.file.count()
}

// plainJSON blanks out comments and commas that nothing follows, so that offsets
// and lines stay what they are.
func plainJSON(data []byte) []byte {
	out := append([]byte(nil), data...)
	comma := -1 // the last one, while only white space has followed it
	for i := 0; i < len(out); {
		switch c := out[i]; {
		case c == '"':
			comma = -1
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
			i++
		case c == '/' && i+1 < len(out) && (out[i+1] == '/' || out[i+1] == '*'):
			i = blankComment(out, i)
		default:
			if (c == '}' || c == ']') && comma >= 0 {
				out[comma] = ' '
			}
			if c == ',' {
				comma = i
			} else if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
				comma = -1
			}
			i++
		}
	}
	return out
}

// blankComment overwrites one comment and returns where it ends.
func blankComment(out []byte, at int) int {
	inLine := out[at+1] == '/'
	from := at
	for at += 2; at < len(out); at++ {
		if inLine && (out[at] == '\n' || out[at] == '\r' || bytes.HasPrefix(out[at:], []byte("\u2028")) || bytes.HasPrefix(out[at:], []byte("\u2029"))) {
			break // all of them end a line of JavaScript
		}
		if !inLine && at > from+2 && out[at] == '/' && out[at-1] == '*' {
			at++
			break
		}
	}
	at = min(at, len(out))
	for i := from; i < at; i++ {
		if out[i] != '\n' {
			out[i] = ' '
		}
	}
	return at
}

func (b *bunLock) member(key string, line int) error {
	switch key {
	case "lockfileVersion":
		if v := string(b.raw()); v != "0" && v != "1" && v != "2" {
			return &ParseError{Path: b.path, Line: line, Reason: "unknown lockfileVersion " + quote(v)}
		}
		return nil
	case "workspaces":
		return b.object(key, b.workspace)
	case "packages":
		return b.object(key, b.entry)
	case "overrides", "catalog":
		return b.object(key, func(name string, line int) error { return b.declared(name, key, "", line) })
	case "catalogs":
		return b.object(key, func(catalog string, _ int) error {
			return b.object("a catalog", func(name string, line int) error { return b.declared(name, "catalog:"+catalog, "", line) })
		})
	case "trustedDependencies":
		return b.opaque(key, LifecycleScript, line)
	case "patchedDependencies":
		return b.opaque(key, SourceChanged, line)
	}
	b.skip()
	return nil
}

func (b *bunLock) opaque(name string, kind Kind, line int) error {
	p := packageJSON{jsonReader: b.jsonReader, file: b.file}
	return p.opaque(name, kind, line)
}

// workspace reads what a member asks for.
func (b *bunLock) workspace(folder string, _ int) error {
	member := memberPath(folder)
	b.file.Members = append(b.file.Members, member)
	return b.object("a workspace", func(key string, _ int) error {
		if group, ok := npmGroups[key]; ok {
			return b.object(key, func(name string, line int) error { return b.declared(name, group, member, line) })
		}
		if key == "name" {
			name, err := b.text("a name")
			b.names[member] = name
			return err
		}
		b.skip()
		return nil
	})
}

func (b *bunLock) declared(name, group, member string, line int) error {
	if group == groupOverrides && b.next() == '{' {
		b.skip() // Bun itself does not write nested ones
		return nil
	}
	spec, err := b.text("the version of " + quote(name))
	d := npmPackage(name, spec)
	if group == groupOverrides {
		d = overrideOf(name, spec)
	}
	d.Group, d.Path, d.Line, d.EndLine = group, member, line, line
	b.file.Declared = append(b.file.Declared, d)
	if err == nil {
		err = b.file.count()
	}
	return err
}

// entry reads `"key": ["name@version", "registry", {…}, "sha512-…"]`. Which of the
// texts are there depends on where the package comes from.
func (b *bunLock) entry(key string, line int) error {
	var texts, platforms []string
	bundled := false
	err := b.array("an entry of packages", func() error {
		switch b.next() {
		case '"':
		case '{':
			return b.object("what is said of a package", func(key string, _ int) (err error) {
				switch key {
				case "bundled":
					bundled = b.isTruthy()
				case "os", "cpu":
					platforms, err = b.platforms(key, platforms)
				default:
					b.skip()
				}
				return err
			})
		default:
			b.skip()
			return nil
		}
		texts = append(texts, b.str())
		if len(texts) > 4 {
			return b.fail("an entry of more than four texts")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		return b.fail("the entry %s names no package", quote(key))
	}
	b.at[key] = true
	p := bunPackage(key, texts)
	p.Platforms = sorted(platforms)
	if bundled {
		p.Source = "bundled" // it comes with the package above it
	}
	p.Line, p.EndLine = line, b.lines.at(b.jsonReader.at)
	b.file.Packages = append(b.file.Packages, p)
	return b.file.count()
}

// bunPackage makes a package of the texts of an entry.
func bunPackage(key string, texts []string) Package {
	name, reference := splitPattern(texts[0])
	p := Package{Ecosystem: NPM, Name: name, PURL: npmPURL(name), Path: key, Transitive: true}
	if installed := lastInstalled(key); installed != name {
		p.Alias = installed
	}
	for _, t := range texts[1:] {
		if strings.HasPrefix(t, "sha") && strings.Contains(t, "-") {
			p.Integrity = append(p.Integrity, strings.Fields(t)...)
		}
	}
	p.Integrity = sorted(p.Integrity)
	folder, isMember := strings.CutPrefix(reference, "workspace:")
	switch {
	case isMember:
		p.Source = "path:" + path.Clean(folder)
	case isExactVersion(reference):
		p.Spec = reference
		if len(texts) > 1 && texts[1] != "" && !strings.HasPrefix(texts[1], "sha") {
			p.Source = bunRegistry(texts[1], name, reference)
		}
	case urlScheme(reference) == "http" || urlScheme(reference) == "https":
		p.Source = archiveSource(reference, name, "")
	default:
		p.Source, _ = npmSource(reference)
		if p.Source == "" {
			p.Source = reference
		}
	}
	p.Pinned = lockPinned(&p)
	if repo, ref, ok := strings.Cut(p.Source, "@"); ok && vcsOf(urlScheme(repo)) != "" && len(ref) >= 7 && isHex(ref) {
		p.Pinned = true // Bun writes the commit in short
	}
	return p
}

// bunRegistry reads the registry of an entry, or the address of its archive.
func bunRegistry(text, name, version string) string {
	if isArchive(text) {
		return archiveSource(text, name, version)
	}
	if !strings.HasSuffix(text, "/") {
		text += "/"
	}
	if text == defaultRegistry {
		return ""
	}
	return "registry:" + redact(text)
}

// lastInstalled is the last name of a key such as "a/@scope/b".
func lastInstalled(key string) string {
	name, _ := lastName(key)
	return name
}

// resolve finds the entry of each requirement as Bun does: that of the member,
// then that of all.
func (b *bunLock) resolve() {
	for i := range b.file.Declared {
		d := &b.file.Declared[i]
		if notInstalled(d.Group) {
			continue
		}
		d.Locked = d.installedAs()
		if own := b.names[d.Path] + "/" + d.installedAs(); d.Path != "" && b.at[own] {
			d.Locked = own
		}
	}
	b.file.markAsked()
}
