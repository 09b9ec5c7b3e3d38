package pathset_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/changeguard/changeguard/internal/pathset"
)

func TestListsDecideByTheLastMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		globs string
		path  string
		want  bool
	}{
		{"app/core/** !**/*.md", "app/core/a.go", true},
		{"app/core/** !**/*.md", "app/core/README.md", false},
		{"app/core/** !**/*.md app/core/SECURITY.md", "app/core/SECURITY.md", true},
		{"!**/*.md", "a.md", false},
		{"!**/*.md", "a.go", false},
		{"**", "any/thing", true},
		{"*.go", "main.go", true},
		{"*.go", "cmd/main.go", false},
		{"**/*.go", "main.go", true},
		{"docs/**", "docs/a/b.md", true},
		{"docs/**", "docs2/a.md", false},
		{"{a,b{c,d}}/*.{js,ts}", "bd/x.ts", true},
		{"{a,b{c,d}}/*.{js,ts}", "b/x.ts", false},
		{"[a-c]?.txt", "b1.txt", true},
		{"[!a-c]?.txt", "b1.txt", false},
		{`\[x\].md`, "[x].md", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"caf\u00e9/**", "cafe\u0301/x", true}, // composed and decomposed are one name
		{"test_*.py", "test_a.py", true},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b", "xxaxxbxx", false},
	} {
		m, err := pathset.Compile(pathset.Permit, strings.Fields(c.globs)...)
		if err != nil {
			t.Fatalf("%s: %v", c.globs, err)
		}
		if got := m.Match(c.path); got != c.want {
			t.Errorf("%q on %q: got %v, want %v", c.globs, c.path, got, c.want)
		}
	}
}

func TestProtectAlsoMatchesFolded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		glob, path      string
		protect, permit bool
	}{
		{".github/**", ".GitHub/workflows/x.yml", true, false},
		{"README.md", "readme.MD", true, false},
		{"stra\u00dfe/*", "STRASSE/a", true, false},
		{"src/**", "src/a", true, true},
	} {
		for use, want := range map[pathset.Use]bool{pathset.Protect: c.protect, pathset.Permit: c.permit} {
			m, err := pathset.Compile(use, c.glob)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Match(c.path); got != want {
				t.Errorf("%q on %q, use %d: got %v, want %v", c.glob, c.path, use, got, want)
			}
		}
	}
}

func TestOneWalkAnswersAllLists(t *testing.T) {
	t.Parallel()
	var b pathset.Builder
	var lists []pathset.List
	for i := range 100 {
		l, err := b.Add(pathset.Protect, fmt.Sprintf("dir%d/**", i), "!**/*.md")
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, l)
	}
	set := b.Build()
	var m pathset.Matches
	set.Match("dir7/x.go", &m)
	for i, l := range lists {
		if m.Has(l) != (i == 7) {
			t.Errorf("list %d: got %v", i, m.Has(l))
		}
	}
	if got := m.Pattern(lists[7]); got != 0 {
		t.Errorf("deciding glob: got %d, want 0", got)
	}
	set.Match("dir7/x.md", &m)
	if m.Has(lists[7]) || m.Pattern(lists[7]) != 1 {
		t.Errorf("an exclusion must decide: has %v, glob %d", m.Has(lists[7]), m.Pattern(lists[7]))
	}
}

// Not parallel: it counts the allocations of the whole program.
func TestWalkDoesNotAllocate(t *testing.T) {
	var b pathset.Builder
	if _, err := b.Add(pathset.Protect, "dir/**", "**/*.md"); err != nil {
		t.Fatal(err)
	}
	set := b.Build()
	var m pathset.Matches
	set.Match("dir/a", &m)
	if n := testing.AllocsPerRun(100, func() { set.Match("dir/a/b/c.go", &m) }); n > 0 {
		t.Errorf("a walk allocates %v times", n)
	}
}

