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
// transaction that sets done, unless want has moved meanwhile: then the handler
// runs again. An event that arrives during an evaluation is never lost, and two
// evaluations of one subject never overlap.
//
// Several programs can share a PostgreSQL and with it the work: each hears of
// new jobs, one of them does what is periodic, and a subject is held in the
// database while it is evaluated, so that no clock and no program that was
// halted has it evaluated twice at once. Installations take turns.
//
// A handler that must wait (a rate limit) returns [Later]; the job then sleeps
// in the database, holds no worker and uses up no attempt. A handler that fails
// or panics is run again, less and less often, for a week after the last event;
// a new event brings the next run forward. What was given up, and what a
// broken queue may have lost, is taken up once more when the program starts.
//
// River does the work below. Nothing outside of this package knows of it.
package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/changeguard/changeguard/internal/store"
)

// Config of a Queue.
type Config struct {
	Store *store.Store
	// Workers is how many evaluations read and judge at once. A quarter as many more
	// are for large changes, and as many more may wait for GitHub to take a verdict.
	Workers int
	Handler Handler
	Logger  *slog.Logger
	Now     func() time.Time
	// Timeout bounds one evaluation; 0 means two minutes. What a process left
	// that died is run again half a minute after that.
	Timeout time.Duration
	// Periodic is work of the house, which has a worker of its own.
	Periodic []Periodic
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

// ErrStopped is returned while the queue stops.
var ErrStopped = errors.New("the queue is stopping")

// A Queue is a running queue. It is safe for concurrent use.
type Queue struct {
	config Config
	client *river.Client[*sql.Tx]
	driver *driver
	gate   gate
	intake *intake
	slots  *slots
}

// The pace of the queue. A delivery that this process accepts starts a fetch at
// once; polling finds what waited and what other processes accepted.
const (
	defaultTimeout = 2 * time.Minute
	rescueAfter    = 30 * time.Second // after the timeout, which the handler obeys
	fetchCooldown  = 6 * time.Millisecond
	pollInterval   = 100 * time.Millisecond
	pollListening  = 500 * time.Millisecond // where PostgreSQL tells of most
	giveUpAfter    = 7 * 24 * time.Hour     // a weekend with a wrong key must not cost a verdict
	// maxAttempts is never reached: giveUpAfter comes first.
	maxAttempts = 10_000
)

// New prepares a queue; Start runs it, and Stop is to be called even when it
// was never started.
func New(ctx context.Context, c Config) (*Queue, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	q := &Queue{config: c, driver: newDriver(c.Store), slots: newSlots(c.Workers)}
	logger := slog.New(quiet{c.Logger.Handler()})
	if err := migrate(ctx, c.Store, q.driver, logger); err != nil {
		return nil, err
	}
	var err error
	q.client, err = river.NewClient(q.driver, q.river(logger))
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	q.intake = newIntake(q.receive)
	return q, nil
}

// Migrate brings the queue's tables up to date, which New does as well.
func Migrate(ctx context.Context, s *store.Store) error {
	return migrate(ctx, s, newDriver(s), slog.New(slog.DiscardHandler))
}

func migrate(ctx context.Context, s *store.Store, d *driver, logger *slog.Logger) error {
	migrator, err := rivermigrate.New(d, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fmt.Errorf("prepare the queue: %w", err)
	}
	err = s.Migrating(ctx, func(ctx context.Context) error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}

// river is the configuration of what is below.
func (q *Queue) river(logger *slog.Logger) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{queue: q})
	periodic := q.periodic(workers)
	poll := pollInterval
	if q.driver.postgres {
		poll = pollListening
	}
	return &river.Config{
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: publishing * q.config.Workers},
			largeQueue:         {MaxWorkers: q.largeWorkers()},
			periodicQueue:      {MaxWorkers: 1, FetchPollInterval: time.Second},
		},
		Workers: workers, PeriodicJobs: periodic, Logger: logger,
		FetchCooldown: fetchCooldown, FetchPollInterval: poll,
		JobTimeout: q.config.Timeout, RescueStuckJobsAfter: q.config.Timeout + min(rescueAfter, q.config.Timeout),
		MaxAttempts: maxAttempts, RetryPolicy: retry{q.config.Now},
	}
}

// Start begins to work on jobs. The context's end does not stop the queue.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.recover(ctx); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	if err := q.adopt(ctx, 0); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	return nil
}

// recover enqueues every subject that waits and has no job.
func (q *Queue) recover(ctx context.Context) error {
	unfinished, err := q.config.Store.Unfinished(ctx)
	if err != nil || len(unfinished) == 0 {
		return err
	}
	var waiting []job
	for _, s := range unfinished {
		waiting = append(waiting, job{s.ID, s.Large(), s.Kind == store.Group})
	}
	return q.config.Store.InTx(ctx, func(tx *store.Tx) error {
		for some := range slices.Chunk(waiting, mostTogether) {
			if err := q.insert(ctx, tx, some); err != nil {
				return err
			}
		}
		return nil
	})
}

// lastMoment is how long before the end of its patience Stop gives up hoping
// that an evaluation finishes.
const lastMoment = time.Second

// Stop accepts nothing more and waits for the evaluations under way. Shortly
// before the context's deadline it cancels them; they are run again by the next
// process, as if they had not begun.
func (q *Queue) Stop(ctx context.Context) error {
	q.gate.refuse()
	q.intake.close()
	q.slots.stop()
	patience, cancel := ctx, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		patience, cancel = context.WithDeadline(ctx, deadline.Add(-lastMoment))
	}
	defer cancel()
	err := q.client.Stop(patience)
	if err != nil {
		// Also where nothing of the patience was left to begin with.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastMoment)
		defer cancel()
		err = q.client.StopAndCancel(last)
	}
	q.gate.stop() // last: evaluations finish through it
	if err != nil {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}

// quiet lets River speak only of what an operator has to know.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }
