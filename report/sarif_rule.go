package report

import (
	"fmt"

	"github.com/changeguard/changeguard/rules/catalogue"
	"github.com/changeguard/changeguard/verdict"
)

// maxSARIFText is how much code scanning shows of a rule's name and of its
// descriptions, in characters; bytes are never fewer.
const (
	maxSARIFName = 255
	maxSARIFText = 1024
)

// A sarifRule describes a rule of the policy. Code scanning wants all of it: a
// rule without a full description or help is refused or shown without a word.
type sarifRule struct {
	ID    string       `json:"id"`
	Name  string       `json:"name"`
	Short sarifMessage `json:"shortDescription"`
	Full  sarifMessage `json:"fullDescription"`
	Help  sarifHelp    `json:"help"`
}

// sarifHelp is what a reader opens: Markdown where it can be shown.
type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

// newSARIFRule words a rule by its kind. Names come from the policy, which the
// base holds; the rest is ours.
func newSARIFRule(id string, f verdict.Finding) sarifRule {
	title, why, more := about(f.Kind)
	short := fmt.Sprintf("Rule %s of the policy (%s): %s", f.Rule, f.Kind, title)
	return sarifRule{
		ID: id, Name: within(maxSARIFName, f.Rule, Visible),
		Short: sarifMessage{within(maxSARIFText, short, plain)},
		Full:  sarifMessage{within(maxSARIFText, why, plain)},
		Help: sarifHelp{
			Text:     title + ".\n\n" + why + "\n\n" + more,
			Markdown: "**" + title + ".**\n\n" + why + "\n\n" + more,
		},
	}
}

// about are the words for a kind: what it fails on, why that matters, and where
// more is said.
func about(kind string) (title, why, more string) {
	for _, k := range catalogue.Kinds() {
		if k.Name == kind {
			return "Fails when " + k.Title, k.Why, "`changeguard rules explain " + kind + "` says what it finds, what it lets pass, and its options."
		}
	}
	more = "`changeguard policy explain` says what judges this repository, and where each line of it comes from."
	switch kind {
	case verdict.SessionKind:
		return "Fails when a change goes beyond what its declared mode may touch",
			"Whoever opened the change, or the agent that made it, said what it would be, such as analysis only. The policy says what such a session may change and how many commits it may have; this is more.", more
	case verdict.RiskKind:
		return "Fails when the risk of a change reaches what the policy has approved by a person",
			"The score counts what makes a change harder to review: its size and shape, the surfaces that the policy names, and what cannot be undone. It orders attention; the policy asks for an approval from some level on.", more
	}
	return "Fails when a change is more than the policy allows", "The policy of the base branch judges each change; this finding is of a kind that this version has no manual for.", more
}

func plain(s string) string { return sarifText(s).Text }
