package requiredevidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/rules"
)

// maxShown is how many checks one message names.
const maxShown = 5

// check asks for the checks of one name.
func (j *judging) check(pattern string, all []change.Check) error {
	name, err := rules.ParseCheck(pattern)
	if err != nil {
		return fmt.Errorf("read checks: %w", err) // the policy was not checked
	}
	var bad, running []string
	there := false
	for _, c := range all {
		switch {
		case !name.Match(c):
			continue
		case c.Conclusion == "":
			running = append(running, named(c.Name))
		case c.Conclusion != "success":
			bad = append(bad, fmt.Sprintf("%s of %s ended with %s", named(c.Name), named(c.App), named(c.Conclusion)))
		}
		there = true
	}
	switch {
	case len(bad) > 0:
		slices.Sort(bad)
		bad = slices.Compact(bad)
		j.add(rules.Finding{
			Key: "failed check " + pattern, Message: "Not green: " + some(bad) + ".",
			Remedy: "Mend what the check found, or run it again; only success counts.",
		})
	case len(running) > 0:
		slices.Sort(running)
		j.miss("check "+pattern, "Check "+some(slices.Compact(running))+" has not ended", "See why it takes so long, or run it again.")
	case !there:
		j.miss("check "+pattern, "Check "+named(pattern)+" is not there", "Run it on this commit; if it never will, ask for it under the name and the App that it has.")
	}
	return nil
}

// some lists the first few.
func some(list []string) string {
	if more := len(list) - maxShown; more > 0 {
		list = append(slices.Clone(list[:maxShown]), fmt.Sprintf("%d more", more))
	}
	return strings.Join(list, ", ")
}
