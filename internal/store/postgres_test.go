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
