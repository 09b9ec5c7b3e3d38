package rulestest

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// leastOrdinary is how many noisy and how many quiet changes a rule's file must have.
const leastOrdinary = 40

// Ordinary judges the changes of testdata/ordinary.txt, which are as people make them
// every day. Each stands behind a line "=== name => what is found", which is "quiet" or
// a part of a message of that kind of rule; archive makes a fixture of its text.
func Ordinary(t *testing.T, kind string, archive func(t *testing.T, name, text string) *txtar.Archive) {
	t.Helper()
	data, err := os.ReadFile("testdata/ordinary.txt")
	if err != nil {
		t.Fatal(err)
	}
	noisy, quiet := 0, 0
	for row := range strings.SplitSeq("\n"+string(data), "\n=== ") {
		title, text, _ := strings.Cut(row, "\n")
		name, want, ok := strings.Cut(title, " => ")
		if !ok {
			continue
		}
		if want == "quiet" {
			quiet++
		} else {
			noisy++
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ordinary(t, kind, archive(t, name, text+"\n"), want)
		})
	}
	if noisy < leastOrdinary || quiet < leastOrdinary {
		t.Errorf("%d noisy and %d quiet", noisy, quiet)
	}
}

func ordinary(t *testing.T, kind string, a *txtar.Archive, want string) {
	t.Helper()
	v := Judge(t, a)
	if len(v.Missing) > 0 {
		t.Fatal(v.Missing)
	}
	said, met := "", false
	for _, f := range v.Findings {
		if f.Kind == kind {
			said += f.Path + ": " + f.Message + "\n"
			met = met || strings.Contains(f.Message, want)
		}
	}
	if met != (want != "quiet") || want == "quiet" && said != "" {
		t.Errorf("want %s, found:\n%s%s", want, said, txtar.Format(a))
	}
}
