package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// What a program left that died in the middle is begun again at the start, not
// after the time that an evaluation may take; so is the work of the house.
func TestStartTakesUpWhatWasLeftRunning(t *testing.T) {
	onEngines(t, func(t *testing.T, database string) {
		done := make(chan struct{}, 100)
		q, s := prepare(t, database, queue.Config{
			Timeout: time.Hour, Handler: func(context.Context, store.Subject) error { return nil },
			Periodic: []queue.Periodic{{Name: "sweep", Every: time.Hour, Do: func(context.Context) error { done <- struct{}{}; return nil }}},
		})
		accept(t, q, "d1", pull(1))
		left := query(s, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = datetime('now', 'subsec')`, `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now()`)
		if _, err := s.DB().ExecContext(background, left); err != nil {
			t.Fatal(err)
		}
		if err := q.Start(background); err != nil {
			t.Fatal(err)
		}
		var still int // not when the work of the house comes to it
		if err := s.DB().QueryRowContext(background, `SELECT count(*) FROM river_job WHERE state = 'running' AND attempt = 1 AND kind = 'evaluate'`).Scan(&still); err != nil || still > 0 {
			t.Errorf("%d are left running after the start, %v", still, err)
		}
		waitFor(t, "the evaluation", idle(t, s))
		<-done
	})
}
