// Package session tells who made a change and in which mode.
//
// # The model
//
// A session is a stretch of work by one author: a person, or a coding agent
// that was given a task. Two things are asked of a change. The actor: was an
// agent, a bot or nobody but humans recognised? And the modes: what did the
// change, or somebody about it, declare it to be, for instance
// "analysis-only"?
//
// Every signal that answers is kept as [Evidence]. Signals only tighten: any
// one is enough to be held to a mode or to be taken for an agent, and none
// takes that back. Names and prose are never signals, because people are
// called Claude and texts quote one another.
//
// A declaration on the change (label, branch, title, body) binds the whole
// change. One in a commit's trailer binds the commits of its session, which are
// those with the same session id, or, without ids, those of the same author.
package session

// Actor is who made a change, in the widest sense.
type Actor string

// The actors. A change is by an agent when anything in it is; by a bot when a
// known automation opened it and no agent was recognised.
const (
	Human Actor = "human"
	Agent Actor = "agent"
	Bot   Actor = "bot"
)

// Evidence is one signal.
type Evidence struct {
	Signal string `json:"signal"` // label, branch, title, trailer, account, email, link, record
	Value  string `json:"value"`  // what was seen
	Where  string `json:"where"`  // "pull request", "body", "commit SHA12", "author", …
}

// A Session is what was found about a change under one policy layer.
type Session struct {
	Mode     string     // the first of Modes, "undeclared-agent" or ""
	Modes    []Bound    // every mode declared, in the policy's order
	Actor    Actor      // never empty
	Agent    string     // "claude-code", "copilot", …; empty for humans
	IDs      []string   // session ids, sorted
	Evidence []Evidence // deterministic order
	// Unknown are mode names that were declared and that no layer knows.
	Unknown []Evidence
}

// Bound is a mode that applies, and what it binds.
type Bound struct {
	Name string
	// Commits are the ids of the commits that the mode binds; nil when it
	// binds the whole change.
	Commits []string
}

// Known is an agent that a policy adds to the built-in ones.
type Known struct {
	Name   string
	Logins []string
	Emails []string
}

// Whole reports whether the mode binds the whole change.
func (b Bound) Whole() bool { return b.Commits == nil }
