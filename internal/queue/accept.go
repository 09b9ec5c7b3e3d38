package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/store"
)

// Accept takes a delivery. When it returns nil the delivery is on disk and will
// be evaluated, or was evaluated before. When it returns an error the delivery
// may be on disk all the same, which does no harm.
func (q *Queue) Accept(ctx context.Context, d store.Delivery, s store.Subject) error {
	a := &store.Arrival{Delivery: d, Subject: s}
	err := q.gate.intake(func() error { return q.intake.accept(ctx, a) })
	if err == nil && a.Due {
		q.driver.bell.ring()
	}
	return err
}

// Again asks for another evaluation of a subject without a delivery.
func (q *Queue) Again(ctx context.Context, id string, s store.Subject) error {
	return q.Accept(ctx, store.Delivery{ID: id, Event: "internal", Action: "again", Received: q.config.Now()}, s)
}

// receive writes deliveries that arrived together, and sees to it that their
// subjects have a job, or will have one when it is their turn.
func (q *Queue) receive(ctx context.Context, list []*store.Arrival) error {
	return q.config.Store.InTx(ctx, func(tx *store.Tx) error {
		if err := store.ReceiveAll(ctx, tx, list); err != nil {
			return err
		}
		var jobs []job
		waking := make(map[store.Lane][]int64)
		seen := make(map[int64]bool)
		for _, a := range list {
			s := a.Subject
			if !a.Due || s.Parked || seen[s.ID] {
				continue
			}
			seen[s.ID] = true
			if a.Woken && s.Kind != store.Group { // a merge queue does not wait for long
				waking[s.Lane()] = append(waking[s.Lane()], s.ID)
				continue
			}
			jobs = append(jobs, job{s.ID, s.Large(), s.Kind == store.Group})
		}
		for lane, ids := range waking {
			now, err := q.turns(ctx, tx, lane, ids)
			if err != nil {
				return err
			}
			jobs = append(jobs, now...)
		}
		return q.insert(ctx, tx, jobs)
	})
}

// live are the states of a job that will run. A finished one is none of them,
// so that the next event makes a new one.
var live = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// job is what is to be known of one to make it.
type job struct {
	subject int64
	large   bool
	urgent  bool
}

// River's priorities.
const (
	urgently = 1
	usually  = 2
)

func (j job) options() *river.InsertOpts {
	o := &river.InsertOpts{Queue: river.QueueDefault, Priority: usually, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: live}}
	if j.large {
		o.Queue = largeQueue
	}
	if j.urgent {
		o.Priority = urgently
	}
	return o
}

// insert makes sure that jobs exist, in the order of their subjects, so that no
// two programs wait for each other. One that failed and waits for its next
// attempt does not wait any longer: what the event changed may be what was wrong.
// Nor does one that would begin in the future because the clock was set back. One
// that waits for a rate limit does.
func (q *Queue) insert(ctx context.Context, tx *store.Tx, jobs []job) error {
	if len(jobs) == 0 {
		return nil
	}
	slices.SortFunc(jobs, func(a, b job) int { return int(a.subject - b.subject) })
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{Args: evaluate{j.subject}, InsertOpts: j.options()}
	}
	results, err := q.client.InsertManyTx(ctx, tx, params)
	if err != nil {
		return fmt.Errorf("enqueue %d subjects: %w", len(jobs), err)
	}
	for _, r := range results {
		if !r.UniqueSkippedAsDuplicate || !held(r.Job) {
			continue
		}
		if _, err := q.client.JobRetryTx(ctx, tx, r.Job.ID); err != nil {
			return fmt.Errorf("bring job %d forward: %w", r.Job.ID, err)
		}
	}
	return nil
}

// held reports whether a job waits for longer than it should.
func held(j *rivertype.JobRow) bool {
	return j.State == rivertype.JobStateRetryable || j.State == rivertype.JobStateAvailable && j.ScheduledAt.After(time.Now()) // not the configured clock: the jobs' own
}
