package testset

import "strings"

// pyCalls finds assertions of Python: a word, or two with a dot between them.
type pyCalls struct{}

func (pyCalls) all(code string, n int) (found [][]int) {
	for at := 0; at < len(code) && (n < 0 || len(found) < n); {
		if !asciiWord(code[at]) {
			at++
			continue
		}
		end := wordEnd(code, at)
		if to := pyCall(code, at, end); to > 0 {
			found = append(found, []int{at, to})
			end = to
		}
		at = end
	}
	return found
}

// pyCall is the end of an assertion that begins with a word; 0 for none.
func pyCall(code string, at, end int) int {
	word := code[at:end]
	switch {
	case word == "assert":
		return end
	case end == len(code):
		return 0
	case code[end] == '.':
		to := wordEnd(code, end+1)
		called := code[end+1 : to]
		asserts := called == "fail" || len(called) > len("assert") && strings.HasPrefix(called, "assert") || word == "pytest" && (called == "raises" || called == "warns")
		if asserts && to < len(code) && code[to] == '(' {
			return to + 1
		}
		return 0
	case code[end] == '(' && (word == "raises" || word == "warns" || word == "fail" || pyHelper(word)):
		return end + 1
	}
	return 0
}

// pyHelper reports whether a name is that of a helper that asserts.
func pyHelper(word string) bool {
	for _, head := range []string{"assert_", "check_", "verify_", "expect_", "ensure_"} {
		if len(word) > len(head) && strings.HasPrefix(word, head) {
			return true
		}
	}
	return false
}
