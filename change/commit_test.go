package change_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
)

func ids(commits []change.Commit) []string {
	var list []string
	for _, c := range commits {
		list = append(list, c.ID)
	}
	return list
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"one\ntwo": "one", "one\r\ntwo": "one", "one": "one", "": "", "\n\n \t\n one two \n": "one two ", "\r\n\r\nx": "x", "\n": "",
	} {
		if got := (change.Commit{Message: message}).Subject(); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

func TestSortCommits(t *testing.T) {
	t.Parallel()
	commit := func(id string, parents ...string) change.Commit { return change.Commit{ID: id, Parents: parents} }
	for _, c := range []struct {
		name    string
		commits []change.Commit
		want    []string
	}{
		{"none", nil, nil},
		{"a line", []change.Commit{commit("a", "b"), commit("b", "c"), commit("c", "outside")}, []string{"c", "b", "a"}},
		{"ties by id", []change.Commit{commit("z"), commit("y"), commit("x", "z")}, []string{"y", "z", "x"}},
		{"a merge", []change.Commit{commit("a", "c", "b"), commit("b", "d"), commit("c", "d"), commit("d")}, []string{"d", "b", "c", "a"}},
		{"one parent twice", []change.Commit{commit("a", "b", "b"), commit("b")}, []string{"b", "a"}},
		{"its own parent", []change.Commit{commit("a", "a")}, []string{"a"}},
		{"a circle", []change.Commit{commit("c", "b"), commit("b", "c"), commit("d", "c"), commit("a")}, []string{"a", "b", "c", "d"}},
		{"one commit twice", []change.Commit{commit("b", "a"), commit("a"), commit("a")}, []string{"a", "a", "b"}},
	} {
		if diff := cmp.Diff(c.want, ids(change.SortCommits(c.commits))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if !commit("a", "b", "c").Merge() || commit("a", "b").Merge() || commit("a").Merge() {
		t.Error("a merge has several parents")
	}
}

// Parents stand before children, no commit is lost, and the input's order does
// not matter.
func TestSortCommitsProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "commits")
		commits := make([]change.Commit, n)
		for i := range commits {
			// Ids are in no relation to the history.
			commits[i].ID = fmt.Sprintf("%02d-%d", (i*7)%40, i)
			for range rapid.IntRange(0, 3).Draw(t, "parents") {
				if i > 0 {
					commits[i].Parents = append(commits[i].Parents, commits[rapid.IntRange(0, i-1).Draw(t, "parent")].ID)
				}
			}
		}
		shuffled := slices.Clone(commits)
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		sorted := change.SortCommits(commits)
		if diff := cmp.Diff(sorted, change.SortCommits(shuffled)); diff != "" || len(sorted) != n {
			t.Fatalf("%d of %d; the order matters: %s", len(sorted), n, diff)
		}
		seen := make(map[string]bool)
		for _, c := range sorted {
			for _, p := range c.Parents {
				if !seen[p] {
					t.Fatalf("%s stands before its parent %s: %v", c.ID, p, ids(sorted))
				}
			}
			seen[c.ID] = true
		}
	})
}

func BenchmarkSortCommits(b *testing.B) {
	commits := make([]change.Commit, 10000)
	for i := range commits {
		commits[i].ID = fmt.Sprintf("%05d", (i*7919)%10000)
		if i > 0 && i%3 > 0 {
			commits[i].Parents = []string{commits[i-1].ID}
		}
	}
	for b.Loop() {
		if len(change.SortCommits(commits)) != len(commits) {
			b.Fatal("commits are lost")
		}
	}
}
