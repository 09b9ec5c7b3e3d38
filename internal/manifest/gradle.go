package manifest

import (
	"fmt"
	"strings"
)

// gradleFormats are those of Gradle.
var gradleFormats = []Format{
	gradleBuildFormat,
	{
		Name: "gradle-catalog", Ecosystem: Maven, is: func(p place) bool { return strings.HasSuffix(p.base, ".versions.toml") }, Parse: parseGradleCatalog,
		Locks:      []string{"gradle.lockfile"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, LockfileDrift},
	},
	{
		Name: "gradle-lock", Ecosystem: Maven, Lock: true, is: named("gradle.lockfile", "buildscript-gradle.lockfile"), Parse: parseGradleLock,
		Manifests: []string{"build.gradle", "build.gradle.kts", "*.gradle", "*.gradle.kts", "*.versions.toml", "gradle.properties"}, Below: true, Above: []string{"gradle/libs.versions.toml"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, LockfileDrift},
	},
	{
		Name: "gradle-wrapper", Ecosystem: Maven, is: named("gradle-wrapper.properties"), Parse: parseGradleWrapper,
		Conditions: []Kind{Added, Major, Minor, Patch, Downgraded, SourceChanged, IntegrityRemoved},
	},
}

// A gradleCatalog collects one version catalogue.
type gradleCatalog struct {
	file     *File
	versions map[string]gradleVersion
	used     map[string]bool
}

// A gradleVersion is a version and whether it is that one alone.
type gradleVersion struct {
	spec      string
	line, end int
}

// parseGradleCatalog reads the libraries and plugins with the versions that they
// refer to.
func parseGradleCatalog(path string, data []byte) (*File, error) {
	doc, err := parseTOML(path, data)
	if err != nil {
		return nil, err
	}
	g := &gradleCatalog{&File{Path: path, Ecosystem: Maven, Format: "gradle-catalog"}, make(map[string]gradleVersion), make(map[string]bool)}
	if versions := doc.child("versions"); versions != nil {
		for _, k := range versions.keys {
			n := versions.items[k]
			g.versions[k] = gradleVersion{richVersion(n), n.line, max(n.line, n.end)}
		}
	}
	for _, table := range []struct{ key, group string }{{"libraries", ""}, {"plugins", "plugin"}} {
		n := doc.child(table.key)
		if n == nil {
			continue
		}
		for _, k := range n.keys {
			if err := g.entry(k, n.items[k], table.group); err != nil {
				return nil, err
			}
		}
	}
	g.unused(doc.child("versions"))
	return g.file, g.file.count()
}

func (g *gradleCatalog) fail(n *tomlNode, format string, args ...any) error {
	return &ParseError{Path: g.file.Path, Line: n.line, Reason: fmt.Sprintf(format, args...)}
}

// richVersion is the part of a rich version that decides: what is strict, else what
// is required, else what is preferred.
func richVersion(n *tomlNode) string {
	if n == nil {
		return ""
	}
	if n.kind == tomlString {
		strict, _, _ := strings.Cut(n.text, "!!")
		return oneLine(strict)
	}
	for _, key := range []string{"strictly", "require", "prefer"} {
		if v := n.str(key); v != "" {
			return oneLine(v)
		}
	}
	return ""
}

// entry reads "group:name:version" or the table of it.
func (g *gradleCatalog) entry(alias string, n *tomlNode, group string) error {
	p := Package{Ecosystem: Maven, Group: group, Line: n.line, EndLine: max(n.line, n.end)}
	switch n.kind {
	case tomlString:
		at := strings.LastIndexByte(n.text, ':')
		if at < 0 {
			return g.fail(n, "%s has no version", quote(alias))
		}
		p.Name, p.Spec = strings.TrimSpace(n.text[:at]), strings.TrimSpace(n.text[at+1:])
	case tomlTable:
		if p.Name = n.str("module") + n.str("id"); p.Name == "" {
			p.Name = n.str("group") + ":" + n.str("name")
		}
		spec, err := g.version(n.child("version"))
		if err != nil {
			return err
		}
		p.Spec = spec
	default:
		return g.fail(n, "%s is neither a text nor a table", quote(alias))
	}
	groupID, artifact, ok := strings.Cut(p.Name, ":")
	if !ok && group == "" || len(p.Name) > maxPathLen || groupID == "" {
		return g.fail(n, "%s has no coordinates", quote(alias))
	}
	p.PURL = "pkg:maven/" + purlEscape(groupID)
	if ok {
		p.PURL += "/" + purlEscape(artifact)
	}
	p.Pinned = mavenPinned(p.Spec)
	g.file.Packages = append(g.file.Packages, p)
	return g.file.count()
}

// version reads a version or a reference to one. Without one something else gives
// it, such as a platform.
func (g *gradleCatalog) version(n *tomlNode) (string, error) {
	ref := n.str("ref")
	if ref == "" {
		return richVersion(n), nil
	}
	v, ok := g.versions[ref]
	if !ok {
		return "", g.fail(n, "no version is named %s", quote(ref))
	}
	g.used[ref] = true
	return v.spec, nil
}

