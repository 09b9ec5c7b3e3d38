package manifest

import (
	"path"
	"strings"
)

// pubFormats are those of Dart.
var pubFormats = []Format{
	{
		Name: "pubspec", Ecosystem: Pub, is: named("pubspec.yaml", "pubspec_overrides.yaml"), Parse: parsePubspec,
		Locks:      []string{"pubspec.lock"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift},
	},
	{
		Name: "pubspec-lock", Ecosystem: Pub, Lock: true, is: named("pubspec.lock"), Parse: parsePubspecLock,
		Manifests: []string{"pubspec.yaml"}, Below: true,
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged, IntegrityRemoved, LockfileDrift},
	},
}

var pubCouplings = []coupling{{"pubspec", "pubspec-lock", pubSatisfies, nameFixes}}

// parsePubspec reads the three lists of dependencies.
func parsePubspec(name string, data []byte) (*File, error) {
	doc, err := oneYAML(name, data)
	if err != nil {
		return nil, err
	}
	m := newYAMLManifest(name, Pub, "pubspec")
	if doc == nil {
		return m.file, nil
	}
	m.file.project = doc.str("name")
	for _, list := range [][2]string{{"dependencies", ""}, {"dev_dependencies", "dev"}, {"dependency_overrides", groupOverrides}} {
		if err := m.members(doc.child(list[0]), list[0], func(k yamlKey, v *yamlValue) error { return m.pubPackage(k, v, list[1]) }); err != nil {
			return nil, err
		}
	}
	return m.file, nil
}

// pubPackage reads "name: constraint" or the mapping of it.
func (m *yamlManifest) pubPackage(k yamlKey, v *yamlValue, group string) error {
	p := Package{Ecosystem: Pub, Name: k.text, PURL: "pkg:pub/" + purlEscape(k.text), Group: group, Line: k.line, EndLine: max(k.line, v.end)}
	if k.text == "" || len(k.text) > maxPathLen {
		return m.fail(v, "a package without a name")
	}
	switch {
	case v.isNull():
	case v.isScalar():
		p.Spec = oneLine(v.text)
	case v.kind == yamlMap:
		p.Spec = oneLine(v.str("version"))
		if err := m.pubPlace(&p, v); err != nil {
			return err
		}
	default:
		return m.fail(v, "%s is neither a constraint nor a mapping", quote(k.text))
	}
	if p.Spec == "any" {
		p.Spec = ""
	}
	if inRegistry(&p) {
		p.Pinned = isOneLoose(Pub, p.Spec)
	}
	m.file.Packages = append(m.file.Packages, p)
	return m.file.count()
}

func (m *yamlManifest) pubPlace(p *Package, v *yamlValue) error {
	for i, k := range v.keys {
		e := v.list[i]
		switch k.text {
		case "version":
		case "sdk":
			p.Source, p.Pinned = "path:sdk/"+oneLine(e.text), true // comes with Flutter
		case "path":
			p.Source, p.Pinned = "path:"+path.Clean(e.text), true
		case "git":
			url, ref := e.str("url"), e.str("ref")
			if e.isScalar() {
				url = e.text
			}
			p.Source, p.Pinned = repositoryAt("git", url, ref, e.str("path")), isCommit(ref)
		case "hosted":
			url := e.str("url")
			if e.isScalar() {
				url = e.text
			}
			if name := e.str("name"); name != "" && name != p.Name {
				p.Alias, p.Name, p.PURL = p.Name, name, "pkg:pub/"+purlEscape(name)
			}
			p.Source = pubRegistry(url)
		default:
			return m.fail(e, "an unknown source %s", quote(k.text))
		}
	}
	return nil
}

func pubRegistry(url string) string {
	switch url = strings.TrimSuffix(redact(oneLine(url)), "/"); url {
	case "", "https://pub.dev", "https://pub.dartlang.org":
		return ""
	}
	return "registry:" + url
}

// parsePubspecLock reads pubspec.lock.
func parsePubspecLock(name string, data []byte) (*File, error) {
	doc, err := oneYAML(name, data)
	if err != nil {
		return nil, err
	}
	m := newYAMLManifest(name, Pub, "pubspec-lock")
	m.file.Lock = true
	if doc == nil {
		return m.file, nil
	}
	return m.file, m.members(doc.child("packages"), "packages", m.pubLocked)
}

func (m *yamlManifest) pubLocked(k yamlKey, v *yamlValue) error {
	d := v.child("description")
	p := Package{Ecosystem: Pub, Name: k.text, PURL: "pkg:pub/" + purlEscape(k.text), Spec: oneLine(v.str("version")), Line: k.line, EndLine: max(k.line, v.end)}
	if k.text == "" || len(k.text) > maxPathLen || v.kind != yamlMap {
		return m.fail(v, "a package without a name or an entry")
	}
	p.Transitive, p.Pinned = !strings.HasPrefix(v.str("dependency"), "direct"), true
	switch source := v.str("source"); source {
	case "hosted":
		p.Source = pubRegistry(d.str("url"))
		if name := oneLine(d.str("name")); name != "" && name != p.Name && len(name) <= maxPathLen {
			p.Alias, p.Name, p.PURL = p.Name, name, "pkg:pub/"+purlEscape(name)
		}
		if sum := d.str("sha256"); sum != "" {
			p.Integrity = []string{"sha256:" + sum}
		}
	case "git":
		ref := d.str("resolved-ref")
		p.Source, p.Pinned = repositoryAt("git", d.str("url"), ref, strings.TrimPrefix(d.str("path"), ".")), isCommit(ref)
	case "path":
		p.Source, p.Spec = "path:"+path.Clean(d.str("path")), ""
	case "sdk":
		p.Source = "path:sdk/" + oneLine(d.text)
	default:
		return m.fail(v, "an unknown source %s", quote(source))
	}
	m.file.Packages = append(m.file.Packages, p)
	return m.file.count()
}

// pubSatisfies holds pubspec.lock against the pubspec.yaml beside it. Where an
// override holds, the requirement does not.
func pubSatisfies(manifest, lock *File) []Drift {
	overrides := overridden(manifest)
	return looseDrifts(manifest, lock, func(p *Package) bool {
		return inRegistry(p) && (!overrides[p.Name] || p.Group == groupOverrides) && !strings.Contains(path.Base(manifest.Path), "overrides")
	})
}
