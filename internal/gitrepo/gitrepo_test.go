package gitrepo_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

func load(t testing.TB, dir string, o gitrepo.Options) (*change.Change, error) {
	t.Helper()
	o.Dir = dir
	c, r, err := gitrepo.Load(context.Background(), o)
	if err == nil {
		closeLater(t, r)
	}
	return c, err
}

// opened is a repository that is closed when the test ends.
func opened(t testing.TB, dir string) *gitrepo.Repo {
	t.Helper()
	r, err := gitrepo.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closeLater(t, r)
	return r
}

func closeLater(t testing.TB, r *gitrepo.Repo) {
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func mustLoad(t testing.TB, dir string, o gitrepo.Options) *change.Change {
	t.Helper()
	c, err := load(t, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// simple has main and a branch that changes one file.
func simple(t *testing.T) *gitrepotest.Repo {
	t.Helper()
	made.Do(func() { simpleSnapshot = makeSimple(t, "sha1").Snapshot() })
	if simpleSnapshot == nil {
		t.Fatal("the repository could not be made")
	}
	return gitrepotest.Restore(t, simpleSnapshot)
}

// Most tests begin with the same repository, which is made once.
var (
	made           sync.Once
	simpleSnapshot fs.FS
)

func makeSimple(t *testing.T, format string) *gitrepotest.Repo {
	t.Helper()
	r := gitrepotest.New(t, format)
	r.Write(map[string]string{"a.py": "x = 1\n", "sub/b.py": "y = 1\n"})
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	r.Write(map[string]string{"a.py": "x = 2\nz = 3\n", "n\new\t\"q\".txt": "n\n"})
	r.Commit("change\n\nKey: value")
	return r
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		r := makeSimple(t, format)
		c := mustLoad(t, r.Dir, gitrepo.Options{})
		if c.BaseRef != "main" || c.HeadRef != "feature" || c.MergeBase != r.Git("rev-parse", "main") || len(c.Gaps) > 0 {
			t.Errorf("%s: %+v", format, c)
		}
		var names []string
		for _, f := range c.Files {
			names = append(names, string(f.Status)+" "+f.Path)
		}
		if diff := cmp.Diff([]string{"modified a.py", "added n\new\t\"q\".txt"}, names); diff != "" {
			t.Error(diff)
		}
		lines, sum, err := c.CountLines(context.Background())
		if err != nil || sum != (change.Lines{Added: 3, Deleted: 1}) || len(lines) != 2 {
			t.Errorf("%s: %v %v %v", format, lines, sum, err)
		}
		data, err := c.Read(context.Background(), change.AtHead, "n\new\t\"q\".txt")
		if err != nil || string(data) != "n\n" {
			t.Errorf("%s: %q %v", format, data, err)
		}
		if data, err = c.Read(context.Background(), change.AtBase, "sub/b.py"); err != nil || string(data) != "y = 1\n" {
			t.Errorf("%s: a file that did not change: %q %v", format, data, err)
		}
		if _, there, err := c.Lookup(context.Background(), change.AtHead, "no/such"); there || err != nil {
			t.Errorf("%s: %v %v", format, there, err)
		}
		if len(c.Commits) != 1 || c.Commits[0].Subject() != "change" || c.Commits[0].Author.Email != "dev@example.com" {
			t.Errorf("%s: %+v", format, c.Commits)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Commit("base")
	r.Git("checkout", "-q", "-b", "feature")
	r.Write(map[string]string{"large": strings.Repeat("x", 2000), "a": strings.Repeat("a", 600), "b": strings.Repeat("b", 600)})
	r.Commit("large")
	c := mustLoad(t, r.Dir, gitrepo.Options{Limits: change.Limits{File: 1000, Change: 1000}})
	ctx := context.Background()
	var large *change.TooLargeError
	if _, err := c.Read(ctx, change.AtHead, "large"); !errors.As(err, &large) || large.Size != 2000 {
		t.Errorf("a large file: %v", err)
	}
	if _, err := c.Read(ctx, change.AtHead, "a"); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(ctx, change.AtHead, "b"); !errors.Is(err, change.ErrTooLarge) {
		t.Errorf("over the change's limit: %v", err)
	}
	if u := c.Usage(); u.Bytes != 600 {
		t.Errorf("usage: %+v", u)
	}
}

// What `check` does on a large change before it judges.
func BenchmarkLoad11178(b *testing.B) {
	r := gitrepotest.Large(b, "version: 1\nrules: {}\n")
	for b.Loop() {
		_, repo := loadLarge(b, r)
		if err := repo.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// Counting lines reads every content, so that it is left out above
// change.MaxCountedFiles.
func BenchmarkCountLines11178(b *testing.B) {
	c, repo := loadLarge(b, gitrepotest.Large(b, "version: 1\nrules: {}\n"))
	closeLater(b, repo)
	for b.Loop() {
		if lines, err := c.Source.Lines(context.Background(), c.Files); err != nil || len(lines) != len(c.Files) {
			b.Fatal(len(lines), err)
		}
	}
}

// BenchmarkRead is the price of one content, which a rule pays per file.
func BenchmarkRead(b *testing.B) {
	c, repo := loadLarge(b, gitrepotest.Large(b, "version: 1\nrules: {}\n"))
	closeLater(b, repo)
	for at := 0; b.Loop(); at++ {
		id := c.Files[at%len(c.Files)].Blob
		if id == "" {
			id = c.Files[at%len(c.Files)].OldBlob
		}
		if _, err := c.Source.Blobs(context.Background(), []string{id}, change.Limits{File: 1 << 20, Change: 1 << 20}); err != nil {
			b.Fatal(err)
		}
	}
}

func loadLarge(b *testing.B, r *gitrepotest.Repo) (*change.Change, *gitrepo.Repo) {
	b.Helper()
	c, repo, err := gitrepo.Load(context.Background(), gitrepo.Options{Dir: r.Dir, Base: "main", Head: "feature"})
	if err != nil || len(c.Files) != gitrepotest.LargeFiles || len(c.Gaps) > 0 {
		b.Fatal(c, err)
	}
	return c, repo
}
