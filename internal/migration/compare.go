package migration

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// Edited is what an edit of a migration that was there before comes to. Where it ran
// already it does not run again, so that an edit is found whatever it says; but not
// further change sets in the same file, another text of what runs whenever it is edited,
// or layout and comments where no tool sums them up.
//
// What says which part was edited, "" for none; the steps are those that come with
// the edit.
func Edited(p, before, after string) (what string, line int, found []Step) {
	switch {
	case Changelog(p):
		return editedSets(p, before, after)
	case Repeated(p):
		return "", 0, beyond(Steps(p, before), Steps(p, after))
	case language(p) == ".sql":
		if added, ok := appended(before, after); ok {
			return "", 0, shifted(Steps(p, added), strings.Count(after[:len(after)-len(added)], "\n"))
		}
	case change.CanBeCosmetic(p) && change.Cosmetic(p, []byte(before), []byte(after)):
		return "", 0, nil
	}
	return "A migration", 0, nil
}

// editedSets: each change set is a migration of its own.
func editedSets(p, before, after string) (what string, line int, found []Step) {
	old, err := ChangeSets(p, before)
	now, errNow := ChangeSets(p, after)
	if err = errors.Join(err, errNow); err != nil {
		return "A file of migrations that cannot be read", 0, nil
	}
	known := make(map[string]string, len(now))
	for _, s := range now {
		known[s.Name] = s.Text
	}
	had := make(map[string]bool, len(old))
	for _, s := range old {
		had[s.Name] = true
		if text, there := known[s.Name]; what == "" && (!there || text != s.Text) {
			what = fmt.Sprintf("The change set %q", s.Name)
		}
	}
	l := steps{seen: make(map[int]bool)}
	for i := range now {
		switch name := now[i].Name; {
		case !had[name] && !l.full():
			l.addAll(&now[i])
		case had[name] && line == 0 && what == fmt.Sprintf("The change set %q", name):
			line = now[i].Line
		}
	}
	return what, line, l.found
}

// beyond are the steps that are new, whatever their lines.
func beyond(old, now []Step) []Step {
	return slices.DeleteFunc(now, func(s Step) bool {
		return slices.ContainsFunc(old, func(o Step) bool { return o.What == s.What && o.Shown == s.Shown })
	})
}

var anotherSet = lazyregexp.New(`(?i)^\s*--[ \t]*changeset\b`)

// appended are further change sets in a script of Liquibase's.
func appended(before, after string) (added string, ok bool) {
	before = strings.TrimRight(before, " \t\r\n")
	added, ok = strings.CutPrefix(after, before)
	return added, ok && before != "" && anotherSet.MatchString(added) && strings.Contains(added, "\n")
}

func shifted(list []Step, lines int) []Step {
	for i := range list {
		list[i].Line += lines
	}
	return list
}

// Empty reports whether a script does nothing.
func Empty(p, text string) bool {
	code := withoutComments(language(p), text)
	return strings.Trim(code, " \t\r\n;") == ""
}
