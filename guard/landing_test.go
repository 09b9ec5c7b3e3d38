package guard_test

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/store"
)

// seen is a world whose repository the guard has seen, with a green pull
// request of two commits.
func seen(t *testing.T) (w *world, number int) {
	t.Helper()
	w = newWorld(t, nil)
	w.base(testPolicy)
	number = w.open("feature", "main", fine)
	w.repo.Commit("feature", "more", ghfake.Files{"lib/b.py": ghfake.Text("y = 1\n")}, author)
	w.evaluate(w.pull(number))
	w.concluded("feature", "success", "")
	w.asked()
	return w, number
}

// lands evaluates a push and returns what was noticed of it, as words.
func (w *world) lands(branch, before string) (words []string) {
	w.t.Helper()
	w.notices = nil
	w.evaluate(w.push(branch, before))
	for _, n := range w.notices {
		if n.Forced {
			words = append(words, "forced")
		}
		if n.Deleted {
			words = append(words, "deleted")
		}
		for _, c := range n.Commits {
			words = append(words, fmt.Sprintf("%s #%d: %s", c.Title, c.Pull, c.Why))
		}
	}
	return words
}

// What reaches the default branch past the check is recorded, written to the
// audit log and told of: a direct push, a merge that an administrator forced, a
// pull request that is merged by hand with more in it.
func TestBypass31_UnseenMerges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		push func(w *world, n int)
		want []string
	}{
		"a direct push": {func(w *world, _ int) { w.repo.Commit("main", "straight", wrong, author) }, []string{"straight #0: it was pushed without a pull request"}},
		"two commits": {func(w *world, _ int) {
			w.repo.Commit("main", "one", wrong, author)
			w.repo.Commit("main", "two", fine, author)
		}, []string{"two #0: it was pushed without a pull request", "one #0: it was pushed without a pull request"}},
		"a merge by hand": {func(w *world, _ int) {
			w.repo.Branch("own", "main")
			w.repo.Commit("own", "never seen", wrong, author)
			w.repo.Merge("main", "own", "Merge branch own", author)
		}, []string{"Merge branch own #0: what it merges has no green verdict"}},
		"a cherry-pick of what was judged": {func(w *world, _ int) { w.repo.Commit("main", "change feature", fine, author) }, []string{"change feature #0: it was pushed without a pull request"}},
		"an octopus":                       {func(w *world, _ int) { w.octopus("main", "feature", "other") }, []string{"octopus #0: it was pushed without a pull request"}},
		"a commit before the merge": {func(w *world, n int) {
			w.repo.Commit("main", "slipped in", wrong, author)
			w.repo.MergePull(n, "admin", author)
		}, []string{"slipped in #0: it was pushed without a pull request"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, n := seen(t)
			before := w.repo.Tip("main")
			c.push(w, n)
			if got := w.lands("main", before); !slices.Equal(got, c.want) {
				t.Errorf("%q", got)
			}
			w.inAudit(store.AuditLanding, 1)
		})
	}
	for _, method := range []string{"MERGE", "SQUASH", "REBASE"} {
		t.Run("an administrator's "+method, func(t *testing.T) {
			t.Parallel()
			w, _ := seen(t)
			n := w.open("bad", "main", wrong)
			w.evaluate(w.pull(n))
			w.concluded("bad", "failure", "core")
			before := w.repo.Tip("main")
			w.repo.MergePullBy(method, n, "admin")
			got := w.lands("main", before)
			if len(got) != 1 || method != "MERGE" && !strings.Contains(got[0], fmt.Sprintf("#%d was merged without a green verdict", n)) {
				t.Errorf("%q", got)
			}
		})
	}
}

// A push that cannot be judged, since the organisation's policy is not shown, is
// told of all the same, whether its branch is judged or only watched.
func TestPushesThatCannotBeJudgedAreTold(t *testing.T) {
	t.Parallel()
	for _, branch := range []string{"main", "release/1"} {
		t.Run(branch, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.organisation("version: 1\npushes:\n  branches: [\"release/**\"]\n")
			w.base(testPolicy)
			w.evaluate(w.pull(w.open("feature", "main", fine)))
			if branch != "main" {
				w.repo.Branch(branch, "main")
			}
			before := w.repo.Tip(branch)
			w.repo.Commit(branch, "straight", wrong, author)
			w.organisationErrs(map[string]any{"type": "FORBIDDEN", "message": "Repository access blocked"})
			if got := w.lands(branch, before); !slices.Equal(got, []string{"straight #0: it was pushed without a pull request"}) {
				t.Errorf("%q", got)
			}
			w.inAudit(store.AuditLanding, 1)
		})
	}
}

