package guard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// The check run says the rank; the verdict does not, and comes out byte for byte
// the same whatever was judged before.
func TestRankIsShownAndNoPartOfTheVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(testPolicy)
	n := w.open("mine", "main", ghfake.Files{"lib/a.py": ghfake.Text(strings.Repeat("x = 2\n", 50))})
	w.evaluate(w.pull(n))
	before, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil || strings.Contains(w.last("mine").Summary, "riskier than") {
		t.Fatalf("%v: %s", err, w.last("mine").Summary)
	}
	for i := range 20 {
		w.evaluate(w.pull(w.open(fmt.Sprint("small", i), "main", ghfake.Files{"docs/a.md": ghfake.Text(fmt.Sprint("words ", i, "\n"))})))
	}
	w.concluded("small19", "success", "Risk: riskier than 0 % of the last 20 changes here.")
	s := w.pull(n)
	s.Anew = true
	w.evaluate(s)
	w.concluded("mine", "success", "")
	after, err := w.store.Latest(context.Background(), w.pull(n).Name())
	if err != nil || string(after.Body) != string(before.Body) || strings.Contains(string(after.Body), "riskier") {
		t.Errorf("%v\n%s\n%s", err, before.Body, after.Body)
	}
	w.evaluate(w.pull(w.open("large", "main", ghfake.Files{"lib/b.py": ghfake.Text(strings.Repeat("x = 2\n", 500))})))
	w.concluded("large", "success", "Risk: riskier than 100 % of the last 21 changes here.")
}
