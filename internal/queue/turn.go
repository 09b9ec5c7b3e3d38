package queue

import (
	"context"

	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
)

// Installations take turns. One has so many subjects with a job at once; its
// others are parked, and get theirs one by one when a job of the installation
// ends, fails or waits. So nobody stands behind another's backlog, but behind
// turnsOf jobs of it at most. Large changes have workers, and turns, of their
// own.
const (
	largeQueue = "large"
	// turnsPerWorker is enough to keep several programs' workers busy with one
	// installation where no other has anything to do.
	turnsPerWorker = 4
	turnsEvery     = clockEvery
)

// largeWorkers are those for large changes, beside the others.
func (q *Queue) largeWorkers() int { return max(1, q.config.Workers/4) }

// turnsOf is how many subjects of a lane have a job at once.
func (q *Queue) turnsOf(l store.Lane) int {
	if l.Large {
		return turnsPerWorker * q.largeWorkers()
	}
	return turnsPerWorker * q.config.Workers
}

// turns says which of a lane's subjects that were woken, and count as active
// already, have their turn now. The others are parked.
func (q *Queue) turns(ctx context.Context, tx *store.Tx, l store.Lane, ids []int64) ([]job, error) {
	most := q.turnsOf(l)
	active, err := store.Active(ctx, tx, l, most+len(ids))
	if err != nil {
		return nil, err
	}
	free := min(len(ids), max(0, most-(active-len(ids))))
	if err := store.Park(ctx, tx, ids[free:]); err != nil {
		return nil, err
	}
	return jobsOf(l, ids[:free]), nil
}

func jobsOf(l store.Lane, ids []int64) []job {
	jobs := make([]job, len(ids))
	for i, id := range ids {
		jobs[i] = job{subject: id, large: l.Large}
	}
	return jobs
}

// next gives the turn that a subject had to another one of its lane.
func (q *Queue) next(ctx context.Context, tx *store.Tx, l store.Lane, most int) error {
	ids, err := q.config.Store.Unpark(ctx, tx, l, most)
	if err != nil {
		return err
	}
	return q.insert(ctx, tx, jobsOf(l, ids))
}

// yield is next for a subject that keeps its job and has to wait. Where it does
// not work the others get their turn a little later, by [Queue.letTurn].
func (q *Queue) yield(ctx context.Context, s store.Subject) {
	waits, err := q.config.Store.Queued(ctx, s.Lane())
	if err == nil && waits {
		err = q.config.Store.InTx(ctx, func(tx *store.Tx) error { return q.next(ctx, tx, s.Lane(), 1) })
	}
	if err != nil {
		q.config.Logger.WarnContext(ctx, "the next one's turn is late", logkey.Subject, s.Name(), logkey.Err, err)
	}
}

// letTurn gives turns that were lost, with a program that died or by one of an
// older version, which knows of none.
func (q *Queue) letTurn(ctx context.Context) error {
	lanes, err := q.config.Store.Parked(ctx)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		err := q.config.Store.InTx(ctx, func(tx *store.Tx) error {
			most := q.turnsOf(l)
			active, err := store.Active(ctx, tx, l, most)
			if err != nil {
				return err
			}
			return q.next(ctx, tx, l, max(1, most-active)) // one, since those that are active may wait for long
		})
		if err != nil {
			return err
		}
	}
	return nil
}