// unused are versions that no entry refers to: build files do, by their names.
func (g *gradleCatalog) unused(versions *tomlNode) {
	if versions == nil {
		return
	}
	for _, k := range versions.keys {
		if v := g.versions[k]; !g.used[k] && v.spec != "" {
			g.file.Packages = append(g.file.Packages, Package{
				Ecosystem: Maven, Name: oneLine(k), PURL: "pkg:generic/" + purlEscape(oneLine(k)), Spec: v.spec, Group: "version", Pinned: mavenPinned(v.spec), Line: v.line, EndLine: v.end,
			})
		}
	}
}

// parseGradleLock reads "group:name:version=configuration,…" lines.
func parseGradleLock(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Maven, Format: "gradle-lock", Lock: true, patterns: make(map[string]string)}
	line := 0
	for text := range strings.SplitSeq(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		line++
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		coordinates, configurations, ok := strings.Cut(text, "=")
		dev := ok
		for name := range strings.SplitSeq(configurations, ",") {
			f.configuration(strings.TrimSpace(name), line)
			dev = dev && strings.Contains(strings.ToLower(name), "test")
		}
		if coordinates == "empty" {
			continue
		}
		parts := strings.Split(coordinates, ":")
		if !ok || len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" || len(coordinates) > maxPathLen {
			return nil, &ParseError{Path: path, Line: line, Reason: "no locked version: " + quote(text)}
		}
		f.Packages = append(f.Packages, Package{
			Ecosystem: Maven, Name: parts[0] + ":" + parts[1], PURL: "pkg:maven/" + purlEscape(parts[0]) + "/" + purlEscape(parts[1]),
			Spec: parts[2], Pinned: true, Dev: dev, Line: line, EndLine: line,
		})
		if err := f.count(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// configuration remembers a configuration that is locked. One that is locked no more
// is resolved to whatever is newest.
func (f *File) configuration(name string, line int) {
	if _, known := f.patterns[name]; !known && name != "" {
		f.Settings = append(f.Settings, Setting{Name: "locked configuration", Value: oneLine(name), Lost: Loosened, Line: line, EndLine: line})
	}
	f.patterns[name] = ""
}

// gradleHosts serve the distributions that the wrapper runs.
var gradleHosts = wordSet("services.gradle.org downloads.gradle.org downloads.gradle-dn.com")

// parseGradleWrapper reads the one program that the wrapper downloads and runs.
func parseGradleWrapper(path string, data []byte) (*File, error) {
	values, lines, err := parseProperties(path, data)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Ecosystem: Maven, Format: "gradle-wrapper"}
	url, line := values["distributionUrl"], lines["distributionUrl"]
	if url == "" {
		return f, nil
	}
	l := parseLocation(url)
	host, _, _ := strings.Cut(strings.TrimPrefix(l.rest, "//"), "/")
	file := l.rest[strings.LastIndexByte(l.rest, '/')+1:]
	version := strings.TrimSuffix(strings.TrimPrefix(file, "gradle-"), ".zip")
	for _, kind := range []string{"-bin", "-all", "-src"} {
		version = strings.TrimSuffix(version, kind)
	}
	p := Package{Ecosystem: Maven, Name: "gradle", PURL: "pkg:generic/gradle", Spec: oneLine(version), Group: "wrapper", Pinned: true, Line: line, EndLine: line}
	if !gradleHosts[host] || l.scheme != "https" || !strings.HasPrefix(file, "gradle-") {
		p.Source = "registry:" + strings.TrimSuffix(l.String(), file)
	}
	if sum := values["distributionSha256Sum"]; sum != "" {
		p.Integrity = []string{"sha256:" + strings.ToLower(sum)}
	}
	f.Packages = append(f.Packages, p)
	return f, nil
}

// parseProperties reads a file of Java's properties. A key that comes twice is an
// error, and so are escapes other than those before ":", "=" and the like.
func parseProperties(path string, data []byte) (values map[string]string, lines map[string]int, err error) {
	if err := checkText(path, data); err != nil {
		return nil, nil, err
	}
	values, lines = make(map[string]string), make(map[string]int)
	line := 0
	for text := range strings.SplitSeq(string(data), "\n") {
		line++
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' || text[0] == '!' {
			continue
		}
		at := strings.IndexAny(text, "=: \t\\\r")
		fail := func(reason string) error { return &ParseError{Path: path, Line: line, Reason: reason + quote(text)} }
		if at <= 0 || text[at] == '\\' || text[at] == '\r' || len(values) > maxEntries {
			return nil, nil, fail("a property that is not read: ")
		}
		key, value := text[:at], strings.TrimLeft(text[at:], " \t")
		value = strings.TrimLeft(strings.TrimLeft(value, "=:"), " \t")
		plain := strings.NewReplacer(`\:`, ":", `\=`, "=", `\#`, "#", `\!`, "!").Replace(value)
		if strings.ContainsAny(plain, "\\\r") {
			return nil, nil, fail("a property with an escape that is not read: ")
		}
		if _, twice := values[key]; twice {
			return nil, nil, fail("a property that is there twice: ")
		}
		values[key], lines[key] = plain, line
	}
	return values, lines, nil
}
