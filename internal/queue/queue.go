// Package queue runs evaluations: durable jobs in the store's own database, at
// most one per subject, retried until they succeed.
//
// # The model
//
// [Queue.Accept] writes a delivery, raises its subject's want and makes sure
// that a job for the subject exists, all in one transaction; when it returns,
// the delivery will be evaluated, whatever happens to this process. Calls that
// arrive together share a transaction, since a write to disk is what costs.
//
// A job reads its subject's want, runs the handler, and completes in the
// transaction that sets done, unless want has moved meanwhile: then the job
// runs again. An event that arrives during an evaluation is never lost, and two
// evaluations of one subject never overlap.
//
// A handler that must wait (a rate limit) returns [Later]; the job then sleeps
// in the database, holds no worker and uses up no attempt.
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/store"
)

// Config of a Queue.
type Config struct {
	Store   *store.Store
	Workers int
	Handler Handler
	Logger  *slog.Logger
	Now     func() time.Time
	// Timeout bounds one evaluation; 0 means two minutes. A job of a process
	// that died is run again after twice that.
	Timeout time.Duration
}

// Handler evaluates a subject. It must not leave anything half done that a
// second run would not mend.
type Handler func(ctx context.Context, s store.Subject) error

// laterError asks for another run at a time.
type laterError struct {
	until time.Time
	err   error
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// Later is what a handler returns that must wait.
func Later(until time.Time, reason error) error { return &laterError{until, reason} }

// A Queue is a running queue.
type Queue struct {
	config Config
	client *river.Client[*sql.Tx]
	accept chan *accepting
	done   chan struct{} // closed when the batching goroutine has ended
	stop   sync.Once
	quit   chan struct{}
}

// Evaluate is the job: one subject.
type evaluate struct {
	Subject int64 `json:"subject"`
}

// Kind implements river.JobArgs.
func (evaluate) Kind() string { return "evaluate" }

// The pace of the queue. Polling every few milliseconds costs a fraction of a
// per cent of a core and lets an event start at once.
const (
	defaultTimeout = 2 * time.Minute
	fetchCooldown  = 10 * time.Millisecond
	pollInterval   = 10 * time.Millisecond
	giveUpAfter    = 24 * time.Hour
	maxBatch       = 128
)

// New prepares a queue; Start runs it.
func New(ctx context.Context, c Config) (*Queue, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	driver := riversqlite.New(c.Store.DB())
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: c.Logger})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate the queue: %w", err)
	}
	q := &Queue{config: c, accept: make(chan *accepting, maxBatch), done: make(chan struct{}), quit: make(chan struct{})}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{queue: q})
	q.client, err = river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: c.Workers}}, Workers: workers, Logger: c.Logger, PollOnly: true,
		FetchCooldown: fetchCooldown, FetchPollInterval: pollInterval, JobTimeout: c.Timeout, RescueStuckJobsAfter: 2 * c.Timeout,
		MaxAttempts: 1000, RetryPolicy: retry{},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	go q.batches()
	return q, nil
}

// Start begins to work on jobs.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	return nil
}

// Stop accepts nothing more and waits for the evaluations under way.
func (q *Queue) Stop(ctx context.Context) error {
	q.stop.Do(func() { close(q.quit) })
	<-q.done
	if err := q.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}

// retry waits a little longer after each failure, up to ten minutes, and with
// some chance in it, so that many jobs do not come back at once.
type retry struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retry) NextRetry(job *rivertype.JobRow) time.Time {
	wait := min(time.Second<<min(len(job.Errors), 10), 10*time.Minute)
	return time.Now().Add(wait/2 + rand.N(wait))
}

// accepting is one call of Accept.
type accepting struct {
	delivery store.Delivery
	subject  store.Subject
	result   chan error
}

// ErrStopped is returned while the queue stops.
var ErrStopped = errors.New("the queue is stopping")

// Accept takes a delivery. When it returns nil the delivery is on disk and will
// be evaluated.
func (q *Queue) Accept(ctx context.Context, d store.Delivery, s store.Subject) error {
	a := &accepting{d, s, make(chan error, 1)}
	select {
	case q.accept <- a:
	case <-q.quit:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.result:
		return err
	case <-ctx.Done():
		return ctx.Err() // it may be on disk all the same, which does no harm
	}
}

