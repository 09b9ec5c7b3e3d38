package store_test

import (
	"context"
	"testing"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
	"github.com/changeguard/changeguard/internal/store/storetest"
)

func TestMain(m *testing.M) {
	defer pgtest.Stop()
	m.Run()
}

// openPostgres opens a store in an empty database.
func openPostgres(t *testing.T) *store.Store {
	t.Helper()
	return openAddress(t, pgtest.Database(t))
}

func openAddress(t *testing.T, address string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), address)
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

func TestContractOnPostgreSQL(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openPostgres)
}

// What one program holds no other does, until it lets go or is gone.
func TestHoldsAreSharedByPrograms(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := pgtest.Database(t)
	one, two := openAddress(t, database), openAddress(t, database)
	held, release, err := one.Hold(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, free, err := two.TryHold(ctx, "k"); free || err != nil {
		t.Fatalf("two programs hold it, %v", err)
	}
	got := make(chan func())
	go func() {
		_, release, err := two.Hold(ctx, "k")
		if err != nil {
			t.Error(err)
		}
		got <- release
	}()
	select {
	case <-got:
		t.Fatal("two programs hold it")
	default:
	}
	release()
	(<-got)()
	if held.Err() == nil {
		t.Error("what was let go is still held")
	}

	// A connection that breaks takes the hold along, and that is noticed.
	held, release, err = one.Hold(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	const others = `SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	if _, err := two.DB().ExecContext(ctx, others); err != nil {
		t.Fatal(err)
	}
	<-held.Done()
	release() // who lost it has ended
	_, again, free, err := two.TryHold(ctx, "k")
	if err != nil || !free {
		t.Fatalf("not free, %v", err)
	}
	again()
	_, again, err = one.Hold(ctx, "other")
	if err != nil {
		t.Fatalf("after the break: %v", err)
	}
	again()
}
