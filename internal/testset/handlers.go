package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A handlers finds handlers that take a failure and do nothing; its expression
// matches from the bracket before the word.
type handlers struct{ re *lazyregexp.Regexp }

func caught(re *lazyregexp.Regexp) *handlers { return &handlers{re} }

const catchWord = "catch"

// all are the matches, at most n.
func (h *handlers) all(code string, n int) (found [][]int) {
	for from := 0; n < 0 || len(found) < n; {
		at := strings.Index(code[from:], catchWord)
		if at < 0 {
			return found
		}
		at += from
		from = at + len(catchWord)
		open := at - 1
		for open >= 0 && blankByte(code[open]) {
			open--
		}
		last := 0
		if len(found) > 0 {
			last = found[len(found)-1][1]
		}
		if open < last || code[open] != '}' {
			continue
		}
		if m := h.re.FindStringIndex(code[open:]); m != nil {
			found = append(found, []int{open, open + m[1]})
		}
	}
	return found
}
