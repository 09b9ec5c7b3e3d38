package main

import (
	"strings"
	"testing"
)

// The commands and flags that the product promises are there.
func TestPromisedCommandsAreThere(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"serve", "check", "demo", "policy init", "policy lint", "policy explain", "policy schema", "policy test", "rules", "rules explain protected-paths", "backtest",
		"replay 1", "hook install", "hook run", "session start", "evidence attach", "doctor acme/app", "audit export", "audit verify", "db migrate", "db export",
		"db import", "app create", "version",
		"check --repo . --base main --head x --event f --session m --record f --policy f --org-policy f --format json --output f", "demo --once", "policy init --print-default",
	} {
		if err := known(strings.Fields(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
