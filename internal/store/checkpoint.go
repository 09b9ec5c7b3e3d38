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
	db   *sql.DB
	quit chan struct{}
	done chan struct{} // closed when the goroutine has ended
}

// checkpointEvery keeps the log at a few megabytes under load.
const checkpointEvery = 500 * time.Millisecond

// startCheckpoints begins them on a connection of their own.
func startCheckpoints(db *sql.DB) *checkpoints {
	c := &checkpoints{db, make(chan struct{}), make(chan struct{})}
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
			// A failure loses nothing: the log keeps what was written, the next
			// one tries again, and so does the last connection that closes.
			_, _ = c.db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`)
		case <-c.quit:
			return
		}
	}
}

// close ends them.
func (c *checkpoints) close() error {
	close(c.quit)
	<-c.done
	return c.db.Close()
}
