package workflows

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

var (
	shellVariable = lazyregexp.New(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
	// written is a line by which a step hands something on: to the steps behind it, as
	// an output or as a variable.
	written = lazyregexp.New(`(?m)^[^\n]*(?:GITHUB_(OUTPUT|ENV)|::set-output name=([\w-]+))[^\n]*$`)
	named   = lazyregexp.New(`\b([A-Za-z_][\w-]*)=`)
)

// handsOn remembers what a step writes of strangers' text for the steps behind it.
func (c *collector) handsOn(s workflow.Step) {
	text := s.Run.String()
	if !strings.Contains(text, "GITHUB_") && !strings.Contains(text, "set-output") {
		return
	}
	id := strings.ToLower(s.Value.Get("id").String())
	for _, m := range written.FindAllStringSubmatch(text, 100) {
		if !c.tainted(m[0]) {
			continue
		}
		for _, n := range named.FindAllStringSubmatch(m[0], 10) {
			name := strings.ToLower(n[1])
			switch {
			case m[1] == "ENV":
				c.taint[name] = true
			case id != "":
				c.steps["steps."+id+".outputs."+name] = true
			}
		}
		if m[2] != "" && id != "" {
			c.steps["steps."+id+".outputs."+strings.ToLower(m[2])] = true
		}
	}
}

// tainted reports whether a line of a script holds what strangers write, as an
// expression or in a variable.
func (c *collector) tainted(line string) bool {
	if _, _, bad := c.untrusted(line); bad {
		return true
	}
	for _, v := range shellVariable.FindAllStringSubmatch(line, 100) {
		if c.taint[strings.ToLower(v[1])] {
			return true
		}
	}
	return false
}

// handsOver remembers which outputs of a job hold such text.
func (c *collector) handsOver(job workflow.Job) {
	for _, p := range job.Value.Get("outputs").Items() {
		if _, _, bad := c.untrusted(p.Value.String()); bad {
			c.taint[strings.ToLower("needs."+job.Name+".outputs."+p.Key)] = true
		}
	}
}
