package web

import (
	"encoding/json"
	"fmt"
	"strings"
)

// WebhookPath is where the server takes deliveries, below its public address.
const WebhookPath = "/webhook"

// A Permission is one that the App asks for, and why.
type Permission struct{ Name, Level, Label, Why string }

// Permissions are all that the App asks for.
func Permissions() []Permission {
	return []Permission{
		{"contents", "read", "Contents", "the files, commits and policies that are judged"},
		{"pull_requests", "write", "Pull requests", "their text and labels, and the one comment"},
		{"checks", "write", "Checks", "the check run"},
		{"statuses", "write", "Commit statuses", "so that a ruleset can require the check from this App and from no other"},
		{"merge_queues", "read", "Merge queues", "to judge merge groups"},
		{"members", "read", "Members", "who is in a team whose approval or override a policy asks for"},
		{"metadata", "read", "Metadata", "GitHub asks for it"},
	}
}

// Events are what the App subscribes to.
func Events() []string {
	return []string{"pull_request", "pull_request_review", "issue_comment", "check_run", "check_suite", "merge_group", "push", "status"}
}

// Manifest is what GitHub makes the App from. Public is the address that GitHub
// delivers to, here the one at which the person sits who makes it.
func Manifest(public, here string) (string, error) {
	permissions := make(map[string]string)
	for _, p := range Permissions() {
		permissions[p.Name] = p.Level
	}
	public, here = strings.TrimSuffix(public, "/"), strings.TrimSuffix(here, "/")
	callbacks := []string{public + signedInPath}
	if here != public {
		callbacks = append(callbacks, here+signedInPath)
	}
	data, err := json.Marshal(map[string]any{
		"name": "changeguard", "url": public, "description": "Judges each change before it is merged.", "public": false,
		"hook_attributes": map[string]any{"url": public + WebhookPath, "active": true},
		"redirect_url":    here + "/setup/created", "callback_urls": callbacks, "setup_url": here + "/setup",
		"default_permissions": permissions, "default_events": Events(),
	})
	if err != nil {
		return "", fmt.Errorf("write the manifest: %w", err)
	}
	return string(data), nil
}

// signedInPath is where GitHub sends people back to who sign in.
const signedInPath = "/auth/callback"
