package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A lineFinder finds matches of a regular expression that do not cross lines, in
// the lines that hold what each of them does.
type lineFinder struct {
	re    *lazyregexp.Regexp
	holds string
}

func byLine(re *lazyregexp.Regexp, holds string) *lineFinder { return &lineFinder{re, holds} }

func (f *lineFinder) all(code string, n int) (found [][]int) {
	for at := 0; n < 0 || len(found) < n; {
		next := strings.Index(code[at:], f.holds)
		if next < 0 {
			return found
		}
		from := strings.LastIndexByte(code[:at+next], '\n') + 1
		to := len(code)
		if end := strings.IndexByte(code[at+next:], '\n'); end >= 0 {
			to = at + next + end
		}
		most := -1
		if n >= 0 {
			most = n - len(found)
		}
		for _, m := range f.re.FindAllStringSubmatchIndex(code[from:to], most) {
			for i := range m {
				if m[i] >= 0 {
					m[i] += from
				}
			}
			found = append(found, m)
		}
		if at = to; at == len(code) {
			return found
		}
	}
	return found
}

// A foldFinder asks a regular expression of a language that does not mind case,
// where a text has one of some words in any case.
type foldFinder struct {
	re    *lazyregexp.Regexp
	needs []string // in small letters
}

func folded(re *lazyregexp.Regexp, needs ...string) *foldFinder { return &foldFinder{re, needs} }

func (f *foldFinder) all(code string, n int) [][]int {
	for _, need := range f.needs {
		if containsFold(code, need) {
			return f.re.FindAllStringSubmatchIndex(code, n)
		}
	}
	return nil
}

// containsFold reports whether a text holds a word of small ASCII letters, in any
// case; a letter that is no ASCII stands for any.
func containsFold(text, word string) bool {
	for at := 0; at+len(word) <= len(text); at++ {
		if c := text[at]; c|0x20 == word[0] && strings.EqualFold(text[at:at+len(word)], word) {
			return true
		} else if c >= 0x80 {
			return true
		}
	}
	return false
}
