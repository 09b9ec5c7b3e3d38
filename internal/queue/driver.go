package queue

import (
	"context"
	"database/sql"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/store"
)

// driver is River's for the store's engine, and a bell: a job that this process
// makes is announced within the process at once. PostgreSQL tells other
// processes of it.
//
// On SQLite there are two more differences. A job that was completed in the
// transaction that set its subject's done is not completed a second time: River
// would do that for a hundred jobs in one long transaction, in which no webhook
// could be answered. And nothing is announced through a table that is polled.
type driver struct {
	riverdriver.Driver[*sql.Tx]
	bell     bell
	postgres bool

	mu   sync.Mutex
	done map[int64]bool // jobs that are complete, until River has heard of it; of SQLite
}

func newDriver(s *store.Store) *driver {
	d := &driver{bell: make(bell, 1), done: make(map[int64]bool)}
	if pool := s.Listener(); pool != nil {
		d.Driver, d.postgres = riverdatabasesql.NewWithPgxListener(s.DB(), pool), true
		return d
	}
	d.Driver = riversqlite.New(s.DB())
	return d
}

// complete completes a job in a transaction. ctx is the one that Work was given.
func (q *Queue) complete(ctx context.Context, tx *store.Tx, job *river.Job[evaluate]) error {
	_, err := river.JobCompleteTx[*driver](context.WithoutCancel(ctx), tx, job)
	return err
}

// completed notes that complete's transaction is on disk.
func (d *driver) completed(job int64) {
	if d.postgres {
		return // it does that for many jobs in no time
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done[job] = true
}

// take reports whether a job was noted as complete, and forgets it.
func (d *driver) take(job int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.done[job]
	delete(d.done, job)
	return known
}

// GetExecutor implements riverdriver.Driver.
func (d *driver) GetExecutor() riverdriver.Executor {
	if d.postgres {
		return d.Driver.GetExecutor()
	}
	return executor{d.Driver.GetExecutor(), d}
}

// GetListener implements riverdriver.Driver.
func (d *driver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	if d.postgres {
		return both{d.Driver.GetListener(p), d.bell}
	}
	return listener{d.bell}
}

// SupportsListener implements riverdriver.Driver.
func (d *driver) SupportsListener() bool { return true }

// SupportsListenNotify implements riverdriver.Driver: on SQLite nobody reads
// that table.
func (d *driver) SupportsListenNotify() bool { return d.postgres }

// executor runs River's statements.
type executor struct {
	riverdriver.Executor
	driver *driver
}

// stateChangesAtOnce bounds how long a webhook waits for a transaction of
// River's.
const stateChangesAtOnce = 8

// JobSetStateIfRunningMany implements riverdriver.Executor.
func (e executor) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	var rows []*rivertype.JobRow
	some := &riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
	flush := func() error {
		if len(some.ID) == 0 {
			return nil
		}
		changed, err := e.Executor.JobSetStateIfRunningMany(ctx, some)
		rows = append(rows, changed...)
		some = &riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
		return err
	}
	for i, id := range p.ID {
		if e.driver.take(id) && p.State[i] == rivertype.JobStateCompleted {
			continue
		}
		add(some, p, i)
		if len(some.ID) == stateChangesAtOnce {
			if err := flush(); err != nil {
				return nil, err // River repeats all of them, which changes nothing for those done
			}
		}
	}
	return rows, flush()
}

// add copies one of the changes.
func add(to, from *riverdriver.JobSetStateIfRunningManyParams, i int) {
	to.ID = append(to.ID, from.ID[i])
	to.Attempt = append(to.Attempt, from.Attempt[i])
	to.ErrData = append(to.ErrData, from.ErrData[i])
	to.FinalizedAt = append(to.FinalizedAt, from.FinalizedAt[i])
	to.MetadataDoMerge = append(to.MetadataDoMerge, from.MetadataDoMerge[i])
	to.MetadataUpdates = append(to.MetadataUpdates, from.MetadataUpdates[i])
	to.ScheduledAt = append(to.ScheduledAt, from.ScheduledAt[i])
	to.State = append(to.State, from.State[i])
}
