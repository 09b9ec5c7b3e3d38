package queue

import (
	"context"
	"database/sql"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/changeguard/changeguard/internal/store"
)

// driver is River's for SQLite with two differences. A job that was completed
// in the transaction that set its subject's done is not completed a second
// time: River would do that for a hundred jobs in one long transaction, in
// which no webhook could be answered. And a new job is announced within the
// process rather than through a table that is polled.
type driver struct {
	*riversqlite.Driver
	bell bell

	mu   sync.Mutex
	done map[int64]bool // jobs that are complete, until River has heard of it
}

func newDriver(db *sql.DB) *driver {
	return &driver{Driver: riversqlite.New(db), bell: make(bell, 1), done: make(map[int64]bool)}
}

// complete completes a job in a transaction. ctx is the one that Work was given.
func (q *Queue) complete(ctx context.Context, tx *store.Tx, job *river.Job[evaluate]) error {
	_, err := river.JobCompleteTx[*driver](context.WithoutCancel(ctx), tx, job)
	return err
}

// completed notes that complete's transaction is on disk.
func (d *driver) completed(job int64) {
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
func (d *driver) GetExecutor() riverdriver.Executor { return executor{d.Driver.GetExecutor(), d} }

// GetListener implements riverdriver.Driver.
func (d *driver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return listener{d.bell}
}

// SupportsListenNotify implements riverdriver.Driver: nobody reads that table.
func (d *driver) SupportsListenNotify() bool { return false }

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

// bell says that there may be a job. It rings once for many.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// listener tells River when the bell rings.
type listener struct{ bell bell }

// WaitForNotification implements riverdriver.Listener.
func (l listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-l.bell:
		return &riverdriver.Notification{Topic: "river_insert", Payload: `{"queue": "` + river.QueueDefault + `"}`}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// The rest of riverdriver.Listener is for connections, of which there is none.

// Close implements riverdriver.Listener.
func (listener) Close(context.Context) error { return nil }

// Connect implements riverdriver.Listener.
func (listener) Connect(context.Context) error { return nil }

// Listen implements riverdriver.Listener.
func (listener) Listen(context.Context, string) error { return nil }

// Ping implements riverdriver.Listener.
func (listener) Ping(context.Context) error { return nil }

// Schema implements riverdriver.Listener.
func (listener) Schema() string { return "" }

// SetAfterConnectExec implements riverdriver.Listener.
func (listener) SetAfterConnectExec(string) {}

// Unlisten implements riverdriver.Listener.
func (listener) Unlisten(context.Context, string) error { return nil }
