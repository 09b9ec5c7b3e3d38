// Package migration reads migrations of databases: which files are some, and
// what in them cannot be undone.
//
// It knows SQL and the migrations of Alembic, Django, Rails, Laravel, Knex,
// Sequelize, TypeORM, Entity Framework, FluentMigrator, golang-migrate, goose,
// dbmate, Flyway, Liquibase and Prisma by their folders and names. What other
// tools do in code is not read. A text is looked at by signs, not parsed: lines
// that are comments for certain are left out, strings are not, so what is quoted
// may be taken for a step. Where it is not certain, something counts; only a type
// that is known to hold all that the one before held does not.
package migration

import (
	"cmp"
	"slices"
	"strings"
)

// A Step is something in a migration that cannot be undone.
type Step struct {
	What  string // in words that follow "this migration"
	Why   string // what that means, in words that follow a colon
	Shown string // the first line of it
	Line  int    // from 1
}

// What steps mean.
const (
	takesAway = "what it takes away does not come back by reverting"
	narrows   = "what does not fit the new type is lost or refused, and the way back may fail on what was written since"
	leadsBack = "its tool cannot take it back"
)

// A sign is how such a step looks.
type sign struct {
	find     search
	what     string
	why      string
	anywhere bool // also in the way back
}

// MaxSteps bounds what is said of one migration.
const MaxSteps = 20

// Steps finds what a migration takes away, each line once and at most [MaxSteps].
func Steps(p, text string) []Step {
	lang := language(p)
	if lang == ".xml" || lang == ".yaml" {
		return changeSetSteps(p, text)
	}
	signs := slices.Concat(codeSigns[lang], inCode)
	if lang == ".sql" {
		signs = sqlSigns
	}
	code := withoutComments(lang, text)
	back := backwards(p, lang, text, code)
	l := steps{seen: make(map[int]bool)}
	if s, ok := noWayBack(p, lang, text, code, back); ok {
		l.add(s)
	}
	if lang == ".rb" {
		l.railsChange(code)
	}
	for i, one := range []string{code, joined(lang, code)} {
		if i > 0 && one == code {
			break // nothing that looks like a comment
		}
		l.find(one, signs, back)
	}
	return l.found
}

// steps are those of one migration, one a line.
type steps struct {
	found []Step
	seen  map[int]bool
}

func (l *steps) full() bool { return len(l.found) == MaxSteps }

func (l *steps) add(s Step) {
	if !l.seen[s.Line] && !l.full() {
		l.seen[s.Line] = true
		l.found = append(l.found, s)
	}
}

// find adds what is found in a code, but for what is on the way back.
func (l *steps) find(code string, signs []sign, back parts) {
	lower := lowered(code)
	for _, s := range signs {
		line, counted := 1, 0
		for start, end := range s.find.all(code, lower) {
			line += strings.Count(code[counted:start], "\n")
			counted = start
			if back.has(start) && !s.anywhere {
				continue
			}
			if l.full() {
				return
			}
			l.add(Step{s.what, cmp.Or(s.why, takesAway), firstLine(code[start:end]), line})
		}
	}
}

func firstLine(text string) string {
	shown, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(shown)
}
