package main

import (
	"context"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/app"
)

// The manual's commands and flags: each is there, or is said to be absent.
func TestManualsCommandsAreKnownOrAbsent(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"serve", "check", "demo", "policy init", "policy lint", "policy explain", "policy schema", "policy test", "rules", "rules explain protected-paths", "backtest",
		"replay 1", "hook install", "hook run", "session start", "evidence attach", "doctor acme/app", "audit export", "audit verify", "db migrate", "db export",
		"db import", "app create", "version",
		"check --repo . --base main --head x --event f --session m --record f --policy f --org-policy f --format json --output f", "demo --once", "policy init --print-default",
	} {
		words := strings.Fields(text)
		a, isAbsent := notYet(words)
		if err := known(words); (err == nil) == isAbsent {
			t.Errorf("%s: %v, absent: %t", text, err, isAbsent)
		}
		if !isAbsent {
			continue
		}
		var out, errs strings.Builder
		if code := run(context.Background(), words, nothingSet, &out, &errs); code != app.ExitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "`"+a.name+"` is not in this version") {
			t.Errorf("%s: %d\n%s%s", text, code, out.String(), errs.String())
		}
	}
	for _, a := range absents {
		for _, m := range invoked.FindAllStringSubmatch(a.instead, -1) {
			if err := known(strings.Fields(m[1])); err != nil {
				t.Errorf("%s: instead of it: %v", a.name, err)
			}
		}
	}
	if _, found := notYet([]string{"chek"}); found {
		t.Error("what was never promised is absent otherwise")
	}
}
