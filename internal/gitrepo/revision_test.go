package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// refused asserts a usage error that says something.
func refused(t *testing.T, dir string, o gitrepo.Options, says string) {
	t.Helper()
	c, err := load(t, dir, o)
	var asked *gitrepo.UsageError
	if !errors.As(err, &asked) || !strings.Contains(err.Error(), says) {
		t.Errorf("%+v: want %q, got %v (%+v)", o, says, err, c)
	}
}

func environ(pairs ...string) func(string) string {
	return func(k string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == k {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestDefaultBase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		setUp func(r *gitrepotest.Repo)
		env   func(string) string
		ref   string // of the base
	}{
		{"main", func(*gitrepotest.Repo) {}, nil, "main"},
		{"master, without a main", func(r *gitrepotest.Repo) { r.Git("branch", "-m", "main", "master") }, nil, "master"},
		{"main before master", func(r *gitrepotest.Repo) { r.Git("branch", "master", "feature") }, nil, "main"},
		{"origin/HEAD before main", func(r *gitrepotest.Repo) {
			r.Git("update-ref", "refs/remotes/origin/trunk", "main")
			r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
			r.Git("branch", "-f", "main", "feature")
		}, nil, "trunk"},
		{"GITHUB_BASE_REF before origin/HEAD", func(r *gitrepotest.Repo) {
			r.Git("update-ref", "refs/remotes/origin/HEAD", "feature")
			r.Git("update-ref", "refs/remotes/origin/release/1", "main")
			r.Git("update-ref", "refs/heads/release/1", "feature")
		}, environ("GITHUB_BASE_REF", "release/1"), "release/1"},
		{"GITHUB_BASE_REF as a local branch", func(r *gitrepotest.Repo) { r.Git("branch", "release", "main") }, environ("GITHUB_BASE_REF", "release"), "release"},
		{"an empty GITHUB_BASE_REF", func(*gitrepotest.Repo) {}, environ("GITHUB_BASE_REF", ""), "main"},
		// Whoever can make a tag or a branch of that name must not choose the base.
		{"a tag called main", func(r *gitrepotest.Repo) { r.Git("tag", "main", "feature") }, nil, "main"},
		{"a tag called origin/HEAD", func(r *gitrepotest.Repo) { r.Git("tag", "origin/HEAD", "feature") }, nil, "main"},
		{"a branch called origin/HEAD", func(r *gitrepotest.Repo) { r.Git("update-ref", "refs/heads/origin/HEAD", "feature") }, nil, "main"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := simple(t)
			base := r.Git("rev-parse", "main")
			c.setUp(r)
			got := mustLoad(t, r.Dir, gitrepo.Options{Env: c.env})
			if got.Base != base || got.BaseRef != c.ref || got.HeadRef != "feature" || len(got.Files) != 2 {
				t.Errorf("base %s %q, want %s %q", got.Base, got.BaseRef, base, c.ref)
			}
		})
	}
}

func TestNoDefaultBase(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("branch", "release")
	refused(t, r.Dir, gitrepo.Options{Env: environ("GITHUB_BASE_REF", "release")}, "the base release is the head itself")
	refused(t, r.Dir, gitrepo.Options{Env: environ("GITHUB_BASE_REF", "gone")}, "git fetch origin gone")
	refused(t, r.Dir, gitrepo.Options{Env: environ("GITHUB_BASE_REF", "main~1")}, "no branch here")
	refused(t, r.Dir, gitrepo.Options{Env: environ("GITHUB_BASE_REF", "ma*")}, "no branch here")
	refused(t, r.Dir, gitrepo.Options{Head: "main"}, "head itself")
	if c := mustLoad(t, r.Dir, gitrepo.Options{Base: "HEAD"}); len(c.Files)+len(c.Gaps)+len(c.Commits) != 0 {
		t.Errorf("a base that is named and equals the head is an empty change: %+v", c)
	}
	r.Git("branch", "-D", "main")
	r.Git("branch", "-D", "release")
	refused(t, r.Dir, gitrepo.Options{}, "--base")
	empty := gitrepotest.New(t)
	refused(t, empty.Dir, gitrepo.Options{}, "HEAD is no commit")
	refused(t, t.TempDir(), gitrepo.Options{}, "not in a git repository")
	refused(t, filepath.Join(r.Dir, "nowhere"), gitrepo.Options{}, "no folder")
	refused(t, r.Dir, gitrepo.Options{Git: "no-such-git"}, "not installed")
}

