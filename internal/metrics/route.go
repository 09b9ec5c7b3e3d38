package metrics

import (
	"slices"
	"strings"
)

// templates are the routes of GitHub's API that are told apart. A word in
// braces is one segment; "…" at the end is any number of them.
var templates = []string{
	"POST /graphql", "GET /rate_limit",
	"GET /app", "GET /app/hook/config", "GET /app/hook/deliveries", "GET /app/hook/deliveries/{id}", "POST /app/hook/deliveries/{id}/attempts",
	"GET /app/installations", "POST /app/installations/{id}/access_tokens",
	"GET /installation/repositories",
	"GET /orgs/{org}/teams/{team}/memberships/{user}",
	"GET /repos/{owner}/{repo}", "GET /repos/{owner}/{repo}/installation",
	"GET /repos/{owner}/{repo}/branches", "GET /repos/{owner}/{repo}/branches/…",
	"GET /repos/{owner}/{repo}/collaborators/{user}/permission",
	"POST /repos/{owner}/{repo}/check-runs", "GET /repos/{owner}/{repo}/check-runs/{id}", "PATCH /repos/{owner}/{repo}/check-runs/{id}", "GET /repos/{owner}/{repo}/check-runs/{id}/annotations",
	"GET /repos/{owner}/{repo}/commits", "GET /repos/{owner}/{repo}/commits/{ref}", "GET /repos/{owner}/{repo}/commits/{ref}/check-runs", "GET /repos/{owner}/{repo}/commits/{ref}/check-suites",
	"GET /repos/{owner}/{repo}/commits/{ref}/pulls", "GET /repos/{owner}/{repo}/commits/{ref}/statuses", "POST /repos/{owner}/{repo}/statuses/{id}",
	"GET /repos/{owner}/{repo}/compare/…",
	"GET /repos/{owner}/{repo}/contents/…",
	"GET /repos/{owner}/{repo}/git/blobs/{id}", "GET /repos/{owner}/{repo}/git/trees/…",
	"GET /repos/{owner}/{repo}/issues/comments/{id}", "PATCH /repos/{owner}/{repo}/issues/comments/{id}", "DELETE /repos/{owner}/{repo}/issues/comments/{id}", "POST /repos/{owner}/{repo}/issues/comments/{id}/reactions",
	"GET /repos/{owner}/{repo}/issues/{number}/comments", "POST /repos/{owner}/{repo}/issues/{number}/comments",
	"GET /repos/{owner}/{repo}/issues/{number}/labels", "POST /repos/{owner}/{repo}/issues/{number}/labels", "DELETE /repos/{owner}/{repo}/issues/{number}/labels/…",
	"GET /repos/{owner}/{repo}/pulls", "GET /repos/{owner}/{repo}/pulls/{number}", "GET /repos/{owner}/{repo}/pulls/{number}/commits", "GET /repos/{owner}/{repo}/pulls/{number}/files",
	"GET /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "POST /repos/{owner}/{repo}/pulls/{number}/requested_reviewers", "GET /repos/{owner}/{repo}/pulls/{number}/reviews",
	"GET /repos/{owner}/{repo}/rules/branches/…", "POST /repos/{owner}/{repo}/rulesets", "GET /repos/{owner}/{repo}/rulesets/{id}",
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
