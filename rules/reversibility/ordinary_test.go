package reversibility_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/changeguard/changeguard/rules/rulestest"
)

// ordinary.txt holds changes as people make them every day, each behind a line
// "=== name => what is found", which is "quiet" or a part of a message.
func TestOrdinaryChanges(t *testing.T) {
	t.Parallel()
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
			ordinary(t, text, want)
		})
	}
	if noisy < 40 || quiet < 40 {
		t.Errorf("%d noisy and %d quiet", noisy, quiet)
	}
}

func ordinary(t *testing.T, text, want string) {
	t.Helper()
	a := txtar.Parse([]byte(text))
	a.Files = append(a.Files, txtar.File{Name: "policy.yml", Data: []byte("version: 1\nrules:\n  r: {uses: reversibility}\n")})
	v := rulestest.Judge(t, a)
	if len(v.Missing) > 0 {
		t.Fatal(v.Missing)
	}
	said, met := "", false
	for _, f := range v.Findings {
		if f.Kind == "reversibility" {
			said += f.Path + ": " + f.Message + "\n"
			met = met || strings.Contains(f.Message, want)
		}
	}
	if met != (want != "quiet") || want == "quiet" && said != "" {
		t.Errorf("want %s, found:\n%s", want, said)
	}
}
