package ghfake_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// longest is the length of a longest common subsequence, by the slow way.
func longest(a, b []string) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				table[i+1][j+1] = table[i][j] + 1
			} else {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			}
		}
	}
	return table[len(a)][len(b)]
}

// The script is always a shortest one, and its patch turns one text into the
// other.
func TestScriptsAreShortest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "d\n", "e\n"}), 0, 30)
		a, b := lines.Draw(t, "before"), lines.Draw(t, "after")
		before, after := strings.Join(a, ""), strings.Join(b, "")
		added, deleted, patch := ghfake.CompareText([]byte(before), []byte(after))
		n := longest(a, b)
		if added != len(b)-n || deleted != len(a)-n {
			t.Fatalf("+%d -%d, want +%d -%d", added, deleted, len(b)-n, len(a)-n)
		}
		if got := apply(t, a, patch); got != after {
			t.Fatalf("the patch gives %q, want %q:\n%s", got, after, patch)
		}
	})
}

// apply applies a patch.
func apply(t *rapid.T, a []string, patch string) string {
	var out strings.Builder
	at := 0
	for line := range strings.SplitSeq(patch, "\n") {
		if line == "" {
			continue
		}
		text := line[1:] + "\n"
		switch line[0] {
		case '@':
			var from, n int
			if _, err := fmt.Sscanf(line, "@@ -%d,%d", &from, &n); err != nil {
				if _, err := fmt.Sscanf(line, "@@ -%d ", &from); err != nil {
					t.Fatalf("the header %q cannot be read", line)
				}
				n = 1
			}
			if n > 0 {
				from--
			}
			out.WriteString(strings.Join(a[at:from], ""))
			at = from
		case ' ':
			out.WriteString(text)
			at++
		case '-':
			if a[at] != text {
				t.Fatalf("line %d is %q, not %q", at, a[at], text)
			}
			at++
		case '+':
			out.WriteString(text)
		}
	}
	return out.String() + strings.Join(a[at:], "")
}

// Large texts without a common line, and with many, are compared in no time.
func BenchmarkCompareText(b *testing.B) {
	make := func(word string, n int) []byte {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, "%s %d\n", word, i%(n/3))
		}
		return []byte(s.String())
	}
	for name, pair := range map[string][2][]byte{
		"nothing in common": {make("a", 20000), make("b", 20000)}, "repeated": {make("a", 3000), make("a", 2900)},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ghfake.CompareText(pair[0], pair[1])
			}
		})
	}
}
