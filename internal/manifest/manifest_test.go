package manifest_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
)

var update = flag.Bool("update", false, "rewrite the want sections of testdata")

// TestParse reads every file in testdata/parse: a txtar archive of one input,
// named as in a repository, and "want", what it holds.
func TestParse(t *testing.T) {
	t.Parallel()
	eachArchive(t, "testdata/parse/*/*.txtar", func(t *testing.T, a *txtar.Archive) string {
		in := a.Files[0]
		data := in.Data
		if strings.Contains(string(a.Comment), "Escaped") {
			data = unescape(t, data)
		}
		f, err := manifest.Parse(in.Name, data)
		if err != nil {
			var pe *manifest.ParseError
			if !errors.As(err, &pe) {
				t.Fatalf("%T is no ParseError", err)
			}
			return "error: " + err.Error() + "\n"
		}
		return dump(f)
	})
}

// TestCompare compares the files "before/NAME" and "after/NAME" of every
// archive in testdata/compare; either may be left out.
func TestCompare(t *testing.T) {
	t.Parallel()
	eachArchive(t, "testdata/compare/*/*.txtar", func(t *testing.T, a *txtar.Archive) string {
		var b strings.Builder
		for _, c := range changes(t, a) {
			b.WriteString(describe(c))
		}
		return b.String()
	})
}

func changes(t *testing.T, a *txtar.Archive) []manifest.Change {
	t.Helper()
	var before, after *manifest.File
	for _, in := range a.Files {
		side, name, _ := strings.Cut(in.Name, "/")
		switch side {
		case "before":
			before = parse(t, name, in.Data)
		case "after":
			after = parse(t, name, in.Data)
		}
	}
	return manifest.Compare(before, after)
}

// TestSatisfies holds the lock of every archive in testdata/drift against its
// manifest.
func TestSatisfies(t *testing.T) {
	t.Parallel()
	eachArchive(t, "testdata/drift/*.txtar", func(t *testing.T, a *txtar.Archive) string {
		var files []*manifest.File
		for _, in := range a.Files[:2] {
			files = append(files, parse(t, in.Name, in.Data))
		}
		var b strings.Builder
		for _, d := range manifest.Satisfies(files[0], files[1]) {
			fmt.Fprintf(&b, "%s (%s): locked %q: %s\n", d.Package.String(), d.Package.Group, d.Locked, d.Reason)
		}
		return b.String()
	})
}

// TestFixes asks the lock of every archive in testdata/fixes what it fixes of its
// manifest.
func TestFixes(t *testing.T) {
	t.Parallel()
	eachArchive(t, "testdata/fixes/*.txtar", func(t *testing.T, a *txtar.Archive) string {
		asked := parse(t, a.Files[0].Name, a.Files[0].Data)
		fixes := manifest.Fixes(asked.Path, parse(t, a.Files[1].Name, a.Files[1].Data))
		none := manifest.Fixes(asked.Path, nil)
		var b strings.Builder
		for i := range asked.Packages {
			p := &asked.Packages[i]
			fmt.Fprintf(&b, "%s (%s): %t\n", p.String(), p.Group, fixes(p))
			if none(p) {
				t.Errorf("no lock file fixes %s", p)
			}
		}
		return b.String()
	})
}

func eachArchive(t *testing.T, pattern string, run func(*testing.T, *txtar.Archive) string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives match %s: %v", pattern, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, a)
			last := &a.Files[len(a.Files)-1]
			if last.Name != "want" {
				t.Fatal("the last file is not want")
			}
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.TrimSpace(string(last.Data)), strings.TrimSpace(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", a.Comment, diff)
			}
		})
	}
}

// unescape reads \xNN, \uNNNN, \r and \t, for bytes that an archive cannot show.
func unescape(t *testing.T, data []byte) []byte {
	t.Helper()
	lines := strings.SplitAfter(string(data), "\n")
	for i, l := range lines {
		body := strings.TrimSuffix(l, "\n")
		s, err := unquote(body)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		lines[i] = s + l[len(body):]
	}
	return []byte(strings.Join(lines, ""))
}

