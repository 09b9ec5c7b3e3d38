package store

import (
	"context"
	"database/sql"
	"time"
)

// checkpoints moves SQLite's write-ahead log into the database file, beside the
// writer: done by the writer it would make somebody wait for two further writes
// to disk.
type checkpoints struct {
	db     *sql.DB
	maxLog int // pages
	quit   chan struct{}
	done   chan struct{} // closed when the goroutine has ended
}

const (
	checkpointEvery = 500 * time.Millisecond
	// maxLog is how many pages the log may have before it is begun anew by
	// force. By itself it is begun anew when a write finds all of it moved,
	// which under steady load never happens: it would grow until the disk is
	// full.
	maxLog = 64 << 20 / 4096
	// maxPause bounds how long writers wait for that.
	maxPause = 200 * time.Millisecond
)

// startCheckpoints begins them on a connection of their own, which waits no
// longer than maxPause for others.
func startCheckpoints(db *sql.DB, maxLog int) *checkpoints {
	c := &checkpoints{db, maxLog, make(chan struct{}), make(chan struct{})}
	go c.run()
	return c
}

func (c *checkpoints) run() {
	defer close(c.done)
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.once(context.Background())
		case <-c.quit:
			return
		}
	}
}

// once does one. A failure loses nothing: the log keeps what was written, the
// next one tries again, and so does the last connection that closes.
func (c *checkpoints) once(ctx context.Context) {
	var busy, log, moved int
	err := c.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &log, &moved)
	if err == nil && log > c.maxLog {
		_, _ = c.db.ExecContext(ctx, `PRAGMA wal_checkpoint(RESTART)`)
	}
}

// close ends them.
func (c *checkpoints) close() error {
	close(c.quit)
	<-c.done
	return c.db.Close()
}
