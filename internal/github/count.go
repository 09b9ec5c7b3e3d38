package github

import (
	"bytes"

	"github.com/changeguard/changeguard/change"
)

// binaryWithin is how far into a content git looks for a NUL, by which it tells
// what has no lines.
const binaryWithin = 8000

// maxEdits bounds how far two contents are compared. What differs in more lines
// counts as replaced.
const maxEdits = 2000

// countLines counts the lines that lead from one content to another, as git
// does: the fewest. A content that is no text has none.
func countLines(before, after []byte) change.Lines {
	for _, data := range [][]byte{before, after} {
		if bytes.IndexByte(data[:min(len(data), binaryWithin)], 0) >= 0 {
			return change.Lines{}
		}
	}
	a, b := split(before), split(after)
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[0], b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && bytes.Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 || len(b) == 0 {
		return change.Lines{Added: len(b), Deleted: len(a)}
	}
	edits, ok := distance(numbered(a, b))
	if !ok {
		return change.Lines{Added: len(b), Deleted: len(a)}
	}
	return change.Lines{Added: (edits + len(b) - len(a)) / 2, Deleted: (edits + len(a) - len(b)) / 2}
}

// split cuts a content into its lines, the last of which may have no end.
func split(data []byte) [][]byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// numbered gives equal lines equal numbers, so that comparing them costs nothing.
func numbered(a, b [][]byte) (x, y []int) {
	known := make(map[string]int)
	number := func(lines [][]byte) []int {
		list := make([]int, len(lines))
		for i, line := range lines {
			n, ok := known[string(line)]
			if !ok {
				n = len(known)
				known[string(line)] = n
			}
			list[i] = n
		}
		return list
	}
	return number(a), number(b)
}

// distance is the least number of insertions and deletions from one list to
// another, by Myers' greedy algorithm; false when it is over the bound.
func distance(a, b []int) (int, bool) {
	reach := make([]int, 2*maxEdits+3) // how far in a each diagonal goes
	middle := maxEdits + 1
	for d := range maxEdits + 1 {
		for k := -d; k <= d; k += 2 {
			x := reach[middle+k-1] + 1
			if k == -d || k != d && reach[middle+k-1] < reach[middle+k+1] {
				x = reach[middle+k+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[middle+k] = x
			if x >= len(a) && x-k >= len(b) {
				return d, true
			}
		}
	}
	return 0, false
}
