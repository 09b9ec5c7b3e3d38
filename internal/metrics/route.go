package metrics

import (
	"slices"
	"strings"
)

// templates are the routes of GitHub's API that are told apart. A word in
// braces is one segment; "…" at the end is any number of them.
var templates = []string{
	"POST /graphql",
	"GET /app", "GET /app/hook/deliveries", "POST /app/hook/deliveries/{id}/attempts", "GET /app/installations", "POST /app/installations/{id}/access_tokens",
	"GET /installation/repositories",
	"GET /orgs/{org}/teams/{team}/memberships/{user}",
	"GET /repos/{owner}/{repo}/branches/…",
	"GET /repos/{owner}/{repo}/collaborators/{user}/permission",
	"POST /repos/{owner}/{repo}/check-runs", "PATCH /repos/{owner}/{repo}/check-runs/{id}",
	"GET /repos/{owner}/{repo}/commits/{ref}", "GET /repos/{owner}/{repo}/commits/{ref}/check-runs", "GET /repos/{owner}/{repo}/commits/{ref}/pulls", "GET /repos/{owner}/{repo}/commits/{ref}/status",
	"GET /repos/{owner}/{repo}/compare/…",
	"GET /repos/{owner}/{repo}/contents/…",
	"GET /repos/{owner}/{repo}/git/blobs/{id}", "GET /repos/{owner}/{repo}/git/trees/…",
	"PATCH /repos/{owner}/{repo}/issues/comments/{id}", "POST /repos/{owner}/{repo}/issues/comments/{id}/reactions", "POST /repos/{owner}/{repo}/issues/{number}/comments",
	"POST /repos/{owner}/{repo}/issues/{number}/labels",
	"GET /repos/{owner}/{repo}/pulls/{number}", "GET /repos/{owner}/{repo}/pulls/{number}/files", "POST /repos/{owner}/{repo}/pulls/{number}/requested_reviewers",
	"GET /repos/{owner}/{repo}/rules/branches/…", "GET /repos/{owner}/{repo}/rulesets", "GET /repos/{owner}/{repo}/rulesets/{id}",
}

var routes = func() map[string][][]string {
	m := make(map[string][][]string)
	for _, t := range templates {
		method, path, _ := strings.Cut(t, " ")
		m[method] = append(m[method], strings.Split(path, "/"))
	}
	return m
}()

// Route is the template of a request to GitHub's API: its method and the path
// without the names in it. What is not known is Other.
func Route(method, path string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/api/v3"), "/api")
	segments := strings.Split(path, "/")
	for _, t := range routes[method] {
		if fits(t, segments) {
			return method + " " + strings.Join(t, "/")
		}
	}
	return Other
}

func fits(template, segments []string) bool {
	if n := len(template) - 1; template[n] == "…" {
		return len(segments) > n && fits(template[:n], segments[:n])
	}
	return slices.EqualFunc(template, segments, func(t, s string) bool {
		return t == s || strings.HasPrefix(t, "{") && s != ""
	})
}
