package change_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
)

// FuzzCosmeticPython holds what must be true of any source that can be judged:
// plain comments and empty lines between statements are cosmetic, whatever else
// is added is not, and the order of the sides does not matter.
func FuzzCosmeticPython(f *testing.F) {
	for _, e := range edits(f) {
		if strings.HasSuffix(e.path, ".py") {
			f.Add(e.before, uint16(len(e.before)/2), uint8(1), []byte(" "))
			f.Add(e.after, uint16(0), uint8(255), e.before)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, at uint16, remove uint8, insert []byte) {
		from := min(int(at), len(src))
		to := min(from+int(remove), len(src))
		edited := slices.Concat(src[:from], insert, src[to:])
		forth, back := change.Cosmetic("x.py", src, edited), change.Cosmetic("x.py", edited, src)
		if forth && !back && bytes.Equal(withoutWide(src), src) {
			t.Errorf("%q and %q differ one way", src, edited)
		}
		if quotes := bytes.ContainsAny(src, "'\"") || bytes.ContainsAny(edited, "'\""); forth && !quotes && withoutComments(src) != withoutComments(edited) {
			t.Errorf("called cosmetic:\n%q\n%q", src, edited)
		}
		if bytes.HasSuffix(src, []byte("\n")) && change.Cosmetic("x.py", src, src) {
			pythonInvariants(t, src)
		}
	})
}

// withoutWide drops what is no ASCII: invisible characters may go but not come.
func withoutWide(src []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r > '~' {
			return -1
		}
		return r
	}, src)
}

// withoutComments are the characters of a source other than white space that
// stand outside of comments, for one without strings. It is a weak oracle that
// shares nothing with the scanner.
func withoutComments(src []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(src)) {
		code, _, _ := strings.Cut(line, "#")
		b.WriteString(strings.Join(strings.Fields(code), ""))
	}
	return b.String()
}

func pythonInvariants(t *testing.T, src []byte) {
	t.Helper()
	if !bytes.Contains(src, []byte("coding")) && !bytes.Contains(src, []byte("#!")) && !bytes.HasPrefix(src, []byte("\ufeff")) {
		if !change.Cosmetic("x.py", src, slices.Concat([]byte("# plain words\n\n"), src)) {
			t.Errorf("a comment before %q matters", src)
		}
	}
	if bytes.HasSuffix(src, []byte("\\\n")) {
		return
	}
	if strings.Count(string(src), "#") == 0 && !change.Cosmetic("x.py", src, slices.Concat(src, []byte("\n  # plain words\n"))) {
		t.Errorf("a comment after %q matters", src)
	}
	for _, more := range []string{"pass\n", " pass\n", "''\n", "# type: ignore\n", "# noqa\n"} {
		if change.Cosmetic("x.py", src, slices.Concat(src, []byte(more))) {
			t.Errorf("%q after %q does not matter", more, src)
		}
	}
}

// pythonOracle answers for each pair of sources, a line each, whether the
// language sees the same program: the same tree, or none in both. It reads bytes,
// as from a file, so that encodings count.
const pythonOracle = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
def tree(source):
    try:
        parsed = ast.parse(source.encode(), type_comments=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for comment in parsed.type_ignores:
        comment.lineno = 0
    return ast.dump(parsed)
for line in sys.stdin:
    before, after = json.loads(line)
    print("same" if tree(before) == tree(after) else "different")
`

// TestCosmeticAgainstPython asks the language itself about thousands of random
// edits that are called cosmetic: to the cases, and to strings within strings.
// Without Python on the machine the cases of TestCosmetic stand for it; a build
// server must have it.
func TestCosmeticAgainstPython(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Log("left out: there is no python3 here")
		return
	}
	pairs := pythonEdits(t, 40000)
	edited := len(pairs)
	pairs = append(pairs, pythonStrings(40000)...)
	if edited < 1000 || len(pairs) < 3*edited {
		t.Fatalf("only %d edits and %d strings are called cosmetic", edited, len(pairs)-edited)
	}
	var input bytes.Buffer
	encoder := json.NewEncoder(&input)
	for _, p := range pairs {
		if err := encoder.Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", pythonOracle)
	cmd.Stdin = &input
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(bytes.NewReader(out))
	for _, p := range pairs {
		if !answers.Scan() {
			t.Fatal("fewer answers than questions")
		}
		if answers.Text() != "same" {
			t.Errorf("called cosmetic:\n%q\n%q", p[0], p[1])
		}
	}
}

// pythonPieces are put into sources.
var pythonPieces = []string{
	" ", "  ", "\n", "\t", "#", "# x\n", "\\\n", "\\", "\"", "'", "'''", `"""`, "(", ")", "[", "]", "{", "}", `f"`, "rb'", "\f", "\r\n", ":", "=", ".", "e", "0", "+",
	"-", "*", "/", "<", ">", "# type: ignore\n", "\n\n", "    ", "if x:\n", ";", "f'{", "é", "pass\n", "->", "...", "# coding: latin-1\n", "# coding: ascii\n", "\\\r\n", "\n\f", "!",
	":=", "{{", "}}", "# c \\\n", "\\N{", "f'''", "rf\"", "{a!r:", "# '\n", "# \"\"\"\n", "# é\n",
}

// pythonEdits makes random edits, always the same ones, to the cases and keeps
// those that are called cosmetic.
func pythonEdits(t *testing.T, tries int) (pairs [][2]string) {
	var sources []string
	for _, e := range edits(t) {
		if strings.HasSuffix(e.path, ".py") {
			sources = append(sources, string(e.before), string(e.after))
		}
	}
	random := newEditor(1, pythonPieces)
	for range tries {
		before := random.pick(sources...) + random.pick(sources...)
		after := random.edit(before)
		if before != after && change.Cosmetic("x.py", []byte(before), []byte(after)) {
			pairs = append(pairs, [2]string{before, after})
		}
	}
	return pairs
}

// pythonStrings makes sources of strings within strings, changes what stands
// behind one of their "#", and keeps those of which that is called a comment.
func pythonStrings(tries int) (pairs [][2]string) {
	random := newEditor(2, nil)
	for range tries {
		before := random.pick("x = ", "", "x = (") + random.expression(0) + random.pick("", "  #a", ")") + "\n" + random.pick("", "#a\n", "y = 'a' #a\n")
		parts := strings.SplitAfter(before, "#")
		if len(parts) == 1 {
			continue
		}
		parts[random.IntN(len(parts)-1)] += random.pick("b", "'", `"`, "'''", "\\", "}", "{", "#", "]", `"""`, " ")
		if after := strings.Join(parts, ""); change.Cosmetic("x.py", []byte(before), []byte(after)) {
			pairs = append(pairs, [2]string{before, after})
		}
	}
	return pairs
}
