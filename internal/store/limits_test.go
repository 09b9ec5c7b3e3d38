package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

func limits(t *testing.T, s *store.Store) *store.Limits {
	t.Helper()
	l, err := s.Limits(context.Background(), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// eventually waits for what another goroutine or program does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// What one program knows of GitHub's limits the others know soon, and those that
// are started later at once.
func TestLimitsAreShared(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]string{"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "s.db"), "PostgreSQL": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if database == "" {
				database = pgtest.Database(t)
			}
			s := openAddress(t, database)
			one, two := limits(t, s), limits(t, openAddress(t, database))
			until := time.Unix(1_800_000_000, 0).UTC()
			one.Limit("installation 1 core", until)
			one.Limit("installation 1 core", until.Add(-time.Hour)) // which says less
			if got := one.Limited("installation 1 core"); !got.Equal(until) {
				t.Errorf("the one that met it: %s", got)
			}
			eventually(t, "the other one", func() bool { return two.Limited("installation 1 core").Equal(until) })
			if got := two.Limited("installation 2 core"); !got.IsZero() {
				t.Errorf("another installation's: %s", got)
			}
			if got := limits(t, s).Limited("installation 1 core"); !got.Equal(until) {
				t.Errorf("one that was started later: %s", got)
			}
			if err := s.DropLimits(context.Background(), until.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			if got := limits(t, s).Limited("installation 1 core"); !got.IsZero() {
				t.Errorf("after it was dropped: %s", got)
			}
		})
	}
}
