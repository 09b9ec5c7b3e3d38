package change_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// FuzzCosmetic makes an edit anywhere in a source of any language and holds what
// must be true whatever it is: the order of the sides does not matter, nothing
// but white space went where there are no comments, real parsers agree, comments
// and empty lines at the end are cosmetic, and code there is not.
func FuzzCosmetic(f *testing.F) {
	for _, e := range edits(f) {
		if lang := slices.Index(everyLanguage, "x"+filepath.Ext(e.path)); lang > 1 {
			f.Add(uint8(lang-2), e.before, uint16(0), uint8(255), e.after)
		}
	}
	for path, src := range map[string]string{"x.jsx": "/**/0", "x.swift": `\`, "x.css": "--:", "x.sh": "=~", "x.rs": "#!"} { // what was found
		f.Add(uint8(slices.Index(everyLanguage, path)-2), []byte(src), uint16(0), uint8(0), []byte(" "))
	}
	f.Fuzz(func(t *testing.T, lang uint8, src []byte, at uint16, remove uint8, insert []byte) {
		path := everyLanguage[2+int(lang)%(len(everyLanguage)-2)]
		from := min(int(at), len(src))
		to := min(from+int(remove), len(src))
		edited := slices.Concat(src[:from], insert, src[to:])
		forth, back := change.Cosmetic(path, src, edited), change.Cosmetic(path, edited, src)
		if forth != back && bytes.Equal(withoutWide(src), src) && bytes.Equal(withoutWide(edited), edited) {
			t.Errorf("%s: %q and %q differ one way", path, src, edited)
		}
		if forth && !hasComments(path, src) && !hasComments(path, edited) && !bytes.Equal(withoutBlanks(src), withoutBlanks(edited)) {
			t.Errorf("%s is called cosmetic:\n%q\n%q", path, src, edited)
		}
		againstParser(t, path, src, edited)
		againstParser(t, path, edited, src)
		if change.Cosmetic(path, src, src) && !bytes.Contains(src, []byte("INIT INFO")) {
			invariants(t, path, src)
		}
	})
}

// hasComments reports whether a source could hold a comment.
func hasComments(path string, src []byte) bool {
	for _, mark := range []string{"//", "/*", "#", "--"} {
		if bytes.Contains(src, []byte(mark)) {
			return true
		}
	}
	return path == "x.sql" && bytes.Contains(src, []byte("\\")) // a backslash that continues a line
}

// withoutBlanks are the bytes of a source other than white space and what
// continues a line.
func withoutBlanks(src []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r == '\\' || strings.ContainsRune(" \t\r\n\f\v", r) {
			return -1
		}
		return r
	}, src)
}

func invariants(t *testing.T, path string, src []byte) {
	t.Helper()
	r := remarkOf(path)
	ends := []string{"\n", "\n\n\n", "\n" + r.line + "\n", "\n\n" + r.block + "\n"}
	if path == "x.json" {
		ends = ends[:2]
	}
	for _, end := range ends {
		if !change.Cosmetic(path, src, slices.Concat(src, []byte(end))) {
			t.Errorf("%s: %q behind %q matters", path, end, src)
		}
	}
	for _, end := range []string{"\nx\n", "\n'x'\n", "\n1\n", "\n)\n"} {
		if change.Cosmetic(path, src, slices.Concat(src, []byte(end))) {
			t.Errorf("%s: %q behind %q does not matter", path, end, src)
		}
	}
}
