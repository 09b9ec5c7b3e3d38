package workflows

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

// lifecycle finds a workflow of the guard that ends, or that lets pass what it
// stopped before.
func lifecycle(ctx context.Context, c *change.Change, before, after *workflow.File) ([]fact, error) {
	had, err := (&guardFinder{c, change.AtBase, maxGuardReads}).in(ctx, before, 0)
	if err != nil || len(had) == 0 {
		return nil, err
	}
	has, err := (&guardFinder{c, change.AtHead, maxGuardReads}).in(ctx, after, 0)
	if err != nil {
		return nil, err
	}
	if len(has) < len(had) {
		line := 1
		if after == nil {
			line = 0
		}
		return []fact{{key: "guard ends", line: line, message: "A workflow that runs this guard does not run it any more.", shown: guardName}}, nil
	}
	now := make([][]loose, len(has))
	for i, g := range has {
		now[i] = looseness(g)
	}
	var list []fact
	for i, g := range had {
		list = append(list, weakened(g, has, now, i)...)
	}
	return append(list, triggered(before, after)...), nil
}

func weaker(what, shown string, line int) fact {
	return fact{key: "guard weaker " + what, line: line, shown: shown, message: fmt.Sprintf("The workflow that runs this guard %s.", what)}
}

// weakened compares a run with the one of now that is weaker by the least, the one in
// its place first: another that comes beside it takes nothing away.
func weakened(g guardRun, has []guardRun, now [][]loose, at int) []fact {
	old := looseness(g)
	list := weakerThan(g, old, has[at], now[at])
	for i := 0; i < len(has) && len(list) > 0; i++ {
		if more := weakerThan(g, old, has[i], now[i]); len(more) < len(list) {
			list = more
		}
	}
	return list
}

func weakerThan(g guardRun, old []loose, is guardRun, now []loose) []fact {
	var list []fact
	for _, l := range now {
		if !slices.ContainsFunc(old, func(o loose) bool { return o.what == l.what && o.shown == l.shown }) {
			list = append(list, weaker(l.what, l.shown, l.line))
		}
	}
	if g.uses != "" && is.uses != "" && is.uses != g.uses && !strings.HasPrefix(is.uses, "./") {
		list = append(list, weaker("runs another action", is.uses, max(is.step.Line, is.job.Line)))
	}
	return list
}

// triggered finds events that are gone and filters that let less through.
func triggered(before, after *workflow.File) []fact {
	var list []fact
	for _, t := range before.On {
		at := slices.IndexFunc(after.On, func(o workflow.Trigger) bool { return o.Event == t.Event })
		if at < 0 {
			list = append(list, weaker("does not run on "+t.Event+" any more", "on: "+t.Event, 1))
			continue
		}
		for _, filter := range []string{"paths", "paths-ignore", "branches", "branches-ignore", "types", "tags", "tags-ignore"} {
			old, now := t.With.Get(filter), after.On[at].With.Get(filter)
			if narrower(filter, old.Strings(), now) {
				list = append(list, weaker("runs on other "+filter+" than before", filter+": "+strings.Join(now.Strings(), ", "), now.At(1)))
			}
		}
	}
	return list
}

// usualTypes are those of a pull request for which a workflow runs that names none.
var usualTypes = []string{"opened", "synchronize", "reopened"}

// narrower reports whether a filter lets less through than before.
func narrower(filter string, old []string, now *workflow.Value) bool {
	new := now.Strings()
	if strings.HasSuffix(filter, "-ignore") {
		return !all(new, old)
	}
	switch {
	case filter == "types" && len(old) == 0 && now != nil:
		old = usualTypes
	case filter == "types" && now == nil && len(old) > 0:
		new = usualTypes
	case now == nil:
		return false
	case len(old) == 0:
		return true
	}
	excluded := slices.ContainsFunc(new, func(p string) bool { return strings.HasPrefix(p, "!") && !slices.Contains(old, p) })
	return excluded || !all(old, new)
}

// all reports whether a list has all that is in another.
func all(these, in []string) bool {
	for _, one := range these {
		if !slices.Contains(in, one) {
			return false
		}
	}
	return true
}

