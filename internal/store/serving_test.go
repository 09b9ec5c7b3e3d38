package store_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// Under a server nothing is imported, and under an import no server starts. Servers do
// not mind each other.
func TestServersAndImportsDoNotMeet(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from := openAt(t, filepath.Join(t.TempDir(), "from.db"))
	everything(t, from)
	dump, _ := export(t, from)
	for name, address := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "s.db") },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := address(t)
			open := func() *store.Store {
				s, err := store.Open(ctx, at)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			shut := func(s *store.Store) {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			one, two, third, late := open(), open(), open(), open()
			defer shut(third)
			for _, server := range []*store.Store{one, two} {
				if err := server.Serving(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for _, server := range []*store.Store{one, two} {
				if _, err := third.Import(ctx, strings.NewReader(dump)); !errors.Is(err, store.ErrServing) {
					t.Errorf("under a server: %v", err)
				}
				shut(server)
			}
			eventually(t, "the end of the servers' connections", func() bool {
				_, err := third.Import(ctx, strings.NewReader(""))
				return !errors.Is(err, store.ErrServing)
			})
			slow, sent := io.Pipe()
			done := make(chan error, 1)
			go func() {
				_, err := third.Import(ctx, slow)
				done <- errors.Join(err, slow.Close())
			}()
			half := len(dump) / 2
			if _, err := io.WriteString(sent, dump[:half]); err != nil {
				t.Fatal(err)
			}
			if err := late.Serving(ctx); !errors.Is(err, store.ErrImporting) {
				t.Errorf("under an import: %v", err)
			}
			shut(late)
			if _, err := io.WriteString(sent, dump[half:]); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(sent.Close(), <-done); err != nil {
				t.Fatal(err)
			}
			if err := third.Serving(ctx); err != nil {
				t.Errorf("after the import: %v", err)
			}
		})
	}
}

// A server whose connection broke is noticed again from the next on.
func TestServersAreSeenAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := pgtest.Database(t)
	server, other := openAddress(t, database), openAddress(t, database)
	if err := server.Serving(ctx); err != nil {
		t.Fatal(err)
	}
	breakLocks(t, other)
	eventually(t, "another hold", func() bool {
		_, release, free, err := server.TryHold(ctx, "k")
		if free {
			release()
		}
		return err == nil && free
	})
	if _, err := other.Import(ctx, strings.NewReader("")); !errors.Is(err, store.ErrServing) {
		t.Errorf("%v", err)
	}
}

// One file is one database by all its names.
func TestServersAreSeenThroughLinks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	server := openAt(t, filepath.Join(dir, "s.db"))
	if err := errors.Join(server.Serving(ctx), os.Symlink(filepath.Join(dir, "s.db"), filepath.Join(dir, "link.db"))); err != nil {
		t.Fatal(err)
	}
	other := openAt(t, filepath.Join(dir, "link.db"))
	if _, err := other.Import(ctx, strings.NewReader("")); !errors.Is(err, store.ErrServing) {
		t.Errorf("%v", err)
	}
}
