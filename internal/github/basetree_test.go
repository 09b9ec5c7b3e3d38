package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
)

func wantListed(t *testing.T, c *change.Change, side change.Side, want map[string]bool) {
	t.Helper()
	entries, err := c.Tree(context.Background(), side)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]bool)
	for _, e := range entries {
		got[e.Path] = true
		if e.Blob == "" || e.Mode == "" {
			t.Errorf("%+v", e)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(entries) != len(want) {
		t.Errorf("%d entries: %s", len(entries), diff)
	}
}

// One request lists a tree, for both sides of every change that departs from it,
// and no file has to be looked up any more.
func TestTreeIsListedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	base := many(50, "x\n")
	n := w.open(base, ghfake.Files{"d00/f0000.txt": nil, "new": ghfake.Text("n\n")})
	want := make(map[string]bool)
	for name := range base {
		want[name] = true
	}
	for i := range 2 {
		c := w.load(n).Change
		w.asked()
		wantListed(t, c, change.AtBase, want)
		head := map[string]bool{"new": true}
		for name := range base {
			head[name] = name != "d00/f0000.txt"
		}
		delete(head, "d00/f0000.txt")
		wantListed(t, c, change.AtHead, head)
		if data, err := c.Read(context.Background(), change.AtHead, "d01/f0001.txt"); err != nil || string(data) != "x\n" {
			t.Errorf("%q %v", data, err)
		}
		if asked := w.asked(); i == 0 && !cmp.Equal(asked, []string{tree, query}) || i == 1 && len(asked) > 0 {
			t.Errorf("%d: %v", i, asked)
		}
	}
}

// A listing that GitHub cuts is put together of its folders.
func TestCutTreeIsListedByFolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{TreeLimit: 25}, nil)
	base := many(300, "x\n")
	want := make(map[string]bool)
	for i := range 40 { // one folder that is cut as well
		base[fmt.Sprintf("big/sub%d/f%d", i%4, i)] = ghfake.Text("b\n")
	}
	base["odd\xff/f"], base["odd\xfe/g"] = ghfake.Text("1\n"), ghfake.Text("2\n")
	for name := range base {
		want[strings.ToValidUTF8(name, "\ufffd")] = true
	}
	c := w.load(w.open(base, ghfake.Files{"d00/f0000.txt": ghfake.Text("y\n")})).Change
	wantListed(t, c, change.AtBase, want)
	wantListed(t, c, change.AtHead, want)
}

// A folder that GitHub does not list whole is an error and no short list.
func TestTreeThatIsNotShownWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	c := w.load(w.open(some, ghfake.Files{"a": ghfake.Text("y\n")})).Change
	w.Edit("/git/trees/", func(answer map[string]any) { answer["truncated"] = true })
	if entries, err := c.Tree(context.Background(), change.AtHead); !errors.Is(err, change.ErrTreeHidden) || entries != nil {
		t.Errorf("%v, %v", entries, err)
	}
}

// More folders than may be asked for are an error as well.
func TestTreeOfTooManyRequests(t *testing.T) {
	t.Parallel()
	files := make(ghfake.Files)
	for i := range 600 {
		files[fmt.Sprintf("d%d/d%d/f", i/20, i%20)] = ghfake.Text("x\n")
	}
	w := newWorld(t, ghfake.Options{TreeLimit: 10}, nil)
	c := w.load(w.open(files, ghfake.Files{"a": ghfake.Text("y\n")})).Change
	w.asked()
	if entries, err := c.Tree(context.Background(), change.AtHead); !errors.Is(err, change.ErrTreeHidden) || entries != nil {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if asked := w.asked(); len(asked) > 200 {
		t.Errorf("%d requests", len(asked))
	}
}

// An answer that did not come is an error; a later change asks again.
func TestTreeThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"a": ghfake.Text("y\n")})
	c := w.load(n).Change
	w.hub.Fail(tree, 3, func(rw http.ResponseWriter) { rw.WriteHeader(http.StatusBadGateway) })
	if _, err := c.Tree(context.Background(), change.AtHead); err == nil {
		t.Error("no error")
	}
	if entries, err := w.load(n).Change.Tree(context.Background(), change.AtHead); err != nil || len(entries) == 0 {
		t.Errorf("%v %v", entries, err)
	}
}
