package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// examplePolicy is the one of the made-up neighbour.
const examplePolicy = `version: 1
sessions:
  docs-only:
    declared-by: {labels: [docs-only]}
    may-change: [docs]
rules:
  payments:
    uses: protected-paths
    level: approve
    with: {paths: ["payments/**"]}
    message: Money moves here.
  new-packages:
    uses: dependencies
    level: approve
  tests-are-kept:
    uses: test-discovery
  size:
    uses: limits
    level: warn
    with: {files: 3}
`

// example is a made-up pull request.
type example struct {
	branch, title, author, label, trailer string
	files                                 ghfake.Files
}

var examples = []example{
	{branch: "typo", title: "Mend a typo in the guide", author: "author-2", files: ghfake.Files{"docs/guide.md": ghfake.Text("# The guide\n\nIt works like this.\n")}},
	{branch: "refund", title: "Round refunds to whole cents", author: "author-3", files: ghfake.Files{"payments/refund.py": ghfake.Text("def refund(cents):\n    return round(cents)\n")}},
	{
		branch: "http-client", title: "Use another HTTP client", author: "author-2", trailer: "\n\nCo-authored-by: Claude <noreply@anthropic.com>",
		files: ghfake.Files{"requirements.txt": ghfake.Text("flask==3.1.0\nhttpx>=0.27\n")},
	},
	{
		branch: "handbook", title: "Describe how deployments go", author: "author-3", label: "docs-only", trailer: "\n\nCo-authored-by: Claude <noreply@anthropic.com>",
		files: ghfake.Files{"docs/deploy.md": ghfake.Text("# Deploying\n\nPush a tag.\n"), "shop/cart.py": ghfake.Text("def total(items):\n    return sum(items) or 0\n")},
	},
	{branch: "tests", title: "Drop a slow test", author: "author-2", files: ghfake.Files{"tests/test_cart.py": nil}},
}

// openExamples opens a few made-up changes beside the incident and delivers their
// webhooks, so that the overview has something to show when all are judged.
func openExamples(ctx context.Context, github *ghfake.Server, home string) error {
	repo := github.AddRepo(installation, owner, "shop")
	require(repo)
	by := func(login string, hours int) ghfake.Signature {
		return ghfake.Signature{Name: login, Email: login + "@example.com", When: time.Unix(1_760_000_000, 0).Add(time.Duration(hours) * time.Hour)}
	}
	repo.Commit("main", "The repository as it is", ghfake.Files{
		".github/changeguard.yml": ghfake.Text(examplePolicy),
		"docs/guide.md":           ghfake.Text("# The guide\n\nIt wroks like this.\n"),
		"payments/refund.py":      ghfake.Text("def refund(cents):\n    return cents\n"),
		"shop/cart.py":            ghfake.Text("def total(items):\n    return sum(items)\n"),
		"tests/test_cart.py":      ghfake.Text("from shop.cart import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"),
		"requirements.txt":        ghfake.Text("flask==3.1.0\n"),
	}, by("author-1", 0))
	for i, e := range examples {
		repo.Branch(e.branch, "main")
		repo.Commit(e.branch, e.title+e.trailer, e.files, by(e.author, i+1))
		pull := repo.Open(ghfake.Pull{Title: e.title, Base: "main", Head: e.branch, Author: ghfake.Account{Login: e.author, ID: 100 + int64(e.author[len(e.author)-1]-'0'), Type: "User"}})
		if e.label != "" {
			repo.Label(pull.Number, e.label, "lead-1")
		}
		if _, err := github.Deliver(ctx, home+"/webhook", "pull_request", repo.PullEvent(pull.Number, "opened", nil)); err != nil {
			return fmt.Errorf("deliver the webhook of an example: %w", err)
		}
	}
	for _, e := range examples {
		if _, err := await(ctx, repo, e.branch); err != nil {
			return err
		}
	}
	return nil
}
