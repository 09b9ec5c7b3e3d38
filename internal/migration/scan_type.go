package migration

import (
	"slices"
	"strings"
)

// kept are words behind a column's name that leave its type as it is.
var kept = []string{
	"set", "drop", "add", "reset", "restart", "type", "not", "null", "default", "constraint", "comment", "storage", "rename", "options", "visible", "invisible", "encrypt", "enable",
	"disable", "check", "generated", "compression", "statistics", "partition", "lob", "first", "after", "using", "collate",
}

// defined is a column of SQL Server that gets a new definition.
func defined(t *scan, at int) int {
	name := t.space(t.phrase(max(t.space(at), -1), "column"))
	return t.definition(t.space(t.name(name)))
}

// redefined is one of MySQL or Oracle.
func redefined(t *scan, at int) int {
	at = t.blanks(at)
	if name := t.space(t.phrase(at, "column")); name >= 0 {
		at = name
	}
	if at < len(t.s) && t.s[at] == '(' {
		at = t.blanks(at + 1)
	}
	if name := t.word(at); slices.Contains(kept, name) || name == "index" {
		return -1
	}
	return t.definition(t.space(t.name(at)))
}

// changed is one of MySQL that gets a name and a definition.
func changed(t *scan, at int) int {
	at = t.space(at)
	if name := t.space(t.phrase(max(at, -1), "column")); name >= 0 {
		at = name
	}
	return t.definition(t.space(t.name(t.space(t.name(at)))))
}

// definition is what begins with a type.
func (t *scan) definition(at int) int {
	if at < 0 {
		return -1
	}
	if word := t.word(at); word == "" || slices.Contains(kept, word) {
		return -1
	}
	return t.statement(at)
}

// word is one in lower case, at most as long as names are.
func (t *scan) word(at int) string {
	end := max(at, 0)
	for end < len(t.s) && end-at < 64 && isWord(t.s[end]) {
		end++
	}
	return t.lower[max(at, 0):end]
}

// retypedByCode is the same where a program hands it on, up to the line's end.
func retypedByCode(t *scan, at int) int {
	if retyped(t, at) < 0 && defined(t, at) < 0 {
		return -1
	}
	return t.lineEnd(at)
}

// deletedByCode is what "delete from" takes away where a program hands it on.
func deletedByCode(t *scan, at int) int {
	if at = t.space(at); at < 0 || !t.named(at) {
		return -1
	}
	return t.lineEnd(at)
}

// called finds calls by what their text, in lower case, begins with and by what is
// between their parentheses.
func called(begin string, counts func(inside string) bool) search {
	return func(t *scan, from int) (int, int) {
		for at := t.next(begin, from); at < len(t.s); at = t.next(begin, at+1) {
			open := strings.IndexByte(t.s[at:min(len(t.s), at+200)], '(')
			if open < 0 {
				continue
			}
			if inside, whole := arguments(t.s[at+open+1:]); !whole || counts(inside) {
				return at, t.lineEnd(at)
			}
		}
		return -1, -1
	}
}
