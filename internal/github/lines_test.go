package github_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

func lines(t *testing.T, c *change.Change) string {
	t.Helper()
	list, _, err := c.CountLines(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for i, l := range list {
		words = append(words, fmt.Sprintf("%s +%d -%d", c.Files[i].Path, l.Added, l.Deleted))
	}
	return strings.Join(words, ", ")
}

// What GitHub takes for a rename with edits is one file removed and one added.
func TestLinesOfWhatGitHubTakesForRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	text := strings.Repeat("line\n", 20)
	c := w.load(w.open(ghfake.Files{"old": ghfake.Text(text), "same": ghfake.Text(text + "s\n")}, ghfake.Files{"old": nil, "new": ghfake.Text(text + "more"), "same": nil, "moved": ghfake.Text(text + "s\n")})).Change
	if got := lines(t, c); got != "moved +0 -0, new +21 -0, old +0 -20" {
		t.Error(got)
	}
}

func TestLinesOfManyFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(many(310, "1\n"), many(310, "1\n2\n"))
	c := w.load(n).Change
	if _, sum, err := c.CountLines(context.Background()); err != nil || sum != (change.Lines{Added: 310}) {
		t.Errorf("%v, %v", sum, err)
	}
	// The listing is of the present head; a count of another version is none.
	c = w.load(n).Change
	w.repo.Commit("feature", "more", many(310, "1\n2\n3\n"), author)
	if _, _, err := c.CountLines(context.Background()); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("%v", err)
	}
}

func TestLinesAreNotCountedAtAnyPrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.repo.Commit("main", "first", many(310, "1\n"), author)
	before := w.repo.Tip("main")
	w.repo.Commit("main", "second", many(310, "2\n"), author)
	r := w.pull(w.open(ghfake.Files{"x": ghfake.Text("x")}, some))
	r.Number, r.Base, r.Head = 0, before, w.repo.Tip("main")
	c := w.loadRange(r).Change
	if _, _, err := c.CountLines(context.Background()); !errors.Is(err, change.ErrNotCounted) {
		t.Errorf("%v", err)
	}
}

// What the repository's attributes make GitHub show without lines is counted
// all the same.
func TestLinesThatGitHubDoesNotShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	text := strings.Repeat("line\n", 30)
	n := w.open(ghfake.Files{"edit.py": ghfake.Text(text), "gone.py": ghfake.Text("a\nb\n"), "data": ghfake.Text("a\x00b")}, ghfake.Files{
		"edit.py": ghfake.Text(strings.Replace(text, "line\nline\n", "other\nline\nmore\n", 1)), "gone.py": nil, "new.py": ghfake.Text("1\n2\n3\n"), "empty.py": ghfake.Text(""),
		"data": ghfake.Text("a\x00c"), "picture.png": ghfake.Text("\x89PNG\x00"),
	})
	w.Edit("/compare/", func(a map[string]any) {
		for _, f := range a["files"].([]any) {
			set(f.(map[string]any), "additions", 0)
			set(f.(map[string]any), "deletions", 0)
		}
	})
	c := w.load(n).Change
	w.asked()
	if got := lines(t, c); got != "data +0 -0, edit.py +2 -1, empty.py +0 -0, gone.py +0 -2, new.py +3 -0, picture.png +0 -0" {
		t.Error(got)
	}
	if asked := w.asked(); len(asked) != 2 { // which are binary, and the contents
		t.Errorf("%v", asked)
	}
}

// Pictures cost no requests.
func TestLinesOfPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	c := w.load(w.open(some, ghfake.Files{"a.png": ghfake.Text("\x89PNG\x00"), "b.woff2": ghfake.Text("w\x00"), "c.md": ghfake.Text("c\n")})).Change
	w.asked()
	if got := lines(t, c); got != "a.png +0 -0, b.woff2 +0 -0, c.md +1 -0" {
		t.Error(got)
	}
	if asked := w.asked(); len(asked) != 0 {
		t.Errorf("%v", asked)
	}
}

// A file that became a link may be listed as one removed and one added.
func TestLinesOfWhatIsListedTwice(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"removed first", "added first"} {
		w := newWorld(t, ghfake.Options{}, nil)
		n := w.open(ghfake.Files{"x": ghfake.Text("1\n2\n3\n")}, ghfake.Files{"x": {Mode: "120000", Content: "target"}})
		w.Edit("/", func(a map[string]any) {
			if a["data"] != nil {
				set(a, "data.repository.pull.changedFiles", 2)
			}
			if a["files"] == nil {
				return
			}
			f := a["files"].([]any)[0].(map[string]any)
			removed := map[string]any{"filename": "x", "status": "removed", "additions": 0, "deletions": 3, "sha": "01e79c32a8c99c557f0757da7cb6d65b3414466d"}
			added := map[string]any{"filename": "x", "status": "added", "additions": 1, "deletions": 0, "sha": f["sha"]}
			a["files"] = []any{removed, added}
			if order == "added first" {
				a["files"] = []any{added, removed}
			}
		})
		c := w.load(n).Change
		w.asked()
		if got := lines(t, c); got != "x +1 -3" || len(w.asked()) != 0 {
			t.Errorf("%s: %s", order, got)
		}
		if got := files(c); len(got) != 1 || got[0] != "type-changed x 100644>120000" {
			t.Errorf("%v", got)
		}
	}
}

// Many files that GitHub takes for renamed are read together.
func TestLinesOfManyRenamedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	base, changes := make(ghfake.Files), make(ghfake.Files)
	for i := range 40 {
		text := strings.Repeat(fmt.Sprintf("line of %d\n", i), 20)
		base[fmt.Sprint("old/", i)], changes[fmt.Sprint("old/", i)] = ghfake.Text(text), nil
		changes[fmt.Sprint("new/", i)] = ghfake.Text(text + "more\n")
	}
	c := w.load(w.open(base, changes)).Change
	w.asked()
	if _, sum, err := c.CountLines(context.Background()); err != nil || sum != (change.Lines{Added: 40 * 21, Deleted: 40 * 20}) {
		t.Errorf("%v, %v", sum, err)
	}
	if asked := w.asked(); len(asked) > 5 {
		t.Errorf("%d requests", len(asked))
	}
}

// The fewest lines, as a table of all ways finds them.
func TestCountLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b\n", "c\n", "\n"}), 0, 12)
		a, b := list.Draw(r, "before"), list.Draw(r, "after")
		end := rapid.SampledFrom([]string{"", "end"}).Draw(r, "end")
		if end != "" {
			b = append(b, end)
		}
		common := make([][]int, len(a)+1)
		for i := range common {
			common[i] = make([]int, len(b)+1)
		}
		for i := range a {
			for j := range b {
				common[i+1][j+1] = max(common[i][j+1], common[i+1][j])
				if a[i] == b[j] {
					common[i+1][j+1] = common[i][j] + 1
				}
			}
		}
		kept := common[len(a)][len(b)]
		want := change.Lines{Added: len(b) - kept, Deleted: len(a) - kept}
		if got := github.CountLines([]byte(strings.Join(a, "")), []byte(strings.Join(b, ""))); got != want {
			r.Errorf("%q to %q: %v, want %v", a, b, got, want)
		}
	})
	large := func(word string) []byte {
		var b strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&b, "%s %d\n", word, i)
		}
		return []byte(b.String())
	}
	if got := github.CountLines(large("a"), large("b")); got != (change.Lines{Added: 20_000, Deleted: 20_000}) {
		t.Errorf("%v", got)
	}
	if got := github.CountLines([]byte("a\x00"), []byte("b\n")); got != (change.Lines{}) {
		t.Errorf("%v", got)
	}
}
