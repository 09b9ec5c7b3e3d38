package testset

import (
	"slices"
	"strings"
)

// A selection is what one run takes of the files that it collects.
type selection struct {
	covers func(path string) bool // nil for all
	text   string                 // what selects, "" for nothing
	keep   func(Test) bool        // nil for every test
}

// unite makes one of several runs: a test is kept when any of them keeps it.
func unite(list []selection) (text string, keep func(Test) bool) {
	var texts []string
	for _, s := range list {
		texts = append(texts, s.text)
	}
	slices.Sort(texts)
	if texts = slices.Compact(texts); len(texts) == 0 || len(texts) == 1 && texts[0] == "" {
		return "", nil
	}
	return strings.Join(texts, " | "), func(t Test) bool {
		return slices.ContainsFunc(list, func(s selection) bool {
			return (s.covers == nil || s.covers(t.Path)) && (s.keep == nil || s.keep(t))
		})
	}
}

// option finds the value of an option, as "--name value", "--name=value" or
// "-nvalue"; several are all returned.
func option(words []string, names ...string) (values []string) {
	for i, w := range words {
		name, value, has := strings.Cut(w, "=")
		switch {
		case has && slices.Contains(names, name):
			values = append(values, value)
		case slices.Contains(names, w) && i+1 < len(words):
			values = append(values, words[i+1])
		}
	}
	return values
}

// flagged reports whether one of some words is there.
func flagged(words []string, flags ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(flags, w) })
}

// fullName is a test's name as runners of suites write it.
func (t Test) fullName() string { return strings.ReplaceAll(t.Name, " > ", " ") }
