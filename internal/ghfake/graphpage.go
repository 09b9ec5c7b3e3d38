package ghfake

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// connection is a page of a list.
type connection struct {
	name  string
	nodes []node
	from  int // place of the first node
	total int
}

// connect cuts a list as first, last, after and before say.
func connect(name string, all []node, args obj) any {
	from, to := 0, len(all)
	if n, ok := cursorPlace(args["after"]); ok {
		from = min(n, to)
	}
	if n, ok := cursorPlace(args["before"]); ok {
		to = max(from, min(n-1, to))
	}
	if n, ok := args["first"].(float64); ok {
		to = min(to, from+int(n))
	} else if n, ok := args["last"].(float64); ok {
		from = max(from, to-int(n))
	}
	return connection{name, all[from:to], from, len(all)}
}

const cursorPrefix = "cursor:v2:"

func cursor(place int) string {
	return base64.StdEncoding.EncodeToString([]byte(cursorPrefix + strconv.Itoa(place)))
}

// cursorPlace reads a cursor: the number of the record, from one.
func cursorPlace(v any) (int, bool) {
	text, ok := v.(string)
	if !ok {
		return 0, false
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(data), cursorPrefix))
	return n, err == nil && n > 0
}

func (c connection) kind() string { return c.name }

func (c connection) field(_ *execution, name string, _ obj) any {
	switch name {
	case "nodes":
		return c.nodes
	case "totalCount":
		return c.total
	case "pageInfo":
		return pageInfo(c)
	}
	return unresolved(c, name)
}

type pageInfo connection

func (pageInfo) kind() string { return "PageInfo" }

func (p pageInfo) field(_ *execution, name string, _ obj) any {
	switch name {
	case "hasNextPage":
		return p.from+len(p.nodes) < p.total
	case "hasPreviousPage":
		return p.from > 0
	case "startCursor":
		if len(p.nodes) == 0 {
			return nil
		}
		return cursor(p.from + 1)
	case "endCursor":
		if len(p.nodes) == 0 {
			return nil
		}
		return cursor(p.from + len(p.nodes))
	}
	return unresolved(p, name)
}

// unresolved is a mistake in this package: the schema has a field that nobody
// answers. A test asks for all of them.
func unresolved(n node, field string) any {
	panic("ghfake: nobody answers " + n.kind() + "." + field)
}
