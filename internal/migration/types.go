package migration

import (
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// maxCall is as far as a call is read; no tool writes one as long for a column.
const maxCall = 2000

// arguments are those of a call up to its closing parenthesis.
func arguments(text string) (inside string, whole bool) {
	depth := 1
	for i := 0; i < min(len(text), maxCall); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i], true
			}
		}
	}
	return text[:min(len(text), maxCall)], false
}

var (
	alembicOld = lazyregexp.New(`\bexisting_type\s*=\s*(?:\w+\.)*(\w+)(?:\(([^()]*)\))?`)
	alembicNew = lazyregexp.New(`(?:^|[^_\w])type_\s*=\s*(?:\w+\.)*(\w+)(?:\(([^()]*)\))?`)

	entityOld = lazyregexp.New(`\boldType:\s*"([\w ]*\w)(?:\(([^()"]*)\))?`)
	entityNew = lazyregexp.New(`\btype:\s*"([\w ]*\w)(?:\(([^()"]*)\))?`)
)

// alembicRetypes: without type_ the column keeps its type.
func alembicRetypes(inside string) bool {
	to := alembicNew.FindStringSubmatch(inside)
	if to == nil {
		return false
	}
	from := alembicOld.FindStringSubmatch(inside)
	return from == nil || compound(from) || compound(to) || !holds(from[1], from[2], to[1], to[2])
}

// compound reports whether a type is made of others, or lists its values: its arguments
// say more than a size.
func compound(m []string) bool {
	return strings.EqualFold(m[1], "array") || strings.EqualFold(m[1], "enum") && strings.ContainsAny(m[2], `"'`)
}

// entityRetypes compares both types, which Entity Framework writes down.
func entityRetypes(inside string) bool {
	from, to := entityOld.FindStringSubmatch(inside), entityNew.FindStringSubmatch(inside)
	return from == nil || to == nil || !holds(from[1], from[2], to[1], to[2])
}

// wider are types of which each holds what those before it hold.
var wider = [][]string{
	{"smallint", "smallinteger", "int", "integer", "bigint", "biginteger"},
	{"tinyint", "smallint", "int", "bigint"},
	{"char", "varchar", "string", "text"},
	{"nchar", "nvarchar", "unicode", "unicodetext"},
	{"character", "character varying", "text"},
	{"real", "float", "double"},
	{"real", "double precision"},
	{"smallintegerfield", "integerfield", "bigintegerfield"},
	{"charfield", "textfield"},
}

var number = lazyregexp.New(`\d+`)

// holds reports whether a type holds all that another one did, as far as is known.
func holds(old, oldSize, now, nowSize string) bool {
	old, now = strings.ToLower(old), strings.ToLower(now)
	if old != now {
		return slices.ContainsFunc(wider, func(chain []string) bool {
			at, to := slices.Index(chain, old), slices.Index(chain, now)
			return at >= 0 && to > at && (number.FindString(nowSize) == "" || sizeHolds(sizes(oldSize), sizes(nowSize)))
		})
	}
	if oldSize == nowSize || strings.EqualFold(strings.TrimSpace(nowSize), "max") {
		return true
	}
	return sizeHolds(sizes(oldSize), sizes(nowSize))
}

func sizes(text string) []int {
	var list []int
	for _, s := range number.FindAllString(text, 3) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// sizeHolds compares lengths, or precision and scale.
func sizeHolds(old, now []int) bool {
	switch {
	case len(now) == 0:
		return len(old) > 0
	case len(old) != len(now):
		return false
	case len(now) == 1:
		return now[0] >= old[0]
	}
	return now[1] >= old[1] && now[0]-now[1] >= old[0]-old[1]
}