// batches writes what arrives together in one transaction.
func (q *Queue) batches() {
	defer close(q.done)
	for {
		select {
		case first := <-q.accept:
			q.commit(q.gather(first))
		case <-q.quit:
			for {
				select {
				case a := <-q.accept:
					a.result <- ErrStopped
				default:
					return
				}
			}
		}
	}
}

// gather takes what is waiting already; nobody waits for others to come.
func (q *Queue) gather(first *accepting) []*accepting {
	batch := []*accepting{first}
	for len(batch) < maxBatch {
		select {
		case a := <-q.accept:
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// commit writes a batch; when that fails each is tried alone, so that one bad
// delivery does not refuse the others.
func (q *Queue) commit(batch []*accepting) {
	err := q.write(batch)
	if err != nil && len(batch) > 1 {
		for _, a := range batch {
			a.result <- q.write([]*accepting{a})
		}
		return
	}
	for _, a := range batch {
		a.result <- err
	}
}

func (q *Queue) write(batch []*accepting) error {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second) // GitHub waits ten
	defer cancel()
	return q.config.Store.InTx(ctx, func(tx *sql.Tx) error {
		inserted := make(map[int64]bool, len(batch))
		for _, a := range batch {
			due, err := store.Receive(ctx, tx, a.delivery, &a.subject)
			if err != nil {
				return err
			}
			if !due || inserted[a.subject.ID] {
				continue
			}
			inserted[a.subject.ID] = true
			if err := q.insert(ctx, tx, a.subject.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// insert makes sure that a job for the subject exists.
func (q *Queue) insert(ctx context.Context, tx *sql.Tx, subject int64) error {
	_, err := q.client.InsertTx(ctx, tx, evaluate{subject}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{
		ByArgs: true,
		ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		},
	}})
	if err != nil {
		return fmt.Errorf("enqueue subject %d: %w", subject, err)
	}
	return nil
}

// Again asks for another evaluation of a subject without a delivery.
func (q *Queue) Again(ctx context.Context, id string, s store.Subject) error {
	return q.Accept(ctx, store.Delivery{ID: id, Event: "internal", Action: "again", Received: q.config.Now()}, s)
}

type worker struct {
	river.WorkerDefaults[evaluate]
	queue *Queue
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[evaluate]) error {
	q := w.queue
	s, err := q.config.Store.Subject(ctx, job.Args.Subject)
	if err != nil {
		return fmt.Errorf("read subject %d: %w", job.Args.Subject, err)
	}
	err = q.config.Handler(ctx, s)
	var later *laterError
	switch {
	case errors.As(err, &later):
		q.config.Logger.InfoContext(ctx, "evaluation waits", "subject", s.Name(), "until", later.until, "reason", later.err)
		return river.JobSnooze(max(0, later.until.Sub(q.config.Now())))
	case err != nil && q.config.Now().Sub(job.CreatedAt) > giveUpAfter:
		q.config.Logger.ErrorContext(ctx, "evaluation given up", "subject", s.Name(), "err", err)
		return river.JobCancel(err)
	case err != nil:
		q.config.Logger.WarnContext(ctx, "evaluation failed, it will be tried again", "subject", s.Name(), "attempt", job.Attempt, "err", err)
		return err
	}
	return w.finish(ctx, job, s)
}

// finish completes the job, or asks for another run when events arrived.
func (w *worker) finish(ctx context.Context, job *river.Job[evaluate], s store.Subject) error {
	var again bool
	err := w.queue.config.Store.InTx(ctx, func(tx *sql.Tx) error {
		moved, err := store.Finish(ctx, tx, s.ID, s.Want)
		if err != nil || moved {
			again = moved
			return err
		}
		_, err = river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job)
		return err
	})
	if err != nil {
		return fmt.Errorf("finish %s: %w", s.Name(), err)
	}
	if again {
		return river.JobSnooze(0)
	}
	return nil
}
