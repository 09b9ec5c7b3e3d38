package rules

// An Ask is what a rule would have done to the pull request, besides judging it.
// Whoever publishes a verdict may do it, at most once each, and never for a draft
// or while only observing; a verdict does not depend on whether it was done.
type Ask struct {
	Labels    []string // to set
	Reviewers []string // to request reviews of: "login" or "@org/team"
}

// Approvals are the people of whom some must approve. They are written as in a
// policy: "login", "@org/team", "role:write".
type Approvals struct {
	Count int
	From  []string
}
