package testset

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// jsWords begin calls of tests and suites, jsMods follow them behind dots.
var (
	jsWords = map[string]bool{
		"describe": true, "context": true, "suite": true, "it": true, "test": true, "specify": true, "fdescribe": true, "fit": true, "xdescribe": true, "xit": true, "xtest": true,
	}
	jsMods = map[string]bool{
		"only": true, "skip": true, "todo": true, "concurrent": true, "sequential": true, "fails": true, "failing": true, "each": true, "for": true, "skipIf": true, "runIf": true,
		"shuffle": true, "serial": true, "fixme": true, "describe": true, "parallel": true,
	}
)

// jsTests finds calls of tests and suites; the groups of each are its words and its
// bracket, or the mark of its table.
func jsTests(code string) (found [][]int) {
	last := 0
	for at := 0; at < len(code); {
		if !asciiWord(code[at]) {
			at++
			continue
		}
		end := wordEnd(code, at)
		if jsWords[code[at:end]] && (at == 0 || at > last && code[at-1] != '.' && code[at-1] != '$') {
			if to, open := jsHead(code, end); open > 0 {
				found = append(found, []int{at, open + 1, at, to, open, open + 1})
				end, last = open+1, open+1
			}
		}
		at = end
	}
	return found
}

// jsHead reads on behind the first word of a call; open is 0 where none is made.
func jsHead(code string, at int) (to, open int) {
	for at < len(code) && code[at] == '.' {
		end := wordEnd(code, at+1)
		if !jsMods[code[at+1:end]] {
			return 0, 0
		}
		at = end
	}
	if open = pastBlanks(code, at); open < len(code) && (code[open] == '(' || code[open] == '`') {
		return at, open
	}
	return 0, 0
}

var jsEither = lazyregexp.New(`^\?\s*((?:describe|it|test)(?:\.\w+)?\s*:\s*(?:describe|it|test)(?:\.\w+)?)\s*\)\s*(\()`)

// jsChoices finds calls of one of two, by a condition: (slow ? it : it.skip)("…").
func jsChoices(code string, n int) (found [][]int) {
	open := -1 // the bracket that the place is in, and nothing else
	for at := 0; at < len(code) && len(found) < n; at++ {
		switch code[at] {
		case '(':
			open = at
		case ')', '\n':
			open = -1
		case '?':
			next := pastBlanks(code, at+1)
			if open < 0 || next == len(code) || strings.IndexByte("dit", code[next]) < 0 {
				continue
			}
			if m := jsEither.FindStringSubmatchIndex(code[at:]); m != nil {
				found = append(found, []int{open, at + m[1], at + m[2], at + m[3], at + m[4], at + m[5]})
				at, open = at+m[1]-1, -1
			}
		}
	}
	return found
}

// jsCalls finds assertions.
type jsCalls struct{}

func (jsCalls) all(code string, n int) (found [][]int) {
	failed := 0 // where a chain of names ends that is not called
	for at := 0; at < len(code) && (n < 0 || len(found) < n); {
		if strings.HasPrefix(code[at:], ".should") && wordEnd(code, at+1) == at+len(".should") {
			found = append(found, []int{at, at + len(".should")})
			at += len(".should")
			continue
		}
		if !asciiWord(code[at]) {
			at++
			continue
		}
		end := wordEnd(code, at)
		if at >= failed || code[at:end] != "assert" {
			to, called := jsAssertion(code, at, end)
			if called {
				found = append(found, []int{at, to})
				end = to
			} else if code[at:end] == "assert" {
				failed = max(failed, to)
			}
		}
		at = end
	}
	return found
}

// jsAssertion is the end of an assertion that begins with a word, or of what looks
// like one.
func jsAssertion(code string, at, end int) (to int, called bool) {
	word := code[at:end]
	to = end
	switch {
	case word == "expect" || word == "assert":
		for to+1 < len(code) && code[to] == '.' && asciiWord(code[to+1]) {
			if to = wordEnd(code, to+1); word == "expect" {
				break
			}
		}
	case !jsNamed(word):
		return 0, false
	}
	if to == len(code) || code[to] != '(' {
		return to, false
	}
	return to + 1, true
}

// jsNamed reports whether a word is the name of a helper that asserts.
func jsNamed(word string) bool {
	for _, head := range []string{"assert", "expect", "verify", "check"} {
		if len(word) > len(head) && strings.HasPrefix(word, head) && word[len(head)] >= 'A' && word[len(head)] <= 'Z' {
			return true
		}
	}
	return false
}
