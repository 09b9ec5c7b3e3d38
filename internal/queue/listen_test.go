package queue_test

import (
	"context"
	"testing"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// On PostgreSQL a program hears of the jobs that others make; it is not left to find
// them.
func TestProgramsHearOfEachOthersJobs(t *testing.T) {
	t.Parallel()
	_, s := runAt(t, pgtest.Database(t), queue.Config{Handler: func(context.Context, store.Subject) error { return nil }})
	waitFor(t, "a connection that listens", func() bool {
		var listening int
		err := s.DB().QueryRowContext(background, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'listen %river%'`).Scan(&listening)
		if err != nil {
			t.Fatal(err)
		}
		return listening == 1
	})
}
