package web

import (
	"net/http"
	"strings"
)

// barGoesHere stands in a page for what depends on who asks: templates know only
// what they are given, and every one would have to be given that. No text of
// anybody's can hold it, since "<" is escaped.
const barGoesHere = "<!--bar-->"

// masthead is the navigation, and who is signed in.
type masthead struct {
	Login string // "" for nobody
	Pages []place
}

type place struct {
	Path, Name string
	Here       bool
}

// places are the pages that every page leads to.
func places() []place {
	return []place{{Path: "/", Name: "Overview"}, {Path: "/policy", Name: "Policy"}, {Path: "/audit", Name: "Audit"}, {Path: "/health", Name: "Health"}}
}

// withBar puts the bar in its place.
func (s *server) withBar(r *http.Request, page string) (string, error) {
	before, after, there := strings.Cut(page, barGoesHere)
	if !there {
		return page, nil
	}
	b := masthead{Login: viewing(r).Login, Pages: places()}
	for i, p := range b.Pages {
		b.Pages[i].Here = p.Path == r.URL.Path
	}
	var text strings.Builder
	err := s.templates.ExecuteTemplate(&text, "bar", b)
	return before + text.String() + after, err
}
