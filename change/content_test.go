package change_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
)

// counting notes what a source is asked.
type counting struct {
	change.Source
	asked   []string
	entries map[string]change.Entry // answers Entries instead, when set
	blobs   map[string]change.Blob  // answers Blobs instead, when set
	lines   []change.Lines          // answers Lines instead, when set
}

func (c *counting) Entries(ctx context.Context, side change.Side, paths []string) (map[string]change.Entry, error) {
	c.asked = append(c.asked, fmt.Sprint("entries ", side, " ", paths))
	if c.entries != nil {
		return c.entries, nil
	}
	return c.Source.Entries(ctx, side, paths)
}

func (c *counting) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	c.asked = append(c.asked, fmt.Sprint("blobs ", len(ids), " ", limit.File, " ", limit.Change))
	if c.blobs != nil {
		return c.blobs, nil
	}
	return c.Source.Blobs(ctx, ids, limit)
}

func (c *counting) Lines(ctx context.Context, files []change.File) ([]change.Lines, error) {
	c.asked = append(c.asked, fmt.Sprint("lines ", len(files)))
	if c.lines != nil {
		return c.lines, nil
	}
	return c.Source.Lines(ctx, files)
}

// content makes a change whose source is watched.
func content(before, after map[string]string) (*change.Change, *counting) {
	c := changetest.New(changetest.Text(before), changetest.Text(after))
	source := &counting{Source: c.Source}
	c.Source = source
	return c, source
}

func wantRead(t *testing.T, c *change.Change, side change.Side, path, want string) {
	t.Helper()
	if data, err := c.Read(context.Background(), side, path); err != nil || string(data) != want {
		t.Errorf("%s at the %s: %q %v, want %q", path, side, data, err, want)
	}
}

func wantMissing(t *testing.T, c *change.Change, side change.Side, path string) {
	t.Helper()
	if data, err := c.Read(context.Background(), side, path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("%s at the %s: %q %v", path, side, data, err)
	}
	if e, found, err := c.Lookup(context.Background(), side, path); found || err != nil {
		t.Errorf("%s at the %s: %+v %v", path, side, e, err)
	}
}

func TestReadAsksOnce(t *testing.T) {
	t.Parallel()
	c, source := content(map[string]string{"same": "s", "a": "1", "gone": "g", "old/x": "moved"}, map[string]string{"same": "s", "a": "22", "new": "n", "new/x": "moved"})
	for range 2 {
		wantRead(t, c, change.AtBase, "a", "1")
		wantRead(t, c, change.AtHead, "a", "22")
		wantRead(t, c, change.AtBase, "old/x", "moved")
		wantRead(t, c, change.AtHead, "new/x", "moved")
		wantRead(t, c, change.AtHead, "same", "s")
		// What the change itself says is not asked for.
		for path, side := range map[string]change.Side{"gone": change.AtHead, "new": change.AtBase, "old/x": change.AtHead, "new/x": change.AtBase} {
			wantMissing(t, c, side, path)
		}
		wantMissing(t, c, change.AtHead, "nowhere")
	}
	file, all := int64(change.DefaultFileLimit), int64(change.DefaultChangeLimit)
	want := []string{
		fmt.Sprint("blobs 1 ", file, " ", all), fmt.Sprint("blobs 1 ", file, " ", all-1), fmt.Sprint("blobs 1 ", file, " ", all-3),
		"entries head [same]", fmt.Sprint("blobs 1 ", file, " ", all-8), "entries head [nowhere]",
	}
	if diff := cmp.Diff(want, source.asked); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(change.Usage{Files: 4, Bytes: 9}, c.Usage()); diff != "" {
		t.Error(diff)
	}
}

func TestPrefetchAsksTogether(t *testing.T) {
	t.Parallel()
	c, source := content(map[string]string{"x": "x", "y": "y"}, map[string]string{"x": "x", "y": "y", "a": "1", "b": "2", "twice": "1"})
	c.Prefetch(context.Background(), change.AtHead, []string{"a", "y", "b", "x", "nowhere", "a", "twice"})
	for path, want := range map[string]string{"a": "1", "b": "2", "x": "x", "y": "y", "twice": "1"} {
		wantRead(t, c, change.AtHead, path, want)
	}
	wantMissing(t, c, change.AtHead, "nowhere")
	want := []string{"entries head [nowhere x y]", fmt.Sprint("blobs 4 ", change.DefaultFileLimit, " ", change.DefaultChangeLimit)}
	if diff := cmp.Diff(want, source.asked); diff != "" {
		t.Error(diff)
	}
}

func TestReadLimits(t *testing.T) {
	t.Parallel()
	c, _ := content(nil, map[string]string{"large": strings.Repeat("x", 101), "a": strings.Repeat("a", 100), "b": strings.Repeat("b", 60), "c": strings.Repeat("c", 50), "empty": ""})
	c.Limits = change.Limits{File: 100, Change: 150}
	var tooLarge *change.TooLargeError
	if _, err := c.Read(context.Background(), change.AtHead, "large"); !errors.As(err, &tooLarge) || !errors.Is(err, change.ErrTooLarge) || tooLarge.Size != 101 || tooLarge.Limit != 100 {
		t.Errorf("one byte too many: %v", err)
	}
	if strings.Contains(fmt.Sprint(tooLarge), "xx") {
		t.Error("the content is in the message")
	}
	wantRead(t, c, change.AtHead, "a", strings.Repeat("a", 100))
	if _, err := c.Read(context.Background(), change.AtHead, "b"); !errors.Is(err, change.ErrTooLarge) {
		t.Errorf("more than the change may have: %v", err)
	}
	wantRead(t, c, change.AtHead, "c", strings.Repeat("c", 50)) // exactly what is left
	if _, err := c.Read(context.Background(), change.AtHead, "empty"); !errors.Is(err, change.ErrTooLarge) {
		t.Errorf("when all is used up: %v", err)
	}
	wantRead(t, c, change.AtHead, "a", strings.Repeat("a", 100)) // what was read stays
	if u := c.Usage(); u.Bytes != 150 {
		t.Errorf("usage: %+v", u)
	}
}

