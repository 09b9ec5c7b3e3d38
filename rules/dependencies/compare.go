package dependencies

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/manifest"
	"github.com/changeguard/changeguard/rules"
)

// compare reports what changed between two versions of a manifest.
func (j *judging) compare(ctx context.Context, c candidate, before, after *manifest.File) error {
	transitive := newCount()
	for _, ch := range manifest.Compare(before, after) {
		own, err := j.ownRelease(ctx, before, after, ch)
		if err != nil {
			return err
		}
		if own {
			continue
		}
		p := ch.Package()
		kinds, err := j.kinds(ctx, c, ch)
		switch {
		case err != nil:
			return err
		case !j.wanted(kinds):
		case p != nil && p.Transitive:
			transitive.add(kinds, p)
		default:
			j.change(c, ch, kinds)
		}
	}
	if part, ok := manifest.NewlyUnread(before, after); ok {
		j.unreadPart(c, part)
	}
	if transitive.n > 0 {
		j.report(c, "transitive", transitive.kinds, 0, 0, transitive.String(), strings.Join(transitive.names, ", "), nil)
	}
	return nil
}

// unreadPart reports a part of a manifest that is a program, whatever is asked for:
// nobody knows which condition it hides.
func (j *judging) unreadPart(c candidate, part manifest.Unread) {
	j.found = append(j.found, rules.Finding{
		Key: "unread part " + part.Text, Path: c.file.Path, PreviousPath: c.file.OldPath, Line: part.Line, EndLine: part.EndLine, Evidence: part.Text,
		Message: "A part of this file that decides which packages are asked for is computed, and it changed. What it asks for was not judged; write it as plain text, or have a person look.",
		Remedy:  rules.Undo(j.in.Change, c.file),
	})
}

// kinds are the conditions of one change, without what is ignored and without
// the range that something else in the tree fixes.
func (j *judging) kinds(ctx context.Context, c candidate, ch manifest.Change) ([]manifest.Kind, error) {
	p := ch.Package()
	if p == nil {
		return ch.Kinds, nil
	}
	if j.ignored(p, slices.Contains(ch.Kinds, manifest.SourceChanged)) {
		return nil, nil
	}
	if !slices.Contains(ch.Kinds, manifest.Unpinned) {
		return ch.Kinds, nil
	}
	fixed, err := j.fixed(ctx, c, p)
	if err != nil || !fixed {
		return ch.Kinds, err
	}
	return slices.DeleteFunc(slices.Clone(ch.Kinds), func(k manifest.Kind) bool { return k == manifest.Unpinned }), nil
}

// ignored: people write the @ of a scope, package URLs write %40. A package has
// its name from whoever offers it, so one from a repository or an address, or one
// that moved, is ignored only by a glob that names the place as well.
func (j *judging) ignored(p *manifest.Package, moved bool) bool {
	purl := p.PURL
	if moved || p.Elsewhere() {
		purl += "?from=" + place(p.Source)
	}
	return j.ignore.Match(purl) || j.ignore.Match(strings.ReplaceAll(purl, "%40", "@"))
}

// place is a source without what globs cannot hold: "git+https://host/path" is
// "host/path". A way that anybody can tamper with stays in sight. There is always
// a slash in it, so that no "*" that is meant for a name matches it.
func place(source string) string {
	for _, scheme := range []string{"https://", "git+https://", "ssh://", "git+ssh://"} {
		source = strings.TrimPrefix(source, scheme)
	}
	source = strings.ReplaceAll(source, "//", "/")
	if !strings.Contains(source, "/") {
		source += "/"
	}
	return source
}

func (j *judging) wanted(kinds []manifest.Kind) bool {
	return slices.ContainsFunc(kinds, func(k manifest.Kind) bool { return slices.Contains(j.on, k) })
}

// change reports one package, setting or script.
func (j *judging) change(c candidate, ch manifest.Change, kinds []manifest.Kind) {
	first, last := ch.Lines()
	switch {
	case ch.OldScript != nil || ch.NewScript != nil:
		s := ch.NewScript
		if s == nil {
			s = ch.OldScript
		}
		j.report(c, "script "+s.Name, kinds, first, last, fmt.Sprintf("The script %q, which runs at installation, was %s.", s.Name, verb(ch.OldScript == nil, ch.NewScript == nil)), s.Command, nil)
	case ch.OldSetting != nil || ch.NewSetting != nil:
		s := ch.NewSetting
		if s == nil {
			s = ch.OldSetting
		}
		did := verb(ch.OldSetting == nil, ch.NewSetting == nil)
		j.report(c, "setting "+s.Name+" "+s.Value, kinds, first, last, settingSentence(s.Name, did, kinds), s.Name+" "+s.Value, nil)
	default:
		j.reportPackage(c, ch, kinds, first, last)
	}
}

