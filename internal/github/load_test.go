package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

var some = ghfake.Files{"a.txt": ghfake.Text("a\n")}

func TestLoadsInTwoRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(ghfake.Files{
		"keep": ghfake.Text("k\n"), "edit": ghfake.Text("1\n"), "gone": ghfake.Text("g\n"), "old": ghfake.Text("moved\n"), "run": ghfake.Text("r\n"), "link": ghfake.Text("x\n"), "sub": {Mode: "160000", Content: strings.Repeat("1", 40)},
	}, ghfake.Files{
		"edit": ghfake.Text("2\n"), "gone": nil, "old": nil, "new": ghfake.Text("moved\n"), "run": {Mode: "100755", Content: "r\n"}, "link": {Mode: "120000", Content: "keep"},
		"sub": {Mode: "160000", Content: strings.Repeat("2", 40)}, "made": ghfake.Text(""),
	})
	c := w.load(n).Change
	want := []string{"modified edit", "removed gone", "type-changed link 100644>120000", "added made", "renamed new from old", "modified run 100644>100755", "modified sub"}
	if diff := cmp.Diff(want, files(c)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{compare, query}, w.asked()); diff != "" {
		t.Error(diff)
	}
	if c.Title != "A change" || c.Body != "Words." || c.BaseRef != "main" || c.HeadRef != "feature" || c.Base != w.repo.Tip("main") || c.MergeBase != c.Base || c.Author != (change.Person{Login: "dev", ID: 11, Kind: change.User}) {
		t.Errorf("%+v", c)
	}
	if len(c.Commits) != 1 || c.Commits[0].Message != "change" || len(c.Gaps) != 0 {
		t.Errorf("%+v %v", c.Commits, c.Gaps)
	}
}

