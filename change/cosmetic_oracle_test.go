package change_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"mvdan.cc/sh/v3/syntax"

	"github.com/changeguard/changeguard/change"
)

// oracles are real parsers: each writes a source without comments and white
// space, or reports that it is no program. What is called cosmetic must come out
// the same.
var oracles = map[string]func(src []byte) (string, bool){
	".sh":   parseShell,
	".bash": parseShell,
	".js":   parseBy(api.LoaderJS),
	".jsx":  parseBy(api.LoaderJSX),
	".ts":   parseBy(api.LoaderTS),
	".tsx":  parseBy(api.LoaderTSX),
	".css":  parseStyle,
}

// parseStyle also drops the white space next to signs, which the parser keeps
// where it does not look closer.
func parseStyle(src []byte) (string, bool) {
	out, valid := parseBy(api.LoaderCSS)(src)
	return besideSigns.ReplaceAllString(out, "$1"), valid
}

var besideSigns = regexp.MustCompile(`\s*([(){}:;,>])\s*`)

func parseShell(src []byte) (string, bool) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(src), "")
	if err != nil {
		return "", false
	}
	var out bytes.Buffer
	if err := syntax.NewPrinter(syntax.Minify(true)).Print(&out, file); err != nil {
		return "", false
	}
	return out.String(), true
}

func parseBy(loader api.Loader) func(src []byte) (string, bool) {
	return func(src []byte) (string, bool) {
		result := api.Transform(string(src), api.TransformOptions{
			Loader: loader, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone, JSX: api.JSXTransform, LogLevel: api.LogLevelSilent,
			TsconfigRaw: `{"compilerOptions": {"verbatimModuleSyntax": true}}`,
		})
		return string(result.Code), len(result.Errors) == 0
	}
}

// continuedComment is one that the parser of shell scripts joins with the next
// line, as no shell does.
var continuedComment = regexp.MustCompile(`#[^\n]*\\\n`)

// againstParser holds a verdict against the real parser of a language.
func againstParser(t *testing.T, path string, before, after []byte) {
	t.Helper()
	parse := oracles[filepath.Ext(path)]
	if parse == nil || !change.Cosmetic(path, before, after) || continuedComment.Match(before) || continuedComment.Match(after) {
		return
	}
	a, validBefore := parse(before)
	b, validAfter := parse(after)
	if validBefore != validAfter || a != b {
		t.Errorf("%s is called cosmetic:\n%q\n%q\n%v %q\n%v %q", path, before, after, validBefore, a, validAfter, b)
	}
}

// TestCosmeticAgainstParsers makes thousands of random edits to the cases, always
// the same ones, and asks real parsers about those that are called cosmetic.
func TestCosmeticAgainstParsers(t *testing.T) {
	t.Parallel()
	for _, ext := range slices.Sorted(maps.Keys(oracles)) {
		random := rand.New(rand.NewPCG(3, 4))
		var sources []string
		for _, e := range edits(t) {
			if filepath.Ext(e.path) == ext {
				sources = append(sources, string(e.before), string(e.after))
			}
		}
		judged := 0
		for range 6000 {
			before := sources[random.IntN(len(sources))]
			after := before
			for range 1 + random.IntN(3) {
				after = edited(random, after)
			}
			if before == after || !change.Cosmetic("x"+ext, []byte(before), []byte(after)) {
				continue
			}
			judged++
			againstParser(t, "x"+ext, []byte(before), []byte(after))
		}
		if judged < 200 {
			t.Errorf("%s: only %d edits are called cosmetic", ext, judged)
		}
	}
}

var pieces = strings.Split(" |  |\n|\n\n|\t|\r\n|/* c */|// c\n|# c\n|-- c\n|/*\n*/|/* it's */|\\\n|\\|'|\"|`|\"\"\"|(|)|{|}|[|]|<|>|/|*|#|-|+|=|!|?|.|:|;|,|@|$|&|~|%|${|\\(|<<E\n|E\n|a|1|return |case |else |<a>|</a>", "|")

// edited makes one edit somewhere in a source; half of them at white space or a
// sign, where most mistakes would be.
func edited(random *rand.Rand, src string) string {
	at := random.IntN(len(src) + 1)
	piece := pieces[random.IntN(len(pieces))]
	switch random.IntN(6) {
	case 0:
		if n := strings.IndexAny(src[at:], " \n\t"); n >= 0 {
			return src[:at+n] + src[at+n+1:]
		}
	case 1:
		if n := strings.IndexAny(src[at:], " \n"); n >= 0 {
			return src[:at+n] + pieces[random.IntN(12)] + src[at+n+1:]
		}
	case 2:
		if n := strings.IndexAny(src[at:], "(){}[];,.+-*/<>=:?!&|@#\n"); n >= 0 {
			at += n + random.IntN(2)
			return src[:at] + pieces[random.IntN(12)] + src[at:]
		}
	case 3:
		return src[:at] + src[min(len(src), at+random.IntN(4)):]
	}
	return src[:at] + piece + src[at:]
}
