package testdiscovery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/testset"
	"github.com/changeguard/changeguard/rules"
)

// The bounds of what is said: findings for losses, and tests named in one.
const (
	maxGroups = 20
	maxNamed  = 8
	maxFiles  = 2000
)

// A group is the losses that one file causes for one runner.
type group struct {
	of      *pair
	cause   string
	skipped bool
	losses  []loss
}

func (d *diff) findings(maxLost int) []rules.Finding {
	var found []rules.Finding
	if len(d.lost) > maxLost {
		for _, g := range d.groups() {
			found = append(found, g.finding(d))
		}
	}
	found = append(found, d.weaker()...)
	return append(found, d.opaque()...)
}

// groups puts losses together by what causes them; those of too many causes are
// one group without a cause.
func (d *diff) groups() []*group {
	var list []*group
	at := make(map[string]*group)
	for _, l := range d.lost {
		key := fmt.Sprintf("%s\x00%s\x00%s\x00%t", l.of.before.Runner, l.of.before.View, l.cause, l.skipped)
		g := at[key]
		if g == nil && len(list) >= maxGroups {
			key = fmt.Sprintf("%s\x00%t", l.of.before.Runner, l.skipped)
			l.cause = ""
			g = at[key]
		}
		if g == nil {
			g = &group{of: l.of, cause: l.cause, skipped: l.skipped}
			at[key] = g
			list = append(list, g)
		}
		g.losses = append(g.losses, l)
	}
	return list
}

func (l loss) String() string {
	switch {
	case l.name == "":
		return l.path
	case l.skipped:
		return l.now + "::" + l.name
	default:
		return l.path + "::" + l.name
	}
}

func (g *group) finding(d *diff) rules.Finding {
	slices.SortFunc(g.losses, func(a, b loss) int { return cmp.Compare(a.String(), b.String()) })
	var names, files []string
	for _, l := range g.losses {
		names = append(names, l.String())
		if len(files) < maxFiles {
			files = append(files, l.path)
		}
	}
	f := rules.Finding{
		Key: strings.Join(append([]string{g.of.before.Runner, fmt.Sprint(g.skipped)}, names...), "\n"), Path: g.cause,
		Evidence: strings.Join(names[:min(len(names), 50)], "\n"), Files: slices.Compact(files),
	}
	if g.skipped {
		f.Line = g.losses[0].line
		f.Message = fmt.Sprintf("%s ran before and %s skipped now, or only under a condition, or may fail: %s.", tests(len(names)), is(len(names)), named(names))
	} else {
		f.Message = g.message(d, names)
	}
	f.Remedy = "Collect them again, or say in the change why they may go and ask for an override."
	if file, ok := d.touched[g.cause]; ok {
		f.Path, f.PreviousPath = file.Path, file.OldPath
		f.Remedy = rules.Undo(d.in.Change, file)
	}
	return f
}

// message words a loss by its count: "pytest collects 214 of 231 tests; lost: …".
func (g *group) message(d *diff, names []string) string {
	p := g.of
	gone := 0
	files := make(map[string]bool)
	for _, l := range d.lost {
		if l.of == p && !l.skipped {
			gone++
			files[l.path] = true
		}
	}
	if p.unit != "tests" {
		gone = len(files)
		for f := range files {
			if p.after.Files[f] {
				gone-- // only some of its tests are lost
			}
		}
	}
	where := ""
	if p.before.View == testset.ByCommands {
		where = " as the workflows run it"
	}
	reason := g.losses[0].reason
	for _, l := range g.losses {
		if l.reason != reason {
			reason = ""
		}
	}
	if reason != "" {
		reason = " (" + reason + ")"
	}
	return fmt.Sprintf("%s%s collects %d of %d %s; lost: %s%s.", p.before.Runner, where, max(p.total-gone, 0), p.total, p.unit, named(names), reason)
}

func named(names []string) string {
	shown := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if more := len(names) - maxNamed; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return shown
}

func tests(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// weaker has one finding per file whose tests assert less.
func (d *diff) weaker() []rules.Finding {
	slices.SortFunc(d.fewer, func(a, b fewer) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line)) })
	var found []rules.Finding
	for i := 0; i < len(d.fewer); {
		n := i
		var says []string
		for ; n < len(d.fewer) && d.fewer[n].path == d.fewer[i].path; n++ {
			says = append(says, d.fewer[n].String())
		}
		file := d.touched[d.fewer[i].path]
		found = append(found, rules.Finding{
			Key: "weaker " + strings.Join(says, "\n"), Path: d.fewer[i].path, PreviousPath: file.OldPath, Line: d.fewer[i].line,
			Message:  "Tests assert less than before: " + named(says) + ".",
			Evidence: strings.Join(says[:min(len(says), 50)], "\n"),
			Remedy:   rules.Undo(d.in.Change, file),
		})
		i = n
	}
	return found
}

func (f fewer) String() string {
	switch {
	case f.after.Asserts == 0:
		return f.name + " asserts nothing any more"
	case f.after.Asserts < f.before.Asserts:
		return fmt.Sprintf("%s has %d of %d assertions", f.name, f.after.Asserts, f.before.Asserts)
	default:
		return f.name + " compares less exactly"
	}
}

// opaque has a finding for what decides about tests in a way that only running
// could tell, where the base did not have it.
func (d *diff) opaque() []rules.Finding {
	had := make(map[string]int)
	for _, o := range d.results[change.AtBase].Opaque {
		path := o.Path
		if to := d.renamed[path]; to != "" {
			path = to
		}
		had[path+"\x00"+o.What]++
	}
	var found []rules.Finding
	for _, o := range d.results[change.AtHead].Opaque {
		if had[o.Path+"\x00"+o.What]--; had[o.Path+"\x00"+o.What] >= 0 || d.ignored != nil && d.ignored(o.Path) {
			continue
		}
		if o.MayFail && o.Runner != "" && d.stillStrict(o.Runner) {
			continue
		}
		f := rules.Finding{
			Key: "opaque " + o.What, Path: o.Path, Line: o.Line,
			Message: fmt.Sprintf("Which tests run cannot be told any more: %s.", o.What),
			Remedy:  "Write it as plain configuration, or have a person look.",
		}
		if o.MayFail {
			f.Message = fmt.Sprintf("Tests that fail or are gone stop nothing any more: %s.", o.What)
		}
		if file, ok := d.touched[o.Path]; ok {
			f.PreviousPath, f.Remedy = file.OldPath, rules.Undo(d.in.Change, file)
		}
		found = append(found, f)
	}
	return found
}

// stillStrict reports whether as many commands of a runner as before stop their
// workflow when a test fails.
func (d *diff) stillStrict(runner string) bool {
	before, after := d.results[change.AtBase].Strict[runner], d.results[change.AtHead].Strict[runner]
	return before > 0 && after >= before || before == 0 && after > 0
}
