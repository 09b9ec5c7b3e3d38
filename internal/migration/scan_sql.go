package migration

import "strings"

// after finds words, then whatever a function wants behind them: it says where
// that ends, -1 when it is not there.
func after(then func(t *scan, at int) int, words ...string) search {
	return func(t *scan, from int) (int, int) {
		for at := t.begins(words[0], from); at < len(t.s); at = t.begins(words[0], at+1) {
			if behind := t.phrase(at, words...); behind >= 0 {
				if end := then(t, behind); end >= 0 {
					return at, end
				}
			}
		}
		return -1, -1
	}
}

// restOfStatement wants the word to end.
func restOfStatement(t *scan, at int) int {
	if !t.ends(at) {
		return -1
	}
	return t.statement(at)
}

// restOfLine wants space.
func restOfLine(t *scan, at int) int {
	if at == len(t.s) || !isSpace(t.s[at]) {
		return -1
	}
	return t.lineEnd(at + 1)
}

// dropped is what "drop" takes away as a whole.
func dropped(t *scan, at int) int {
	if at = t.space(at); at < 0 {
		return -1
	}
	for _, what := range [][]string{{"table"}, {"schema"}, {"database"}, {"materialized", "view"}} {
		if end := t.phrase(at, what...); end >= 0 && t.ends(end) {
			return t.statement(end)
		}
	}
	return -1
}

// droppedByCode is the same where a program hands it on: with a name.
func droppedByCode(t *scan, at int) int {
	if at = t.space(at); at < 0 {
		return -1
	}
	for _, what := range []string{"table", "schema", "database"} {
		name := t.space(t.phrase(at, what))
		if name < 0 {
			continue
		}
		if late := t.space(t.phrase(name, "if", "exists")); late >= 0 && t.named(late) {
			name = late
		}
		if t.named(name) {
			return t.lineEnd(name + 1)
		}
	}
	return -1
}

// named reports whether a name may begin at a place.
func (t *scan) named(at int) bool {
	return at < len(t.s) && (isWord(t.s[at]) || strings.IndexByte("\"`[$", t.s[at]) >= 0)
}

// altered finds what is done to a table within its statement, behind one of some
// verbs.
func altered(opens func(t *scan, at int) bool, then func(t *scan, at int) int, verbs ...string) search {
	return func(t *scan, from int) (int, int) {
		for at := t.begins("alter", from); at < len(t.s); {
			table := t.phrase(at, "alter", "table")
			if table < 0 || !opens(t, table) {
				at = t.begins("alter", at+1)
				continue
			}
			until := t.statement(table)
			for verb := table; ; {
				first, length := len(t.s), 0
				for _, v := range verbs {
					if n := t.begins(v, verb); n < first {
						first, length = n, len(v)
					}
				}
				if first >= until {
					break
				}
				if end := then(t, first+length); end >= 0 {
					return at, end
				}
				verb = first + 1
			}
			at = t.begins("alter", until)
		}
		return -1, -1
	}
}

func (t *scan) spaced(at int) bool { return at < len(t.s) && isSpace(t.s[at]) }

// column is one that is dropped: named as such, or as the last word of a clause.
func column(t *scan, at int) int {
	if at = t.space(at); at < 0 {
		return -1
	}
	if end := t.phrase(at, "column"); end >= 0 && t.ends(end) {
		return t.statement(end)
	}
	if end := t.clause(t.space(t.phrase(at, "if", "exists"))); end >= 0 {
		return end
	}
	return t.clause(at)
}

// clause is a name and the end of its clause. A column's default is no column.
func (t *scan) clause(at int) int {
	end := t.name(at)
	if end < 0 || t.lower[at:end] == "default" {
		return -1
	}
	switch end = t.blanks(end); {
	case end == len(t.s):
		return end
	case t.s[end] == ',' || t.s[end] == ';':
		return t.statement(end + 1)
	}
	return -1
}

// name is the place behind a name, in quotes or not.
func (t *scan) name(at int) int {
	if at < 0 || at == len(t.s) {
		return -1
	}
	closing := map[byte]string{'"': `"`, '`': "`", '[': "]"}[t.s[at]]
	if closing != "" {
		if end := t.next(closing, at+1); end < len(t.s) && end > at+1 {
			return end + 1
		}
		return -1
	}
	end := at
	for end < len(t.s) && (isWord(t.s[end]) || t.s[end] == '$') {
		end++
	}
	if end == at {
		return -1
	}
	return end
}

// retyped is a column that gets another type.
func retyped(t *scan, at int) int {
	if at = t.space(at); at < 0 {
		return -1
	}
	if end := t.newType(t.space(t.phrase(at, "column"))); end >= 0 {
		return end
	}
	return t.newType(at)
}

// newType is a name and its new type.
func (t *scan) newType(at int) int {
	if at < 0 {
		return -1
	}
	for at < len(t.s) && !isSpace(t.s[at]) {
		at++
	}
	if at = t.space(at); at < 0 {
		return -1
	}
	end := t.phrase(at, "type")
	if end < 0 {
		end = t.phrase(at, "set", "data", "type")
	}
	if end < 0 || !t.ends(end) {
		return -1
	}
	return t.statement(end)
}

// restOfCode is "drop column" as programs hand it on.
func restOfCode(t *scan, at int) int {
	if at = t.phrase(max(t.space(at), -1), "column"); at < 0 {
		return -1
	}
	return restOfLine(t, at)
}
