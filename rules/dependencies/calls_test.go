package dependencies_test

import (
	"context"
	"testing"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/change/changetest"
	"github.com/changeguard/changeguard/rules"
	"github.com/changeguard/changeguard/rules/dependencies"
)

// counting counts how often a source is asked.
type counting struct {
	change.Source
	entries, blobs int
}

func (c *counting) Entries(ctx context.Context, at change.Side, paths []string) (map[string]change.Entry, error) {
	c.entries++
	return c.Source.Entries(ctx, at, paths)
}

func (c *counting) Blobs(ctx context.Context, ids []string, limit change.Limits) (map[string]change.Blob, error) {
	c.blobs++
	return c.Source.Blobs(ctx, ids, limit)
}

// Each question to the source may be a request to a forge, so a manifest deep in
// the tree, with its lock file far above, costs no more than one at the top.
func TestFewQuestions(t *testing.T) {
	t.Parallel()
	lock := "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n"
	base := map[string]string{"package.json": "{}", "yarn.lock": lock, "apps/web/package.json": `{"dependencies": {"a": "^1.0.0"}}`, "apps/api/pyproject.toml": "", "apps/api/poetry.lock": ""}
	head := map[string]string{"apps/web/package.json": `{"dependencies": {"a": "^1.0.0", "b": "^2.0.0"}}`, "apps/api/pyproject.toml": "[project]\ndependencies = ['b']\n"}
	for name, text := range base {
		if head[name] == "" {
			head[name] = text
		}
	}
	c := changetest.New(changetest.Text(base), changetest.Text(head))
	asked := &counting{Source: c.Source}
	c.Source = asked
	found, err := dependencies.Kind().Run(t.Context(), &rules.Input{Change: c}, &dependencies.Options{})
	if err != nil || len(found) != 3 { // b in each, and one lock file that does not know it
		t.Errorf("%v, %v", found, err)
	}
	if asked.entries > 2 || asked.blobs > 2 {
		t.Errorf("%d questions for entries, %d for contents", asked.entries, asked.blobs)
	}
}
