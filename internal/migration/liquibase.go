package migration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A ChangeSet is one of Liquibase's: it runs once, by its name. Further ones are
// written into the same file.
type ChangeSet struct {
	Name string // id and author
	Text string // what it does, without layout, to compare with
	Line int

	steps   []Step
	scripts []script
}

// A script is SQL that begins in some line of the file.
type script struct {
	text string
	line int
}

// Steps are those of one change set.
func (s *ChangeSet) Steps() []Step {
	found := slices.Clone(s.steps)
	for _, one := range s.scripts {
		found = append(found, shifted(Steps("V1__changeset.sql", one.text), one.line-1)...)
	}
	slices.SortStableFunc(found, func(a, b Step) int { return cmp.Compare(a.Line, b.Line) })
	return found
}

// ChangeSets reads one of the files that [Changelog] knows. Text that holds none,
// such as a file that only includes others, has none.
func ChangeSets(p, text string) ([]ChangeSet, error) {
	if language(p) == ".xml" {
		return xmlChangeSets(text)
	}
	return yamlChangeSets(text)
}

// changeSetSteps are those of a whole file. One that cannot be read is a step, since
// nobody knows.
func changeSetSteps(p, text string) []Step {
	sets, err := ChangeSets(p, text)
	if err != nil {
		return []Step{{What: "cannot be read", Why: fmt.Sprintf("%v, so nobody knows whether it can be taken back", err), Line: 1}}
	}
	l := steps{seen: make(map[int]bool)}
	for i := 0; i < len(sets) && !l.full(); i++ {
		l.addAll(&sets[i])
	}
	return l.found
}

func (l *steps) addAll(s *ChangeSet) {
	for _, one := range s.Steps() {
		l.add(one)
	}
}

// A setBuilder gathers what one change set does.
type setBuilder struct {
	ChangeSet
	text     strings.Builder
	oneWay   []Step // what has no reverse of itself
	rollback bool
}

var (
	// takes are changes that take away, and what they do.
	takes = map[string]string{
		"dropTable": "drops a table", "dropColumn": "drops a column", "mergeColumns": "drops a column", "delete": deletes, "modifyDataType": retypes,
	}
	// unreversed are changes that Liquibase takes back only where it is told how.
	unreversed = []string{"sql", "sqlFile", "update", "customChange", "executeCommand"}
)

// change takes one change of the set.
func (b *setBuilder) change(name string, line int) {
	why := takesAway
	if name == "modifyDataType" {
		why = narrows
	}
	if what := takes[name]; what != "" {
		b.steps = append(b.steps, Step{what, why, name, line})
	}
	if slices.Contains(unreversed, name) {
		b.oneWay = append(b.oneWay, Step{noReverse, leadsBack, name, line})
	}
}

// sql takes a script that begins in some line.
func (b *setBuilder) sql(text string, line int) {
	b.scripts = append(b.scripts, script{text, line})
}

// done is the set when all of it is known.
func (b *setBuilder) done() ChangeSet {
	if !b.rollback {
		b.steps = append(b.steps, b.oneWay...)
	}
	b.Text = b.text.String()
	return b.ChangeSet
}

// say adds to what the set is compared by.
func (b *setBuilder) say(words ...string) {
	for _, w := range words {
		b.text.WriteString(strings.Join(strings.Fields(w), " "))
		b.text.WriteByte(0)
	}
}
