package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/store"
)

func secrets(t *testing.T, f *fixture) {
	ctx, at := context.Background(), time.Unix(1_700_000_000, 0).UTC()
	if _, err := f.Secret(ctx, "app"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what nobody kept: %v", err)
	}
	for _, want := range []string{"one", "two"} {
		if err := f.SetSecret(ctx, "app", want, at); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Secret(ctx, "app"); got != want || err != nil {
			t.Errorf("%q, want %q: %v", got, want, err)
		}
	}
}

func sessions(t *testing.T, f *fixture) {
	ctx, at := context.Background(), time.Unix(1_700_000_000, 0).UTC()
	x := store.Session{ID: "aa", Login: "dev", Sealed: "s", Expires: at.Add(time.Hour)}
	if err := f.AddSession(ctx, x, at); err != nil {
		t.Fatal(err)
	}
	got, err := f.Session(ctx, "aa", at)
	if diff := cmp.Diff(x, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := f.Session(ctx, "aa", x.Expires); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session that has ended: %v", err)
	}
	if err := f.AddSession(ctx, store.Session{ID: "bb", Expires: at.Add(2 * time.Hour)}, x.Expires); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(ctx, "aa", at); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session that had ended was kept: %v", err)
	}
	if err := f.EndSession(ctx, "bb"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Session(ctx, "bb", at); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a session that somebody ended: %v", err)
	}
}