func TestRevisions(t *testing.T) {
	t.Parallel()
	r := simple(t)
	base, head := r.Git("rev-parse", "main"), r.Git("rev-parse", "feature")
	r.Git("tag", "-a", "-m", "annotated", "v1", "main")
	r.Git("update-ref", "refs/remotes/origin/feature", "feature")
	r.Git("update-ref", "refs/remotes/upstream/a/b", "main")
	for _, c := range []struct{ base, head, baseRef, headRef string }{
		{"main", "feature", "main", "feature"},
		{"refs/heads/main", "refs/heads/feature", "main", "feature"},
		{"main", "origin/feature", "main", "feature"},
		{"upstream/a/b", "HEAD", "a/b", "feature"},
		{"v1", head, "", ""},
		{base, head[:10], "", ""},
		{"HEAD~1", "HEAD^0", "", ""},
		{strings.ToUpper(base), "feature@{0}", "", ""},
	} {
		got := mustLoad(t, r.Dir, gitrepo.Options{Base: c.base, Head: c.head})
		if got.Base != base || got.Head != head || got.BaseRef != c.baseRef || got.HeadRef != c.headRef {
			t.Errorf("%+v: %s %q, %s %q", c, got.Base, got.BaseRef, got.Head, got.HeadRef)
		}
	}
	r.Git("checkout", "-q", "--detach")
	if got := mustLoad(t, r.Dir, gitrepo.Options{}); got.HeadRef != "" || got.Head != head {
		t.Errorf("detached: %+v", got)
	}
}

func TestRevisionsThatAreNone(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("tag", "release", "feature")
	r.Git("branch", "release", "main")
	for rev, says := range map[string]string{
		"nowhere": "no commit in this repository", "--help": "no revision", "-x": "no revision", "a\nb": "no revision", "a\x00b": "no revision", "main..feature": "no commit",
		"feature:a.py": "is a blob, no commit", "main^{tree}": "is a tree, no commit", "release": "refs/heads/release", ":/no such message": "no commit", "@{-9}": "no commit",
	} {
		refused(t, r.Dir, gitrepo.Options{Base: rev, Head: "feature"}, says)
		refused(t, r.Dir, gitrepo.Options{Base: "main", Head: rev}, says)
	}
	if c := mustLoad(t, r.Dir, gitrepo.Options{Base: "refs/heads/release"}); len(c.Files) != 2 {
		t.Errorf("by its whole name: %+v", c.Files)
	}
}

// Wherever one stands in a repository, and whatever kind it is, the change is
// the same.
func TestPlaces(t *testing.T) {
	t.Parallel()
	r := simple(t)
	want := factsOf(t, r.Dir, featureOfMain)
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.Git("clone", "-q", "--bare", r.Dir, bare)
	tree := filepath.Join(t.TempDir(), "linked")
	r.Git("worktree", "add", "-q", "--detach", tree, "feature")
	borrowed := filepath.Join(t.TempDir(), "borrowed")
	r.Git("clone", "-q", "--shared", "--no-checkout", r.Dir, borrowed)
	packed := cloneOf(t, r)
	packed.Git("branch", "main", "origin/main")
	packed.Git("repack", "-q", "-a", "-d")
	packed.Git("commit-graph", "write")
	packed.Git("pack-refs", "--all")
	separate := filepath.Join(t.TempDir(), "sep arate\"\\")
	r.Git("clone", "-q", "--separate-git-dir", filepath.Join(t.TempDir(), "else where:"), r.Dir, separate)
	for _, dir := range []string{filepath.Join(r.Dir, "sub"), filepath.Join(r.Dir, ".git"), bare, tree, borrowed, packed.Dir, separate} {
		o := featureOfMain
		if dir == borrowed || dir == separate {
			o.Base = "origin/main"
		}
		got := factsOf(t, dir, o)
		if len(got.Gaps) > 0 || len(got.Files) != len(want.Files) || got.Bounds != want.Bounds || got.Content != want.Content {
			t.Errorf("%s: %+v", dir, got)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(r.Dir, link); err != nil {
		t.Fatal(err)
	}
	if got := factsOf(t, link, featureOfMain); got.Content != want.Content {
		t.Errorf("through a link: %+v", got)
	}
}

func TestUncommittedIsNamed(t *testing.T) {
	t.Parallel()
	r := simple(t)
	repo := opened(t, r.Dir)
	note := func(says ...string) {
		t.Helper()
		got := repo.Uncommitted(context.Background())
		for _, s := range says {
			if !strings.Contains(got, s) || s == "" && got != "" {
				t.Errorf("want %q in %q", s, got)
			}
		}
	}
	note("")
	r.Write(map[string]string{"a.py": "dirty\n", "untracked.txt": "x\n"})
	note("not judged", "a.py", "untracked.txt")
	r.Git("add", "a.py")
	r.Write(map[string]string{"b\x1b[2J\n.txt": "x\n", "folder/x": "x\n", "folder/y": "y\n"})
	note("a.py", `"b\x1b[2J\n.txt"`, "folder/", "and 1 more")
	r.Write(map[string]string{".git/index": "garbage"})
	note("cannot be told")
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.Git("init", "-q", "--bare", bare)
	repo = opened(t, bare)
	note("")
}

func TestCloseLeavesNothing(t *testing.T) {
	// Not parallel: it looks at the folder for temporary files.
	temp := t.TempDir()
	r := simple(t)
	t.Setenv("TMPDIR", temp)
	c, repo, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: r.Dir})
	if err != nil || len(c.Files) != 2 {
		t.Fatal(c, err)
	}
	if made, err := os.ReadDir(temp); err != nil || len(made) != 1 {
		t.Errorf("%v %v", made, err)
	}
	if err := repo.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: r.Dir, Base: "nowhere"}); err == nil {
		t.Error("nowhere is somewhere")
	}
	if _, err := gitrepo.Open(context.Background(), temp); err == nil {
		t.Error("a temporary folder is a repository")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
