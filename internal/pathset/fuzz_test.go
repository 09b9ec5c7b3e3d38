package pathset_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/changeguard/changeguard/internal/pathset"
)

// FuzzMatchAgainstDoublestar holds a glob against doublestar and against the
// reference. What the package refuses or reads otherwise is in its
// documentation and in the function agree.
func FuzzMatchAgainstDoublestar(f *testing.F) {
	for _, seed := range [][2]string{
		{"a/**/b*.{go,md}", "a/x/bc.go"},
		{"**/[a-c]?", "x/y/b1"},
		{"a/**", "a"},
		{"a*/**", "abc"},
		{`\*/x`, "*/x"},
		{"{a,{b,c}}/**", "c/d/e"},
		{"*/*", "a/b"},
		{"[^a-z]", "0"},
		{"src/**.go", "src/a/b.go"},
		{"{a,*}*", "./."},
		{`[\]\-a]{,x\,y}`, "]x,y"},
		{"*é?[à-ü]*", "aéxöz"},
		{"test_*.py", "test_.py"},
		{"a[+-9]b", "a/b"},
		{"0*{{,}}", "0"},
		{"[! -}]", " "},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, path string) {
		if strings.HasPrefix(glob, "!") || len(glob) > 100 || len(path) > 200 {
			return // neither oracle knows exclusions; long inputs find nothing new
		}
		m, err := pathset.Compile(pathset.Permit, glob)
		if err != nil || path == "" || !utf8.ValidString(path) || !norm.NFC.IsNormalString(path) || !norm.NFC.IsNormalString(glob) {
			return
		}
		if want := reference(t, glob, false).MatchString(path); m.Match(path) != want {
			t.Errorf("%q on %q: got %v, reference %v", glob, path, m.Match(path), want)
		}
		agree(t, m, glob, path)
	})
}

// FuzzPatterns takes any pattern and any path: an error or an answer, one that
// does not depend on the form of the accents, and no list that protects less
// than it permits.
func FuzzPatterns(f *testing.F) {
	f.Add("caf\u00e9/**", "cafe\u0301/x")
	f.Add("!{a,[b-c]*}**", "B\xff/\u017f")
	f.Add("[\u0130-\u0132]?", "\u0131\u0307")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		err := pathset.Validate(pattern)
		patterns := []string{pattern}
		if strings.HasPrefix(pattern, "!") {
			patterns = []string{"**", pattern}
		}
		permit, perr := pathset.Compile(pathset.Permit, patterns...)
		protect, qerr := pathset.Compile(pathset.Protect, patterns...)
		if (err == nil) != (perr == nil) || (err == nil) != (qerr == nil) {
			t.Fatalf("%q: Validate %v, Compile %v, %v", pattern, err, perr, qerr)
		}
		if err != nil {
			return
		}
		if permit.Match(path) && !protect.Match(path) {
			t.Errorf("%q on %q: permits what it does not protect", pattern, path)
		}
		if other := norm.NFD.String(path); norm.NFC.String(other) == norm.NFC.String(path) && permit.Match(other) != permit.Match(path) {
			t.Errorf("%q on %q: the decomposed name is another one", pattern, path)
		}
	})
}

func FuzzUnreadable(f *testing.F) {
	for _, seed := range []string{"a\u202eb", "\xff", ".git./config", "a//b", "\u00a0x", "docs/Überblick.md", "日本語/ファイル.txt"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		reason, bad := pathset.Unreadable(path)
		if bad != (reason != "") {
			t.Errorf("%q: %q, %v", path, reason, bad)
		}
		if again, _ := pathset.Unreadable(reason + "/" + path); bad && !strings.Contains(reason, "segment") && again != reason {
			t.Errorf("%q: the reason %q is itself unreadable", path, reason)
		}
		if !bad && (!utf8.ValidString(path) || strings.ContainsFunc(path, hidden)) {
			t.Errorf("%q was found readable", path)
		}
	})
}
