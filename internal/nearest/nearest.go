// Package nearest finds the name that somebody probably meant.
package nearest

import (
	"fmt"
	"slices"
	"strings"
)

// maxName bounds the work; longer names are not mistyped, they are something else.
const maxName = 64

// Of returns the known name closest to a mistyped one, else the first that it is
// the beginning of, "" when there is none.
func Of(name string, known []string) string {
	if len(name) > maxName {
		return ""
	}
	best, least := "", max(1, len(name)/3)+1
	for _, k := range known {
		if len(k) > maxName {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if at := slices.IndexFunc(known, func(k string) bool { return len(name) > 2 && strings.HasPrefix(k, name) }); best == "" && at >= 0 {
		return known[at]
	}
	return best
}

// Unknown words the error for a name that is not in a list, "" when it is.
func Unknown(what, name string, known []string) string {
	if slices.Contains(known, name) {
		return ""
	}
	if len(name) > maxName {
		name = name[:maxName] + "…"
	}
	message := fmt.Sprintf("unknown %s %q", what, strings.ToValidUTF8(name, "\ufffd"))
	if meant := Of(name, known); meant != "" {
		return message + fmt.Sprintf("; did you mean %q?", meant)
	}
	return message + "; known are " + strings.Join(known, ", ")
}

// distance counts the characters to insert, delete, replace or swap with their
// neighbour.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	var older []int
	for i := 1; i <= len(a); i++ {
		older, before, row = before, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, before[j]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
