package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/webhook"
)

// noted delivers a payload and returns the answer with what was noted.
func noted(t testing.TB, event, body string) (code int, list []webhook.Note) {
	t.Helper()
	r := &receiver{}
	h := webhook.Handler(webhook.Config{
		Secret: []byte(secret), Accept: r.accept, Sharing: r.sharing, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Note: func(_ context.Context, delivery string, n webhook.Note) error {
			if delivery != "d-1" {
				t.Errorf("delivery %q", delivery)
			}
			list = append(list, n)
			return nil
		},
	})
	return status(h, request(event, body)), list
}

// mergedBody is a pull request that was merged, with more in it.
func mergedBody(more string) string {
	return `{"action": "closed", "installation": {"id": 5}, "repository": {"id": 1, "name": "app", "owner": {"login": "acme"}}, "pull_request": {"number": 7, "head": {"sha": "` + sha + `"}, "merged": true` + more + `}}`
}

// What is kept of a payload is what it says, whatever else is in it.
func TestNotesKeepWhatPayloadsSay(t *testing.T) {
	t.Parallel()
	code, list := noted(t, "installation", `{"action": "suspend", "sender": {"login": "boss"}, "installation": {"id": 5, "account": {"login": "acme"}, "repository_selection": "all", `+
		`"permissions": {"checks": "write"}, "events": ["push"]}, "repositories": [{"full_name": "acme/app"}]}`)
	want := []webhook.Note{{Installation: &webhook.Installation{
		Action: "suspend", ID: 5, Account: "acme", By: "boss", Permissions: map[string]string{"checks": "write"}, Events: []string{"push"}, Selection: "all", Repositories: []string{"acme/app"},
	}}}
	if diff := cmp.Diff(want, list); code != http.StatusOK || diff != "" {
		t.Errorf("%d %s", code, diff)
	}
	code, list = noted(t, "pull_request", mergedBody(`, "merged_by": {"login": "boss"}, "merged_at": "2026-01-02T03:04:05Z", "merge_commit_sha": "`+sha+`"`))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want = []webhook.Note{{Merge: &webhook.Merge{Subject: store.Subject{Kind: store.Pull, Installation: 5, Owner: "acme", Repo: "app", Number: 7, Head: sha}, By: "boss", Commit: sha, At: at}}}
	if diff := cmp.Diff(want, list); code != http.StatusOK || diff != "" {
		t.Errorf("%d %s", code, diff)
	}
}

