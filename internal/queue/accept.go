package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/store"
)

// Accept takes a delivery. When it returns nil the delivery is on disk and will
// be evaluated, or was evaluated before. When it returns an error the delivery
// may be on disk all the same, which does no harm.
func (q *Queue) Accept(ctx context.Context, d store.Delivery, s store.Subject) error {
	accepted := false
	err := q.writer.intake(ctx, func(ctx context.Context, b *batch) error {
		due, err := store.Receive(ctx, b.tx, d, &s)
		if err != nil || !due || b.enqueued[s.ID] {
			return err
		}
		accepted, b.enqueued[s.ID] = true, true
		return q.insert(ctx, b.tx, s.ID)
	})
	if err == nil && accepted {
		q.driver.bell.ring()
	}
	return err
}

// Again asks for another evaluation of a subject without a delivery.
func (q *Queue) Again(ctx context.Context, id string, s store.Subject) error {
	return q.Accept(ctx, store.Delivery{ID: id, Event: "internal", Action: "again", Received: q.config.Now()}, s)
}

// live are the states of a job that will run. A finished one is none of them,
// so that the next event makes a new one.
var live = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// insert makes sure that a job for the subject exists. One that failed and
// waits for its next attempt does not wait any longer: what the event changed
// may be what was wrong. Nor does one that would begin in the future because
// the clock was set back. One that waits for a rate limit does.
func (q *Queue) insert(ctx context.Context, tx *store.Tx, subject int64) error {
	result, err := q.client.InsertTx(ctx, tx, evaluate{subject}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: live}})
	if err != nil {
		return fmt.Errorf("enqueue subject %d: %w", subject, err)
	}
	if !result.UniqueSkippedAsDuplicate {
		return nil
	}
	job := result.Job
	if job.State == rivertype.JobStateRetryable || job.State == rivertype.JobStateAvailable && job.ScheduledAt.After(time.Now()) { // not the configured clock: the jobs' own
		if _, err := q.client.JobRetryTx(ctx, tx, job.ID); err != nil {
			return fmt.Errorf("bring subject %d forward: %w", subject, err)
		}
	}
	return nil
}
