package github_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

// Where branches are is told by the query that a survey sends anyway; only those that
// it has no room for cost others.
func TestSurveyTellsWhereBranchesAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"a": ghfake.Text("a\n")}, some)
	for _, name := range []string{"release/1", "release/2/x", "other", "v-1", "av-2", "Release/3"} {
		w.repo.Branch(name, "main")
	}
	for i := range 601 {
		w.repo.Branch(fmt.Sprintf("many/%03d", i), "main")
	}
	survey := func(requests int, globs ...string) github.Tips {
		t.Helper()
		w.hub.Forget()
		found, err := w.client.Survey(context.Background(), []github.Watched{{Owner: "acme", Repo: "app", Branches: globs}})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(w.hub.Requests()); n != requests {
			t.Errorf("%v: %d requests, want %d", globs, n, requests)
		}
		if len(found.Tips) != 1 || len(found.Open) != 1 {
			t.Fatalf("%v: %+v", globs, found)
		}
		return found.Tips[0]
	}
	for _, c := range []struct {
		globs, want []string
	}{
		{nil, []string{"main"}},
		{[]string{"main", "other", "gone", "!release/1"}, []string{"main", "other"}},
		{[]string{"release/**"}, []string{"main", "release/1", "release/2/x"}},
		{[]string{"v-*"}, []string{"main", "v-1", "av-2"}}, // more than asked for does no harm
		{[]string{"release/{1,2}", "release/2/[x]"}, []string{"main", "release/1", "release/2/x"}},
	} {
		got := survey(2, c.globs...)
		slices.Sort(c.want)
		if names := slices.Sorted(maps.Keys(got.At)); !slices.Equal(names, c.want) || got.Default != "main" || got.Cut {
			t.Errorf("%v: %v, %q, %v", c.globs, names, got.Default, got.Cut)
		}
		for name, tip := range got.At {
			if tip != w.repo.Tip(name) {
				t.Errorf("%s is at %s", name, tip)
			}
		}
	}
	if got := survey(6, "many/**"); len(got.At) != 1+500 || !got.Cut {
		t.Errorf("%d branches, cut %v", len(got.At), got.Cut)
	}
}

func TestSurveyOfAnEmptyRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.hub.AddRepo(1, "acme", "bare")
	found, err := w.client.Survey(context.Background(), []github.Watched{{Owner: "acme", Repo: "bare", Branches: []string{"main", "release/**"}}})
	if err != nil || len(found.Tips) != 1 || found.Tips[0].Default != "" || len(found.Tips[0].At) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}
