package workflows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

// A guardRun is a step that runs this guard.
type guardRun struct {
	job  workflow.Job
	step workflow.Step
}

// guards finds the steps that run the guard; they are told by its name.
func guards(f *workflow.File) []guardRun {
	if f == nil {
		return nil
	}
	var list []guardRun
	for _, j := range f.Jobs {
		if strings.Contains(strings.ToLower(j.Uses.String()), "changeguard") {
			list = append(list, guardRun{job: j})
		}
		for _, s := range j.Steps {
			if strings.Contains(strings.ToLower(s.Uses.String()+"\n"+s.Run.String()), "changeguard") {
				list = append(list, guardRun{j, s})
			}
		}
	}
	return list
}

// lifecycle finds a workflow of the guard that ends, or that lets pass what it
// stopped before.
func lifecycle(before, after *workflow.File) []fact {
	had, has := guards(before), guards(after)
	if len(had) == 0 {
		return nil
	}
	if len(has) < len(had) {
		line := 1
		if after == nil {
			line = 0
		}
		return []fact{{key: "guard ends", line: line, message: "A workflow that runs this guard does not run it any more.", shown: "changeguard", remedy: ""}}
	}
	var list []fact
	weaker := func(what, shown string, line int) {
		list = append(list, fact{key: "guard weaker " + what, line: line, shown: shown, message: fmt.Sprintf("The workflow that runs this guard %s.", what)})
	}
	for i := range had {
		old, now := looseness(had[i]), looseness(has[i])
		for _, l := range now {
			if !slices.ContainsFunc(old, func(o loose) bool { return o.what == l.what && o.shown == l.shown }) {
				weaker(l.what, l.shown, l.line)
			}
		}
	}
	for _, t := range before.On {
		at := slices.IndexFunc(after.On, func(o workflow.Trigger) bool { return o.Event == t.Event })
		if at < 0 {
			weaker("does not run on "+t.Event+" any more", "on: "+t.Event, 1)
			continue
		}
		for _, filter := range []string{"paths", "paths-ignore", "branches", "branches-ignore", "types"} {
			old, now := t.With.Get(filter), after.On[at].With.Get(filter)
			if now != nil && !slices.Equal(old.Strings(), now.Strings()) {
				weaker("runs on other "+filter+" than before", filter+": "+strings.Join(now.Strings(), ", "), now.Line)
			}
		}
	}
	return list
}

// A loose is one way in which a step's failure does not count.
type loose struct {
	what, shown string
	line        int
}

var forgiving = lazyregexp.New(`\|\|\s*(?:true|:|exit 0|echo)|(?m:^\s*set \+e)|;\s*(?:true|exit 0)\b`)

func looseness(g guardRun) []loose {
	var list []loose
	for _, v := range []*workflow.Value{g.job.Value, g.step.Value} {
		if c := v.Get("continue-on-error"); c != nil && c.Text != "false" {
			list = append(list, loose{"may fail without effect", "continue-on-error: " + c.Text, c.Line})
		}
		if c := v.Get("if"); c != nil {
			list = append(list, loose{"runs only under a condition", "if: " + c.Text, c.Line})
		}
	}
	if at := forgiving.FindStringIndex(g.step.Run.String()); at != nil {
		list = append(list, loose{"may fail without effect", g.step.Run.Text[at[0]:at[1]], g.step.Run.LineOf(at[0])})
	}
	return list
}
