package github_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
)

const blob = "GET " + inRepo + "/git/blobs/{file_sha}"

// A content is fetched once, whoever asks and from which change.
func TestContentsAreCachedByTheirID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"a.txt": ghfake.Text("new\n"), "binary": ghfake.Text("a\x00b"), "latin": ghfake.Text("caf\xe9\n"), "empty": ghfake.Text("")})
	read := func(c *change.Change) {
		t.Helper()
		for path, want := range map[string]string{"a.txt": "new\n", "binary": "a\x00b", "latin": "caf\xe9\n", "empty": ""} {
			if data, err := c.Read(context.Background(), change.AtHead, path); err != nil || string(data) != want {
				t.Errorf("%s: %q, %v", path, data, err)
			}
		}
	}
	c := w.load(n).Change
	w.asked()
	read(c)
	if asked := w.asked(); len(asked) != 6 { // a query for each file, and two that are no text
		t.Errorf("%v", asked)
	}
	c = w.load(n).Change
	w.asked()
	read(c)
	if asked := w.asked(); len(asked) != 0 {
		t.Errorf("the second time: %v", asked)
	}
}

func TestContentsAreFetchedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	changes := make(ghfake.Files)
	for i := range 40 {
		changes[fmt.Sprint("f", i)] = ghfake.Text(fmt.Sprint("content ", i))
	}
	c := w.load(w.open(some, changes)).Change
	w.asked()
	c.Prefetch(context.Background(), change.AtHead, c.Paths())
	if diff := cmp.Diff([]string{query, query}, w.asked()); diff != "" {
		t.Error(diff)
	}
	if data, err := c.Read(context.Background(), change.AtHead, "f39"); err != nil || string(data) != "content 39" {
		t.Errorf("%q, %v", data, err)
	}
}

// A file of 100 MB is never fetched; its size is known from a query.
func TestHugeFilesAreNotFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	huge := strings.Repeat("\x00", 100<<20+1) // binary, so that the stand-in does not compare lines
	c := w.load(w.open(some, ghfake.Files{"huge": {Content: huge}, "small": ghfake.Text("s")})).Change
	w.asked()
	var large *change.TooLargeError
	if _, err := c.Read(context.Background(), change.AtHead, "huge"); !errors.As(err, &large) || large.Size != int64(len(huge)) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff([]string{query}, w.asked()); diff != "" {
		t.Error(diff)
	}
	// With limits above GitHub's own it is too large as well, not forbidden.
	var id string
	for _, f := range c.Files {
		if f.Path == "huge" {
			id = f.Blob
		}
	}
	found, err := c.Source.Blobs(context.Background(), []string{id}, change.Limits{File: 1 << 30, Change: 1 << 30})
	if err != nil || !found[id].TooLarge {
		t.Errorf("%v, %v", found[id].TooLarge, err)
	}
}

func TestContentsTogetherOverTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	changes := ghfake.Files{"a": ghfake.Text(strings.Repeat("a", 60)), "b": ghfake.Text(strings.Repeat("b", 60))}
	c := w.load(w.open(some, changes)).Change
	ids := []string{c.Files[0].Blob, c.Files[1].Blob}
	for range 2 { // from GitHub, and from the cache
		if _, err := c.Source.Blobs(context.Background(), ids, change.Limits{File: 100, Change: 100}); !errors.Is(err, change.ErrTooLarge) {
			t.Errorf("%v", err)
		}
	}
}

// What is not the content that its id names is no content.
func TestOtherBytesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	c := w.load(w.open(some, ghfake.Files{"b": ghfake.Text("a\x00b")})).Change
	w.hub.Fail(blob, 1, func(rw http.ResponseWriter) { fmt.Fprint(rw, "something else") })
	if _, err := c.Read(context.Background(), change.AtHead, "b"); err == nil || !strings.Contains(err.Error(), "other bytes") {
		t.Errorf("%v", err)
	}
}

func TestLookingUpOtherFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	c := w.load(w.open(ghfake.Files{"dir/x": ghfake.Text("x\n"), "gone": ghfake.Text("g\n")}, ghfake.Files{"gone": nil, "made": ghfake.Text("m\n")})).Change
	for _, path := range []string{"dir", "dir/y", "nowhere"} {
		if _, err := c.Read(context.Background(), change.AtHead, path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if data, err := c.Read(context.Background(), change.AtHead, "dir/x"); err != nil || string(data) != "x\n" {
		t.Errorf("%q, %v", data, err)
	}
	if e, ok, err := c.Lookup(context.Background(), change.AtBase, "gone"); err != nil || !ok || e.Mode != change.Regular {
		t.Errorf("%+v %v %v", e, ok, err)
	}
}

func TestCommitPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	first := w.repo.Tip("feature")
	second := w.repo.Commit("feature", "move", ghfake.Files{"b": nil, "c": ghfake.Text("b\n")}, author)
	w.repo.Commit("main", "goes on", ghfake.Files{"m": ghfake.Text("m\n")}, author)
	merge := w.repo.Merge("feature", "main", "merge", author)
	big := w.repo.Commit("feature", "big", many(650, "x\n"), author)
	c := w.load(n).Change
	w.asked()
	want := map[string][]string{first: {"b"}, second: {"b", "c"}, merge: {"m"}}
	for range 2 {
		found, err := c.CommitPaths(context.Background(), []string{first, second, merge})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Error(diff)
		}
	}
	if asked := w.asked(); len(asked) != 3 {
		t.Errorf("a commit is asked for once: %v", asked)
	}
	found, err := c.CommitPaths(context.Background(), []string{big})
	if err != nil || len(found[big]) != 650 {
		t.Errorf("%d paths, %v", len(found[big]), err)
	}
	if asked := w.asked(); len(asked) != 3 {
		t.Errorf("650 files: %v", asked)
	}
}

func TestCommitsThatGitHubDoesNotListWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	c := w.load(n).Change
	big := w.repo.Commit("feature", "big", many(3100, "x\n"), author)
	if _, err := c.CommitPaths(context.Background(), []string{big}); err == nil {
		t.Error("a cut list passes for all")
	}
}

func TestProtectedBranches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.repo.Commit("main", "first", some, author)
	w.repo.Branch("fix/404", "main")
	w.repo.Branch("release/1", "main")
	w.repo.Protect("release/1")
	for branch, want := range map[string]bool{"fix/404": false, "release/1": true, "gone": false} {
		if got, err := w.client.Protected(context.Background(), "acme", "app", branch); err != nil || got != want {
			t.Errorf("%s: %v, %v", branch, got, err)
		}
	}
	// An error is not "no", whatever the branch is called.
	w.hub.Inject(ghfake.Fault{Route: "/branches/", Times: 3, Status: 500, Body: `{"message":"oops"}`, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}})
	if _, err := w.client.Protected(context.Background(), "acme", "app", "fix/404"); err == nil {
		t.Error("an error passes for an answer")
	}
}
