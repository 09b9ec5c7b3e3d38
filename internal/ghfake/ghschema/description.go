// Package ghschema holds requests to GitHub, its answers and its webhooks
// against GitHub's own description of them.
//
// [Wrap] stands between a test's client and the stand-in, or any other handler
// that plays GitHub, and fails the test when one of them says something that
// the description does not allow. [Payload] does the same for a webhook.
//
// The description is a part of the one that GitHub publishes, see SOURCE.md. A
// schema with a keyword that the validator does not know is an error, never
// "valid".
package ghschema

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Description is the part of GitHub's OpenAPI description that is kept.
type Description struct {
	Version    string               `json:"version"`
	Operations map[string]Operation `json:"operations"` // by "METHOD /path/{parameter}"
	Webhooks   map[string]any       `json:"webhooks"`   // by WebhookName
	Schemas    map[string]any       `json:"schemas"`    // what "$ref" names
}

// Operation is one operation of the API; nil schemas mean no JSON.
type Operation struct {
	Query     map[string]any `json:"query"`
	Body      any            `json:"body"`
	Responses map[string]any `json:"responses"` // by status
}

// Operations lists the operations that are kept.
func Operations() []string {
	const repo = "/repos/{owner}/{repo}"
	return []string{
		"GET /app", "GET /app/installations", "POST /app/installations/{installation_id}/access_tokens", "GET /app/hook/config", "GET /app/hook/deliveries",
		"GET /app/hook/deliveries/{delivery_id}", "POST /app/hook/deliveries/{delivery_id}/attempts", "GET /installation/repositories", "GET /rate_limit",
		"GET /orgs/{org}/teams/{team_slug}/memberships/{username}", "GET " + repo, "GET " + repo + "/installation", "GET " + repo + "/pulls",
		"GET " + repo + "/pulls/{pull_number}", "GET " + repo + "/pulls/{pull_number}/files", "GET " + repo + "/pulls/{pull_number}/commits",
		"GET " + repo + "/pulls/{pull_number}/reviews",
		"GET " + repo + "/pulls/{pull_number}/requested_reviewers", "POST " + repo + "/pulls/{pull_number}/requested_reviewers", "GET " + repo + "/commits/{commit_sha}/pulls", "GET " + repo + "/compare/{basehead}",
		"GET " + repo + "/commits", "GET " + repo + "/commits/{ref}", "GET " + repo + "/git/trees/{tree_sha}", "GET " + repo + "/git/blobs/{file_sha}",
		"GET " + repo + "/contents/{path}", "GET " + repo + "/branches", "GET " + repo + "/branches/{branch}",
		"GET " + repo + "/rules/branches/{branch}",
		"GET " + repo + "/collaborators/{username}/permission", "POST " + repo + "/check-runs", "PATCH " + repo + "/check-runs/{check_run_id}",
		"GET " + repo + "/check-runs/{check_run_id}", "GET " + repo + "/check-runs/{check_run_id}/annotations", "GET " + repo + "/commits/{ref}/check-runs",
		"GET " + repo + "/commits/{ref}/check-suites", "GET " + repo + "/commits/{ref}/statuses", "POST " + repo + "/statuses/{sha}",
		"GET " + repo + "/issues/{issue_number}/comments", "POST " + repo + "/issues/{issue_number}/comments", "GET " + repo + "/issues/comments/{comment_id}",
		"PATCH " + repo + "/issues/comments/{comment_id}", "DELETE " + repo + "/issues/comments/{comment_id}", "GET " + repo + "/issues/{issue_number}/labels",
		"POST " + repo + "/issues/{issue_number}/labels", "DELETE " + repo + "/issues/{issue_number}/labels/{name}",
		"POST " + repo + "/issues/comments/{comment_id}/reactions",
	}
}

// Webhooks lists the webhooks that are kept, as WebhookName writes them.
func Webhooks() []string {
	events := map[string]string{
		"check-run": "created completed requested-action rerequested", "check-suite": "completed requested rerequested",
		"installation":              "created deleted new-permissions-accepted suspend unsuspend",
		"installation-repositories": "added removed", "issue-comment": "created deleted edited", "merge-group": "checks-requested destroyed",
		"pull-request":        "assigned closed converted-to-draft edited labeled opened ready-for-review reopened synchronize unassigned unlabeled",
		"pull-request-review": "dismissed edited submitted",
	}
	list := []string{"ping", "push", "status"}
	for event, actions := range events {
		for action := range strings.FieldsSeq(actions) {
			list = append(list, event+"-"+action)
		}
	}
	return list
}

// WebhookName is the description's name of an event with its action.
func WebhookName(event, action string) string {
	if action != "" {
		event += "-" + action
	}
	return strings.ReplaceAll(event, "_", "-")
}

var (
	//go:embed openapi.json.gz
	openapi []byte
	//go:embed examples.json.gz
	examples []byte
)

// load reads the description once; it does not change.
var load = sync.OnceValues(func() (*Description, error) {
	var d Description
	return &d, unpack(openapi, &d)
})

func unpack(data []byte, into any) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("unpack the description: %w", err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		return fmt.Errorf("read the description: %w", err)
	}
	return z.Close()
}

// Examples are GitHub's example payloads, one of each event, by WebhookName.
func Examples() (map[string]map[string]any, error) {
	var all map[string]map[string]any
	return all, unpack(examples, &all)
}
