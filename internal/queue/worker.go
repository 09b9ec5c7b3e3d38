package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// evaluate is the job: one subject.
type evaluate struct {
	Subject int64 `json:"subject"`
}

// Kind implements river.JobArgs.
func (evaluate) Kind() string { return "evaluate" }

// retry waits a little longer after each failure, up to ten minutes and after
// about a day up to an hour, and with some chance in it, so that many jobs do
// not come back at once.
type retry struct{ now func() time.Time }

// aDay is how many failures there are in the first day.
const aDay = 200

// NextRetry implements river.ClientRetryPolicy.
func (r retry) NextRetry(job *rivertype.JobRow) time.Time {
	wait := min(time.Second<<min(len(job.Errors), 10), 10*time.Minute)
	if len(job.Errors) > aDay {
		wait = time.Hour
	}
	return r.now().Add(wait/2 + rand.N(wait/2))
}

// worker runs the handler for a job.
type worker struct {
	river.WorkerDefaults[evaluate]
	queue *Queue
}

// busyPause is how long a job waits whose subject is being evaluated, by a
// handler that did not end in time, or that a clock which is wrong says so of.
const busyPause = time.Second

// Work implements river.Worker. It holds the subject, so that it is evaluated
// once at a time whatever River thinks, and evaluates until no further event has
// arrived; a subject that is never left alone gives its worker back after half
// the time.
func (w *worker) Work(ctx context.Context, job *river.Job[evaluate]) error {
	q := w.queue
	held, release, free, err := q.config.Store.TryHold(ctx, subjectKey(job.Args.Subject))
	if err != nil {
		return err
	}
	if !free {
		return river.JobSnooze(busyPause)
	}
	defer release()
	if job.Priority != urgently { // a merge queue does not wait for long
		q.intake.crowd.pass(held)
	}
	start := time.Now() // not the configured clock: it bounds this worker's own work
	for {
		again, err := q.once(ctx, held, job)
		if err != nil || !again {
			return err
		}
		if time.Since(start) > q.config.Timeout/2 {
			return river.JobSnooze(0)
		}
	}
}

// once evaluates a job's subject as it is now. again is true when events
// arrived meanwhile; when it is false and there is no error, the job is
// completed. held is ctx while nobody else evaluates the subject.
func (q *Queue) once(ctx, held context.Context, job *river.Job[evaluate]) (again bool, err error) {
	if job.Queue != largeQueue && job.Priority != urgently {
		slotted, release, err := q.slots.take(held, job.ScheduledAt)
		if err != nil {
			return false, err
		}
		defer release()
		held = slotted
	}
	// Read with the slot: an event that came while the job waited for it needs no
	// second evaluation.
	s, err := q.config.Store.Subject(ctx, job.Args.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return false, river.JobCancel(fmt.Errorf("subject %d was dropped", job.Args.Subject))
	}
	if err != nil {
		return false, fmt.Errorf("read subject %d: %w", job.Args.Subject, err)
	}
	if s.Large() && job.Queue != largeQueue {
		return false, q.move(ctx, job, s)
	}
	q.config.Logger.DebugContext(ctx, "evaluation begins", logkey.Subject, s.Name())
	err = q.handle(held, s)
	q.config.Logger.DebugContext(ctx, "evaluation ends", logkey.Subject, s.Name())
	if err != nil {
		return false, q.failed(ctx, job, s, err)
	}
	return q.finish(ctx, job, s)
}

// move gives a job to the workers for large changes, for a subject that became
// one since.
func (q *Queue) move(ctx context.Context, job *river.Job[evaluate], s store.Subject) error {
	err := q.gate.finish(func() error {
		return q.config.Store.InTx(ctx, func(tx *store.Tx) error {
			if err := q.complete(ctx, tx, job); err != nil {
				return err
			}
			return q.insert(ctx, tx, jobsOf(s.Lane(), []int64{s.ID}))
		})
	})
	if err == nil {
		q.driver.completed(job.ID)
	}
	return err
}

// handle runs the handler; a panic is an error like any other.
func (q *Queue) handle(ctx context.Context, s store.Subject) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.config.Logger.ErrorContext(ctx, "evaluation panicked", logkey.Subject, s.Name(), logkey.Panic, p, logkey.Stack, string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return q.config.Handler(ctx, s)
}

// failed decides when a subject is evaluated again.
func (q *Queue) failed(ctx context.Context, job *river.Job[evaluate], s store.Subject, cause error) error {
	now := q.config.Now()
	var later *laterError
	if errors.As(cause, &later) {
		q.config.Logger.InfoContext(ctx, "evaluation waits", logkey.Subject, s.Name(), logkey.Until, later.until, logkey.Reason, later.err)
		q.yield(ctx, s)
		return river.JobSnooze(max(0, later.until.Sub(now)))
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%w: %w", context.Canceled, cause) // the program stops; the next one runs the job
	}
	since, err := q.config.Store.Fail(context.WithoutCancel(ctx), s.ID, now)
	if err != nil {
		return errors.Join(cause, err)
	}
	q.yield(context.WithoutCancel(ctx), s)
	if now.Sub(since) > giveUpAfter {
		q.config.Logger.ErrorContext(ctx, "evaluation given up", logkey.Subject, s.Name(), logkey.Since, since, logkey.Err, cause)
		return river.JobCancel(cause)
	}
	q.config.Logger.WarnContext(ctx, "evaluation failed, it will be tried again", logkey.Subject, s.Name(), logkey.Attempt, job.Attempt, logkey.Err, cause)
	return cause
}

// finish completes the job, or asks for another run when events arrived.
func (q *Queue) finish(ctx context.Context, job *river.Job[evaluate], s store.Subject) (again bool, err error) {
	// Worth waiting for even where the evaluation took all its time.
	write := context.WithoutCancel(ctx)
	err = q.gate.finish(func() error {
		return q.config.Store.InTx(write, func(tx *store.Tx) error {
			moved, err := store.Finish(write, tx, s.ID, s.Want)
			again = moved
			if err != nil || moved {
				return err
			}
			if err := q.complete(ctx, tx, job); err != nil {
				return err
			}
			return q.next(write, tx, s.Lane(), 1)
		})
	})
	if err != nil {
		return false, fmt.Errorf("finish %s: %w", s.Name(), err)
	}
	if !again {
		q.driver.completed(job.ID)
		q.driver.bell.ring() // for whoever's turn it is now
	}
	return again, nil
}
