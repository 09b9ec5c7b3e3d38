package queue

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/store/pgtest"
)

func openStore(t *testing.T, database string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), database)
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

// A handler that does not end keeps its subject to itself, even when the
// database gives the job to another worker, in whichever program.
func TestSubjectIsClaimed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	database := pgtest.Database(t)
	q := &Queue{config: Config{Store: openStore(t, database)}}
	for name, other := range map[string]*store.Store{"this program": q.config.Store, "another one": openStore(t, database)} {
		_, release, free, err := other.TryHold(ctx, "subject 7")
		if err != nil || !free {
			t.Fatalf("%s: not free, %v", name, err)
		}
		job := &river.Job[evaluate]{JobRow: &rivertype.JobRow{}, Args: evaluate{7}}
		var snooze *river.JobSnoozeError
		if err := (&worker{queue: q}).Work(ctx, job); !errors.As(err, &snooze) || snooze.Duration != busyPause {
			t.Errorf("%s: a second worker: %v", name, err)
		}
		release()
	}
}

func TestRetriesWaitLonger(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	r := retry{func() time.Time { return now }}
	for failures, longest := range map[int]time.Duration{0: time.Second, 3: 8 * time.Second, 9: 512 * time.Second, 10: 10 * time.Minute, aDay: 10 * time.Minute, aDay + 1: time.Hour, 9999: time.Hour} {
		for range 50 {
			wait := r.NextRetry(&rivertype.JobRow{Errors: make([]rivertype.AttemptError, failures)}).Sub(now)
			if wait < longest/2 || wait > longest {
				t.Fatalf("%v after %d failures, want up to %v", wait, failures, longest)
			}
		}
	}
}

func TestRiverIsQuiet(t *testing.T) {
	t.Parallel()
	h := quiet{slog.NewTextHandler(nil, &slog.HandlerOptions{Level: slog.LevelDebug})}
	logger := slog.New(h.WithAttrs([]slog.Attr{slog.String("a", "b")}).WithGroup("g"))
	if logger.Enabled(context.Background(), slog.LevelInfo) || !logger.Enabled(context.Background(), slog.LevelWarn) {
		t.Error("the level is not warn")
	}
	if slog.New(quiet{slog.NewTextHandler(nil, &slog.HandlerOptions{Level: slog.LevelError})}).Enabled(context.Background(), slog.LevelWarn) {
		t.Error("it is louder than the program's logger")
	}
}

// A clock that is set back does not hold up what was to begin at once; what
// waits on purpose goes on waiting.
func TestFollowClock(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		followsClock(t, openStore(t, "sqlite:"+filepath.Join(t.TempDir(), "q.db")), `datetime('now', '+1 hour')`, `datetime('now', 'subsec')`)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		followsClock(t, openStore(t, pgtest.Database(t)), `now() + interval '1 hour'`, `now()`)
	})
}

func followsClock(t *testing.T, s *store.Store, hence, now string) {
	ctx := context.Background()
	q, err := New(ctx, Config{Store: s, Workers: 1, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Handler: func(context.Context, store.Subject) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	for n := range 3 {
		x := store.Subject{Kind: store.Pull, Owner: "acme", Repo: "app", Number: n + 1}
		if err := q.Accept(ctx, store.Delivery{ID: "d", Received: time.Unix(0, 0)}, x); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range []string{
		`UPDATE river_job SET scheduled_at = ` + hence + ` WHERE id < 3`,
		`UPDATE river_job SET state = 'scheduled' WHERE id = 2`,
	} {
		if _, err := s.DB().ExecContext(ctx, change); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.followClock(ctx); err != nil {
		t.Fatal(err)
	}
	var due, sum int
	err = s.DB().QueryRowContext(ctx, `SELECT count(*), sum(id) FROM river_job WHERE scheduled_at <= `+now).Scan(&due, &sum)
	if err != nil || due != 2 || sum != 1+3 {
		t.Errorf("%d are due, their ids are %d in sum, %v", due, sum, err)
	}
}
