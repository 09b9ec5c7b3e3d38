package workflows_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/workflows"
)

// hostileWorkflows are files of which a part is repeated: what each look at a workflow
// costs most.
var hostileWorkflows = map[string][2]string{
	"steps of the guard":       {"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n", "      - run: changeguard check || true\n"},
	"jobs of the guard":        {"on: push\njobs:\n", "  a%d: {uses: acme/changeguard@v1, if: x}\n"},
	"actions of its own":       {"on: push\njobs:\n  a:\n    steps:\n", "      - uses: ./a/b%d\n"},
	"a script of the guard":    {"on: push\njobs:\n  a:\n    steps:\n      - run: |\n", "          changeguard check --policy a%d | b || c\n"},
	"a script that goes on":    {"on: push\njobs:\n  a:\n    steps:\n      - run: |\n", "          changeguard \\\n"},
	"scripts by name":          {"on: push\njobs:\n  a:\n    steps:\n      - run: |\n", "          ./a.sh a/b/c%d.sh\n"},
	"outputs":                  {"on: push\njobs:\n  a:\n    steps:\n      - id: a\n        env: {T: \"${{ github.head_ref }}\"}\n        run: |\n", "          echo a=$T b=$T >> $GITHUB_OUTPUT\n"},
	"outputs that are used":    {"on: push\njobs:\n  a:\n    steps:\n      - run: |\n", "          echo ${{ steps.a.outputs.b }} ${{ env.a }}\n"},
	"runners by a matrix":      {"on: push\njobs:\n  a:\n    runs-on: \"${{ matrix.os }}\"\n    strategy:\n      matrix:\n        os:\n", "        - a%d\n"},
	"runners by a condition":   {"on: push\njobs:\n  a:\n    runs-on: >-\n", "      ${{ a && 'b' || 'c' }}\n"},
	"many runners":             {"on: push\njobs:\n", "  a%d: {runs-on: [a, b]}\n"},
	"filters":                  {"on:\n  push:\n    paths:\n", "    - a%d\n"},
	"agents":                   {"on: issues\njobs:\n  a:\n    steps:\n      - run: |\n", "          gh issue view $N | claude -p a\n"},
	"words before the program": {"on: push\njobs:\n  a:\n    steps:\n      - run: ", "install changeguard "},
}

func hostileText(parts [2]string, size int) string {
	var b strings.Builder
	b.WriteString(parts[0])
	for i := 0; b.Len() < size; i++ {
		b.WriteString(strings.ReplaceAll(parts[1], "%d", fmt.Sprint(i)))
	}
	return b.String()
}

func judgeHostile(tb testing.TB, text string) []rules.Finding {
	tb.Helper()
	const name = ".github/workflows/a.yml"
	c := changetest.New(changetest.Tree{name: {Content: text}}, changetest.Tree{name: {Content: text + "# more\n", Mode: change.Executable}})
	found, err := workflows.Kind().Run(tb.Context(), &rules.Input{Change: c}, &workflows.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// A workflow of any shape is compared with itself, to the end, and brings nothing.
func TestHostileWorkflowsEnd(t *testing.T) {
	t.Parallel()
	for what, parts := range hostileWorkflows {
		if found := judgeHostile(t, hostileText(parts, 1<<14)); len(found) > 0 {
			t.Errorf("%s: %d findings, first %s", what, len(found), found[0].Message)
		}
	}
}

// BenchmarkHostileWorkflows compares two files of half a MiB.
func BenchmarkHostileWorkflows(b *testing.B) {
	for what, parts := range hostileWorkflows {
		b.Run(what, func(b *testing.B) {
			text := hostileText(parts, 1<<19)
			start := cpu()
			for b.Loop() {
				judgeHostile(b, text)
			}
			b.ReportMetric(float64((cpu()-start).Milliseconds())/float64(b.N), "cpu-ms")
		})
	}
}
