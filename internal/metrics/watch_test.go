package metrics_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// series are a page's metrics of this program: each label of each with its values.
func series(text string) map[string]map[string][]string {
	all := make(map[string]map[string][]string)
	line := regexp.MustCompile(`(?m)^(changeguard_[a-z_]+)(?:\{(.*)\})? \S+$`)
	label := regexp.MustCompile(`([a-z]+)="([^"]*)"`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		if all[m[1]] == nil {
			all[m[1]] = make(map[string][]string)
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			all[m[1]][l[1]] = append(all[m[1]][l[1]], l[2])
		}
	}
	return all
}

// What the server shows is what the manual says: each metric with its type, its
// labels and its meaning, and no other. The page is asked, not what declares it.
func TestThePageIsWhatTheManualSays(t *testing.T) {
	t.Parallel()
	text := busy(t)
	shown, found := make(map[string]string), series(text)
	help := regexp.MustCompile(`(?m)^# HELP (changeguard_[a-z_]+) (.*)\n# TYPE \S+ (\S+)$`)
	for _, m := range help.FindAllStringSubmatch(text, -1) {
		of := found[m[1]]
		if m[3] == "histogram" {
			of = found[m[1]+"_count"]
		}
		if of == nil {
			t.Errorf("%s has no value", m[1])
		}
		shown[m[1]] = fmt.Sprintf("%s %v %s", m[3], slices.Sorted(maps.Keys(of)), m[2])
	}
	said := make(map[string]string)
	for _, m := range regexp.MustCompile("(?m)^\\| `(changeguard_[a-z_]+)` \\| (\\S+) \\| ([a-z, ]*) \\| (.*) \\|$").FindAllStringSubmatch(readPage(t, "docs/metrics.md"), -1) {
		labels := strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(labels)
		said[m[1]] = fmt.Sprintf("%s %v %s", m[2], labels, m[4])
	}
	if diff := cmp.Diff(said, shown); diff != "" || len(shown) < 20 {
		t.Errorf("%d metrics (-manual +page):\n%s", len(shown), diff)
	}
}

// A misspelt value of a label finds nothing, and an alert that finds nothing is
// silent: every value that is asked for is one that the server shows.
func TestValuesThatAreAskedForAreShown(t *testing.T) {
	t.Parallel()
	found, asked := series(busy(t)), 0
	selector := regexp.MustCompile(`(changeguard_[a-z_]+)\{([^}]*)\}`)
	matcher := regexp.MustCompile(`([a-z]+)=~?"([^"]*)"`)
	for where, expr := range expressions(t) {
		for _, s := range selector.FindAllStringSubmatch(expr, -1) {
			for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
				for value := range strings.SplitSeq(m[2], "|") {
					asked++
					if !slices.Contains(found[s[1]][m[1]], value) {
						t.Errorf("%s: %s has no %s %q, but %q", where, s[1], m[1], value, found[s[1]][m[1]])
					}
				}
			}
		}
	}
	if asked < 6 {
		t.Errorf("only %d values", asked)
	}
}

// A line of the dashboard is named by labels that its question keeps.
func TestLegendsNameLabelsThatAreThere(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal([]byte(readPage(t, "deploy/grafana/changeguard.json")), &board); err != nil {
		t.Fatal(err)
	}
	named := 0
	kept := regexp.MustCompile(`by \(([^)]*)\)`)
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			by := kept.FindStringSubmatch(target.Expr)
			for _, m := range regexp.MustCompile(`\{\{\s*([a-z_]+)\s*\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				named++
				if by == nil || !slices.Contains(strings.Split(by[1], ", "), m[1]) {
					t.Errorf("%s: %q names %s, which %s drops", p.Title, target.LegendFormat, m[1], target.Expr)
				}
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d labels", named)
	}
}
