package gitrepo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// gapOf loads a change that must have exactly one gap.
func gapOf(t *testing.T, r *gitrepotest.Repo, o gitrepo.Options) change.Gap {
	t.Helper()
	c := mustLoad(t, r.Dir, o)
	if len(c.Gaps) != 1 || c.Gaps[0].What == "" || c.Gaps[0].Remedy == "" {
		t.Fatalf("gaps: %+v", c.Gaps)
	}
	return c.Gaps[0]
}

// mend runs the command of a gap and shows that it does what it promises.
func mend(t *testing.T, r *gitrepotest.Repo, o gitrepo.Options) *change.Change {
	t.Helper()
	remedy := gapOf(t, r, o).Remedy
	args, ok := strings.CutPrefix(remedy, "git ")
	if !ok {
		t.Fatalf("%q is no command", remedy)
	}
	r.Git(strings.Fields(args)...)
	c := mustLoad(t, r.Dir, o)
	if len(c.Gaps) > 0 {
		t.Errorf("after %s: %+v", remedy, c.Gaps)
	}
	return c
}

// forked is simple with two more commits on main.
func forked(t *testing.T) *gitrepotest.Repo {
	t.Helper()
	r := simple(t)
	r.Git("checkout", "-q", "main")
	for _, name := range []string{"c.py", "d.py"} {
		r.Write(map[string]string{name: "c\n"})
		r.Commit("main goes on")
	}
	return r
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	o := gitrepo.Options{Base: "origin/main", Head: "origin/feature"}
	want := mustLoad(t, cloneOf(t, forked(t)).Dir, o)
	for _, depth := range []int{1, 2} {
		c := mend(t, cloneOf(t, forked(t), fmt.Sprint("--depth=", depth), "--no-single-branch"), o)
		if len(c.Files) != len(want.Files) || len(c.Commits) != 1 {
			t.Errorf("depth %d, mended: %+v", depth, c)
		}
	}
	// Deep enough for base and head to meet where the clone ends.
	c := mustLoad(t, cloneOf(t, forked(t), "--depth=3", "--no-single-branch").Dir, o)
	if len(c.Gaps) > 0 || len(c.Files) != len(want.Files) || c.MergeBase != want.MergeBase {
		t.Errorf("deep enough: %+v", c)
	}
}

// A merge may reach the merge base on one side while the other side is cut off:
// then commits are missing, and nobody would notice.
func TestShallowCloneThatEndsWithinTheChange(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("checkout", "-q", "-b", "side", "main")
	for i := range 5 {
		r.Write(map[string]string{"side.py": strings.Repeat("s\n", i+1)})
		r.Commit("side")
	}
	r.Git("checkout", "-q", "feature")
	r.Git("merge", "-q", "--no-edit", "side")
	o := gitrepo.Options{Base: "origin/main", Head: "origin/feature"}
	shallow := cloneOf(t, r, "--depth=4", "--no-single-branch")
	if gap := gapOf(t, shallow, o); !strings.Contains(gap.What, "ends within") {
		t.Errorf("gap: %+v", gap)
	}
	if c := mend(t, shallow, o); len(c.Commits) != 7 {
		t.Errorf("mended: %d commits", len(c.Commits))
	}
}

// A checkout in CI often has the head alone; the event names a base that is not
// there.
func TestMissingCommits(t *testing.T) {
	t.Parallel()
	r := forked(t)
	r.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	base, head := r.Git("rev-parse", "main"), r.Git("rev-parse", "feature")
	alone := cloneOf(t, r, "--single-branch", "--branch=main")
	if gap := gapOf(t, alone, gitrepo.Options{Base: base, Head: head}); !strings.Contains(gap.What, head) || gap.Remedy != "git fetch origin "+head {
		t.Errorf("gap: %+v", gap)
	}
	if c := mend(t, alone, gitrepo.Options{Base: base, Head: head}); len(c.Files) != 2 {
		t.Errorf("mended: %+v", c.Files)
	}
	lost := cloneOf(t, r, "--single-branch", "--branch=feature")
	if c := mend(t, lost, gitrepo.Options{Base: base, Head: "HEAD"}); len(c.Files) != 2 {
		t.Errorf("mended: %+v", c.Files)
	}
	repo := opened(t, lost.Dir)
	if _, _, _, err := repo.File(context.Background(), strings.Repeat("1", 40), "a.py", 100); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a file of a commit that is missing: %v", err)
	}
}

// A clone without trees cannot list what changed.
func TestMissingTrees(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("config", "uploadpack.allowFilter", "true")
	treeless := cloneOf(t, r, "--no-checkout", "--filter=tree:0")
	if c := mend(t, treeless, gitrepo.Options{Base: "origin/main", Head: "origin/feature"}); len(c.Files) != 2 {
		t.Errorf("mended: %+v", c.Files)
	}
}

// remove deletes a loose object.
func remove(t *testing.T, r *gitrepotest.Repo, rev string) {
	t.Helper()
	id := r.Git("rev-parse", rev)
	if err := os.Remove(filepath.Join(r.Dir, ".git", "objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
}

func TestMissingObjects(t *testing.T) {
	t.Parallel()
	for name, rev := range map[string]string{
		"the base's tree": "main^{tree}", "the head's tree": "feature^{tree}", "a commit between": "feature~1", "the merge base": "main",
		"the head": "feature",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := simple(t)
			r.Write(map[string]string{"e.py": "e\n"})
			r.Commit("one more")
			base := r.Git("rev-parse", "main")
			remove(t, r, rev)
			gapOf(t, r, gitrepo.Options{Base: base, Head: "refs/heads/feature"})
		})
	}
}

