package walls

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is a line of a table of docs/features.md, by its columns' heads.
type row struct {
	line  int
	cells map[string]string
}

// tables reads the tables of a page: a line of heads, a line of dashes, rows.
func tables(page string) (rows []row, problems []string) {
	var heads []string
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "|") {
			heads = nil
			continue
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|"), "|")
		for j, c := range cells {
			cells[j] = strings.TrimSpace(c)
		}
		switch {
		case heads == nil:
			heads = cells
		case strings.Trim(line, "|-: ") == "":
		case len(cells) != len(heads):
			problems = append(problems, fmt.Sprintf("line %d has %d cells, its table %d", i+1, len(cells), len(heads)))
		default:
			r := row{i + 1, make(map[string]string)}
			for j, h := range heads {
				r.cells[h] = cells[j]
			}
			rows = append(rows, r)
		}
	}
	return rows, problems
}

// open is all that the cell of a promise's tests, or a figure, may say when there
// is none yet.
const open = "*open*"

var reference = regexp.MustCompile("^`((?:Test|Benchmark|Fuzz)[A-Za-z0-9_]+)`$")

// unproven lists the promises that name no test, or one that does not exist.
func unproven(page string, known map[string]bool) (rows int, problems []string) {
	all, problems := tables(page)
	for _, r := range all {
		what := r.cells["promise"] + r.cells["what"]
		fail := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("line %d, %s: ", r.line, what)+fmt.Sprintf(format, args...))
		}
		shown, isProven := r.cells["shown by"]
		if what == "" || !isProven {
			fail("the table has no column promise or what, or none shown by")
			continue
		}
		rows++
		if measured, isFigure := r.cells["measured"]; isFigure && measured != open && !strings.ContainsAny(measured, "0123456789") {
			fail("measured is %q: neither a figure nor %s", measured, open)
		} else if !isFigure && r.cells["reach"] != "" {
			fail("a figure without a column measured")
		}
		if shown == open && r.cells["reach"] == "" {
			continue
		}
		for name := range strings.SplitSeq(shown, ", ") {
			switch m := reference.FindStringSubmatch(name); {
			case m == nil:
				fail("%q names no test and is not %s", name, open)
			case !known[m[1]]:
				fail("%s does not exist", m[1])
			}
		}
	}
	return rows, problems
}

var declared = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)[A-Za-z0-9_]+)\(`)

// declaredTests are the tests, benchmarks and fuzz targets that there are.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	files, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(data, -1) {
			known[string(m[1])] = true
		}
	}
	return known
}

// docs/features.md names the test behind every promise; each must exist, and a
// row without one is a promise without proof.
func TestFeaturesNameTestsThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(root + "/docs/features.md")
	if err != nil {
		t.Fatal(err)
	}
	known := declaredTests(t)
	rows, problems := unproven(string(page), known)
	report(t, problems)
	if rows < 60 {
		t.Errorf("only %d rows", rows)
	}
	if !slices.ContainsFunc(strings.Split(string(page), "\n"), func(l string) bool { return strings.Contains(l, "| measured |") }) {
		t.Error("there is no table of figures with what was measured")
	}
}

// What looks like proof and is none.
func TestFeaturesCatch(t *testing.T) {
	t.Parallel()
	const promises, figures = "| promise | shown by |\n| --- | --- |\n", "| what | reach | measured | shown by |\n| --- | --- | --- | --- |\n"
	known := map[string]bool{"TestA": true, "BenchmarkB": true}
	for page, says := range map[string]string{
		promises + "| a | `TestA`, `BenchmarkB` |":                    "",
		promises + "| a | *open* |":                                   "",
		promises + "| a | `TestC` |":                                  "TestC does not exist",
		promises + "| a | `TestA`, `TestC` |":                         "TestC does not exist",
		promises + "| a | |":                                          "names no test",
		promises + "| an open door | see there |":                     "names no test",
		promises + "| a | open |":                                     "names no test",
		promises + "| a | *open* for now |":                           "names no test",
		promises + "| a | `TestA`, *open* |":                          "names no test",
		promises + "| *open* | `TestC` |":                             "TestC does not exist",
		promises + "| a | TestA |":                                    "names no test",
		promises + "| a | `TestA` | more |":                           "has 3 cells",
		"| promise | test |\n| --- | --- |\n| a | *open* |":           "has no column",
		"| what | reach | shown by |\n| --- |\n| a | 1 s | `TestA` |": "without a column measured",
		figures + "| a | under 1 s | 0.4 s | `BenchmarkB` |":          "",
		figures + "| a | under 1 s | *open* | `BenchmarkB` |":         "",
		figures + "| a | under 1 s | | `BenchmarkB` |":                "neither a figure nor",
		figures + "| a | under 1 s | not yet | `BenchmarkB` |":        "neither a figure nor",
		figures + "| a | under 1 s | 0.4 s | |":                       "names no test",
		figures + "| a | under 1 s | *open* | |":                      "names no test",
	} {
		_, problems := unproven(page, known)
		if said := strings.Join(problems, "\n"); (said == "") != (says == "") || !strings.Contains(said, says) {
			t.Errorf("%s\n%q, want %q", page, said, says)
		}
	}
}
