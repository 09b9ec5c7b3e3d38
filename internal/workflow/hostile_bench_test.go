package workflow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/workflow"
)

// BenchmarkParseHostile reads files of 1 MiB of which as much is YAML as is read at
// all: each of the signs costs the library most in another way.
func BenchmarkParseHostile(b *testing.B) {
	const size = 1 << 20
	for _, piece := range []string{`"`, "'", "*a ", "a(", "})", "a b=", "-", "- ", "a: ", "&a ", "!a ", "? ", "{", "[", "a\n", "a:\n", "a,", "[a,", "x: y\n", "#\n", "|\n", "\t"} {
		b.Run(fmt.Sprintf("%q", piece), func(b *testing.B) {
			// As many as are read at all, and the rest without a sign.
			text := strings.Repeat(piece, size/len(piece))
			for n := len(text); workflow.TooDense([]byte(text)) != nil; n -= n / 16 {
				text = strings.Repeat(piece, n/len(piece)) + "\n" + strings.Repeat("# x\n", (size-n)/4)
			}
			start := cpu()
			for b.Loop() {
				if _, err := workflow.Parse([]byte(text)); err != nil {
					continue
				}
			}
			b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms")
		})
	}
}
