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
	Name  string // id and author
	Text  string // what it does, without layout, to compare with
	Line  int
	Steps []Step
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
	var l steps
	l.seen = make(map[int]bool)
	for _, s := range sets {
		for _, one := range s.Steps {
			l.add(one)
		}
	}
	return l.found
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
		b.Steps = append(b.Steps, Step{what, why, name, line})
	}
	if slices.Contains(unreversed, name) {
		b.oneWay = append(b.oneWay, Step{noReverse, leadsBack, name, line})
	}
}

// sql takes a script that begins in some line.
func (b *setBuilder) sql(text string, line int) {
	for _, s := range Steps("V1__changeset.sql", text) {
		s.Line += line - 1
		b.Steps = append(b.Steps, s)
	}
}

// done is the set when all of it is known.
func (b *setBuilder) done() ChangeSet {
	if !b.rollback {
		b.Steps = append(b.Steps, b.oneWay...)
	}
	slices.SortStableFunc(b.Steps, func(a, c Step) int { return cmp.Compare(a.Line, c.Line) })
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
