// Package condition compiles and evaluates the CEL expressions of a policy:
// the "if:" of a rule and the "require" of an expression rule.
//
// # The model
//
// An expression is boolean and sees the [Vars] below by the names that the
// policy's manual fixes (session.mode, pr.labels, change.files, …), plus
// touches("glob") and touchesClass("class"). It is type-checked when the policy
// loads and cost-limited when it runs. An expression that runs into its limit
// has no value: the verdict is then incomplete.
package condition

// Vars are the values that an expression sees.
type Vars struct {
	Event   string
	Session SessionVars
	Author  AuthorVars
	PR      PRVars
	Change  ChangeVars
	Risk    RiskVars
	// Classes are the classes that any file of the change has.
	Classes []string
	// Lines counts added and deleted lines when an expression asks for them.
	Lines func() (added, deleted int64, err error)
}

// SessionVars is session.*.
type SessionVars struct {
	Mode  string
	Actor string
	Agent string
	IDs   []string
}

// AuthorVars is author.*.
type AuthorVars struct{ Login, Kind string }

// PRVars is pr.*.
type PRVars struct {
	Title, Body, Base, Head string
	Labels                  []string
	Draft, Fork             bool
}

// ChangeVars is change.*; additions and deletions come from Vars.Lines.
type ChangeVars struct {
	Files, Commits int64
	Paths          []string
}

// RiskVars is risk.*. Score is computed before rules run.
type RiskVars struct {
	Score int64
	Level string
}
