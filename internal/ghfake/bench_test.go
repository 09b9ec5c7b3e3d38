package ghfake_test

import (
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// BenchmarkUsualPullRequest is what one verdict asks for: a comparison, a query,
// a check run.
func BenchmarkUsualPullRequest(b *testing.B) {
	w := newWorld(b, ghfake.Options{Quota: 1 << 30, Limits: ghfake.Limits{GraphQLPoints: 1 << 30}}, nil)
	w.serve = w.hub
	w.open(many(50))
	w.get(inRepo).want(200)
	run := w.runBody(nil)
	for b.Loop() {
		w.get(inRepo + "/compare/main...feature?per_page=100").want(200)
		w.query(inRepoQuery(`pullRequest(number:1){state title body author{login} labels(first:100){nodes{name}}} object(expression:"main"){...on Commit{file(path:"README.md"){oid}}}`), nil)
		w.call("POST", inRepo+"/check-runs", run).want(201)
		w.hub.Forget()
	}
}

// BenchmarkLargePullRequest compares trees of 11,178 changed files.
func BenchmarkLargePullRequest(b *testing.B) {
	w := newWorld(b, ghfake.Options{Quota: 1 << 30}, nil)
	w.serve = w.hub
	w.open(many(11178))
	w.get(inRepo).want(200)
	for b.Loop() {
		w.get(inRepo + "/compare/main...feature?per_page=100").want(200)
		w.get(inRepo + "/pulls/1/files?per_page=100&page=30").want(200)
		w.hub.Forget()
	}
}
