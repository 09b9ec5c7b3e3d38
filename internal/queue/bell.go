package queue

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

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
		return rung(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func rung() *riverdriver.Notification {
	return &riverdriver.Notification{Topic: "river_insert", Payload: `{"queue": "` + river.QueueDefault + `"}`}
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

// both hears the bell and what PostgreSQL tells.
type both struct {
	riverdriver.Listener
	bell bell
}

// WaitForNotification implements riverdriver.Listener. The connection outlives
// a wait that is broken off.
func (b both) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	wait, stop := context.WithCancel(ctx)
	heard := make(chan bool)
	go func() {
		select {
		case <-b.bell:
			stop()
			heard <- true
		case <-wait.Done():
			heard <- false
		}
	}()
	n, err := b.Listener.WaitForNotification(wait)
	stop()
	switch rang := <-heard; {
	case rang && err == nil:
		b.bell.ring() // for the next wait: this one has something to tell
	case rang && ctx.Err() == nil:
		return rung(), nil
	}
	return n, err
}
