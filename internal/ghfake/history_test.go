package ghfake_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// tangle writes a history of merges on merges, where two commits often have
// several common ancestors, each with a date of its own; half of the dates do
// not follow the order of the commits.
func (l *local) tangle(random *rand.Rand, n int) {
	l.t.Helper()
	var in strings.Builder
	for i := range n {
		date := 1_700_000_000 + 100*i
		if i%2 == 1 {
			date -= 100*random.IntN(i+1) + 1
		}
		fmt.Fprintf(&in, "commit refs/heads/c%d\nmark :%d\ncommitter %s <%s> %d +0000\ndata 1\n%c\n", i, i+1, author.Name, author.Email, date, 'a'+rune(i%26))
		var parents []int
		for range min(i, 1+random.IntN(3)) {
			if p := max(0, i-1-random.IntN(6)); !slices.Contains(parents, p) {
				parents = append(parents, p)
			}
		}
		for j, p := range parents {
			fmt.Fprintf(&in, "%s :%d\n", [2]string{"from", "merge"}[min(j, 1)], p+1)
		}
		fmt.Fprintf(&in, "M 100644 inline f%d\ndata 1\nx\n\n", i)
	}
	cmd := exec.Command("git", "fast-import", "--quiet", "--force")
	cmd.Dir, cmd.Stdin = l.dir, strings.NewReader(in.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("git fast-import: %v\n%s", err, out)
	}
}

// Merge bases and ranges of commits are those of git, also in histories where
// several commits could be the base.
func TestHistoriesAreGits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	several := 0
	for range 4 {
		w, l := newWorld(t, ghfake.Options{}, nil), newLocal(t)
		const n = 40
		l.tangle(random, n)
		l.copyInto(w.repo)
		for range 12 {
			a, b := fmt.Sprintf("c%d", random.IntN(n)), fmt.Sprintf("c%d", random.IntN(n))
			got := w.get(inRepo + "/compare/" + a + "..." + b).want(200).object()
			bases := strings.Fields(l.git("merge-base", "--all", a, b))
			if len(bases) > 1 {
				several++
			}
			if base := at(got, "merge_base_commit.sha"); !slices.Contains(bases, fmt.Sprint(base)) || len(bases) == 1 && base != bases[0] {
				t.Errorf("the merge base is %v, git says %v", base, bases)
			}
			var have []string
			for _, c := range got["commits"].([]any) {
				have = append(have, at(c, "sha").(string))
			}
			want := strings.Fields(l.git("rev-list", a+".."+b))
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Errorf("%s..%s has %d commits, git says %d", a, b, len(have), len(want))
			}
			if behind := l.git("rev-list", "--count", b+".."+a); fmt.Sprint(got["behind_by"]) != behind {
				t.Errorf("%s is behind by %v, git says %s", b, got["behind_by"], behind)
			}
		}
	}
	if several == 0 {
		t.Error("no pair had several merge bases")
	}
}
