package github

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A group's branch is known by its whole name and by what follows the prefix that
// was asked for, which GitHub calls the name; and what is called like one and is
// none is no group.
func TestGroupsByEitherName(t *testing.T) {
	t.Parallel()
	const base = "0123456789012345678901234567890123456789"
	for _, name := range []string{"gh-readonly-queue/main/pr-7-" + base, "main/pr-7-" + base} {
		var p openPage
		data, err := json.Marshal(map[string]any{"refs": map[string]any{"nodes": []any{
			map[string]any{"name": name, "target": map[string]any{"oid": "h"}},
			map[string]any{"name": "gh-readonly-queue/odd", "target": map[string]any{"oid": "h"}},
			map[string]any{"name": "main/pr-8-" + base, "target": map[string]any{}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		want := []Queued{{"acme", "app", "gh-readonly-queue/main/pr-7-" + base, base, "h"}}
		if diff := cmp.Diff(want, p.groups("acme", "app")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
