package app

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/webhook"
)

// stored opens a store in a folder of its own.
func stored(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const shelfKey = "a key that is long enough for this, and the App's own"

// What a program read, the next one need not ask for; a copy of the database tells
// nothing of it, and neither does another key, nor a place that is another
// content's.
func TestShelfOutlivesItsProgram(t *testing.T) {
	t.Parallel()
	ctx, s, now := context.Background(), stored(t), time.Unix(1_700_000_000, 0)
	begin := func(key string) *shelf {
		f, err := newShelf(s, key, slog.New(slog.DiscardHandler), func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.close)
		return f
	}
	first := begin(shelfKey)
	contents := map[string][]byte{
		"1 repos/acme/app/ small": []byte("def private(): pass\n"), "1 repos/acme/app/ none": {}, "1 repos/acme/app/ large": bytes.Repeat([]byte("private "), 10_000),
	}
	var laidDown []laid
	for id, data := range contents {
		laidDown = append(laidDown, laid{1, id, data})
	}
	first.write(ctx, laidDown)
	ids := []string{"1 repos/acme/app/ small", "1 repos/acme/app/ none", "1 repos/acme/app/ large", "2 repos/acme/app/ small"}
	next := begin(shelfKey)
	got := next.Take(ctx, 1, ids)
	if len(got) != len(contents) {
		t.Errorf("%d contents of %d", len(got), len(contents))
	}
	for id, data := range contents {
		if !bytes.Equal(got[id], data) {
			t.Errorf("%s: %.20q, want %.20q", id, got[id], data)
		}
	}
	if got := begin(shelfKey+"!").Take(ctx, 1, ids); len(got) != 0 {
		t.Errorf("with another key: %v", got)
	}
	small, large := next.digest(ids[0]), next.digest(ids[2])
	bodies, err := s.Contents(ctx, []string{small, large})
	if err != nil || len(bodies) != 2 {
		t.Fatal(bodies, err)
	}
	for digest, body := range bodies {
		if strings.Contains(digest+body, "acme") || strings.Contains(body, "private") {
			t.Errorf("it can be read: %.60s", body)
		}
	}
	if err := s.SetContents(ctx, []store.Content{{ID: small, Body: bodies[large], Kept: now}}); err != nil {
		t.Fatal(err)
	}
	if got := next.Take(ctx, 1, ids[:1]); len(got) != 0 {
		t.Errorf("one in the place of another: %.20q", got)
	}
	next.Drop(ctx, 1, ids[2])
	now = now.Add(shelfFor + time.Second)
	next.trim(ctx)
	if got := next.Take(ctx, 1, ids); len(got) != 0 {
		t.Errorf("after its time: %d", len(got))
	}
}

// Nobody waits for the shelf, and what is laid gets there.
func TestShelfIsWrittenBeside(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f, err := newShelf(stored(t), shelfKey, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 * shelfWaiting { // more than wait: what is too much is left out
		f.Lay(1, "one", []byte("x"))
	}
	for len(f.Take(ctx, 1, []string{"one"})) == 0 {
		f.Lay(1, "one", []byte("x"))
	}
	f.close()
	f.close()
	f.Lay(1, "two", []byte("x")) // does no harm
}

func TestPackedContentsComeBack(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{{}, {0}, {1, 2}, bytes.Repeat([]byte("a"), 600), bytes.Repeat([]byte{0, 1, 2}, 100_000)} {
		if got, err := inflate(deflate(data)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d, %v", len(data), len(got), err)
		}
	}
	for _, broken := range [][]byte{nil, {1}, {1, 255, 255}, deflate(bytes.Repeat([]byte("a"), maxInflated+1))} {
		if _, err := inflate(broken); err == nil {
			t.Errorf("%.10v: no error", broken)
		}
	}
}

// Where the App is no longer installed, nothing is kept of what it was shown there.
func TestShelfIsEmptiedWhenTheAppIsRemoved(t *testing.T) {
	t.Parallel()
	ctx, s := context.Background(), stored(t)
	f, err := newShelf(s, shelfKey, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	ids := []string{"1 repos/acme/app/ a", "2 repos/other/app/ a"}
	f.write(ctx, []laid{{1, ids[0], []byte("a\n")}, {2, ids[1], []byte("b\n")}})
	server := &Server{store: s, outside: Outside{Now: time.Now, Logger: slog.New(slog.DiscardHandler)}}
	for _, x := range []struct {
		action string
		left   int
	}{{"suspend", 2}, {"deleted", 1}, {"deleted", 1}} {
		if err := server.note(ctx, "delivery "+x.action, webhook.Note{Installation: &webhook.Installation{Action: x.action, ID: 1, Account: "acme"}}); err != nil {
			t.Fatal(err)
		}
		if got := f.Take(ctx, 1, ids); len(got) != x.left || got[ids[1]] == nil {
			t.Errorf("after %s: %d contents, want %d", x.action, len(got), x.left)
		}
	}
}
