// Package session tells who made a change and in which mode.
//
// # The model
//
// A session is a stretch of work by one author: a person, or a coding agent
// that was given a task. Two things are asked of a change. The actor: was an
// agent recognised in it, did an automation open it, or do only people show?
// And the modes: what did the change, or somebody about it, declare it to be,
// for instance "analysis-only"?
//
// Every signal that answers is kept as [Evidence]. Signals only tighten: any
// one is enough to be held to a mode or to be taken for an agent, and none
// takes that back. That none was found proves nothing, since agents can be told
// to leave no trace.
//
// # Who
//
// [Recognise] ranks what it finds; the strongest names the agent:
//
//  1. accounts: that of the pull request's author, which GitHub authenticated,
//     and the account's number or app name in a commit's noreply address;
//  2. exact e-mail addresses of authors, committers and co-authors, and the
//     trailers that name a program by a fixed value;
//  3. addresses and ids of sessions;
//  4. whole lines that a program writes under its work;
//  5. the head branch's name.
//
// Names of people and prose are never signals: people are called Claude, and
// texts speak of agents. So "Name (aider)" as an author is none either; aider
// shows by its addresses. What only assists a person, such as a completion
// accepted in an editor, is noted and decides nothing; so is an automation that
// shows in a commit. The body of a pull request that an automation opened says
// nothing about who made it, because automations quote what others wrote.
//
// A change of which something could not be loaded is recognised by what there
// is. What is missing cannot turn an agent into a person, and the gap itself
// makes the verdict incomplete.
//
// # In which mode
//
// [Declare] asks how one policy declares its modes. A declaration on the change
// (label, branch, title, body) binds the whole change. One in a commit's trailer
// binds the commits of its session, which are those that share a session id
// with it, or, without ids, those of the same author without ids. Every mode
// declared applies. A [Record] holds what was declared before: it still applies
// when the declaration is gone.
package session

// Actor is who made a change, in the widest sense.
type Actor string

// The actors. A change is by an agent when anything in it is; by a bot when an
// automation opened it and no agent was recognised.
const (
	Human Actor = "human"
	Agent Actor = "agent"
	Bot   Actor = "bot"
)

// Evidence is one signal. Its texts come from the change: they are shortened
// and valid UTF-8, and nothing more.
type Evidence struct {
	// Signal is account, email, trailer, session, footer, branch, assist or
	// automation for who made the change; label, branch, title, trailer, record
	// or lift for its mode.
	Signal string `json:"signal"`
	Value  string `json:"value"` // what was seen
	Where  string `json:"where"` // "pull request", "body", "commit SHA12", "head branch", …
}

// A Session is what was found about a change under one policy layer.
type Session struct {
	Mode     string     // the first of Modes, or ""
	Modes    []Bound    // every mode that applies, in the policy's order, undeclared-agent last
	Actor    Actor      // never empty
	Agent    string     // "claude-code", "copilot", … or the automation; empty for humans
	IDs      []string   // session ids, sorted
	Evidence []Evidence // by rank, then by place; then by mode
	// Unknown are mode names that were declared and that the policy does not
	// know.
	Unknown []Evidence
}

// Bound is a mode that applies, and what it binds.
type Bound struct {
	Name string
	// Commits are the ids of the commits that the mode binds; nil when it
	// binds the whole change.
	Commits []string
	// Sessions are the sessions of commits that a trailer bound, as a Record
	// keeps them.
	Sessions []string
	// Evidence is what declared the mode.
	Evidence []Evidence
}

// Whole reports whether the mode binds the whole change.
func (b Bound) Whole() bool { return b.Commits == nil }

// Known is an agent that a policy adds to the built-in ones.
type Known struct {
	Name   string
	Logins []string // with "[bot]", only the app of this name; without, the user or the app
	Emails []string
}
