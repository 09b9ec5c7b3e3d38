package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/policy"
)

// maxTitle is what GitHub shows of a check run's title in one line, and far
// below what it accepts.
const maxTitle = 200

// title says the worst first, in one line.
func title(v *Verdict) string {
	var t string
	switch {
	case v.Outcome == Incomplete:
		t = "Analysis incomplete: " + v.Missing[0].What + more(len(v.Missing)-1, "gap")
	case v.Waiting:
		t = "Waiting: " + worst(v, levelOf(v.Outcome))
	case v.Outcome == Fail && v.Observed:
		t = "Observing, would block: " + worst(v, policy.Block)
	case v.Outcome == Fail:
		t = "Blocked: " + worst(v, policy.Block)
	case v.Outcome == Approve && v.Observed:
		t = "Observing, would need an approval: " + worst(v, policy.Approve)
	case v.Outcome == Approve:
		t = "Approval needed: " + worst(v, policy.Approve)
	default:
		t = passed(v)
	}
	return cut(oneLine(t), maxTitle)
}

func levelOf(o Outcome) policy.Level {
	if o == Approve {
		return policy.Approve
	}
	return policy.Block
}

func passed(v *Verdict) string {
	t := "Passed"
	if v.Observed {
		t = "Observing, passed"
	}
	t += ": " + count(v.Change.Files, "file")
	warnings, lifted := 0, 0
	for _, f := range v.Findings {
		switch {
		case f.LiftedBy != nil:
			lifted++
		case f.Level == policy.Warn:
			warnings++
		}
	}
	if warnings > 0 {
		t += ", " + count(warnings, "warning")
	}
	if lifted > 0 {
		t += ", " + count(lifted, "finding") + " lifted"
	}
	return t
}

// worst words the findings of one level that count: a policy that does not load
// first, then a session's limits, since they say what the change was meant to
// be, then the rule with the most findings.
func worst(v *Verdict, level policy.Level) string {
	groups := make(map[string][]Finding)
	total := 0
	for _, f := range v.Findings {
		if f.Level == level && f.counts(v.Observed) {
			groups[f.Rule] = append(groups[f.Rule], f)
			total++
		}
	}
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := groups[a], groups[b]
		return cmp.Or(cmp.Compare(rankGroup(x), rankGroup(y)), -cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
	})
	first := groups[names[0]]
	if at := slices.IndexFunc(first, hasGist); at >= 0 {
		return first[at].gist + more(total-1, "finding")
	}
	return wordGroup(names[0], first) + more(total-len(first), "finding")
}

func hasGist(f Finding) bool { return f.gist != "" }

func rankGroup(fs []Finding) int {
	switch {
	case slices.ContainsFunc(fs, hasGist):
		return 0
	case fs[0].Kind == SessionKind:
		return 1
	default:
		return 2
	}
}

func wordGroup(rule string, fs []Finding) string {
	if fs[0].Kind == SessionKind {
		return wordSession(rule, fs)
	}
	if len(fs) == 1 && fs[0].Path != "" {
		return rule + ": " + fs[0].Path
	}
	if fs[0].Path != "" {
		return fmt.Sprintf("%s: %s and %d more", rule, fs[0].Path, len(fs)-1)
	}
	return rule + ": " + fs[0].Message
}

// wordSession counts the files by class, the most consequential class first.
func wordSession(mode string, fs []Finding) string {
	counts := make(map[change.Class]int)
	files := 0
	for _, f := range fs {
		if f.Path != "" {
			counts[f.class]++
			files++
		}
	}
	if files == 0 {
		return mode + ": " + fs[0].Message
	}
	var parts []string
	for _, class := range classOrder() {
		if n := counts[class]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, class))
		}
	}
	return fmt.Sprintf("%s session changed %s it may not (%s)", mode, count(files, "file"), strings.Join(parts, ", "))
}

// classOrder begins with what runs, then what the running depends on.
func classOrder() []change.Class {
	first := []change.Class{change.ClassFunctional, change.ClassTests, change.ClassDependencies}
	for _, c := range change.Classes() {
		if !slices.Contains(first, c) {
			first = append(first, c)
		}
	}
	return first
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func more(n int, noun string) string {
	if n <= 0 {
		return ""
	}
	return ", and " + count(n, "more "+noun)
}

// oneLine keeps hostile names from breaking the title into lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// cut shortens to at most n bytes at a rune's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[:n-len("…")]
	return strings.ToValidUTF8(s, "") + "…"
}
