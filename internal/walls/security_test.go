package walls

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// bypasses are those that are known, by their numbers; notes are those that are no
// test's matter.
const bypasses = 33

var bypassNotes = map[int]bool{14: true, 33: true}

// unguarded lists what a page of threats lacks: a test that does not exist, a row
// without one, a bypass that is not there or has no test of its own.
func unguarded(page string, known map[string]bool) (rows int, problems []string) {
	all, problems := tables(page)
	numbered := make(map[string]row)
	for _, r := range all {
		threat, shown := r.cells["threat"], r.cells["test"]
		if threat == "" || r.cells["what stops it"] == "" {
			problems = append(problems, fmt.Sprintf("line %d names no threat, or nothing that stops it", r.line))
			continue
		}
		rows++
		if n, _, ok := strings.Cut(threat, ": "); ok {
			numbered[n] = r
		}
		for name := range strings.SplitSeq(shown, ", ") {
			switch m := reference.FindStringSubmatch(name); {
			case m == nil:
				problems = append(problems, fmt.Sprintf("line %d: %q names no test", r.line, name))
			case !known[m[1]]:
				problems = append(problems, fmt.Sprintf("line %d: %s does not exist", r.line, m[1]))
			}
		}
	}
	for n := 1; n <= bypasses; n++ {
		if bypassNotes[n] {
			if !strings.Contains(page, fmt.Sprintf("\n- %d: ", n)) {
				problems = append(problems, fmt.Sprintf("bypass %d is not noted", n))
			}
			continue
		}
		r, ok := numbered[fmt.Sprint(n)]
		if own := fmt.Sprintf("`TestBypass%02d_", n); !ok || !strings.Contains(r.cells["test"], own) {
			problems = append(problems, fmt.Sprintf("bypass %d has no row with a test %s…`", n, own))
		}
	}
	return rows, problems
}

// docs/security.md has every known bypass with its test, and the tests exist.
func TestEveryBypassHasItsTest(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(root + "/docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	known := declaredTests(t)
	rows, problems := unguarded(string(page), known)
	report(t, problems)
	if rows < bypasses {
		t.Errorf("only %d rows", rows)
	}
	named := regexp.MustCompile(`^TestBypass[0-9]{2}_`)
	for name := range known {
		if named.MatchString(name) && !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the page does not name %s", name)
		}
	}
	summary, err := os.ReadFile(root + "/SECURITY.md")
	if err != nil || !strings.Contains(string(summary), "(docs/security.md)") {
		t.Errorf("SECURITY.md does not lead to the page: %v", err)
	}
}

// What looks like a page of threats and is none.
func TestThreatsCatch(t *testing.T) {
	t.Parallel()
	const head = "| threat | what stops it | test |\n| --- | --- | --- |\n"
	var b strings.Builder
	known := make(map[string]bool)
	for n := 1; n <= bypasses; n++ {
		if bypassNotes[n] {
			continue
		}
		name := fmt.Sprintf("TestBypass%02d_X", n)
		known[name] = true
		fmt.Fprintf(&b, "| %d: a | b | `%s` |\n", n, name)
	}
	const notes = "\n- 14: a\n- 33: b\n"
	whole := head + b.String() + notes
	for page, says := range map[string]string{
		whole: "",
		strings.Replace(whole, "TestBypass07_X", "TestBypass07_Y", 1):                               "TestBypass07_Y does not exist",
		strings.Replace(whole, "| 7: a | b | `TestBypass07_X` |\n", "", 1):                          "bypass 7 has no row",
		strings.Replace(whole, "| 7: a | b | `TestBypass07_X` |", "| 7: a | b | |", 1):              "names no test",
		strings.Replace(whole, "| 7: a | b | `TestBypass07_X`", "| 7: a | b | `TestBypass08_X`", 1): "bypass 7 has no row",
		strings.Replace(whole, "| 7: a | b |", "| 7: a | |", 1):                                     "nothing that stops it",
		strings.Replace(whole, "- 33: b", "- 34: b", 1):                                             "bypass 33 is not noted",
	} {
		_, problems := unguarded(page, known)
		if said := strings.Join(problems, "\n"); (said == "") != (says == "") || !strings.Contains(said, says) {
			t.Errorf("%q, want %q", said, says)
		}
	}
}