// settingSentence says what a setting does to the packages.
func settingSentence(name, did string, kinds []manifest.Kind) string {
	switch {
	case name == "requirement" && did == "removed":
		return "An included list was removed: what it asks for is no longer installed."
	case name == "requirement":
		return fmt.Sprintf("An included list was %s: what it asks for is installed as well.", did)
	case name == "constraint":
		return fmt.Sprintf("An included list of constraints was %s: it decides which versions are accepted.", did)
	}
	return fmt.Sprintf("The setting %s was %s; of what is installed by it: %s.", name, did, words(kinds))
}

func verb(added, removed bool) string {
	switch {
	case added:
		return "added"
	case removed:
		return "removed"
	default:
		return "changed"
	}
}

func (j *judging) reportPackage(c candidate, ch manifest.Change, kinds []manifest.Kind, first, last int) {
	p := ch.Package()
	info := &rules.Package{PURL: p.PURL, Group: p.Group}
	for _, k := range kinds {
		info.Change = append(info.Change, string(k))
	}
	evidence := p.String()
	if ch.Old != nil {
		info.Old = described(ch.Old)
	}
	if ch.New != nil {
		info.New = described(ch.New)
	}
	if ch.Old != nil && ch.New != nil {
		evidence = ch.Old.String() + " → " + ch.New.String()
	}
	group := ""
	if p.Group != "" {
		group = " (" + p.Group + ")"
	}
	key := strings.Join(append([]string{p.PURL, p.Group, p.Path, p.Marker, info.Old, info.New}, info.Change...), " ")
	what := words(kinds)
	if ch.AtRuntime() {
		what = strings.Replace(what, explained[manifest.Added], "installed with the program, and not for development only any more", 1)
	}
	if ch.Opaque() {
		what = "another commit or build of the same; how far apart the two are nothing tells, so it counts as another major version"
	}
	j.report(c, key, kinds, first, last, fmt.Sprintf("%s%s: %s.", p.Name, group, what), evidence, info)
}

// described is the version, or where it comes from; of an image that is held to its
// digest, with it.
func described(p *manifest.Package) string {
	if p.Ecosystem == manifest.Docker && len(p.Integrity) == 1 {
		return p.Spec + "@" + p.Integrity[0]
	}
	if p.Spec == "" {
		return p.Source
	}
	if p.Remark != "" {
		return p.Spec + " (" + p.Remark + ")"
	}
	return p.Spec
}

// explained says in words what each condition means.
var explained = map[manifest.Kind]string{
	manifest.Added: "a new package", manifest.Removed: "removed", manifest.Major: "another major version", manifest.Minor: "another minor version",
	manifest.Patch: "another patch version", manifest.Downgraded: "an older version", manifest.Loosened: "accepts versions that it refused",
	manifest.Unpinned: "accepts more than one artefact", manifest.SourceChanged: "comes from another place", manifest.IntegrityRemoved: "is no longer held to its hashes",
	manifest.LockfileDrift: "the lock file does not fit the manifest", manifest.LifecycleScript: "runs a program at installation",
}

func words(kinds []manifest.Kind) string {
	var list []string
	for _, k := range kinds {
		list = append(list, explained[k])
	}
	return strings.Join(list, ", ")
}

// report adds a finding, when its conditions are asked for.
func (j *judging) report(c candidate, key string, kinds []manifest.Kind, first, last int, message, evidence string, info *rules.Package) {
	if !j.wanted(kinds) {
		return
	}
	j.found = append(j.found, rules.Finding{
		Key: key, Path: c.file.Path, PreviousPath: c.file.OldPath, Line: first, EndLine: last, Message: message, Evidence: evidence,
		Remedy: rules.Undo(j.in.Change, c.file), Package: info,
	})
}

// count sums up the transitive changes of a lock file.
type count struct {
	n     int
	by    map[manifest.Kind]int
	kinds []manifest.Kind
	names []string
}

func newCount() *count { return &count{by: make(map[manifest.Kind]int)} }

// maxNames is how many packages a sum names.
const maxNames = 8

func (t *count) add(kinds []manifest.Kind, p *manifest.Package) {
	t.n++
	for _, k := range kinds {
		if t.by[k]++; t.by[k] == 1 {
			t.kinds = append(t.kinds, k)
		}
	}
	if len(t.names) < maxNames {
		t.names = append(t.names, p.String())
	}
}

// String is "12 packages that nobody asked for directly changed (added 10, major 2)".
func (t *count) String() string {
	var parts []string
	for _, k := range manifest.Kinds() {
		if t.by[k] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", k, t.by[k]))
		}
	}
	noun := "packages that nobody asked for directly changed"
	if t.n == 1 {
		noun = "package that nobody asked for directly changed"
	}
	return fmt.Sprintf("%d %s (%s).", t.n, noun, strings.Join(parts, ", "))
}
