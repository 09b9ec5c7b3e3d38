package app_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// The manifest for making the App asks for what the program needs, and for
// nothing else; so does the set-up page.
func TestAppManifestFits(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../deploy/app-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	for name, level := range ghfake.Permissions() {
		if m.Permissions[name] != level {
			t.Errorf("%s: %q, want %q", name, m.Permissions[name], level)
		}
	}
	// Those on installations and the ping come without being asked for.
	events := []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review", "push", "status"}
	if slices.Sort(m.Events); !slices.Equal(m.Events, events) || len(m.Permissions) != len(ghfake.Permissions()) {
		t.Errorf("%v %v", m.Permissions, m.Events)
	}

	page := strings.Join(strings.Fields(begin(t, nil).get("/setup")), " ")
	names := map[string]string{
		"contents": "Contents", "pull_requests": "Pull requests", "checks": "Checks", "statuses": "Commit statuses", "merge_queues": "Merge queues", "members": "Members", "metadata": "Metadata",
	}
	for name, level := range m.Permissions {
		if want := names[name] + ": " + level; names[name] == "" || !strings.Contains(page, want) {
			t.Errorf("the set-up page lacks %q (%s)", want, name)
		}
	}
	for _, e := range m.Events {
		if want := strings.ReplaceAll(e, "_", " "); !strings.Contains(page, want) {
			t.Errorf("the set-up page lacks the event %q", want)
		}
	}
}
