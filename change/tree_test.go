package change_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
)

// listing is a source whose listing is watched or replaced.
type listing struct {
	*changetest.Source
	asked   int
	entries []change.Entry
	err     error
}

func (l *listing) BaseTree(ctx context.Context) ([]change.Entry, error) {
	l.asked++
	if l.entries != nil || l.err != nil {
		return l.entries, l.err
	}
	return l.Source.BaseTree(ctx)
}

func watched(before, after changetest.Tree) (*change.Change, *listing) {
	c := changetest.New(before, after)
	l := &listing{Source: c.Source.(*changetest.Source)}
	c.Source = l
	return c, l
}

// entriesOf is what a listing of a tree must be.
func entriesOf(t changetest.Tree) map[string]change.Entry {
	want := make(map[string]change.Entry)
	for name, f := range t {
		e := change.Entry{Path: name, Mode: f.Mode, Blob: changetest.BlobID(f.Content)}
		if f.Mode == change.Submodule {
			e.Blob = f.Content
		}
		want[name] = e
	}
	return want
}

func wantTree(t interface{ Error(...any) }, c *change.Change, side change.Side, want changetest.Tree) {
	got, err := c.Tree(context.Background(), side)
	if err != nil {
		t.Error(err)
		return
	}
	byName := make(map[string]change.Entry)
	for i, e := range got {
		byName[e.Path] = e
		if i > 0 && got[i-1].Path >= e.Path {
			t.Error("not sorted: ", got[i-1].Path, e.Path)
		}
	}
	if diff := cmp.Diff(entriesOf(want), byName); diff != "" || len(got) != len(want) {
		t.Error(side, diff)
	}
}

// Whatever a change does, the listing of the head that is made of the merge base
// and the change is the head's.
func TestTreesOfAnyChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file := rapid.Custom(func(t *rapid.T) changetest.File {
			mode := rapid.SampledFrom([]change.Mode{change.Regular, change.Executable, change.Symlink, change.Submodule}).Draw(t, "mode")
			return changetest.File{Mode: mode, Content: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "content")}
		})
		name := rapid.SampledFrom([]string{"a", "b", "a.b", "a/b", "a/b/c", "d/e", "\ufffd"})
		tree := rapid.MapOf(name, file)
		before, after := changetest.Tree(tree.Draw(t, "before")), changetest.Tree(tree.Draw(t, "after"))
		c := changetest.New(before, after)
		wantTree(t, c, change.AtHead, after)
		wantTree(t, c, change.AtBase, before)
	})
}

// A tree is listed once for both sides, counted, and answers where a file is.
func TestTreeAsksOnce(t *testing.T) {
	t.Parallel()
	base := changetest.Text(map[string]string{"a": "1", "same": "s", "gone": "g"})
	head := changetest.Text(map[string]string{"a": "2", "same": "s", "new": "n"})
	c, source := watched(base, head)
	for range 2 {
		wantTree(t, c, change.AtHead, head)
		wantTree(t, c, change.AtBase, base)
	}
	if source.asked != 1 || c.Usage() != (change.Usage{Listed: 3}) {
		t.Errorf("asked %d times, %+v", source.asked, c.Usage())
	}
	source.Broken = errors.New("nobody may ask")
	if e, found, err := c.Lookup(context.Background(), change.AtHead, "same"); !found || err != nil || e.Blob != changetest.BlobID("s") {
		t.Errorf("%+v %v %v", e, found, err)
	}
	wantMissing(t, c, change.AtHead, "nowhere")
	// A name that may stand for several is asked for.
	if _, _, err := c.Lookup(context.Background(), change.AtHead, "odd\ufffd"); err == nil {
		t.Error("a name that cannot be read was not asked for")
	}
}

// What cannot be listed whole is an error for everybody who asks, and stays one;
// only the end of time is asked again.
func TestTreesThatCannotBeListed(t *testing.T) {
	t.Parallel()
	many := make([]change.Entry, change.MaxTreeFiles+1)
	for i := range many {
		many[i].Path = fmt.Sprintf("%07d", i)
	}
	twice := []change.Entry{{Path: "a", Blob: "1"}, {Path: "a", Blob: "2"}}
	broken := errors.New("broken")
	for name, source := range map[string]*listing{"many": {entries: many}, "twice": {entries: twice}, "broken": {err: broken}} {
		c := changetest.New(changetest.Text(map[string]string{"a": "1"}), nil)
		source.Source = c.Source.(*changetest.Source)
		c.Source = source
		want := change.ErrTreeHidden
		if name == "broken" {
			want = broken
		}
		for _, side := range []change.Side{change.AtHead, change.AtBase, change.AtHead} {
			if entries, err := c.Tree(context.Background(), side); !errors.Is(err, want) || entries != nil {
				t.Errorf("%s: %d entries, %v", name, len(entries), err)
			}
		}
		if source.asked != 1 {
			t.Errorf("%s: asked %d times", name, source.asked)
		}
	}
	c, source := watched(changetest.Text(map[string]string{"a": "1"}), nil)
	source.err = context.Canceled
	if _, err := c.Tree(context.Background(), change.AtHead); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	source.err = nil
	wantTree(t, c, change.AtHead, nil)
	c2, plain := content(nil, nil)
	c2.Source = plain
	if _, err := c2.Tree(context.Background(), change.AtHead); err == nil {
		t.Error("a source that cannot list listed")
	}
}

// Names that look alike are no contradiction.
func TestTreeKeepsNamesThatLookAlike(t *testing.T) {
	t.Parallel()
	c, source := watched(nil, nil)
	source.entries = []change.Entry{{Path: "\ufffd", Mode: change.Regular, Blob: "2"}, {Path: "\ufffd", Mode: change.Regular, Blob: "1"}}
	got, err := c.Tree(context.Background(), change.AtHead)
	if err != nil || len(got) != 2 || got[0].Blob != "1" {
		t.Errorf("%v %v", got, err)
	}
}
