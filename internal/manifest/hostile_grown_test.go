package manifest_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
)

// allHostile are all inputs that were made by hand.
var allHostile = sync.OnceValue(func() map[string]map[string][]byte {
	all := hostile()
	maps.Copy(all, nodeHostile())
	maps.Copy(all, pythonHostile())
	maps.Copy(all, otherHostile())
	maps.Copy(all, codeHostile())
	return all
})

// grown are hostile inputs that nobody has to write: for each format, bytes and
// openers of every notation, and the format's own samples with one of their lines
// repeated, as it is and with a counter in it. A new format needs nothing but the
// sample in testdata/compare that it needs anyway.
func grown(tb testing.TB, f manifest.Format, size int) map[string][]byte {
	tb.Helper()
	shapes := make(map[string][]byte)
	for _, c := range []string{
		"\x00", "\n", "\r\n", " ", "\t", "a", "0", "#", ";", `"`, "'", `\`, ",", ":", "=", "@", "/", "*", "&", "[", "{", "(", "<", "- ", "? ", ": ", "a: ", "a.", "[[a]]\n", "<a>", `{"a":`, "a={", "//", "/*", "\u00e9", "${", "&a [*a,",
	} {
		shapes[fmt.Sprintf("only %q", c)] = bytes.Repeat([]byte(c), size/len(c))
	}
	lines := sample(tb, f)
	for _, i := range spread(len(lines), 12) {
		head, line, tail := strings.Join(lines[:i], ""), lines[i], strings.Join(lines[i+1:], "")
		shapes[fmt.Sprintf("line %d again", i+1)] = []byte(head + strings.Repeat(line, size/max(len(line), 1)+1) + tail)
		shapes[fmt.Sprintf("line %d counted", i+1)] = counted(head, line, tail, size)
		shapes[fmt.Sprintf("line %d longer", i+1)] = []byte(head + strings.TrimSuffix(line, "\n") + strings.Repeat(strings.TrimSpace(line)+" ", size/max(len(line), 1)+1) + "\n" + tail)
	}
	all := strings.Join(lines, "")
	shapes["whole"] = []byte(strings.Repeat(all, size/max(len(all), 1)+1))
	return shapes
}

// counted repeats a line with another name in it each time.
func counted(head, line, tail string, size int) []byte {
	word := strings.TrimLeft(line, " \t-\"'[{(,<")
	at := len(line) - len(word)
	end := at
	for end < len(line) && (line[end]|0x20 >= 'a' && line[end]|0x20 <= 'z') {
		end++
	}
	var b bytes.Buffer
	b.WriteString(head)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%s%d%s", line[:end], i, line[end:])
	}
	b.WriteString(tail)
	return b.Bytes()
}

// sample are the lines of the longest file of a format in testdata/compare.
func sample(tb testing.TB, f manifest.Format) []string {
	tb.Helper()
	names, err := filepath.Glob("testdata/compare/" + f.Name + "/*.txtar")
	if err != nil || len(names) == 0 {
		tb.Fatalf("%s has no sample: %v", f.Name, err)
	}
	var longest []byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for _, in := range txtar.Parse(data).Files {
			if in.Name != "want" && len(in.Data) > len(longest) {
				longest = in.Data
			}
		}
	}
	return strings.SplitAfter(strings.TrimSuffix(string(longest), "\n")+"\n", "\n")
}

// spread are some of n numbers, evenly.
func spread(n, some int) []int {
	var list []int
	for i := range some {
		list = append(list, i*n/some)
	}
	return slices.Compact(list)
}

// TestHostileGrown: every parser answers to all of it, with a file or an error at
// a line.
func TestHostileGrown(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			for _, data := range grown(t, f, 1<<15) {
				checkWith(t, f.Parse, "x", data)
			}
		})
	}
}

// BenchmarkHostileGrown reads 1 MiB of each.
func BenchmarkHostileGrown(b *testing.B) {
	for _, f := range manifest.Formats() {
		for shape, data := range grown(b, f, size) {
			b.Run(f.Name+"/"+shape, func(b *testing.B) { benchmarkParse(b, f.Parse, "x", data) })
		}
	}
}
