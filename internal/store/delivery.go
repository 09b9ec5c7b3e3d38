package store

import (
	"time"
)

// A Delivery is an event as GitHub sent it.
type Delivery struct {
	ID, Event, Action string
	Received          time.Time
	// Anew says that somebody asked on GitHub for a new result; see
	// [Subject.Anew].
	Anew bool
	// Command is what somebody asked for with it, or nil.
	Command *Command
}
