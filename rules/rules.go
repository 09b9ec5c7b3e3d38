// Package rules says what a rule is.
//
// # The model
//
// A [Kind] is a value: documentation, typed options and one run function. A
// policy names a kind with "uses:", gives it options with "with:", and decides
// with "level:" how much a finding matters; a kind never decides that. A kind
// sees one [Input], the change with its session, and returns [Finding]s. Its
// findings depend on nothing else: no clock, no network, no order of maps.
//
// A run that cannot tell must say so by returning an error. The verdict is then
// incomplete and never green; swallowing the error would turn "not judged" into
// "nothing found".
//
// The options of a kind are a struct. Its yaml tags are the option names that
// users write, its desc tags their manual, its zero value the default. The
// policy decodes it strictly and with positions, so a kind never sees an
// unknown or ill-typed option. Globs are matched for all rules together, see
// [Globs].
//
// The catalogue, the slice literal of all kinds, is in rules/catalogue.
package rules

import (
	"context"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/condition"
	"github.com/changeguard/changeguard/internal/pathset"
	"github.com/changeguard/changeguard/session"
)

// Subject says what a kind speaks of, and so who is judged in a merge group.
type Subject int

// The subjects.
const (
	Content Subject = iota // the difference itself: a merge group's own
	People                 // people or text of a pull request: the members of a merge group
)

// A Kind is one kind of rule. See the package documentation.
type Kind struct {
	Name  string // kebab-case, as "uses:" names it
	Title string // one line, no full stop: what the rule fails on
	Why   string // why it matters, in sentences
	Bad   string // a short change that it finds
	Good  string // a short change that it lets pass
	// Remedy is what to do about a finding, in sentences.
	Remedy string
	Since  string // the version that brought it
	// More are further sections of its page, in Markdown; nil for none. It is asked
	// only where a page is made: whoever judges has no time for it.
	More func() string

	Subject Subject

	// NewOptions returns a pointer to a fresh options struct.
	NewOptions func() any
	// Check validates decoded options beyond their types; may be nil.
	Check func(options any) []Problem
	// Run judges a change. The options are what NewOptions made, decoded.
	Run func(ctx context.Context, in *Input, options any) ([]Finding, error)
	// Ask says what else should be done where the rule applies; may be nil.
	Ask func(options any) Ask
}

// Define makes the functions of a kind from typed ones: check may be nil.
func Define[O any](k Kind, check func(*O) []Problem, run func(context.Context, *Input, *O) ([]Finding, error)) Kind {
	k.NewOptions = func() any { return new(O) }
	if check != nil {
		k.Check = func(options any) []Problem { return check(options.(*O)) }
	}
	k.Run = func(ctx context.Context, in *Input, options any) ([]Finding, error) {
		return run(ctx, in, options.(*O))
	}
	return k
}

// A Problem is a mistake in options. Path leads to the offending node below
// "with": option names and list indexes.
type Problem struct {
	Path    []any // string or int
	Message string
}

// Globs is an option that holds a list of path globs. The policy validates the
// patterns where they stand, adds them to its one set and keeps the handle
// here. The tag glob:"protect" (the default) matches case-folded names as well;
// glob:"permit" is for lists that allow or ignore and matches exactly.
type Globs struct {
	Patterns []string
	List     pathset.List
	Set      bool // the option was given
}

// Choice is implemented by string types whose values are a fixed set. The
// policy refuses any other value and suggests the nearest.
type Choice interface{ Choices() []string }

// Input is all that a rule may look at.
type Input struct {
	Rule    string // the rule's name in the policy
	Level   string // the level its findings will get; for texts only
	Change  *change.Change
	Session session.Session
	// Matches are the policy's globs over the change's paths, computed once.
	Matches Matches
	// Classes are those of each file of the change under this policy layer,
	// in the order of Change.Files.
	Classes []Classes
	// Vars are what conditions see.
	Vars *condition.Vars
}

// Matches answers whether a path of the change (old or new name) is matched by
// a list of globs.
type Matches interface {
	Match(list pathset.List, path string) bool
	// Pattern is the index of the pattern that decided, -1 for none.
	Pattern(list pathset.List, path string) int
}

// Classes are the classes of one file: of what it was at the merge base and of
// what it is at the head. A side that is not there has the class "".
type Classes struct {
	Before, After change.Class
}

// Is reports whether either side has the class.
func (c Classes) Is(class change.Class) bool { return c.Before == class || c.After == class }

// Now is the class at the head, or what it was for a file that is gone.
func (c Classes) Now() change.Class {
	if c.After == "" {
		return c.Before
	}
	return c.After
}

// Worst is the class that counts for a file: at the head when it is there.
func (c Classes) Worst() change.Class {
	if c.After == "" || c.After == change.ClassDocs && c.Before != "" {
		return c.Before
	}
	return c.After
}

// A Finding is what a rule found. It carries no severity.
type Finding struct {
	// Key tells this finding from others of the rule on the same path by what
	// was found ("added pkg:pypi/requests"); it must not contain line numbers.
	Key string

	Path         string // "" when the finding is about the change as a whole
	PreviousPath string // the old name of a renamed file
	Line         int    // 1-based at the head, 0 when there is none
	EndLine      int

	Message  string // what was found and why it matters, one or two sentences
	Evidence string // the offending text, as it is; reports escape and cut it
	Remedy   string // the exact shell command or step that undoes it; see Undo

	// Files are the other names whose content the finding depends on. An
	// approval stays valid as long as Path and these are unchanged.
	Files []string

	// Approvals, when set, lift the finding at every level, and no others do: the
	// finding is that they are missing.
	Approvals *Approvals

	// Await, when set, says that what is missed may come yet, this long after it
	// was first looked for: the change then waits, unless something else stops it.
	Await time.Duration

	Package *Package
}

// Package is the part of a dependencies finding that tools read.
type Package struct {
	PURL   string   `json:"purl"`
	Change []string `json:"change"`
	Old    string   `json:"old"`
	New    string   `json:"new"`
	Group  string   `json:"group"`
}
