package ghfake

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Listings have 30 entries a page, and 100 at most.
const (
	defaultPage = 30
	largestPage = 100
)

// page reads per_page and page; nonsense counts as the default, as on GitHub.
func (c *call) page() (size, number int) {
	q := c.r.URL.Query()
	size, number = defaultPage, 1
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil && n > 0 {
		size = min(n, largestPage)
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil && n > 0 {
		number = n
	}
	return size, number
}

// paged cuts a list to the asked page and links to its neighbours.
func paged[T any](c *call, all []T) []T {
	size, number := c.page()
	return pagedBy(c, all, size, number)
}

func pagedBy[T any](c *call, all []T, size, number int) []T {
	from, to := min(len(all), (number-1)*size), min(len(all), number*size)
	last := max(1, (len(all)+size-1)/size)
	if number > 1 {
		c.link("prev", "page", itoa(min(number-1, last)))
	}
	if to < len(all) {
		c.link("next", "page", itoa(number+1))
		c.link("last", "page", itoa(last))
	}
	if number > 1 {
		c.link("first", "page", "1")
	}
	return all[from:to]
}

// mapped applies a function to each of a list, which is never nil.
func mapped[T any](list []T, do func(T) obj) []obj {
	out := make([]obj, 0, len(list))
	for _, x := range list {
		out = append(out, do(x))
	}
	return out
}

// Where the addresses in answers point to.
const (
	site    = "https://github.example"
	apiBase = site + "/api/v3"
)

// epoch is the time of things that have none of their own.
const epoch = "2020-01-01T00:00:00Z"

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// escapePath escapes a path for an address; slashes stay.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		parts[i] = url.PathEscape(s)
	}
	return strings.Join(parts, "/")
}

// utf8Name is how JSON carries a name that is no UTF-8.
func utf8Name(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
