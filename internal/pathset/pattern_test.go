package pathset_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/pathset"
)

func TestRefusedGlobs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		offset  int
		want    string
	}{
		{"", 0, "empty"},
		{"!", 1, "empty"},
		{"!!a", 1, `one "!" excludes`},
		{"/docs/**", 0, `did you mean "docs/**"?`},
		{"/.github", 0, `did you mean ".github"?`},
		{"!/docs/", 1, `did you mean "!docs/**"?`},
		{"./docs", 0, `did you mean "docs"?`},
		{".//./.docs/", 0, `did you mean ".docs/**"?`},
		{"/", 0, `did you mean "**"?`},
		{"./", 0, `did you mean "**"?`},
		{"docs/", 4, `did you mean "docs/**"?`},
		{"!docs/", 5, `did you mean "!docs/**"?`},
		{"docs//", 5, `did you mean "docs/**"?`},
		{"docs/**/", 7, `did you mean "docs/**"?`},
		{"**/", 2, `did you mean "**"?`},
		{"a//b", 2, "empty segment"},
		{"a/./b", 2, `no path has a segment "."`},
		{"a/..", 2, `no path has a segment ".."`},
		{"..", 0, `no path has a segment ".."`},
		{"a/{,b}", 2, "empty segment"},
		{"{,a}/b", 0, "empty segment"},
		{"x{a/,b}/c", 1, "empty segment"},
		{"a[b", 1, "[ is not closed"},
		{`a[b\`, 1, "[ is not closed"},
		{"a[b-", 3, "hyphen"},
		{"a[b/c]", 1, "[ is not closed"},
		{`a[b-\/]`, 1, "[ is not closed"},
		{"a[", 1, "[ is not closed"},
		{"a[!", 1, "[ is not closed"},
		{"a[]", 1, "is empty"},
		{"a[!]", 1, "is empty"},
		{"a[z-a]", 3, "range is empty"},
		{"a[-z]", 2, "hyphen"},
		{"a[z-]", 3, "hyphen"},
		{"a[a-c-e]", 5, "hyphen"},
		{"{a,b", 0, "{ is not closed"},
		{"{a,{b}", 0, "{ is not closed"},
		{"a{}b", 1, "names no alternative"},
		{"a}", 1, "closes nothing"},
		{"!a}", 2, "closes nothing"},
		{`a\`, 1, "backslash"},
		{`a\/b`, 2, "slash cannot be escaped"},
		{"a/***/b", 2, "three stars"},
		{"a\xffb", 1, "UTF-8"},
		{"docs/**\n", 7, "U+000A line feed"},
		{".github\u200b/**", 7, "U+200B zero width space"},
		{strings.Repeat("a", 1025), 1024, "longer than 1024 bytes"},
		{strings.Repeat("{a,b}", 11), 0, "more than 1024 alternatives"},
		{`\{` + strings.Repeat("{a,b}", 11), 2, "more than 1024 alternatives"},
		{strings.Repeat("{a,b}", 10) + strings.Repeat("x", 500), 0, "too long"},
		{"a" + strings.Repeat("**a", 11), 0, "more than 1024 alternatives"},
	} {
		var perr *pathset.PatternError
		err := pathset.Validate(c.pattern)
		if !errors.As(err, &perr) || !strings.Contains(err.Error(), c.want) || perr.Offset != c.offset || perr.Pattern != c.pattern {
			t.Errorf("%.40q: got %v, want %q at %d", c.pattern, err, c.want, c.offset)
		}
		if _, err := pathset.Compile(pathset.Permit, c.pattern); err == nil {
			t.Errorf("%.40q: Compile takes what Validate refuses", c.pattern)
		}
	}
}

func TestGlobsAtTheLimits(t *testing.T) {
	t.Parallel()
	for glob, path := range map[string]string{
		strings.Repeat("a", 1024):                                  strings.Repeat("a", 1024),
		strings.Repeat("{a,b}", 10):                                "abababbbba",
		strings.Repeat("{", 511) + "a" + strings.Repeat("}", 511):  "a",
		strings.Repeat("[a]", 341):                                 strings.Repeat("a", 341),
		strings.Repeat("**/", 341) + "a":                           "a",
		"a" + strings.Repeat("**a", 10):                            strings.Repeat("a/", 10) + "a",
		strings.Repeat("*/", 511) + "*":                            strings.Repeat("x/", 511) + "y",
		"{" + strings.Repeat("a,", 510) + "b}":                     "b",
		"x{" + strings.Repeat("é/**/ü,", 50) + "b}" + "{/q**r,/s}": "xé/1/2/ü/qa/br",
	} {
		if !compile(t, pathset.Permit, glob).Match(path) {
			t.Errorf("%.40q does not match", glob)
		}
	}
}

// A suggestion must itself be a valid glob.
func TestSuggestionsAreValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom([]string{"", "!"}).Draw(t, "sign") +
			rapid.SampledFrom([]string{"/", "./", "//", "", "", "/./"}).Draw(t, "start") +
			globs().Draw(t, "glob") +
			rapid.SampledFrom([]string{"/", "//", ""}).Draw(t, "end")
		err := pathset.Validate(pattern)
		if err == nil {
			return
		}
		_, rest, ok := strings.Cut(err.Error(), `did you mean "`)
		if !ok {
			t.Fatalf("%q: no suggestion: %v", pattern, err)
		}
		meant, _, _ := strings.Cut(rest, `"?`)
		if err := pathset.Validate(meant); err != nil {
			t.Errorf("%q: the suggestion is refused: %v", pattern, err)
		}
	})
}
