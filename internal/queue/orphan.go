package queue

import (
	"context"
	"fmt"
	"time"
)

// orphansEvery is how long what a program left that died may wait for another,
// and leftFor how many seconds a job has been running that may be such.
const (
	orphansEvery = 5 * time.Second
	leftFor      = 5
)

// orphan is a job that is marked as running.
type orphan struct {
	id, subject int64
	attempt     int
	tick        string // of the house's work its name
}

// adopt puts back to work what programs left that died: a job that is marked as
// running while nobody holds what it works on. River would notice after the
// time that an evaluation may take. least is how many seconds it has been marked
// so; a job is marked shortly before what it works on is held, and one that is
// taken for an orphan then only finds that somebody is at it already.
func (q *Queue) adopt(ctx context.Context, least int) error {
	list, err := q.running(ctx, least)
	if err != nil {
		return fmt.Errorf("look for what was left running: %w", err)
	}
	for _, o := range list {
		key := subjectKey(o.subject)
		if o.tick != "" {
			key = tickKey(o.tick)
		}
		_, release, free, err := q.config.Store.TryHold(ctx, key)
		if err != nil {
			return err
		}
		if !free {
			continue
		}
		err = q.free(ctx, o)
		release()
		if err != nil {
			return fmt.Errorf("take up what was left running: %w", err)
		}
	}
	if len(list) > 0 {
		q.driver.bell.ring()
	}
	return nil
}

func subjectKey(id int64) string { return fmt.Sprint("subject ", id) }
func tickKey(name string) string { return "work " + name }

// running lists the jobs that are marked so.
func (q *Queue) running(ctx context.Context, least int) (list []orphan, err error) {
	subject, name, ago := `json_extract(args, '$.subject')`, `json_extract(args, '$.name')`, fmt.Sprintf(`datetime('now', 'subsec', '-%d seconds')`, least)
	if q.driver.postgres {
		subject, name, ago = `(args->>'subject')::bigint`, `args->>'name'`, fmt.Sprintf(`now() - interval '%d seconds'`, least)
	}
	rows, err := q.config.Store.DB().QueryContext(ctx, `SELECT id, attempt, COALESCE(`+subject+`, 0), COALESCE(`+name+`, '')
		FROM river_job WHERE state = 'running' AND attempted_at <= `+ago)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o orphan
		if err := rows.Scan(&o.id, &o.attempt, &o.subject, &o.tick); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// free lets a job begin again, where it is still the same run. The house's work
// is ended instead: its time comes again.
func (q *Queue) free(ctx context.Context, o orphan) error {
	now := `datetime('now', 'subsec')`
	if q.driver.postgres {
		now = `now()`
	}
	set := `state = 'available', scheduled_at = ` + now
	if o.tick != "" {
		set = `state = 'discarded', finalized_at = ` + now
	}
	_, err := q.config.Store.DB().ExecContext(ctx, `UPDATE river_job SET `+set+` WHERE id = $1 AND state = 'running' AND attempt = $2`, o.id, o.attempt)
	return err
}
