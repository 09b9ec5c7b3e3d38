package ghfake

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// router finds the route of a request. http.ServeMux cannot hold GitHub's
// paths: issues/comments/{id} and issues/{number}/comments overlap there, while
// GitHub prefers what is spelt out.
type router struct {
	routes []routed
}

type routed struct {
	method string
	parts  []string // {name} is any one part, {name...} the rest
	route  *route
}

// newRouter orders the routes so that the first that fits is the right one.
func newRouter(list []*route) *router {
	rt := &router{}
	for _, r := range list {
		method, path, _ := strings.Cut(r.pattern, " ")
		rt.routes = append(rt.routes, routed{method, strings.Split(strings.Trim(path, "/"), "/"), r})
	}
	slices.SortStableFunc(rt.routes, func(a, b routed) int {
		return slices.CompareFunc(a.parts, b.parts, func(x, y string) int { return rank(x) - rank(y) })
	})
	return rt
}

// rank puts what is spelt out first, and what takes the rest last.
func rank(part string) int {
	switch {
	case strings.HasSuffix(part, "...}"):
		return 2
	case strings.HasPrefix(part, "{"):
		return 1
	}
	return 0
}

// find returns the route and sets the request's path values.
func (rt *router) find(r *http.Request) *route {
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for _, one := range rt.routes {
		if one.method != r.Method || !one.fits(path) {
			continue
		}
		for i, p := range one.parts {
			name := strings.Trim(p, "{}")
			switch rank(p) {
			case 1:
				r.SetPathValue(name, unescaped(path[i]))
			case 2:
				r.SetPathValue(strings.TrimSuffix(name, "..."), unescaped(strings.Join(path[i:], "/")))
			}
		}
		return one.route
	}
	return nil
}

func (o *routed) fits(path []string) bool {
	for i, p := range o.parts {
		switch {
		case rank(p) == 2:
			return i <= len(path)
		case i >= len(path) || rank(p) == 0 && p != path[i]:
			return false
		}
	}
	return len(path) == len(o.parts)
}

// unescaped undoes the escapes of a path; the server has refused broken ones.
func unescaped(s string) string {
	if text, err := url.PathUnescape(s); err == nil {
		return text
	}
	return s
}