func TestMissingBlobIsAnError(t *testing.T) {
	t.Parallel()
	r := simple(t)
	remove(t, r, "feature:a.py")
	c := mustLoad(t, r.Dir, gitrepo.Options{})
	if _, err := c.Read(context.Background(), change.AtHead, "a.py"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("reading a missing object: %v", err)
	}
	if _, _, err := c.CountLines(context.Background()); err == nil {
		t.Error("lines of a missing object were counted")
	}
	if data, err := c.Read(context.Background(), change.AtBase, "a.py"); err != nil || string(data) != "x = 1\n" {
		t.Errorf("what is there can still be read: %q %v", data, err)
	}
}

func TestUnrelatedHistoriesAreAGap(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("checkout", "-q", "--orphan", "island")
	r.Commit("alone")
	if gap := gapOf(t, r, gitrepo.Options{Base: "main", Head: "island"}); !strings.Contains(gap.What, "no commit in common") {
		t.Errorf("gap: %+v", gap)
	}
}

// Criss-cross merges have two best common ancestors; git's first is taken.
func TestSeveralMergeBases(t *testing.T) {
	t.Parallel()
	r := simple(t)
	r.Git("checkout", "-q", "main")
	r.Write(map[string]string{"m.py": "m\n"})
	r.Commit("on main")
	r.Git("branch", "old-main")
	r.Git("merge", "-q", "--no-edit", "feature")
	r.Git("checkout", "-q", "feature")
	r.Git("merge", "-q", "--no-edit", "old-main")
	r.Write(map[string]string{"f.py": "f\n"})
	r.Commit("on feature")
	if n := len(strings.Fields(r.Git("merge-base", "--all", "main", "feature"))); n != 2 {
		t.Fatalf("%d merge bases", n)
	}
	c := mustLoad(t, r.Dir, gitrepo.Options{Base: "main", Head: "feature"})
	if len(c.Gaps) > 0 || c.MergeBase != r.Git("merge-base", "main", "feature") || len(c.Files) == 0 {
		t.Errorf("%+v", c)
	}
}

// A git that hangs must not hang us, wherever it does.
func TestHangingGit(t *testing.T) {
	t.Parallel()
	r := simple(t)
	for _, at := range []string{"rev-parse", "for-each-ref", "merge-base", "diff-tree", "rev-list", "--batch-check", "--batch"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			// What hangs is started by what is killed, and lives on with its output.
			fifo := filepath.Join(t.TempDir(), "fifo")
			if out, err := exec.Command("mkfifo", fifo).CombinedOutput(); err != nil {
				t.Fatalf("mkfifo: %v %s", err, out)
			}
			t.Cleanup(func() { release(t, fifo) })
			hang := script(t, `case " $* " in *" `+at+` "*) (read line <'`+fifo+`');; esac`+"\n"+`exec git "$@"`)
			_, repo, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: r.Dir, Git: hang, Timeout: 300 * time.Millisecond})
			if err == nil {
				repo.Close()
			}
			var asked *gitrepo.UsageError
			if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &asked) {
				t.Errorf("load: %v", err)
			}
		})
	}
}

// release ends what waits for a line.
func release(t *testing.T, fifo string) {
	t.Helper()
	f, err := os.OpenFile(fifo, os.O_RDWR, 0) // does not wait for a reader
	if err == nil {
		_, err = f.WriteString("\n")
	}
	if err != nil {
		t.Error(err)
		return
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestCancelledContext(t *testing.T) {
	t.Parallel()
	r := simple(t)
	ctx, cancel := context.WithCancel(context.Background())
	c, repo, err := gitrepo.Load(ctx, gitrepo.Options{Dir: r.Dir})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	cancel()
	if _, err := c.Read(ctx, change.AtHead, "a.py"); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if _, _, err := gitrepo.Load(ctx, gitrepo.Options{Dir: r.Dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("load: %v", err)
	}
	if data, err := c.Read(context.Background(), change.AtHead, "a.py"); err != nil || string(data) != "x = 2\nz = 3\n" {
		t.Errorf("a later call works again: %q %v", data, err)
	}
}

// A git that says something else than git would must not be believed.
func TestLyingGit(t *testing.T) {
	t.Parallel()
	r := simple(t)
	for name, c := range map[string]struct{ at, says string }{
		"no difference at all":      {"diff-tree", `printf ':100644\0a\0'`},
		"half an answer":            {"diff-tree", `git "$@" | head -c 60`},
		"objects of another id":     {"--batch", `while read id; do git cat-file --batch <<E; done` + "\n$(git rev-parse HEAD)\nE"},
		"an object that ends early": {"--batch", `read id; echo $id | git "$@" | head -c 70`},
		"sizes that are none":       {"--batch-check", `while read id; do echo $id blob -1; done`},
		"other words":               {"--batch-check", `while read id; do echo hello; done`},
		"silence":                   {"--batch-check", `exit 0`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lie := script(t, `case " $* " in *" `+c.at+` "*) `+"\n"+c.says+"\nexit;;\nesac\n"+`exec git "$@"`)
			c, repo, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: r.Dir, Git: lie})
			if err != nil {
				return
			}
			defer repo.Close()
			if len(c.Gaps) == 0 {
				t.Errorf("it is believed: %+v", c)
			}
		})
	}
}
