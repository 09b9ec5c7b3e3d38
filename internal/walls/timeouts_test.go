package walls

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// timeless finds clients and servers without a timeout of their own. A literal may
// go on for some lines.
var (
	madeByHand = regexp.MustCompile(`http\.(?:Client|Server)\{(?:[^{}]|\{[^{}]*\})*`)
	unbounded  = regexp.MustCompile(`http\.(?:DefaultClient|Get|Head|Post|PostForm)\b`)
)

func timeless(source string) (list []string) {
	for _, literal := range madeByHand.FindAllString(source, -1) {
		if !strings.Contains(literal, "Timeout:") {
			list = append(list, literal)
		}
	}
	return append(list, unbounded.FindAllString(source, -1)...)
}

// Every client and server of the program has a timeout; commands that only tests
// and measurements run are left out.
func TestEveryClientHasATimeout(t *testing.T) {
	t.Parallel()
	files, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, name := range files {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/soak/") || strings.Contains(name, "/ghfake/") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		looked += len(madeByHand.FindAll(data, -1))
		for _, what := range timeless(string(data)) {
			t.Errorf("%s: no timeout: %.80s", name, what)
		}
	}
	if looked < 5 {
		t.Errorf("only %d clients and servers were seen", looked)
	}
	for source, want := range map[string]int{"&http.Client{Timeout: x}": 0, "&http.Client{Transport: t{a: b}, Timeout: x}": 0, "&http.Client{Transport: t}": 1, "http.Get(x)": 1, "http.Server{Handler: h}": 1} {
		if got := len(timeless(source)); got != want {
			t.Errorf("%s: %d", source, got)
		}
	}
}
