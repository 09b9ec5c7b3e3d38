package github_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/github"
)

// board is a shelf in memory.
type board struct {
	mu    sync.Mutex
	items map[string][]byte
}

func (b *board) Take(_ context.Context, _ int64, ids []string) map[string][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := make(map[string][]byte)
	for _, id := range ids {
		if data, ok := b.items[id]; ok {
			found[id] = data
		}
	}
	return found
}

func (b *board) Lay(_ int64, id string, data []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items[id] = slices.Clone(data)
}

func (b *board) Drop(_ context.Context, _ int64, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.items, id)
}

// ids are what the shelf has, sorted.
func (b *board) ids() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.items))
}

// again is the world after the program was started anew, with a shelf.
func (w *world) again(shelf github.Shelf) {
	w.t.Helper()
	w.options.Shelf = shelf
	app, err := github.New(w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.app, w.client = app, app.Installation(1)
	w.asked()
}

// read loads a pull request and the contents of one of its files.
func (w *world) read(number int, path string) (*github.Loaded, string) {
	w.t.Helper()
	loaded := w.load(number)
	i := slices.IndexFunc(loaded.Change.Files, func(f change.File) bool { return f.Path == path })
	if i < 0 {
		w.t.Fatalf("%s is not in %v", path, files(loaded.Change))
	}
	id := loaded.Change.Files[i].Blob
	blobs, err := loaded.Change.Source.Blobs(context.Background(), []string{id}, change.Limits{File: 1 << 20, Change: 1 << 20})
	if err != nil {
		w.t.Fatal(err)
	}
	return loaded, string(blobs[id].Data)
}

// What one program was shown the next one does not ask for, whatever became of the
// first; it says the same of the change. Without a shelf it asks.
func TestShelfSparesTheNextProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	shelf := &board{items: make(map[string][]byte)}
	w.again(shelf)
	first, text := w.read(n, "b")
	if text != "b\n" || len(shelf.ids()) < 3 {
		t.Fatalf("%q; on the shelf: %q", text, shelf.ids())
	}
	for _, id := range shelf.ids() {
		if !strings.HasPrefix(id, "1 repos/acme/app/ ") {
			t.Errorf("%q may be given to another installation", id)
		}
	}
	for _, x := range []struct {
		shelf github.Shelf
		spare bool
	}{{shelf, true}, {nil, false}, {&board{items: make(map[string][]byte)}, false}} {
		w.again(x.shelf)
		next, again := w.read(n, "b")
		asked := w.asked()
		if got := !slices.Contains(asked, compare); got != x.spare {
			t.Errorf("spared is %t, want %t: %v", got, x.spare, asked)
		}
		if again != text {
			t.Errorf("%q, before %q", again, text)
		}
		if diff := cmp.Diff(files(first.Change), files(next.Change)); diff != "" || first.Change.MergeBase != next.Change.MergeBase {
			t.Error(diff)
		}
	}
}

// roomy is a shelf whose contents come in more memory than they need, as whatever
// is read to an end of which nobody knows does.
type roomy struct{ *board }

func (r roomy) Take(ctx context.Context, installation int64, ids []string) map[string][]byte {
	found := r.board.Take(ctx, installation, ids)
	for id, data := range found {
		found[id] = append(make([]byte, 0, len(data)*5/4), data...)
	}
	return found
}

// A comparison that was worth a place in memory is worth it from the shelf.
func TestShelfSparesLargeComparisons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	change := make(ghfake.Files)
	for i := range 250 {
		change[fmt.Sprintf("%s/%d", strings.Repeat("long/", 155), i)] = ghfake.Text("b\n")
	}
	n := w.open(some, change)
	shelf := roomy{&board{items: make(map[string][]byte)}}
	w.again(shelf)
	first := w.load(n)
	largest := 0
	for _, data := range shelf.items {
		largest = max(largest, len(data))
	}
	if largest < 215<<10 {
		t.Fatalf("the largest on the shelf has %d bytes", largest)
	}
	w.again(shelf)
	next := w.load(n)
	if asked := w.asked(); slices.Contains(asked, compare) {
		t.Errorf("asked again: %v", asked)
	}
	if diff := cmp.Diff(files(first.Change), files(next.Change)); diff != "" {
		t.Error(diff)
	}
}

// What the shelf holds is no answer where it cannot be read, and goes when a load
// with it failed for good.
func TestShelfThatIsWrongIsAskedPast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	shelf := &board{items: make(map[string][]byte)}
	w.again(shelf)
	first, _ := w.read(n, "b")
	for _, id := range shelf.ids() {
		shelf.Lay(1, id, []byte("not what it was"))
	}
	w.again(shelf)
	if next := w.load(n); !cmp.Equal(files(first.Change), files(next.Change)) || !slices.Contains(w.asked(), compare) {
		t.Errorf("%v, want %v", files(next.Change), files(first.Change))
	}
	before := len(shelf.ids())
	w.again(shelf)
	w.hub.Inject(ghfake.Fault{Route: "/graphql", Times: 1, Status: http.StatusUnprocessableEntity, Header: jsonHeader, Body: `{"message":"Validation Failed"}`})
	if _, err := w.client.Load(context.Background(), w.pull(n)); err == nil {
		t.Fatal("a refusal passes for an answer")
	}
	if got := len(shelf.ids()); got != before-1 {
		t.Errorf("%d of %d are left", got, before)
	}
	w.asked()
	if w.load(n); !slices.Contains(w.asked(), compare) {
		t.Error("the comparison is not asked for anew")
	}
}

// What is larger than its place is worth is not kept, and is read all the same.
func TestShelfTakesNothingLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	large := strings.Repeat("large\n", 50_000)
	n := w.open(some, ghfake.Files{"b": ghfake.Text(large)})
	shelf := &board{items: make(map[string][]byte)}
	w.again(shelf)
	if _, text := w.read(n, "b"); text != large {
		t.Errorf("%d bytes", len(text))
	}
	for id, data := range shelf.items {
		if len(data) >= len(large) {
			t.Errorf("%s has %d bytes", id, len(data))
		}
	}
}