// What moves between two requests must not mix two states in one change.
func TestLoadIsOfOneState(t *testing.T) {
	t.Parallel()
	base := ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\n"), "a.txt": ghfake.Text("1\n")}
	for name, c := range map[string]struct {
		move func(w *world, n int)
		look func(t *testing.T, w *world, l *github.Loaded)
	}{
		"head": {
			func(w *world, _ int) {
				w.repo.Commit("feature", "more", ghfake.Files{"b.txt": ghfake.Text("b\n")}, author)
			},
			func(t *testing.T, w *world, l *github.Loaded) {
				if l.Change.Head != w.repo.Tip("feature") || !slices.Contains(files(l.Change), "added b.txt") || len(l.Change.Commits) != 2 {
					t.Errorf("%s %v", l.Change.Head, files(l.Change))
				}
			},
		},
		"forced head": {
			func(w *world, _ int) {
				w.repo.Branch("feature", "main")
				w.repo.Commit("feature", "other", some, author)
			},
			func(t *testing.T, w *world, l *github.Loaded) {
				if l.Change.Head != w.repo.Tip("feature") || len(l.Change.Commits) != 1 || l.Change.Commits[0].Message != "other" {
					t.Errorf("%s %+v", l.Change.Head, l.Change.Commits)
				}
			},
		},
		"base": {
			func(w *world, _ int) {
				w.repo.Commit("main", "policy", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nmode: observe\n")}, author)
			},
			func(t *testing.T, w *world, l *github.Loaded) {
				if l.Change.Base != w.repo.Tip("main") || len(l.Policies) != 1 || !strings.Contains(string(l.Policies[0].Data), "observe") {
					t.Errorf("%s %+v", l.Change.Base, l.Policies)
				}
			},
		},
		"retargeted": {
			func(w *world, n int) { w.repo.Edit(n, func(p *ghfake.Pull) { p.Base = "other" }) },
			func(t *testing.T, w *world, l *github.Loaded) {
				if l.Change.BaseRef != "other" || l.Change.Base != w.repo.Tip("other") || len(l.Policies) != 0 {
					t.Errorf("%s at %s, %d policies", l.Change.BaseRef, l.Change.Base, len(l.Policies))
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.repo.Commit("other", "without a policy", ghfake.Files{"z": ghfake.Text("z\n")}, author)
			n := w.open(base, ghfake.Files{"a.txt": ghfake.Text("2\n")})
			if name == "retargeted" {
				w.repo.Branch("other", "main")
				w.repo.Commit("other", "without", ghfake.Files{".github/changeguard.yml": nil}, author)
			}
			w.Once("/graphql", func() { c.move(w, n) })
			c.look(t, w, w.load(n))
		})
	}
}

// A tag may have the name of the base branch; the policy is the branch's.
func TestATagDoesNotStandInForTheBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\n")}, some)
	w.repo.Branch("tagged", "main")
	w.repo.Commit("tagged", "lenient", ghfake.Files{".github/changeguard.yml": ghfake.Text("version: 1\nmode: observe\n")}, author)
	w.Before(func(r *http.Request) {
		r.URL.RawPath = strings.Replace(r.URL.EscapedPath(), "/compare/main...", "/compare/tagged...", 1)
		r.URL.Path = strings.Replace(r.URL.Path, "/compare/main...", "/compare/tagged...", 1)
	})
	l := w.load(n)
	if l.Change.Base != w.repo.Tip("main") || strings.Contains(string(l.Policies[0].Data), "observe") {
		t.Errorf("judged by %s: %s", l.Change.Base, l.Policies[0].Data)
	}
}

func TestWhatIsGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(w *world, n int)
		want error
	}{
		"a pull request":                  {func(w *world, n int) { w.repo.Delete(n) }, github.ErrGone},
		"one deleted between two answers": {func(w *world, n int) { w.Once("/graphql", func() { w.repo.Delete(n) }) }, github.ErrGone},
		"the installation":                {func(w *world, _ int) { w.hub.Uninstall(1) }, github.ErrGone},
		"one that is suspended":           {func(w *world, _ int) { w.hub.Suspend(1, true) }, github.ErrForbidden},
		"the base, which will be back":    {func(w *world, _ int) { w.repo.DeleteBranch("main") }, github.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
			r := w.pull(n)
			c.do(w, n)
			if _, err := w.client.Load(context.Background(), r); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// An event may name a head or a base that is not the pull request's any more.
func TestOldEventsAreCorrected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	for _, r := range []github.Range{
		{Owner: "acme", Repo: "app", Number: n, Base: "main", Head: strings.Repeat("9", 40)},
		{Owner: "acme", Repo: "app", Number: n, Base: "deleted", Head: w.repo.Tip("feature")},
		{Owner: "acme", Repo: "app", Number: n, Base: "main", Head: w.repo.Tip("main")},
	} {
		if l := w.loadRange(r); l.Change.Head != w.repo.Tip("feature") || l.Change.BaseRef != "main" {
			t.Errorf("%+v: %s on %s", r, l.Change.Head, l.Change.BaseRef)
		}
	}
}

func TestStatesOfAPullRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Draft = true })
	if l := w.load(n); l.State != "OPEN" || !l.Change.Draft {
		t.Errorf("%+v", l)
	}
	w.repo.Close(n)
	if l := w.load(n); l.State != "CLOSED" {
		t.Error(l.State)
	}
	w.repo.Reopen(n)
	if l := w.load(n); l.State != "OPEN" {
		t.Error(l.State)
	}
	w.repo.MergePull(n, "lead", author)
	if l := w.load(n); l.State != "MERGED" {
		t.Error(l.State)
	}
}

func TestForks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.repo.Commit("main", "first", some, author)
	w.repo.Branch("mallory:patch", "main")
	w.repo.Commit("mallory:patch", "change", ghfake.Files{"b": ghfake.Text("b\n")}, author)
	n := w.repo.Open(ghfake.Pull{Title: "From a fork", Base: "main", Head: "mallory:patch", Author: dev}).Number
	l := w.load(n)
	if !l.Change.Fork || l.Change.HeadRef != "patch" || l.Owner != "mallory" || len(l.Change.Files) != 1 || l.SiblingsUnknown {
		t.Errorf("%+v", l)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.ForkGone = true })
	if l := w.load(n); l.Owner != "" || !l.Change.Fork || len(l.Change.Files) != 1 {
		t.Errorf("a fork that was deleted: %+v", l)
	}
}

