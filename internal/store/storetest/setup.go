package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// taken holds secrets that are given out once, added once and forgotten.
func taken(t *testing.T, f *fixture) {
	ctx, now := context.Background(), time.Unix(1_700_000_000, 0)
	for _, want := range []bool{true, false} {
		added, err := f.AddSecret(ctx, "state 1", "sealed", now)
		f.check(err)
		f.same("added", added, want)
	}
	got, err := f.TakeSecret(ctx, "state 1")
	f.check(err)
	f.same("taken", got, "sealed")
	if _, err := f.TakeSecret(ctx, "state 1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("taken twice: %v", err)
	}
	for _, name := range []string{"state 2", "other"} {
		_, err := f.AddSecret(ctx, name, "sealed", now)
		f.check(err)
	}
	f.check(f.ForgetSecrets(ctx, "state ", now))
	_, err = f.Secret(ctx, "state 2")
	f.check(err)
	f.check(f.ForgetSecrets(ctx, "state ", now.Add(time.Second)))
	if _, err := f.Secret(ctx, "state 2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("not forgotten: %v", err)
	}
	_, err = f.Secret(ctx, "other")
	f.check(err)
}
