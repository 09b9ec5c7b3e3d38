package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/store"
)

const pageSize = 4096

// filled is the bytes of a database with a few hundred subjects in it.
func filled(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := store.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	err = s.InTx(context.Background(), func(tx *store.Tx) error {
		for i := range 300 {
			x := store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: i + 1, Base: strings.Repeat("x", 200)}
			if _, err := store.Receive(context.Background(), tx, store.Delivery{ID: fmt.Sprint("d", i)}, &x); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// use does what the program does, and returns what went wrong.
func use(path string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+path)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Unfinished(ctx); err != nil {
		return err
	}
	for n := 1; n <= 300; n += 10 {
		x, err := s.FindSubject(ctx, fmt.Sprintf("acme/app#%d", n))
		if err != nil {
			return err
		}
		if x.Number != n || x.Want != 1 {
			return fmt.Errorf("subject %d is %+v", n, x)
		}
	}
	return receive(s, "new", "main")
}

// A damaged file is named as such; nothing is made up from it and nothing
// crashes. What a page holds that is not used may be damaged unseen.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	whole := filled(t)
	path := filepath.Join(t.TempDir(), "s.db")
	found := 0
	try := func(what string, data []byte) {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		switch err := use(path); {
		case errors.Is(err, store.ErrDamaged):
			found++
		case err != nil:
			t.Errorf("%s: %v", what, err)
		}
	}
	for at := 0; at+pageSize <= len(whole); at += pageSize {
		data := bytes.Clone(whole)
		copy(data[at:at+pageSize], bytes.Repeat([]byte{0xff}, pageSize))
		try(fmt.Sprint("page ", at/pageSize), data)
	}
	try("half of it", whole[:len(whole)/2/pageSize*pageSize])
	if found < 10 {
		t.Errorf("damage was found %d times", found)
	}
}

// A power cut in the middle of a write loses that write, which nobody was told
// of, and no other.
func TestTornLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.db")
	s := openAt(t, path)
	const writes = 5
	for i := range writes {
		if err := receive(s, fmt.Sprint("d", i), "main"); err != nil {
			t.Fatal(err)
		}
	}
	torn := filepath.Join(t.TempDir(), "s.db")
	for suffix, cut := range map[string]int64{"": 0, "-wal": 100} {
		if err := cloneFile(path+suffix, torn+suffix, cut); err != nil {
			t.Fatal(err)
		}
	}
	again := openAt(t, torn)
	got, err := again.FindSubject(context.Background(), "acme/app#1")
	if err != nil || got.Want < writes-1 {
		t.Errorf("%d of %d writes are left, %v", got.Want, writes, err)
	}
	if err := receive(again, "later", "main"); err != nil {
		t.Error(err)
	}
}

// cloneFile copies a file but for some bytes at its end.
func cloneFile(from, to string, cut int64) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(f, max(0, info.Size()-cut)))
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}