// A loose is one way in which a failure of the guard does not count, or in which it
// judges by something else.
type loose struct {
	what, shown string
	line        int
}

const (
	noEffect = "may fail without effect"
	never    = "never runs"
)

func looseness(g guardRun) []loose {
	var list []loose
	for _, v := range []*workflow.Value{g.job.Value, g.step.Value} {
		if c := v.Get("continue-on-error"); c != nil && c.Text != "false" {
			list = append(list, loose{noEffect, "continue-on-error: " + c.Text, c.Line})
		}
		if c := v.Get("if"); c != nil && !slices.Contains([]string{"always()", "true"}, bare(c.Text)) {
			what := "runs only under a condition"
			if bare(c.Text) == "false" {
				what = never
			}
			list = append(list, loose{what, "if: " + c.Text, c.Line})
		}
	}
	if needs := g.job.Value.Get("needs"); needs != nil && bare(g.job.Value.Get("if").String()) != "always()" {
		list = append(list, loose{"is skipped when another job fails or is skipped", "needs: " + strings.Join(needs.Strings(), ", "), needs.Line})
	}
	list = append(list, append(inputs(g.step), commands(g)...)...)
	return list[:min(len(list), maxLoose)]
}

// maxLoose bounds what is said of one run.
const maxLoose = 20

// bare is a condition without its brackets.
func bare(condition string) string {
	condition = strings.TrimSpace(condition)
	if inner, ok := strings.CutPrefix(condition, "${{"); ok {
		condition = strings.TrimSuffix(inner, "}}")
	}
	return strings.ToLower(strings.TrimSpace(condition))
}

// inputs are those that decide what the guard's action judges, and by what.
func inputs(s workflow.Step) []loose {
	var list []loose
	for _, key := range []string{"policy", "org-policy", "base", "head", "session", "working-directory", "binary"} {
		if v := s.With.Get(key); v != nil && s.Uses != nil {
			list = append(list, loose{"is given another " + key, key + ": " + v.Text, v.Line})
		}
	}
	return list
}

var (
	unchecked = lazyregexp.New(`;\s*(?:true|:|exit 0)\b|[^&>]&\s*$`)
	fails     = lazyregexp.New(`\bexit\s+(?:[1-9$"]|"\$)|\bfalse\b|\breturn\s+[1-9$]`)
	piped     = lazyregexp.New(`[^|]\|[^|]`)
	flags     = lazyregexp.New(`--(?:policy|org-policy|base|head|session)\b[= ]?\S*`)
)

// commands are the ways in which a script takes no notice of what the guard says.
func commands(g guardRun) []loose {
	if g.script == "" {
		return nil
	}
	var list []loose
	text := g.step.Run.String()
	line := g.step.Run.LineOf(max(strings.Index(strings.ToLower(text), guardName), 0))
	add := func(shown string) { list = append(list, loose{noEffect, strings.TrimSpace(shown), line}) }
	shell, toldLater := g.step.Value.Get("shell").String(), fails.MatchString(text)
	careful := shell == "bash" || strings.Contains(text, "pipefail")
	if at := errexitOff.FindString(text); at != "" && !toldLater {
		add(at)
	}
	if strings.Contains(shell, "{0}") && !strings.Contains(shell, " -e") {
		add("shell: " + shell)
	}
	for command := range strings.SplitSeq(g.script, "\n") {
		if _, rest, ok := strings.Cut(command, "||"); ok && !fails.MatchString(rest) {
			add("||" + rest)
		}
		if at := unchecked.FindString(command); at != "" {
			add(at)
		}
		if piped.MatchString(command) && !careful {
			add(command)
		}
		if asked := strings.TrimSpace(command); (strings.HasPrefix(asked, "if ") || strings.HasPrefix(asked, "! ")) && !toldLater {
			add(asked)
		}
		for _, f := range flags.FindAllString(command, 10) {
			list = append(list, loose{"is called with other arguments", f, line})
		}
	}
	return list
}

var errexitOff = lazyregexp.New(`(?m)^\s*set \+e.*`)
