package testset_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/testset"
)

var (
	wordsOfExpressions = regexp.MustCompile(`[A-Za-z_]{2,}`)
	escapes            = regexp.MustCompile(`\\[a-z]`)
)

// signs stand between the words of a text that is made up.
var signs = []string{
	"(", ")", "()", "{", "}", "[", "]", "<", ">", ".", ",", ";", ":", "=", "!", "?", "#", "@", "'", "\"", "`", "/", "\\", " ", "\n", "\t", "\r\n", "$", "->", "=>", "::", "_", "a", "A", "1", "é", "\xff",
	"#[test]", "#[", "[<", ">]", "[Fact]", "@Test ", "it(", "(a ? it : it.skip)(", "function a(", "const a = () => {", "Task<int> a<b>(", "void a(", "class A {", "assert ", "is not None", "  it 'a' do\n", "self.assertX(", "fn a", "mod a {", "\ndef a", "\nbefore { skip", "Assert.Equal", "assert a", "function test", "it('a'",
}

// made are texts of a few words and signs, and of the words of an expression; the
// same every time.
func made(source string, n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := append(wordsOfExpressions.FindAllString(escapes.ReplaceAllString(source, " "), -1), signs...)
	texts := make([]string, n)
	for i := range texts {
		few := make([]string, 2+random.IntN(8))
		for j := range few {
			few[j] = pieces[random.IntN(len(pieces))]
		}
		var b strings.Builder
		for range 1 + random.IntN(40) {
			b.WriteString(few[random.IntN(len(few))])
		}
		texts[i] = b.String()
	}
	return texts
}

// What looks for a beginning first, or reads by hand, finds what the expression
// does that goes over the whole text.
func TestFindersFindWhatExpressionsDo(t *testing.T) {
	t.Parallel()
	for name, s := range testset.Searches() {
		re, found := regexp.MustCompile(s.Source), 0
		for _, text := range made(s.Source, 3000) {
			want, got := re.FindAllStringSubmatchIndex(text, -1), s.All(text)
			found += len(want)
			if !slices.EqualFunc(got, want, func(a, b []int) bool { return alike(a, b, s.Groups) }) {
				t.Fatalf("%s in %q: %v, not %v", name, text, got, want)
			}
		}
		if found < 20 {
			t.Errorf("%s: only %d matches were compared", name, found)
		}
	}
}

// alike compares a match by some of its offsets. Those who need no groups may leave
// them out.
func alike(got, want, groups []int) bool {
	if groups == nil {
		return slices.Equal(got, want[:min(len(got), len(want))]) && len(got) >= 2
	}
	return !slices.ContainsFunc(groups, func(i int) bool { return got[i] != want[i] })
}

func TestTellsTellWhatExpressionsDo(t *testing.T) {
	t.Parallel()
	for name, s := range testset.Tells() {
		re, is := regexp.MustCompile(s.Source), 0
		for _, text := range made(s.Source, 3000) {
			for _, text := range []string{text, "assert " + text, "expect(" + text} {
				want := re.MatchString(text)
				if want {
					is++
				}
				if s.Is(text) != want {
					t.Fatalf("%s of %q: not %v", name, text, want)
				}
			}
		}
		if is < 20 {
			t.Errorf("%s: only %d texts are so", name, is)
		}
	}
}