// octopus writes a merge of two other branches, both judged, to a branch.
func (w *world) octopus(branch string, others ...string) {
	w.t.Helper()
	w.evaluate(w.pull(w.open("other", branch, ghfake.Files{"docs/a.md": ghfake.Text("x\n")})))
	if err := w.repo.AddObject("tree", nil); err != nil {
		w.t.Fatal(err)
	}
	raw := "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n" // the empty one
	for _, name := range append([]string{branch}, others...) {
		raw += "parent " + w.repo.Tip(name) + "\n"
	}
	who := fmt.Sprintf("%s <%s> %d +0000\n", author.Name, author.Email, w.Now().Unix())
	raw += "author " + who + "committer " + who + "\noctopus\n"
	if err := w.repo.AddObject("commit", []byte(raw)); err != nil {
		w.t.Fatal(err)
	}
	w.repo.Reset(branch, fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "commit %d\x00%s", len(raw), raw))))
}

// inAudit wants a number of entries of a kind.
func (w *world) inAudit(kind string, want int) {
	w.t.Helper()
	n := 0
	for e, err := range w.store.AuditLog(context.Background()) {
		if err != nil {
			w.t.Fatal(err)
		}
		if e.Kind == kind {
			n++
		}
	}
	if n != want {
		w.t.Errorf("%d entries of kind %s, want %d", n, kind, want)
	}
}

// What was judged is passed over, however it was merged, for two requests at
// most; a merge group's commit costs none.
func TestJudgedMergesAreNotNoticed(t *testing.T) {
	t.Parallel()
	for method, requests := range map[string]int{"MERGE": 1, "SQUASH": 2, "REBASE": 2} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w, n := seen(t)
			w.repo.Commit("main", "meanwhile", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
			before := w.repo.Tip("main")
			w.repo.MergePullBy(method, n, "lead")
			if got := w.lands("main", before); len(got) != 0 {
				t.Errorf("%q", got)
			}
			if got := w.asked(); got != requests {
				t.Errorf("%d requests", got)
			}
		})
		t.Run("a group by "+method, func(t *testing.T) {
			t.Parallel()
			w, n := seen(t)
			second := w.open("f2", "main", ghfake.Files{"docs/b.md": ghfake.Text("x\n")})
			w.evaluate(w.pull(second))
			before := w.repo.Tip("main")
			queue := w.repo.Enqueue("main", method, n, second)
			w.evaluate(w.group(queue, before))
			w.concluded(queue, "success", "")
			w.asked()
			w.repo.Reset("main", w.repo.Tip(queue))
			if got := w.lands("main", before); len(got) != 0 {
				t.Errorf("%q", got)
			}
			if got := w.asked(); got != 0 {
				t.Errorf("%d requests", got)
			}
		})
	}
	t.Run("the branch is moved to a judged head", func(t *testing.T) {
		t.Parallel()
		w, _ := seen(t)
		before := w.repo.Tip("main")
		w.repo.Reset("main", w.repo.Tip("feature"))
		if got := w.lands("main", before); len(got) != 0 || w.asked() != 0 {
			t.Errorf("%q", got)
		}
	})
	t.Run("a judged head with a commit on top", func(t *testing.T) {
		t.Parallel()
		w, _ := seen(t)
		before := w.repo.Tip("main")
		w.repo.Commit("feature", "on top", wrong, author)
		w.repo.Reset("main", w.repo.Tip("feature"))
		if got := w.lands("main", before); !slices.Equal(got, []string{"on top #0: it was pushed without a pull request"}) {
			t.Errorf("%q", got)
		}
	})
}

// A verdict towards another branch does not speak for this one.
func TestVerdictsForOtherBranchesDoNotCount(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	w.lenient()
	n := w.open("other", "lenient", wrong)
	w.evaluate(w.pull(n))
	w.concluded("other", "success", "")
	before := w.repo.Tip("main")
	w.repo.Merge("main", "other", "Merge other", author)
	if got := w.lands("main", before); len(got) == 0 {
		t.Error("nothing was noticed")
	}
}

// Forced pushes and deletions are recorded on the branches that are watched, and
// cost nothing on others.
func TestForcedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	first := w.repo.Tip("main")
	w.repo.Commit("main", "second", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
	w.evaluate(w.push("main", first))
	w.inAudit(store.AuditLanding, 0) // its own verdict is green
	second := w.repo.Tip("main")
	w.repo.Reset("main", first)
	w.repo.Commit("main", "instead", ghfake.Files{"docs/b.md": ghfake.Text("x\n")}, author)
	if got := w.lands("main", second); !slices.Equal(got, []string{"forced"}) {
		t.Errorf("forced over: %q", got)
	}
	instead := w.repo.Tip("main")
	w.repo.Reset("main", first)
	if got := w.lands("main", instead); !slices.Equal(got, []string{"forced"}) {
		t.Errorf("moved back: %q", got)
	}
	w.repo.Branch("release/1", "main")
	w.asked()
	for branch, want := range map[string][]string{"release/1": {"deleted"}, "topic": nil} {
		s := w.push("main", w.repo.Tip("main"))
		s.Ref, s.Head = branch, strings.Repeat("0", 40)
		w.notices = nil
		w.evaluate(s)
		w.evaluate(s) // told of once
		if len(w.notices) != len(want) || len(want) == 1 && !w.notices[0].Deleted {
			t.Errorf("%s: %+v", branch, w.notices)
		}
	}
	if got := w.asked(); got != 0 {
		t.Errorf("%d requests", got)
	}
}