func TestRefusedGlobs(t *testing.T) {
	t.Parallel()
	for glob, want := range map[string]string{
		"":                          "empty",
		"!":                         "empty",
		"/docs/**":                  `did you mean "docs/**"`,
		"./docs":                    `did you mean "docs"`,
		"docs/":                     `did you mean "docs/**"`,
		"a//b":                      "empty segment",
		"a[b":                       "not closed",
		"a[]":                       "is empty",
		"a[z-a]":                    "range is empty",
		"{a,b":                      "not closed",
		"a}":                        "closes nothing",
		`a\`:                        "backslash",
		"\xff":                      "UTF-8",
		strings.Repeat("a", 1025):   "longer than",
		strings.Repeat("{a,b}", 11): "more than 1024 alternatives",
	} {
		var perr *pathset.PatternError
		if err := pathset.Validate(glob); !errors.As(err, &perr) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", glob, err, want)
		}
	}
}

// A hostile glob on a hostile path must stay far from exponential time; the
// bound is generous, the failure it guards against takes hours.
func TestHostileGlobsEnd(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, c := range [][2]string{
			{strings.Repeat("**/a/", 150) + "b", strings.Repeat("a/", 2000) + "c"},
			{strings.Repeat("*a", 500) + "b", strings.Repeat("a", 4096)},
			{strings.Repeat("*?", 500), strings.Repeat("é", 2000)},
		} {
			m, err := pathset.Compile(pathset.Protect, c[0])
			if err != nil {
				t.Error(err)
				return
			}
			if m.Match(c[1]) && !strings.HasSuffix(c[0], "?") {
				t.Errorf("%.20q matched", c[0])
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("matching did not end")
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"src/main.go":        "",
		"docs/Überblick.md":  "",
		"日本語/ファイル.txt":       "",
		"emoji/🚨.md":         "",
		"with space/a b.txt": "",
		"a\x1b[31m.go":       "control",
		"a\nb":               "control",
		"src/\u202egnp.exe":  "direction",
		".git\u200chub/x":    "invisible",
		"a\u00adb":           "invisible",
		"a\ufeff":            "invisible",
		"a\u00a0b":           "blank",
		"\xff.go":            "no UTF-8",
		"a\ufffdb":           "replacement",
		"a\u2028b":           "line separator",
		"x\U000e0041":        "invisible",
		"\u3164":             "invisible",
	} {
		got, bad := pathset.Unreadable(path)
		if bad != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, %v, want %q", path, got, bad, want)
		}
	}
}

// doublestar is the oracle for single globs. It reads two things otherwise, on
// purpose: a "**" that shares its segment with other characters, and folders.
func FuzzMatchAgainstDoublestar(f *testing.F) {
	for _, seed := range [][2]string{
		{"a/**/b*.{go,md}", "a/x/bc.go"}, {"**/[a-c]?", "x/y/b1"}, {"a/**", "a"}, {`\*/x`, "*/x"}, {"{a,{b,c}}/**", "c/d/e"}, {"*/*", "a/b"}, {"[^a-z]", "0"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, path string) {
		if !plainText(glob) || !plainText(path) || path == "" || strings.Contains("/"+path+"/", "//") {
			t.Skip("paths as git writes them")
		}
		m, err := pathset.Compile(pathset.Permit, glob)
		if err != nil || strings.HasPrefix(glob, "!") {
			return
		}
		if strings.Contains(glob, "**") && strings.ContainsAny(glob, "{}") || strings.Contains(glob, "***") || strings.Contains(glob, "{}") || strings.Contains(glob, "*{") {
			return // doublestar gives "**" within braces a meaning of its own
		}
		want, err := doublestar.Match(glob, path)
		if err != nil {
			return
		}
		if folder, ok := strings.CutSuffix(glob, "/**"); ok && !want {
			// doublestar matches "a" by "a/**" but not by "a*/**".
			if want, err = doublestar.Match(folder, path); err != nil {
				return
			}
		}
		if got := m.Match(path); got != want {
			t.Errorf("%q on %q: got %v, doublestar %v", glob, path, got, want)
		}
	})
}

func plainText(s string) bool {
	return len(s) < 100 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func FuzzUnreadable(f *testing.F) {
	f.Add("a\u202eb")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, path string) {
		reason, bad := pathset.Unreadable(path)
		if bad != (reason != "") {
			t.Errorf("%q: %q, %v", path, reason, bad)
		}
		if !bad && strings.ToValidUTF8(path, "") != path {
			t.Errorf("%q is no UTF-8 and was found readable", path)
		}
	})
}

// realPaths are 10,000 names of a real repository.
func realPaths(tb testing.TB) []string {
	tb.Helper()
	file, err := os.Open("testdata/paths.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	if _, err := io.Copy(&b, z); err != nil {
		tb.Fatal(err)
	}
	return strings.Fields(b.String())
}

// patterns200 are globs of the kinds that policies hold.
func patterns200() []string {
	var globs []string
	for i := range 40 {
		globs = append(globs,
			fmt.Sprintf("services/team%d/**", i),
			fmt.Sprintf("**/module%d/*.py", i),
			fmt.Sprintf("**/*_%d.{yml,yaml}", i),
			fmt.Sprintf("netra_backend/app/part%d*/**/*.py", i),
			fmt.Sprintf("tests/**/test_%d*.py", i))
	}
	return globs
}

// BenchmarkMatch compares one walk with a loop over doublestar in one run.
func BenchmarkMatch(b *testing.B) {
	paths, globs := realPaths(b)[:10000], patterns200()
	var builder pathset.Builder
	for _, g := range globs {
		if _, err := builder.Add(pathset.Protect, g); err != nil {
			b.Fatal(err)
		}
	}
	set := builder.Build()
	var m pathset.Matches
	ours, theirs := time.Duration(0), time.Duration(0)
	for b.Loop() {
		start := time.Now()
		for _, p := range paths {
			set.Match(p, &m)
		}
		ours += time.Since(start)
		start = time.Now()
		for _, p := range paths {
			for _, g := range globs {
				doublestar.MatchUnvalidated(g, p)
			}
		}
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-doublestar")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/10000x200")
}
