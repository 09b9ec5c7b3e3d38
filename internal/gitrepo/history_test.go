package gitrepo_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
	"github.com/changeguard/changeguard/internal/gitrepo/gitrepotest"
)

// told is a change as a line: the subject of its head, its files, and the
// subjects of its commits.
func told(t *testing.T, r *gitrepotest.Repo, s gitrepo.Span) (lines []string, skipped int) {
	t.Helper()
	repo, err := gitrepo.Open(context.Background(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	p, err := repo.Past(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Each(context.Background(), func(c *change.Change) error {
		var files, commits []string
		for _, f := range c.Files {
			files = append(files, f.Path)
		}
		head := ""
		for _, x := range c.Commits {
			commits = append(commits, x.Subject())
			if x.ID == c.Head {
				head = x.Subject()
			}
		}
		slices.Sort(commits)
		lines = append(lines, head+": "+strings.Join(files, " ")+" ("+strings.Join(commits, ", ")+")")
		return nil
	})
	if err != nil || p.Len != len(lines) {
		t.Fatal(p.Len, lines, err)
	}
	return lines, p.Skipped
}

// merged makes a history of two branches, one of which took main in between.
func merged(t *testing.T) *gitrepotest.Repo {
	t.Helper()
	r := gitrepotest.New(t)
	step := func(name string) {
		r.Write(map[string]string{name: name})
		r.Commit("add " + name)
	}
	step("root")
	r.Git("switch", "-q", "-c", "one")
	step("a")
	step("b")
	r.Git("switch", "-q", "main")
	step("m")
	r.Git("switch", "-q", "one")
	r.Git("merge", "-q", "--no-ff", "-m", "take main", "main")
	step("c")
	r.Git("switch", "-q", "main")
	r.Git("merge", "-q", "--no-ff", "-m", "Merge pull request #7 from acme/one\n\nBring one", "one")
	step("last")
	return r
}

func TestPastByCommitAndByMerge(t *testing.T) {
	t.Parallel()
	r := merged(t)
	commits, skipped := told(t, r, gitrepo.Span{})
	slices.Sort(commits)
	want := []string{"add a: a (add a)", "add b: b (add b)", "add c: c (add c)", "add last: last (add last)", "add m: m (add m)"}
	if diff := cmp.Diff(want, commits); diff != "" || skipped != 1 {
		t.Error(skipped, diff)
	}
	merges, skipped := told(t, r, gitrepo.Span{Merges: true})
	want = []string{"add last: last (add last)", "Merge pull request #7 from acme/one: a b c (Merge pull request #7 from acme/one, add a, add b, add c, take main)", "add m: m (add m)"}
	if diff := cmp.Diff(want, merges); diff != "" || skipped != 1 {
		t.Error(skipped, diff)
	}
	newest, _ := told(t, r, gitrepo.Span{Merges: true, Most: 1})
	after, _ := told(t, r, gitrepo.Span{Merges: true, After: "main~1"})
	if len(newest) != 1 || !slices.Equal(newest, after) {
		t.Error(newest, after)
	}
}

// A change of the past is the one that a check of it loads, lines and contents
// included.
func TestPastIsWhatACheckLoads(t *testing.T) {
	t.Parallel()
	r := gitrepotest.New(t)
	r.Write(map[string]string{"a": "1\n2\n", "b": "x\n", "d/e": "y\n"})
	r.Commit("base")
	r.Git("mv", "b", "c")
	r.Write(map[string]string{"a": "1\n3\n4\n", "bad\xff": "z\n"})
	r.Git("update-index", "--chmod=+x", "d/e")
	r.Git("config", "core.fileMode", "false")
	r.Commit("change")
	ctx := context.Background()
	repo, err := gitrepo.Open(ctx, r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	want, err := repo.Load(ctx, gitrepo.Options{Base: "HEAD~1", Head: "HEAD"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := repo.Past(ctx, gitrepo.Span{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = p.Each(ctx, func(c *change.Change) error {
		seen++
		if diff := cmp.Diff(want.Files, c.Files); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want.Commits, c.Commits); diff != "" {
			t.Error(diff)
		}
		wantLines, _, err := want.CountLines(ctx)
		if err != nil {
			return err
		}
		lines, _, err := c.CountLines(ctx)
		if diff := cmp.Diff(wantLines, lines); diff != "" || err != nil {
			t.Error(diff, err)
		}
		data, err := c.Read(ctx, change.AtHead, "a")
		if string(data) != "1\n3\n4\n" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		return nil
	})
	if err != nil || seen != 1 {
		t.Fatal(seen, err)
	}
}
