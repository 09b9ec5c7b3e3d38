package report

import (
	"strings"

	"github.com/changeguard/changeguard/verdict"
)

// MaxComment is the most that a comment is, in bytes. GitHub accepts 65,536
// characters; a byte is at most one, and some room is left.
const MaxComment = 60000

// Marker is the hidden first line by which the one comment of a pull request is
// found again. Only comments of the App itself are looked at, so a copy of the
// marker by somebody else means nothing.
const Marker = "<!-- changeguard -->"

// Comment words the one comment of a pull request. wanted is false when nothing
// is wrong and nothing was overridden: then no comment is made, and one that
// exists is edited to say so. Observing and drafts get none.
func Comment(v *verdict.Verdict, draft bool, details string) (body string, wanted bool) {
	lifted := false
	for _, f := range v.Findings {
		lifted = lifted || f.LiftedBy != nil
	}
	wanted = !draft && !v.Observed && (v.Outcome != verdict.Pass || lifted)
	var b strings.Builder
	b.WriteString(Marker + "\n")
	if details != "" {
		b.WriteString("[changeguard](" + details + "): ")
	}
	b.WriteString(fit(v, MaxComment-b.Len()))
	return b.String(), wanted
}

// Resolved is what the comment says once it is not wanted any more: nothing is
// wrong, or what is wrong is said elsewhere while the policy observes or the pull
// request is a draft.
func Resolved(v *verdict.Verdict) string {
	text := within(maxHead, v.Title, prose) + "\n"
	switch {
	case v.Observed:
		return Marker + "\n**Nothing is stopped.** " + text
	case v.Outcome == verdict.Pass:
		return Marker + "\n**Resolved.** " + text
	default:
		return Marker + "\n**Not resolved**, but this is a draft; the check says more. " + text
	}
}
