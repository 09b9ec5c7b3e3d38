package github_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

// stack opens pull requests of one, two and three commits, on one base.
func (w *world) stack() (numbers []int, heads []string) {
	w.repo.Commit("main", "first", some, author)
	for i := range 3 {
		branch := fmt.Sprint("f", i)
		w.repo.Branch(branch, "main")
		for c := range i + 1 {
			w.repo.Commit(branch, fmt.Sprintf("%s, part %d", branch, c), ghfake.Files{fmt.Sprintf("%s-%d", branch, c): ghfake.Text("x\n")}, author)
		}
		numbers = append(numbers, w.repo.Open(ghfake.Pull{Title: "Add " + branch, Base: "main", Head: branch, Author: dev}).Number)
		heads = append(heads, w.repo.Tip(branch))
	}
	return numbers, heads
}

// group loads a merge group by its branch and the commit that it stands on.
func (w *world) group(branch, base string) *github.Loaded {
	w.t.Helper()
	return w.loadRange(github.Range{Owner: "acme", Repo: "app", Base: base, Head: w.repo.Tip(branch), Queue: branch})
}

func sorted(list []github.Member) []github.Member {
	slices.SortFunc(list, func(a, b github.Member) int { return a.Number - b.Number })
	return list
}

// All pull requests of a group are known, by every method, with the heads that
// went in, and within two requests.
func TestMembersOfAGroup(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"MERGE", "SQUASH", "REBASE"} {
		for _, size := range []int{1, 2, 3} {
			t.Run(fmt.Sprint(method, size), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, ghfake.Options{}, nil)
				numbers, heads := w.stack()
				branch := w.repo.Enqueue("main", method, numbers[:size]...)
				l := w.group(branch, w.repo.Tip("main"))
				var want []github.Member
				for i := range size {
					want = append(want, github.Member{Number: numbers[i], Head: heads[i]})
				}
				if diff := cmp.Diff(want, sorted(l.Group.Members)); diff != "" || l.Group.Unknown != "" || l.Group.Base != "main" {
					t.Errorf("%s %q", diff, l.Group.Unknown)
				}
				if diff := cmp.Diff([]string{compare, query}, w.asked()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// A group stands on the group before it, and holds only what came on top.
func TestAGroupOnAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	numbers, heads := w.stack()
	first := w.repo.Enqueue("main", "SQUASH", numbers[0])
	both := w.repo.Enqueue("main", "SQUASH", numbers[:2]...)
	l := w.group(both, w.repo.Tip(first))
	if l.Group.Unknown == "" && !slices.Equal(l.Group.Members, []github.Member{{Number: numbers[1], Head: heads[1]}}) {
		t.Errorf("%+v", l.Group)
	}
}

// Without the queue a merge commit still says what it merged, and a group of
// one commit is its name's. Nothing else is guessed.
func TestMembersWithoutTheQueue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method  string
		size    int
		members int // 0 means unknown
	}{
		"merges": {"MERGE", 3, 3}, "one squash": {"SQUASH", 1, 1}, "squashes": {"SQUASH", 2, 0}, "one rebased commit": {"REBASE", 1, 1}, "rebased commits": {"REBASE", 2, 0},
	} {
		for _, why := range []string{"forbidden", "empty"} {
			t.Run(name+" "+why, func(t *testing.T) {
				t.Parallel()
				permissions := ghfake.Permissions()
				if why == "forbidden" {
					delete(permissions, "merge_queues")
				}
				w := newWorld(t, ghfake.Options{}, permissions)
				numbers, _ := w.stack()
				branch := w.repo.Enqueue("main", c.method, numbers[:c.size]...)
				if why == "empty" {
					w.repo.Dequeue("main")
				}
				g := w.group(branch, w.repo.Tip("main")).Group
				if (g.Unknown == "") != (c.members > 0) || c.members > 0 && len(g.Members) != c.members {
					t.Errorf("%+v", g)
				}
			})
		}
	}
}

// A pull request that the queue does not list any more must not pass as a part
// of another.
func TestACommitOfNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	numbers, _ := w.stack()
	branch := w.repo.Enqueue("main", "SQUASH", numbers[0])
	hidden := w.repo.Commit(branch, "somebody's work (#9)", ghfake.Files{"x": ghfake.Text("x\n")}, author)
	if g := w.group(branch, w.repo.Tip("main")).Group; g.Unknown != hidden {
		t.Errorf("%+v", g)
	}
	// Where a queue rebases, a pull request takes no more commits than it has.
	for _, order := range [][]int{{0, 2}, {2, 1}} {
		w := newWorld(t, ghfake.Options{}, nil)
		numbers, _ := w.stack()
		below, above := numbers[order[0]], numbers[order[1]]
		hidden := w.repo.Tip(w.repo.Enqueue("main", "REBASE", below))
		w.repo.Dequeue("main")
		branch := w.repo.Enqueue("main", "REBASE", below, above)
		w.repo.Delete(below)
		if g := w.group(branch, w.repo.Tip("main")).Group; g.Unknown != hidden {
			t.Errorf("%v: %+v, want %s", order, g, hidden)
		}
	}
}

func TestNamesOfQueues(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	numbers, _ := w.stack()
	w.repo.Branch("release/1", "main")
	branch := w.repo.Enqueue("release/1", "SQUASH", numbers[0])
	if g := w.group(branch, w.repo.Tip("release/1")).Group; g.Base != "release/1" || len(g.Members) != 1 {
		t.Errorf("%+v", g)
	}
	for _, odd := range []string{"gh-readonly-queue/main/other", "gh-readonly-queue/pr-1-abc", "main", "gh-readonly-queue/main/pr-0-abc", "gh-readonly-queue//pr-1-abc"} {
		w.repo.Branch(odd, branch)
		l := w.loadRange(github.Range{Owner: "acme", Repo: "app", Base: w.repo.Tip("f2"), Head: w.repo.Tip(branch), Queue: odd})
		if l.Group.Unknown == "" {
			t.Errorf("%s: %+v", odd, l.Group)
		}
	}
}

// What the queue says of a merge commit counts before what its message claims.
func TestTheQueueCountsBeforeTheMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	numbers, heads := w.stack()
	branch := w.repo.Enqueue("main", "MERGE", numbers[0])
	w.Edit("/compare/", func(answer map[string]any) {
		for _, c := range answer["commits"].([]any) {
			c.(map[string]any)["commit"].(map[string]any)["message"] = fmt.Sprintf("Merge pull request #%d from acme/f1", numbers[1])
		}
	})
	g := w.group(branch, w.repo.Tip("main")).Group
	if want := []github.Member{{Number: numbers[0], Head: heads[0]}}; !slices.Equal(g.Members, want) {
		t.Errorf("%+v, want %+v", g, want)
	}
}