// Prefetching what is too much must not hide it, nor what fits.
func TestPrefetchOverTheLimit(t *testing.T) {
	t.Parallel()
	c, _ := content(nil, map[string]string{"a": strings.Repeat("a", 60), "b": strings.Repeat("b", 60)})
	c.Limits = change.Limits{Change: 100}
	c.Prefetch(context.Background(), change.AtHead, []string{"a", "b"})
	wantRead(t, c, change.AtHead, "a", strings.Repeat("a", 60))
	if _, err := c.Read(context.Background(), change.AtHead, "b"); !errors.Is(err, change.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func TestBrokenSources(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := changetest.New(changetest.Text(map[string]string{"a": "1"}), changetest.Text(map[string]string{"a": "2"}))
	c.Source.(*changetest.Source).Broken = changetest.ErrMissing
	for range 2 {
		if _, err := c.Read(ctx, change.AtHead, "a"); !errors.Is(err, changetest.ErrMissing) {
			t.Errorf("read: %v", err)
		}
		if _, found, err := c.Lookup(ctx, change.AtHead, "other"); found || !errors.Is(err, changetest.ErrMissing) {
			t.Errorf("lookup: %v %v", found, err)
		}
		if _, _, err := c.CountLines(ctx); !errors.Is(err, changetest.ErrMissing) {
			t.Errorf("lines: %v", err)
		}
		if _, err := c.CommitPaths(ctx, []string{"x"}); !errors.Is(err, changetest.ErrMissing) {
			t.Errorf("commit paths: %v", err)
		}
	}
	c.Source.(*changetest.Source).Broken = nil
	wantRead(t, c, change.AtHead, "a", "2") // an error is not kept
	if _, _, err := c.CountLines(ctx); err == nil {
		t.Error("counting again gives another answer")
	}
}

// A source that leaves out what it was asked for must not look like an empty
// file.
func TestSourcesThatLeaveOut(t *testing.T) {
	t.Parallel()
	c, source := content(map[string]string{"a": "1", "b": "1"}, map[string]string{"a": "2", "b": "2"})
	source.blobs, source.lines = map[string]change.Blob{}, []change.Lines{{Added: 1}}
	wantErr := func(err error, says string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	_, err := c.Read(context.Background(), change.AtHead, "a")
	wantErr(err, "not exist")
	_, _, err = c.CountLines(context.Background())
	wantErr(err, "1 answers for 2 files")
	_, err = c.CommitPaths(context.Background(), []string{"x"})
	wantErr(err, "not available") // this source knows no commits
	none := &change.Change{Files: c.Files}
	_, err = none.Read(context.Background(), change.AtHead, "a")
	wantErr(err, "not available")
	_, _, err = none.Lookup(context.Background(), change.AtHead, "x")
	wantErr(err, "not available")
	_, _, err = none.CountLines(context.Background())
	wantErr(err, "not available")
	if _, sum, err := (&change.Change{}).CountLines(context.Background()); err != nil || sum != (change.Lines{}) {
		t.Errorf("an empty change has no lines to count: %v %v", sum, err)
	}
}

func TestSubmodulesHaveNoContent(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("1", 40)
	c := changetest.New(nil, changetest.Tree{"m": {Mode: change.Submodule, Content: id}, "l": {Mode: change.Symlink, Content: "target"}})
	if _, err := c.Read(context.Background(), change.AtHead, "m"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if e, found, err := c.Lookup(context.Background(), change.AtHead, "m"); err != nil || !found || e.Blob != id || e.Mode != change.Submodule {
		t.Errorf("%+v %v %v", e, found, err)
	}
	wantRead(t, c, change.AtHead, "l", "target")
	c.Prefetch(context.Background(), change.AtHead, []string{"m", "l"})
}

func TestCountLines(t *testing.T) {
	t.Parallel()
	c, source := content(map[string]string{"a": "1\n2\n", "old": "moved\n"}, map[string]string{"a": "1\n3\n4\n", "new": "moved\n", "z": "z"})
	for range 2 {
		lines, sum, err := c.CountLines(context.Background())
		if err != nil || sum != (change.Lines{Added: 3, Deleted: 1}) {
			t.Errorf("%v %v", sum, err)
		}
		if diff := cmp.Diff([]change.Lines{{Added: 2, Deleted: 1}, {}, {Added: 1}}, lines); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff([]string{"lines 3"}, source.asked); diff != "" {
		t.Error(diff)
	}
}

// Rules that read at once share what was read; the race detector watches.
func TestConcurrentReads(t *testing.T) {
	t.Parallel()
	after := make(map[string]string)
	for i := range 20 {
		after[fmt.Sprint("f", i)] = fmt.Sprint("content ", i)
	}
	c, source := content(nil, after)
	var wg sync.WaitGroup
	for range 4 {
		for name, want := range after {
			wg.Go(func() {
				wantRead(t, c, change.AtHead, name, want)
				_, _, _ = c.CountLines(context.Background())
				_ = c.Usage()
			})
		}
	}
	wg.Wait()
	if u := c.Usage(); u.Files != len(after) || len(source.asked) != len(after)+1 {
		t.Errorf("%+v, asked %d times", u, len(source.asked))
	}
}
