package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Limits is what is known of GitHub's rate limits, by this program and the
// others that share the database, and from before it was started. It asks
// nothing of the database while somebody waits.
type Limits struct {
	store    *Store
	complain func(error) // when they can no longer be shared

	mu    sync.Mutex
	until map[string]time.Time
	notes map[string]time.Time // that others were not told of yet

	wake chan struct{}
	quit chan struct{}
	done chan struct{} // closed when the goroutine has ended
}

// limitsEvery is how long it takes until one program knows what another met.
const limitsEvery = 2 * time.Second

// Limits begins to share them; Close ends it.
func (s *Store) Limits(ctx context.Context, complain func(error)) (*Limits, error) {
	l := &Limits{
		store: s, complain: complain, until: make(map[string]time.Time), notes: make(map[string]time.Time),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	if err := l.read(ctx); err != nil {
		return nil, err
	}
	go l.run()
	return l, nil
}

// Limited is until when a limit lasts, as far as is known; a time in the past
// for none.
func (l *Limits) Limited(name string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until[name]
}

// Limit notes a limit and has the others told.
func (l *Limits) Limit(name string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !until.After(l.until[name]) {
		return
	}
	l.until[name], l.notes[name] = until, until
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Close ends it. What the others were not told yet they will find out.
func (l *Limits) Close() {
	close(l.quit)
	<-l.done
}

func (l *Limits) run() {
	defer close(l.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tick := time.NewTicker(limitsEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-l.quit:
			return
		case <-l.wake:
		case <-tick.C:
		}
		err := l.share(ctx)
		if err != nil && !failed {
			l.complain(err)
		}
		failed = err != nil
	}
}

// share tells the others and hears of them.
func (l *Limits) share(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	l.mu.Lock()
	notes := l.notes
	l.notes = make(map[string]time.Time)
	l.mu.Unlock()
	for name, until := range notes {
		if err := l.tell(ctx, name, until); err != nil {
			l.mu.Lock()
			if until.After(l.notes[name]) {
				l.notes[name] = until // the next time
			}
			l.mu.Unlock()
			return err
		}
	}
	return l.read(ctx)
}

func (l *Limits) tell(ctx context.Context, name string, until time.Time) error {
	return l.store.InTx(ctx, func(tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO limits (name, until) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET until = CASE WHEN excluded.until > limits.until THEN excluded.until ELSE limits.until END`, text(name), micros(until))
		return err
	})
}

func (l *Limits) read(ctx context.Context) error {
	rows, err := l.store.read.QueryContext(ctx, `SELECT name, until FROM limits`)
	if err != nil {
		return fmt.Errorf("read the rate limits: %w", explain(err))
	}
	defer rows.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for rows.Next() {
		var name string
		var micro int64
		if err := rows.Scan(&name, &micro); err != nil {
			return fmt.Errorf("read the rate limits: %w", explain(err))
		}
		if until := fromMicros(micro); until.After(l.until[name]) {
			l.until[name] = until
		}
	}
	return explain(rows.Err())
}

// DropLimits forgets those that were over before a time.
func (s *Store) DropLimits(ctx context.Context, before time.Time) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM limits WHERE until < $1`, micros(before))
	return explain(err)
}
