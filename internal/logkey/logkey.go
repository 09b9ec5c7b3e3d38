// Package logkey names what a line of the log can say, so that one thing has one
// name wherever it is logged. Values are never a payload, a token or a key.
package logkey

// The keys.
const (
	Addr        = "addr"
	Attempt     = "attempt"
	Channel     = "channel" // that notifications go to
	Commits     = "commits" // how many
	Deleted     = "deleted"
	Delivery    = "delivery" // GitHub's id of it
	Err         = "err"
	Evaluated   = "evaluated" // how many
	Event       = "event"
	Findings    = "findings"
	Forced      = "forced"
	Head        = "head"
	MS          = "ms"
	Observed    = "observed"
	Outcome     = "outcome"
	Panic       = "panic"
	Path        = "path"
	Policy      = "policy" // its digest
	PR          = "pr"
	Reason      = "reason"
	Redelivered = "redelivered" // how many
	Repo        = "repo"        // owner/name
	SetUp       = "set-up-only"
	SetUpLink   = "set-up-link" // holds the token that the set-up asks for
	Since       = "since"
	Stack       = "stack"
	Subject     = "subject" // the name of what is evaluated
	Times       = "times"   // how often since the last line about it
	Until       = "until"
	Verdict     = "verdict" // its id
	Version     = "version"
	Work        = "work" // of the house
)
