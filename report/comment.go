package report

import (
	"strings"

	"github.com/changeguard/changeguard/verdict"
)

// MaxComment is what GitHub accepts as a comment, less room for what it counts
// differently.
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

// Resolved is the comment's text once nothing is wrong any more.
func Resolved(v *verdict.Verdict) string {
	return Marker + "\n**Resolved.** " + prose(v.Title) + "\n"
}
