package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// generation is how often the log was begun anew, as its header says.
func generation(t *testing.T, path string) uint32 {
	t.Helper()
	f, err := os.Open(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	header := make([]byte, 32)
	if _, err := f.ReadAt(header, 0); err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint32(header[12:])
}

// Under a load that never pauses the log is begun anew all the same, so that it
// does not grow until the disk is full.
func TestLogBeginsAnewUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(ctx, "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const limit = 500 // pages
	if err := s.tidy.close(); err != nil {
		t.Fatal(err)
	}
	db, err := connect(path, maxPause, "_pragma=wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	s.tidy = startCheckpoints(db, limit)

	begun, deadline := generation(t, path), time.Now().Add(2*time.Minute)
	for i := 0; generation(t, path) < begun+3; i++ {
		if time.Now().After(deadline) {
			t.Fatalf("after %d writes the log was begun anew %d times", i, generation(t, path)-begun)
		}
		x := Subject{Kind: Pull, Owner: "acme", Repo: "app", Number: 1 + i%100, Base: strings.Repeat("x", 10_000)}
		err := s.InTx(ctx, func(tx *Tx) error {
			_, err := Receive(ctx, tx, Delivery{ID: fmt.Sprint(i), Received: time.Unix(0, 0)}, &x)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