// A judged head that the branch is forced to drops what was in the branch, however
// green it is.
func TestForcedToAJudgedHead(t *testing.T) {
	t.Parallel()
	w, n := seen(t)
	w.repo.Commit("main", "meanwhile", ghfake.Files{"docs/a.md": ghfake.Text("x\n")}, author)
	w.evaluate(w.pull(n)) // judged against the branch as it is
	before := w.repo.Tip("main")
	w.repo.Reset("main", w.repo.Tip("feature"))
	if got := w.lands("main", before); !slices.Equal(got, []string{"forced"}) {
		t.Errorf("%q", got)
	}
}

// What a new branch under a watched name brings is looked at against the default
// branch.
func TestCreatedBranches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.base(pushPolicy)
	w.repo.Branch("release/1", "main")
	if got := w.lands("release/1", "main"); len(got) != 0 {
		t.Errorf("nothing in it: %q", got)
	}
	w.repo.Branch("release/2", "main")
	w.repo.Commit("release/2", "unseen", wrong, author)
	if got := w.lands("release/2", "main"); len(got) != 1 || !strings.HasPrefix(got[0], "unseen") {
		t.Errorf("%q", got)
	}
}

// Where the commits before are gone, that is said instead.
func TestForcedOverWhatIsGoneIsNoticed(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	if got := w.lands("main", strings.Repeat("9", 40)); !slices.Equal(got, []string{"forced"}) {
		t.Errorf("%q", got)
	}
	if n := w.notices[0]; !strings.Contains(n.Note, "cannot be compared") {
		t.Errorf("%+v", n)
	}
}

// What could not be told is told again; what was told is not.
func TestNoticesArriveOnce(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "straight", wrong, author)
	fails := true
	told := 0
	w.guard = guard.New(guard.Config{
		Store: w.store, GitHub: w.app, Logger: w.guard.Logger, Now: w.Now, Kinds: w.guard.Kinds, SlowAfter: slowAfter,
		Notice: func(context.Context, guard.Notice) error {
			told++
			if fails {
				return errors.New("the channel is closed")
			}
			return nil
		},
	})
	s := w.push("main", before)
	w.wants(w.try(s), errAny) // a pull request may be known in a moment
	w.wants(w.again(s), errAny)
	fails = false
	w.evaluate(s)
	w.evaluate(s)
	if told != 2 {
		t.Errorf("told %d times", told)
	}
	w.inAudit(store.AuditLanding, 1)
}

// When GitHub fails, a push is looked at later and not taken for judged.
func TestPushesOnAFailingGitHub(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "straight", wrong, author)
	w.hub.Exhaust(1)
	var limit *github.LimitError
	if err := w.try(w.push("main", before)); !errors.As(err, &limit) {
		t.Errorf("%v", err)
	}
}

// Another look at a push may find what the first one could not: that is told too,
// once, and written down beside what was told before.
func TestMoreOfAPushIsToldToo(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "straight", wrong, author)
	s := w.push("main", before)
	w.Answered(func(r *http.Request, resp *http.Response) {
		if strings.Contains(r.URL.Path, "/compare/") {
			resp.StatusCode = http.StatusNotFound
		}
	})
	w.evaluate(s)
	w.Answered(nil)
	if len(w.notices) != 1 || !w.notices[0].Forced || len(w.notices[0].Commits) != 0 {
		t.Fatalf("%+v", w.notices)
	}
	for range 2 {
		w.evaluate(s)
	}
	if len(w.notices) != 2 || len(w.notices[1].Commits) != 1 {
		t.Fatalf("%+v", w.notices)
	}
	w.inAudit(store.AuditLanding, 2)
	list, err := w.store.Landings(context.Background(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	var both guard.Notice
	if err := json.Unmarshal(list[0].Body, &both); err != nil || !both.Forced || both.Note == "" || len(both.Commits) != 1 || !list[0].Told {
		t.Errorf("%+v, %v", both, err)
	}
}

// What is not there yet is there in a moment, and nothing is told of the first look.
func TestAPushThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	w, _ := seen(t)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "straight", wrong, author)
	hidden := true
	w.Answered(func(r *http.Request, resp *http.Response) {
		if hidden && strings.Contains(r.URL.Path, "/compare/") {
			resp.StatusCode, hidden = http.StatusNotFound, false
		}
	})
	if got := w.lands("main", before); !slices.Equal(got, []string{"straight #0: it was pushed without a pull request"}) {
		t.Errorf("%q", got)
	}
}
