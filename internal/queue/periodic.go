package queue

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// Periodic is work that is done when the program starts and then every so
// often, by one of the programs that share a database. It may be done twice in
// a row, or a little late.
type Periodic struct {
	Name  string
	Every time.Duration
	Do    func(ctx context.Context) error
}

// periodicQueue has a worker of its own, so that long work of the house holds
// up no evaluation.
const periodicQueue = "periodic"

// What the queue does for itself. GitHub can send a delivery again for three
// days, a server of one's own for seven.
const (
	keepDeliveries = 30 * 24 * time.Hour
	keepVerdicts   = 400 * 24 * time.Hour // as GitHub keeps check runs
	keepLeases     = 24 * time.Hour       // of programs that died
	dropEvery      = time.Hour
	clockEvery     = time.Minute
)

// house is that work, and what it was asked to do.
func (q *Queue) house() []Periodic {
	return append([]Periodic{
		{"drop what is old", dropEvery, q.dropOld},
		{"follow the clock", clockEvery, q.followClock},
		{"let others have their turn", turnsEvery, q.letTurn},
		{"take up what was left", orphansEvery, func(ctx context.Context) error { return q.adopt(ctx, leftFor) }},
	}, q.config.Periodic...)
}

// tick is the job: one run of a Periodic.
type tick struct {
	Name string `json:"name"`
}

// Kind implements river.JobArgs.
func (tick) Kind() string { return "tick" }

// ticker runs periodic work.
type ticker struct {
	river.WorkerDefaults[tick]
	work   map[string]Periodic
	store  *store.Store
	logger *slog.Logger
}

// Work implements river.Worker.
func (t *ticker) Work(ctx context.Context, job *river.Job[tick]) error {
	p, ok := t.work[job.Args.Name]
	if !ok {
		return river.JobCancel(fmt.Errorf("%q was periodic work of another version", job.Args.Name))
	}
	held, release, free, err := t.store.TryHold(ctx, tickKey(p.Name))
	if err != nil || !free {
		return err // somebody is at it
	}
	defer release()
	err = p.Do(held)
	if err != nil {
		t.logger.WarnContext(ctx, "periodic work failed", logkey.Work, p.Name, logkey.Err, err)
	}
	return err
}

// periodic registers the periodic work.
func (q *Queue) periodic(workers *river.Workers) []*river.PeriodicJob {
	t := &ticker{work: make(map[string]Periodic), store: q.config.Store, logger: q.config.Logger}
	river.AddWorker(workers, t)
	var jobs []*river.PeriodicJob
	for _, p := range q.house() {
		t.work[p.Name] = p
		// The next run comes soon enough; a failed one is not repeated.
		options := &river.InsertOpts{Queue: periodicQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: live}}
		jobs = append(jobs, river.NewPeriodicJob(river.PeriodicInterval(p.Every), func() (river.JobArgs, *river.InsertOpts) {
			return tick{p.Name}, options
		}, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	return jobs
}

// dropOld forgets what is kept for a time. The audit log is kept for ever.
func (q *Queue) dropOld(ctx context.Context) error {
	s, now := q.config.Store, q.config.Now()
	idle := func(kind store.Kind) func(context.Context, time.Time) (int64, error) {
		return func(ctx context.Context, before time.Time) (int64, error) { return s.DropIdle(ctx, kind, before) }
	}
	for _, d := range []struct {
		keep time.Duration
		drop func(context.Context, time.Time) (int64, error)
	}{
		{keepDeliveries, s.DropDeliveries},
		{keepVerdicts, s.DropVerdicts},
		{keepVerdicts, s.DropRuns},
		{keepVerdicts, s.DropForeignChecks},
		{keepDeliveries, s.DropNoted},
		{keepVerdicts, s.DropKept},
		{keepVerdicts, s.DropQuiet},
		{keepVerdicts, s.DropSums},
		{keepLeases, s.DropLeases},
		{keepDeliveries, idle(store.Push)},
		{keepDeliveries, idle(store.Group)},
	} {
		if _, err := d.drop(ctx, now.Add(-d.keep)); err != nil {
			return err
		}
	}
	return s.DropLimits(ctx, now.Add(-keepDeliveries))
}

// followClock lets begin what would begin in the future because the clock was
// set back. What waits on purpose is in another state.
func (q *Queue) followClock(ctx context.Context) error {
	now, soon := `datetime('now', 'subsec')`, `datetime('now', 'subsec', '+5 seconds')`
	if q.driver.postgres {
		now, soon = `now()`, `now() + interval '5 seconds'`
	}
	_, err := q.config.Store.DB().ExecContext(ctx, `UPDATE river_job SET scheduled_at = `+now+` WHERE state = 'available' AND scheduled_at > `+soon)
	return err
}
