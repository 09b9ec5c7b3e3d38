package pathset_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/pathset"
)

// reference is what a valid glob means, said a second time: as a regular
// expression over the whole path. It shares nothing with the automaton.
func reference(tb testing.TB, glob string, ignoreCase bool) *regexp.Regexp {
	tb.Helper()
	var ways []string
	for _, text := range alternatives(glob) {
		ways = append(ways, expression(text))
	}
	flags := "s"
	if ignoreCase {
		flags = "si"
	}
	return regexp.MustCompile("(?" + flags + ")^(?:" + strings.Join(ways, "|") + ")$")
}

var element = regexp.MustCompile(`\\.|\[[!^]?(?:\\.|[^\]\\])+\]|\*+|.`)

// elements cuts a glob into characters, escapes, classes and runs of stars.
func elements(glob string) []string { return element.FindAllString(glob, -1) }

// alternatives resolves the braces, and the stars that meet where one was.
func alternatives(glob string) []string {
	texts := resolve(glob)
	for i, text := range texts {
		text = met.ReplaceAllStringFunc(text, func(stars string) string {
			switch {
			case stars[0] == '\\':
				return stars
			case strings.Contains(stars, "**"):
				return "**"
			}
			return "*"
		})
		texts[i] = strings.ReplaceAll(text, "\x00", "")
	}
	return texts
}

// met are stars on both sides of what was a brace; escapes are passed over.
var met = regexp.MustCompile(`\\.|\*+(\x00+\*+)+`)

// resolve takes the innermost braces first, and leaves a mark at each of them.
func resolve(glob string) []string {
	open := -1
	var commas []int
	parts := elements(glob)
	for i, p := range parts {
		switch {
		case p == "{":
			open, commas = i, nil
		case p == "," && open >= 0:
			commas = append(commas, i)
		case p == "}":
			var out []string
			start := open + 1
			for _, end := range append(commas, i) {
				way := strings.Join(parts[:open], "") + "\x00" + strings.Join(parts[start:end], "") + "\x00" + strings.Join(parts[i+1:], "")
				out = append(out, resolve(way)...)
				start = end + 1
			}
			return out
		}
	}
	return []string{glob}
}

// expression translates a glob without braces.
func expression(glob string) string {
	for strings.Contains("/"+glob+"/", "/**/**/") {
		glob = strings.Trim(strings.ReplaceAll("/"+glob+"/", "/**/**/", "/**/"), "/")
	}
	if glob == "**" {
		return ".*"
	}
	folder, below := strings.CutSuffix(glob, "/**")
	if below {
		return expression(folder) + "(?:/.*)?"
	}
	var b strings.Builder
	parts := elements(glob)
	for i := 0; i < len(parts); i++ {
		p := parts[i]
		begins := i == 0 || parts[i-1] == "/"
		switch {
		case strings.HasPrefix(p, "**") && begins && i+1 < len(parts) && parts[i+1] == "/":
			b.WriteString("(?:.*/)?")
			i++
		case strings.HasPrefix(p, "**"):
			b.WriteString(".*")
		case p == "*":
			b.WriteString("[^/]*")
		case p == "?":
			b.WriteString("[^/]")
		case len(p) > 1 && p[0] == '[':
			b.WriteString(characterClass(p))
		default:
			b.WriteString(regexp.QuoteMeta(strings.TrimPrefix(p, `\`)))
			if p == `\\` {
				b.WriteString(`\\`)
			}
		}
	}
	return b.String()
}

// characterClass keeps the slash out of a class.
func characterClass(p string) string {
	var set strings.Builder
	body, negated := p[1:len(p)-1], false
	if body[0] == '!' || body[0] == '^' {
		body, negated = body[1:], true
	}
	runes := regexp.MustCompile(`\\.|.`).FindAllString(body, -1)
	char := func(i int) rune { return []rune(strings.TrimPrefix(runes[i], `\`) + `\`)[0] }
	for i := 0; i < len(runes); i++ {
		low, high := char(i), char(i)
		if i+2 < len(runes) && runes[i+1] == "-" {
			high = char(i + 2)
			i += 2
		}
		for _, part := range [][2]rune{{low, min(high, '/'-1)}, {max(low, '/'+1), high}} {
			if part[0] <= part[1] {
				fmt.Fprintf(&set, `\x{%x}-\x{%x}`, part[0], part[1])
			}
		}
	}
	if negated {
		return "[^/" + set.String() + "]"
	}
	return "[" + set.String() + "]"
}

// globs generates valid globs that are likely to match paths.
func globs() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{
		"a", "b", "A", "ab", ".", "a.b", "*", "*", "?", "[ab]", "[!a]", "[^b.]", "[A-Z]", "[A-b]", "[+-9]", `\*`, `\a`, `[\]a]`,
		"{a,b}", "{a,*}", "{ab,{a,b}*}", "{,a}b", "{a/b,b}", "{*,a}",
	})
	segment := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 1, 3).Draw(t, "pieces"), "")
	})
	whole := rapid.OneOf(segment, segment, segment, rapid.Just("**"), rapid.Just("a**b"), rapid.Just("**a"), rapid.Just("b**"), rapid.Just("{a,**}"))
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(whole, 1, 4).Draw(t, "segments"), "/")
	}).Filter(func(glob string) bool { return pathset.Validate(glob) == nil })
}

func paths() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.StringMatching(`[abAB.]{1,4}`), 1, 5).Draw(t, "segments"), "/")
	})
}

func compile(tb rapid.TB, use pathset.Use, patterns ...string) *pathset.Matcher {
	tb.Helper()
	m, err := pathset.Compile(use, patterns...)
	if err != nil {
		tb.Fatalf("%q: %v", patterns, err)
	}
	return m
}

func TestGlobsMeanWhatTheReferenceSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		glob := globs().Draw(rt, "glob")
		permit, protect := compile(rt, pathset.Permit, glob), compile(rt, pathset.Protect, glob)
		exact, folded := reference(t, glob, false), reference(t, glob, true)
		for range 20 {
			path := paths().Draw(rt, "path")
			if got, want := permit.Match(path), exact.MatchString(path); got != want {
				rt.Fatalf("%q on %q: got %v, reference %v (%v)", glob, path, got, want, exact)
			}
			if got, want := protect.Match(path), folded.MatchString(path) || exact.MatchString(path); got != want {
				rt.Fatalf("%q on %q, protecting: got %v, reference %v (%v)", glob, path, got, want, folded)
			}
		}
	})
}

func TestGlobsAgreeWithDoublestar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		glob := globs().Draw(rt, "glob")
		m := compile(rt, pathset.Permit, glob)
		for range 20 {
			agree(rt, m, glob, paths().Draw(rt, "path"))
		}
	})
}

// agree holds a glob's matcher against doublestar, but for what the package's
// documentation names.
func agree(tb rapid.TB, m *pathset.Matcher, glob, path string) {
	tb.Helper()
	texts := alternatives(glob)
	for _, text := range texts {
		if crossesBesideOthers(text) || classHoldsSlash(text) {
			return
		}
	}
	if starsMeet(glob) || strings.Contains("/"+path+"/", "//") {
		return // nor are empty segments in any path
	}
	want, err := doublestar.Match(glob, path)
	if err != nil && doublestar.ValidatePattern(glob) {
		return // where it stops in the middle of a class, it takes the rest for a pattern
	}
	if err != nil {
		tb.Fatalf("%q is no glob to doublestar: %v", glob, err)
	}
	for _, text := range texts {
		if !want { // it misses that the last alternative of "a*{b,}" may be empty
			want, _ = doublestar.Match(text, path)
		}
		// "a*/**" matches abc here.
		for folder, ok := strings.CutSuffix(text, "/**"); ok && !want; folder, ok = strings.CutSuffix(folder, "/**") {
			want, _ = doublestar.Match(folder, path)
		}
	}
	if got := m.Match(path); got != want {
		tb.Errorf("%q on %q: got %v, doublestar %v", glob, path, got, want)
	}
}

// crossesBesideOthers finds a "**" that is not a whole segment.
func crossesBesideOthers(text string) bool {
	parts := elements(text)
	for i, p := range parts {
		if strings.HasPrefix(p, "**") && (p != "**" || i > 0 && parts[i-1] != "/" || i+1 < len(parts) && parts[i+1] != "/") {
			return true
		}
	}
	return false
}

// starsMeet finds stars that braces bring together.
func starsMeet(glob string) bool {
	for _, text := range resolve(glob) {
		for _, stars := range met.FindAllString(text, -1) {
			if stars[0] == '*' {
				return true
			}
		}
	}
	return false
}

// classHoldsSlash finds a class that to doublestar matches a slash.
func classHoldsSlash(text string) bool {
	for _, p := range elements(text) {
		if len(p) == 1 || p[0] != '[' {
			continue
		}
		if ok, err := doublestar.Match(p, "/"); err != nil || ok {
			return true
		}
	}
	return false
}

func TestManyListsAreOneListEach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"", "", "!"}).Draw(t, "sign") + globs().Draw(t, "glob")
		})
		lists := rapid.SliceOfN(rapid.SliceOfN(pattern, 0, 5), 1, 6).Draw(rt, "lists")
		lists = append(lists, lists...)
		use := func(i int) pathset.Use { return pathset.Use(i * 2 / len(lists)) } // each list once for each use
		var b pathset.Builder
		var alone []*pathset.Matcher
		for i, patterns := range lists {
			if id, err := b.Add(use(i), patterns...); err != nil || int(id) != i {
				rt.Fatal(id, err)
			}
			alone = append(alone, compile(rt, use(i), patterns...))
		}
		set := b.Build()
		var reused pathset.Matches
		for range 10 {
			path := paths().Draw(rt, "path")
			var kept pathset.Matches
			set.Match(path, &kept)
			set.Match(path, &reused)
			for i, patterns := range lists {
				if got, want := kept.Has(pathset.List(i)), alone[i].Match(path); got != want {
					rt.Fatalf("list %d %q on %q: got %v, alone %v", i, patterns, path, got, want)
				}
				if got, want := reused.Has(pathset.List(i)), lastMatch(t, use(i), patterns, path); got != want {
					rt.Fatalf("list %d %q on %q: got %v, the last match says %v", i, patterns, path, got, want)
				}
			}
		}
	})
}

// lastMatch decides a list glob by glob: 1 for a match, -1 for an exclusion, 0
// for neither, exactly and folded.
func lastMatch(tb testing.TB, use pathset.Use, patterns []string, path string) bool {
	tb.Helper()
	decide := func(ignoreCase bool) int {
		decided := 0
		for _, p := range patterns {
			glob, negated := strings.CutPrefix(p, "!")
			if !reference(tb, glob, ignoreCase).MatchString(path) {
				continue
			}
			if decided = 1; negated {
				decided = -1
			}
		}
		return decided
	}
	exact, folded := decide(false), decide(true)
	if use == pathset.Protect {
		return exact == 1 || folded == 1
	}
	return exact == 1 && folded != -1
}
