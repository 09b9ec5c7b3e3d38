package change_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/change"
)

// remark says how a language writes a comment up to the end of a line, and one
// of several lines.
type remark struct{ line, block string }

var remarks = map[string]remark{
	".py":  {"# words about it", "# words\n# and more"},
	".sh":  {"# words about it", "# words\n# and more"},
	".sql": {"-- words about it", "/* words\n   and more */"},
	".css": {"/* words about it */", "/*\n * words\n * and more\n */"},
	"":     {"// words about it", "/*\n * words\n * and more\n */"},
}

func remarkOf(path string) remark {
	if r, ok := remarks[filepath.Ext(path)]; ok {
		return r
	}
	return remarks[""]
}

func samples(t testing.TB) []txtar.File {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/cosmetic-samples.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return archive.Files
}

// ordinary are the cosmetic edits that people make to a source, by what they do.
// The first line of a script is the system's.
func ordinary(path, src string) map[string]string {
	r, first := remarkOf(path), ""
	if strings.HasPrefix(src, "#!") {
		n := strings.Index(src, "\n") + 1
		first, src = src[:n], src[n:]
	}
	edits := map[string]string{
		"licence":             strings.ReplaceAll(r.block, "words", "Copyright 2024 Somebody") + "\n\n" + src,
		"line ends":           strings.ReplaceAll(src, "\n", "\r\n"),
		"last line":           strings.TrimSuffix(src, "\n"),
		"empty end":           src + "\n\n",
		"remark at end":       src + "\n" + r.line + "\n",
		"empty lines":         strings.ReplaceAll(src, "\n\n", "\n\n\n"),
		"no empty lines":      strings.ReplaceAll(src, "\n\n", "\n"),
		"tabs":                strings.ReplaceAll(src, "\n  ", "\n\t"),
		"deeper":              strings.ReplaceAll(src, "\n  ", "\n    "),
		"blanks at line ends": strings.ReplaceAll(src, "\n", "  \n"),
	}
	if filepath.Ext(path) == ".sh" {
		delete(edits, "line ends") // they are part of the last word
	}
	lines := strings.SplitAfter(src, "\n")
	for i := range lines[:len(lines)-1] {
		line, next := lines[i], lines[i+1]
		before, after := strings.Join(lines[:i+1], ""), strings.Join(lines[i+1:], "")
		add := func(name, text string) { edits[fmt.Sprintf("line %d: %s", i+1, name)] = text }
		add("an empty line below", before+"\n"+after)
		add("indented", strings.TrimSuffix(before, line)+"  "+line+after)
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		switch elements := filepath.Ext(path) == ".tsx" && i > 12; {
		case !elements:
			add("a remark below", before+indent+r.line+"\n"+after)
			add("remarks below", before+r.block+"\n"+after)
			add("a remark behind", strings.TrimSuffix(before, "\n")+" "+r.line+"\n"+after)
		case strings.HasSuffix(line, ">\n") && strings.ContainsAny(strings.TrimSpace(next)[:1], "<{"):
			add("a remark below", before+indent+"{/* words about it */}\n"+after)
		}
	}
	for name, text := range edits {
		edits[name] = first + text
	}
	return edits
}

// TestCosmeticOrdinaryEdits makes the edits that people make, at each line of the
// samples: at most one in twenty may be missed.
func TestCosmeticOrdinaryEdits(t *testing.T) {
	t.Parallel()
	for _, f := range samples(t) {
		src, missed := string(f.Data), 0
		all := ordinary(f.Name, src)
		for name, after := range all {
			if !change.Cosmetic(f.Name, f.Data, []byte(after)) {
				missed++
				t.Logf("%s: missed: %s", f.Name, name)
			}
		}
		t.Logf("%s: %d of %d missed", f.Name, missed, len(all))
		if missed*20 > len(all) {
			t.Errorf("%s: %d of %d missed", f.Name, missed, len(all))
		}
	}
}

// TestCosmeticEveryByte takes away each byte of the samples that is no white
// space, puts another in its place, and doubles it: there is no comment, so none
// of that is cosmetic.
func TestCosmeticEveryByte(t *testing.T) {
	t.Parallel()
	for _, f := range samples(t) {
		for i, b := range f.Data {
			if bytes.IndexByte([]byte(" \t\n"), b) >= 0 {
				continue
			}
			before, behind := f.Data[:i], f.Data[i+1:]
			for _, with := range []string{"", " ", "\n", "x", "0", "/", "*", "#", "-", "'", `"`, string(b) + string(b)} {
				after := string(before) + with + string(behind)
				if after != string(f.Data) && change.Cosmetic(f.Name, f.Data, []byte(after)) {
					t.Errorf("%s: %q for %q at %d is called cosmetic", f.Name, with, b, i)
				}
			}
		}
	}
}
