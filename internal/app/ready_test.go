package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/store"
)

// Whoever asks is told which of the causes it is, and no more of it.
func TestReadySaysTheCause(t *testing.T) {
	t.Parallel()
	const other = "the database does not answer as it should; the log says more"
	for err, want := range map[error]string{
		store.ErrFull: store.ErrFull.Error(), store.ErrLocked: store.ErrLocked.Error(), store.ErrDamaged: store.ErrDamaged.Error(), store.ErrAway: store.ErrAway.Error(),
		errors.New("another"): other,
	} {
		s := &Server{outside: Outside{Now: time.Now}}
		s.live.Store(true)
		s.intake.note(fmt.Errorf("as guard:hunter2: %w", err), time.Now())
		w := httptest.NewRecorder()
		s.ready(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if got := w.Body.String(); w.Code != http.StatusServiceUnavailable || got != "no delivery can be stored: "+want+"\n" {
			t.Errorf("%v: %d %s", err, w.Code, got)
		}
	}
}

// What is late is told, although deliveries can be stored.
func TestReadyWarnsOfWhatIsLate(t *testing.T) {
	t.Parallel()
	ctx, now := context.Background(), time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	s := &Server{config: Config{every: 5 * time.Minute}, outside: Outside{Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}}
	var err error
	if s.store, err = store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "r.db")); err != nil {
		t.Fatal(err)
	}
	wants := func(when string, last, since time.Time, want string) {
		t.Helper()
		s.vitals.since = since
		if got := s.warnings(ctx, guard.Reconciled{At: last}); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	const late = "warning: no reconciliation went through for 16m0s; the log says why\n"
	long := now.Add(-16 * time.Minute)
	wants("all is well", now.Add(-15*time.Minute), long, "")
	wants("the last one is long ago", long, now, late)
	wants("it has just begun", time.Time{}, now.Add(-15*time.Minute), "")
	wants("none since it began", time.Time{}, long, late)
	x := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: 7}
	if err := s.store.InTx(ctx, func(tx *store.Tx) error {
		_, err := store.Receive(ctx, tx, store.Delivery{ID: "d", Event: "pull_request", Received: now.Add(-11 * time.Minute)}, &x)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	wants("something waits", now, now, "warning: something waits to be evaluated for 11m0s; GitHub cannot be asked, or its rate limit is reached\n")
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	wants("the database is away", now, now, "warning: what fails cannot be listed: "+cause(nil)+"\n")
}
