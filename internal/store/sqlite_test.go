package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/storetest"
)

func openAt(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+path)
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

func TestContractOnSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store { return openAt(t, filepath.Join(t.TempDir(), "s.db")) })
}

func receive(s *store.Store, id, title string) error {
	return s.InTx(context.Background(), func(tx *store.Tx) error {
		x := store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: 1, Base: title}
		_, err := store.Receive(context.Background(), tx, store.Delivery{ID: id, Received: time.Unix(0, 0)}, &x)
		return err
	})
}

// What was written is there after the program has ended, under any path.
func TestOpenAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b%20?mode=memory#ü.db")
	for want := range 3 {
		s, err := store.Open(context.Background(), "sqlite:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := receive(s, "d", "main"); err != nil {
			t.Fatal(err)
		}
		got, err := s.FindSubject(context.Background(), "acme/app#1")
		if err != nil || got.Want != int64(want+1) {
			t.Fatalf("want %d, %v", got.Want, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: it holds what private repositories say", info.Mode())
	}
}

func TestPragmas(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "s.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1"} {
		var got string
		if err := s.DB().QueryRowContext(context.Background(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"":                                   "write sqlite:PATH",
		"sqlite:":                            "write sqlite:PATH",
		"changeguard.db":                     "write sqlite:PATH",
		"mysql://u:hunter2@db/x":             "write sqlite:PATH",
		"postgres://u:hunter2@db:x/x":        "the address cannot be read",
		"postgres://u:hunter2@127.0.0.1:1/x": store.ErrAway.Error(),
		"sqlite::memory:":                    "loses what was acknowledged",
		"sqlite://changeguard.db":            "a path, not a host",
		"sqlite:" + dir:                      "is a directory",
		"sqlite:" + dir + "/missing/s.db":    "no such file or directory",
		"sqlite:" + text + "/s.db":           "not a directory",
		"sqlite:" + text:                     "file is not a database",
		"sqlite:/proc/changeguard/here/s.db": "no such file or directory",
	} {
		s, err := store.Open(context.Background(), address)
		if err == nil {
			t.Errorf("%s: opened", address)
			_ = s.Close() // it should not be there
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunt") {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}

// What is wrong with an address is known before anything is opened.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for address, want := range map[string]string{
		"sqlite:" + dir + "/s.db":         "",
		"sqlite://" + dir + "/s.db":       "",
		"sqlite:s.db":                     "",
		"sqlite:" + dir + "/missing/s.db": "there is no folder " + dir + "/missing",
		"postgres://u:hunter2@db/x":       "",
		"postgresql://u:hunter2@db/x":     "",
		"postgresql:///x?host=/sock":      "",
		"postgres://u:hunter2@db:port/x":  "the address cannot be read",
		"postgres://u:hunt%er2@db/x":      "the address cannot be read",
		"/var/lib/changeguard.db":         "write sqlite:PATH",
	} {
		err := store.Check(address)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunt")) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("%v was made by asking, %v", files, err)
	}
}

func TestOpenRefusesNewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.db")
	s := openAt(t, path)
	if _, err := s.DB().ExecContext(context.Background(), `INSERT INTO schema_migrations (name) VALUES ('9998_later.sql'), ('9999_breaks_names.sql')`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(context.Background(), "sqlite:"+path); !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "9999_breaks_names.sql") {
		t.Errorf("%v", err)
	}
}

// Another program holds the file for longer than a writer waits.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.db")
	s := openAt(t, path)
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := receive(s, "d", "main"); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a write meanwhile: %v", err)
	}
	if _, err := s.Waiting(context.Background()); err != nil {
		t.Errorf("a read meanwhile: %v", err)
	}
	soon, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Writable(soon); err == nil {
		t.Error("writable meanwhile")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := receive(s, "d", "main"); err != nil {
		t.Errorf("a write after it: %v", err)
	}
}

// A full disk refuses writes, loses nothing, and needs no restart.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := openAt(t, filepath.Join(t.TempDir(), "s.db"))
	if err := receive(s, "before", "main"); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.DB().QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n string) {
		if _, err := s.DB().ExecContext(ctx, `PRAGMA max_page_count = `+n); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // no smaller than it is
	large := strings.Repeat("x", 1<<20)
	for range 3 {
		if err := receive(s, "during", large); !errors.Is(err, store.ErrFull) {
			t.Fatalf("a write to a full disk: %v", err)
		}
	}
	if got, err := s.FindSubject(ctx, "acme/app#1"); err != nil || got.Want != 1 || got.Base != "main" {
		t.Errorf("what was written before: %+v, %v", got, err)
	}
	limit("1000000")
	if err := receive(s, "during", large); err != nil {
		t.Errorf("a write after it: %v", err)
	}
}

// The log is moved into the file while the store is open, so that it does not
// grow for as long as the program runs.
func TestLogIsFoldedIntoTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.db")
	s := openAt(t, path)
	if err := receive(s, "d", strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1<<20 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the file has %d bytes", info.Size())
		}
	}
}

// Nothing can be written past the one writer.
func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "s.db"))
	if _, err := store.Reader(s).ExecContext(context.Background(), `DELETE FROM subjects`); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a reader wrote: %v", err)
	}
}

// Pages can be read while a transaction is open.
func TestReadsDoNotWaitForWriters(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "s.db"))
	if err := receive(s, "d1", "main"); err != nil {
		t.Fatal(err)
	}
	err := s.InTx(context.Background(), func(tx *store.Tx) error {
		x := store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: 1}
		if _, err := store.Receive(context.Background(), tx, store.Delivery{ID: "d2", Received: time.Unix(0, 0)}, &x); err != nil {
			return err
		}
		got, err := s.FindSubject(context.Background(), "acme/app#1")
		if got.Want != 1 {
			t.Errorf("want %d before the commit", got.Want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