// A label relaxes only when a person other than the author set it.
func TestWhoSetALabel(t *testing.T) {
	t.Parallel()
	robot := ghfake.Account{Login: "helper[bot]", ID: 77, Type: "Bot"}
	for name, c := range map[string]struct {
		author ghfake.Account
		set    []string // who set it, one after the other
		want   bool     // by the author, or as good as
	}{
		"the author":                     {dev, []string{"dev"}, true},
		"the author, in other case":      {dev, []string{"DEV"}, true},
		"somebody else":                  {dev, []string{"lead"}, false},
		"first another, then the author": {dev, []string{"lead", "dev"}, true},
		"first the author, then another": {dev, []string{"dev", "lead"}, false},
		"a bot of its own pull request":  {robot, []string{"helper[bot]"}, true},
		"another App":                    {dev, []string{"helper[bot]"}, true},
		"a person, for a bot":            {robot, []string{"lead"}, false},
		"a deleted account":              {dev, []string{"ghost"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			w.hub.AddAccount(robot)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
			w.repo.Edit(n, func(p *ghfake.Pull) { p.Author = c.author })
			for _, by := range c.set {
				w.repo.Unlabel(n, "analysis-only")
				w.repo.Label(n, "analysis-only", by)
			}
			labels := w.load(n).Change.Labels
			if len(labels) != 1 || labels[0].ByAuthor != c.want {
				t.Errorf("%+v", labels)
			}
		})
	}
}

func TestBotAuthorsAreCalledAsInWebhooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Author = ghfake.Account{Login: "claude[bot]", ID: 209825114, Type: "Bot"} })
	if got := w.load(n).Change.Author; got != (change.Person{Login: "claude[bot]", ID: 209825114, Kind: change.Bot}) {
		t.Errorf("%+v", got)
	}
	w.repo.Edit(n, func(p *ghfake.Pull) { p.Author = ghfake.Account{Login: "ghost", ID: 10137, Type: "User"} })
	if got := w.load(n).Change.Author; got != (change.Person{}) {
		t.Errorf("a deleted account: %+v", got)
	}
}

func TestOtherPullRequestsWithTheHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.repo.Branch("other", "main")
	second := w.repo.Open(ghfake.Pull{Title: "Again", Base: "other", Head: "feature", Author: dev}).Number
	closed := w.repo.Open(ghfake.Pull{Title: "Closed", Base: "other", Head: "feature", Author: dev}).Number
	w.repo.Close(closed)
	if l := w.load(n); !slices.Equal(l.Siblings, []int{second}) {
		t.Errorf("%v", l.Siblings)
	}
	// So many that not all can be seen: nobody can tell whose result it is.
	for range 99 {
		p := w.repo.Open(ghfake.Pull{Title: "Noise", Base: "other", Head: "feature", Author: dev})
		w.repo.Close(p.Number)
	}
	if l := w.load(n); !has(gaps(l.Change), "belongs to 102 pull requests") {
		t.Errorf("%v %v", l.Siblings, gaps(l.Change))
	}
}

func TestManyCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	for i := range 260 {
		w.repo.Commit("feature", fmt.Sprint("commit ", i), ghfake.Files{"b": ghfake.Text(fmt.Sprint(i))}, author)
	}
	// The base moves while the pages are read.
	asked := 0
	w.Before(func(r *http.Request) {
		if strings.Contains(r.URL.Path, "/compare/") {
			if asked++; asked == 2 {
				w.repo.Commit("main", "meanwhile", ghfake.Files{"m": ghfake.Text("m\n")}, author)
			}
		}
	})
	c := w.load(n).Change
	if len(c.Commits) != 261 || len(c.Gaps) != 0 || c.Base != w.repo.Tip("main") {
		t.Errorf("%d commits, %v", len(c.Commits), c.Gaps)
	}
}

func TestNothingInCommon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.repo.DeleteBranch("orphan")
	w.repo.Commit("orphan", "elsewhere", ghfake.Files{"c": ghfake.Text("c\n")}, author)
	w.repo.Branch("feature", "orphan")
	if _, err := w.client.Load(context.Background(), w.pull(n)); !errors.Is(err, github.ErrNoMergeBase) {
		t.Errorf("got %v", err)
	}
}

func TestGitHubGivesUpComparing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.hub.Fail("/compare/", 1, func(rw http.ResponseWriter) {
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		rw.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(rw, `{"message":"Server Error: Sorry, this diff is taking too long to generate.","errors":[{"resource":"Comparison","field":"diff","code":"not_available"}],"documentation_url":"https://docs.github.com/rest"}`)
	})
	if _, err := w.client.Load(context.Background(), w.pull(n)); !errors.Is(err, github.ErrNotComparable) {
		t.Errorf("got %v", err)
	}
}
