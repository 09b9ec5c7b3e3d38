package main

import (
	"slices"
	"strings"
)

// absent is a command that the manual names and this version has not. It is
// answered with what serves instead, and with a failure: an agent's hook that
// calls it must not take silence for consent.
type absent struct{ name, instead string }

// absents are all of them; a test keeps those out that have come.
var absents = []absent{}

// notYet finds the absent command that arguments begin with, or the first of a
// group of them.
func notYet(args []string) (absent, bool) {
	for n := min(len(args), 2); n > 0; n-- {
		i := slices.IndexFunc(absents, func(a absent) bool { return a.name == strings.Join(args[:n], " ") })
		if i >= 0 {
			return absents[i], true
		}
	}
	for _, a := range absents {
		if group, _, ok := strings.Cut(a.name, " "); ok && group == args[0] && grouped(group) == nil {
			return absent{group, a.instead}, true
		}
	}
	return absent{}, false
}