func parse(t *testing.T, name string, data []byte) *manifest.File {
	t.Helper()
	f, err := manifest.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// dump writes a file down, one line for each thing in it.
func dump(f *manifest.File) string {
	var b strings.Builder
	for _, p := range f.Packages {
		fmt.Fprintf(&b, "%s %s\n", lines(p.Line, p.EndLine), dumpPackage(p))
	}
	for _, p := range f.Declared {
		fmt.Fprintf(&b, "%s declared %s\n", lines(p.Line, p.EndLine), dumpPackage(p))
	}
	for _, s := range f.Settings {
		fmt.Fprintf(&b, "%s setting %s = %s (%s/%s)\n", lines(s.Line, s.EndLine), s.Name, s.Value, s.Gained, s.Lost)
	}
	for _, i := range f.Includes {
		fmt.Fprintf(&b, "%s include %s -> %q constraint=%t\n", lines(i.Line, i.EndLine), i.Target, i.Path, i.Constraint)
	}
	for _, s := range f.Scripts {
		fmt.Fprintf(&b, "%s script %s: %s\n", lines(s.Line, s.EndLine), s.Name, s.Command)
	}
	for _, u := range f.Unread {
		fmt.Fprintf(&b, "%s unread: %s\n", lines(u.Line, u.EndLine), u.Text)
	}
	return b.String()
}

func dumpPackage(p manifest.Package) string {
	words := []string{p.PURL}
	add := func(name, value string) {
		if value != "" {
			words = append(words, name+"="+value)
		}
	}
	if manifest.NPM == p.Ecosystem && strings.ToLower(p.Name) != p.Name {
		add("name", p.Name)
	}
	add("spec", p.Spec)
	add("group", p.Group)
	add("alias", p.Alias)
	add("source", p.Source)
	add("extras", strings.Join(p.Extras, ","))
	add("marker", p.Marker)
	add("options", strings.Join(p.Options, ","))
	add("integrity", strings.Join(p.Integrity, ","))
	add("path", p.Path)
	for _, flag := range []struct {
		name string
		on   bool
	}{{"pinned", p.Pinned}, {"transitive", p.Transitive}, {"script", p.InstallScript}} {
		if flag.on {
			words = append(words, flag.name)
		}
	}
	return strings.Join(words, " ")
}

func lines(first, last int) string {
	if first == last {
		return fmt.Sprintf("%d:", first)
	}
	return fmt.Sprintf("%d-%d:", first, last)
}

// describe is one change in one line.
func describe(c manifest.Change) string {
	var kinds []string
	for _, k := range c.Kinds {
		kinds = append(kinds, string(k))
	}
	var what, old, new string
	switch {
	case c.Package() != nil:
		what = c.Package().PURL
		if g := c.Package().Group; g != "" {
			what += " (" + g + ")"
		}
		old, new = text(c.Old), text(c.New)
	case c.OldSetting != nil || c.NewSetting != nil:
		what, old, new = "setting", text(settingText(c.OldSetting)), text(settingText(c.NewSetting))
	default:
		what, old, new = "script", text(scriptText(c.OldScript)), text(scriptText(c.NewScript))
	}
	first, last := c.Lines()
	return fmt.Sprintf("%s %s: %s: %s => %s\n", lines(first, last), what, strings.Join(kinds, ", "), old, new)
}

type stringText string

func (s *stringText) String() string { return string(*s) }

func settingText(s *manifest.Setting) *stringText {
	if s == nil {
		return nil
	}
	v := stringText(s.Name + " " + s.Value)
	return &v
}

func scriptText(s *manifest.Script) *stringText {
	if s == nil {
		return nil
	}
	v := stringText(s.Name + ": " + s.Command)
	return &v
}

func text[T any, P interface {
	*T
	fmt.Stringer
}](v P) string {
	if v == nil {
		return "nothing"
	}
	return v.String()
}

// TestFormats checks the catalogue itself.
func TestFormats(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, f := range manifest.Formats() {
		if f.Name == "" || f.Ecosystem == "" || f.Parse == nil || f.Match == nil || seen[f.Name] {
			t.Errorf("incomplete or repeated format %+v", f)
		}
		seen[f.Name] = true
		for _, lock := range f.Locks {
			if _, tier := manifest.Known(lock); tier == manifest.Unknown {
				t.Errorf("%s: the lock file %s is unknown", f.Name, lock)
			}
		}
		at := -1
		for _, c := range f.Conditions {
			i := slices.Index(manifest.Kinds(), c)
			if i <= at {
				t.Errorf("%s: condition %q is unknown or out of order", f.Name, c)
			}
			at = i
		}
	}
}

// TestConditionsOccur: what a format says can happen, happens in testdata.
// Drift is the business of Satisfies.
func TestConditionsOccur(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Formats() {
		seen := map[manifest.Kind]bool{manifest.LockfileDrift: true}
		names, err := filepath.Glob("testdata/compare/" + f.Name + "/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes(t, a) {
				for _, k := range c.Kinds {
					seen[k] = true
				}
			}
		}
		for _, k := range f.Conditions {
			if !seen[k] {
				t.Errorf("%s: no archive shows %q", f.Name, k)
			}
		}
	}
}

// unquote resolves the escapes of a line that may also hold plain quotes.
func unquote(line string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
}