// Sizes, depths, other types, keys that come twice, numbers that nothing holds,
// null wherever something may be, and names that are no text: a payload is taken
// with what is usable of it, or refused, and never half.
func TestHostileNotes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	many := strings.Repeat(`{"full_name": "acme/`+strings.Repeat("n", 300)+`"}, `, 5000) + `null`
	permissions := `"` + long + `": "` + long + `"`
	for i := range 500 {
		permissions += fmt.Sprintf(`, "p%03d": "write"`, i)
	}
	installation := func(more string) string { return `{"action": "created", "installation": {"id": 5` + more + `}}` }
	for name, c := range map[string]struct {
		event, body string
		code, notes int
	}{
		"all of it null":             {"installation", `{"action": "created", "installation": null, "repositories": null, "sender": null}`, 200, 0},
		"parts that are null":        {"installation", installation(`, "account": null, "permissions": null, "events": null, "repository_selection": null`), 200, 1},
		"values that are null":       {"installation", installation(`, "permissions": {"checks": null}, "events": [null]`), 200, 1},
		"a note of nothing":          {"installation", `{"action": "created"}`, 200, 0},
		"an id that is none":         {"installation", `{"action": "created", "installation": {"id": -5}}`, 200, 0},
		"an id of text":              {"installation", `{"action": "created", "installation": {"id": "5"}}`, 400, 0},
		"an id without end":          {"installation", `{"action": "created", "installation": {"id": 1` + strings.Repeat("0", 400) + `}}`, 400, 0},
		"an id of a fraction":        {"installation", `{"action": "created", "installation": {"id": 5.5}}`, 400, 0},
		"an id that is huge":         {"installation", `{"action": "created", "installation": {"id": 1e400}}`, 400, 0},
		"permissions as a list":      {"installation", installation(`, "permissions": ["checks"]`), 400, 0},
		"permissions in permissions": {"installation", installation(`, "permissions": {"checks": {"a": "b"}}`), 400, 0},
		"events as a word":           {"installation", installation(`, "events": "push"`), 400, 0},
		"an account that is a list":  {"installation", installation(`, "account": [{"login": "a"}]`), 400, 0},
		"the installation twice":     {"installation", `{"action": "created", "installation": {"id": 4}, "installation": {"id": 5}}`, 200, 1},
		"long names":                 {"installation", installation(`, "account": {"login": "` + long + `"}, "events": ["` + long + `"], "repository_selection": "` + long + `", "permissions": {` + permissions + `}`), 200, 1},
		"many repositories":          {"installation_repositories", `{"action": "added", "installation": {"id": 5}, "repositories_added": [` + many + `], "repositories_removed": [` + many + `]}`, 200, 1},
		"deep":                       {"installation", `{"action": "created", "x": ` + strings.Repeat(`{"a":`, 9000) + `1` + strings.Repeat("}", 9000) + `, "installation": {"id": 5}}`, 200, 1},
		"too deep":                   {"installation", `{"action": "created", "installation": {"id": 5, "x": ` + strings.Repeat("[", 1<<20), 400, 0},
		"no UTF-8":                   {"installation", installation(", \"account\": {\"login\": \"a\xff\xc3\"}, \"events\": [\"\xed\xa0\x80\"], \"permissions\": {\"\xff\": \"\xfe\"}"), 200, 1},
		"half a character":           {"installation", installation(`, "account": {"login": "\ud800\u0000"}`), 200, 1},
		"merged by null":             {"pull_request", mergedBody(`, "merged_by": null, "merged_at": null, "merge_commit_sha": null`), 200, 1},
		"merged at no time":          {"pull_request", mergedBody(`, "merged_at": "yesterday"`), 400, 0},
		"merged at a number":         {"pull_request", mergedBody(`, "merged_at": 17`), 400, 0},
		"merged after all time":      {"pull_request", mergedBody(`, "merged_at": "9999-12-31T23:59:59-23:59"`), 200, 1},
		"merged before all time":     {"pull_request", mergedBody(`, "merged_at": "0000-01-01T00:00:00+23:59"`), 200, 1},
		"merged as no commit":        {"pull_request", mergedBody(`, "merge_commit_sha": "` + long + `"`), 200, 1},
		"merged by nobody's name":    {"pull_request", mergedBody(`, "merged_by": {"login": "` + long + "\xff" + `"}`), 200, 1},
		"merged in words":            {"pull_request", strings.Replace(mergedBody(""), `"merged": true`, `"merged": "true"`, 1), 400, 0},
		"merged and then not":        {"pull_request", mergedBody(`, "merged": false`), 200, 0},
	} {
		code, list := noted(t, c.event, c.body)
		if code != c.code || len(list) != c.notes {
			t.Errorf("%s: %d with %d notes", name, code, len(list))
		}
		for _, n := range list {
			if problem := bounded(n); problem != "" {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
}

// bounded says what of a note is not as the audit log must have it.
func bounded(n webhook.Note) string {
	texts, most := []string{}, 300*202
	switch {
	case n.Merge != nil && n.Installation == nil:
		texts = append(texts, n.Merge.By, n.Merge.Commit)
		if n.Merge.Subject.Number < 1 || n.Merge.Subject.Installation < 1 {
			return fmt.Sprintf("about nothing: %+v", n.Merge.Subject)
		}
		if _, err := json.Marshal(n.Merge.At); err != nil {
			return err.Error()
		}
	case n.Installation != nil && n.Merge == nil:
		i := n.Installation
		texts = append(texts, i.Action, i.Account, i.By, i.Selection)
		if len(i.Events) > 100 || len(i.Permissions) > 100 || len(i.Repositories) > 100 || len(i.Added) > 100 || len(i.Removed) > 100 || i.More < 0 || i.ID < 1 {
			return fmt.Sprintf("%d events, %d permissions, %d and %d and %d repositories and %d more of %d", len(i.Events), len(i.Permissions), len(i.Repositories), len(i.Added), len(i.Removed), i.More, i.ID)
		}
		for name, level := range i.Permissions {
			texts = append(texts, name, level)
		}
		texts = append(append(append(append(texts, i.Events...), i.Repositories...), i.Added...), i.Removed...)
	default:
		return "of nothing, or of two things"
	}
	for _, s := range texts {
		if most -= len(s); len(s) > 201 || !utf8.ValidString(s) {
			return fmt.Sprintf("%d bytes of %.20q", len(s), s)
		}
	}
	if _, err := json.Marshal(n); err != nil || most < 0 {
		return fmt.Sprint("it is too large or cannot be written down: ", err)
	}
	return ""
}

// A note that cannot be written down fails the delivery: it comes again.
func TestNotesThatAreNotWritten(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	h := webhook.Handler(webhook.Config{
		Secret: []byte(secret), Accept: r.accept, Sharing: r.sharing, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Note: func(context.Context, string, webhook.Note) error { return errors.New("locked") },
	})
	if got := status(h, request("pull_request", mergedBody(""))); got != http.StatusServiceUnavailable || len(r.accepted) > 0 {
		t.Errorf("%d, %v", got, r.accepted)
	}
}

// Whatever a payload is, what is kept of it is bounded text, and the same each
// time.
func FuzzNote(f *testing.F) {
	f.Add(true, `{"action": "created", "installation": {"id": 5, "account": {"login": "acme"}, "permissions": {"checks": "write"}, "events": ["push"]}, "repositories": [{"full_name": "acme/app"}], "sender": {"login": "a"}}`)
	f.Add(true, `{"action": "added", "installation": {"id": 5}, "repositories_added": [null, {"full_name": "\ud800"}], "repositories_removed": [{}]}`)
	f.Add(false, mergedBody(`, "merged_by": {"login": "boss"}, "merged_at": "9999-12-31T23:59:59-23:59", "merge_commit_sha": "`+sha+`"`))
	f.Fuzz(func(t *testing.T, installation bool, body string) {
		event := map[bool]string{true: "installation", false: "pull_request"}[installation]
		code, list := noted(t, event, body)
		if code != 200 && code != 202 && code != 400 || code == 400 && len(list) > 0 || len(list) > 1 {
			t.Fatalf("%d with %d notes", code, len(list))
		}
		for _, n := range list {
			if problem := bounded(n); problem != "" {
				t.Error(problem)
			}
		}
		if again, same := noted(t, event, body); again != code || cmp.Diff(list, same) != "" {
			t.Errorf("the second time %d: %s", again, cmp.Diff(list, same))
		}
	})
}
