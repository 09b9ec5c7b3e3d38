package gitrepo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/gitrepo"
)

var (
	sha1s = strings.Repeat("a", 40)
	sha2s = strings.Repeat("b", 40)
	zeros = strings.Repeat("0", 40)
)

// pullPayload is what GitHub sends, in the parts that matter.
func pullPayload() string {
	return `{"action": "opened", "number": 7, "pull_request": {"number": 7, "title": "Analyse the outage", "body": "line\n\nMode: x", "draft": true,
		"user": {"login": "octo-bot[bot]", "id": 41898282, "type": "Bot", "site_admin": false}, "labels": [{"id": 1, "name": "zeta"}, {"id": 2, "name": "analysis-only"}],
		"head": {"ref": "analysis/outage", "sha": "` + sha2s + `", "repo": {"full_name": "octo/hello"}},
		"base": {"ref": "main", "sha": "` + sha1s + `", "repo": {"full_name": "Octo/Hello"}}},
		"repository": {"full_name": "Octo/Hello"}, "sender": {"login": "someone"}}`
}

func TestApplyEvent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload string
		want    *change.Change
	}{
		"pull request": {pullPayload(), &change.Change{
			Event: change.PullRequest, Repo: "Octo/Hello", Number: 7, Title: "Analyse the outage", Body: "line\n\nMode: x", Draft: true, HeadRef: "analysis/outage", BaseRef: "main",
			Author: change.Person{Login: "octo-bot[bot]", ID: 41898282, Kind: change.Bot}, Labels: []change.Label{{Name: "analysis-only"}, {Name: "zeta"}},
		}},
		"from a fork, by an account that is gone, without a body": {
			`{"pull_request": {"number": 1, "title": "", "body": null, "user": null, "labels": [], "head": {"ref": "main", "sha": "", "repo": null}, "base": {"ref": "main", "sha": "", "repo": {"full_name": "a/b"}}}}`,
			&change.Change{Event: change.PullRequest, Repo: "a/b", Number: 1, HeadRef: "main", BaseRef: "main", Fork: true},
		},
		"from another repository": {
			strings.Replace(pullPayload(), `"octo/hello"`, `"fork/hello"`, 1), &change.Change{
				Event: change.PullRequest, Repo: "Octo/Hello", Number: 7, Title: "Analyse the outage", Body: "line\n\nMode: x", Draft: true, HeadRef: "analysis/outage", BaseRef: "main", Fork: true,
				Author: change.Person{Login: "octo-bot[bot]", ID: 41898282, Kind: change.Bot}, Labels: []change.Label{{Name: "analysis-only"}, {Name: "zeta"}},
			},
		},
		"merge group": {
			`{"action": "checks_requested", "merge_group": {"head_sha": "` + sha2s + `", "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_sha": "` + sha1s + `", "base_ref": "refs/heads/main"}, "repository": {"full_name": "a/b"}}`,
			&change.Change{Event: change.MergeGroup, Repo: "a/b", HeadRef: "gh-readonly-queue/main/pr-1", BaseRef: "main"},
		},
		"push": {
			`{"ref": "refs/heads/release/1", "before": "` + sha1s + `", "after": "` + sha2s + `", "commits": [], "repository": {"full_name": "a/b"}}`,
			&change.Change{Event: change.Push, Repo: "a/b", HeadRef: "release/1", BaseRef: "release/1"},
		},
		"push of a tag": {
			`{"ref": "refs/tags/v1", "before": "` + zeros + `", "after": "` + sha2s + `"}`, &change.Change{Event: change.Push},
		},
	} {
		// What was there before does not shine through.
		got := &change.Change{Event: change.Local, HeadRef: "old", BaseRef: "old", Files: []change.File{{Path: "kept"}}}
		if err := gitrepo.ApplyEvent(got, []byte(c.payload)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.want.Files = []change.File{{Path: "kept"}}
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(change.Change{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEventRevisions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ payload, base, head string }{
		{pullPayload(), sha1s, sha2s},
		{`{"merge_group": {"head_sha": "` + sha2s + `", "base_sha": "` + sha1s + `"}}`, sha1s, sha2s},
		{`{"ref": "refs/heads/a", "before": "` + sha1s + `", "after": "` + sha2s + `"}`, sha1s, sha2s},
		{`{"ref": "refs/heads/new", "before": "` + zeros + `", "after": "` + sha2s + `"}`, "", sha2s},
	} {
		e, err := gitrepo.ParseEvent([]byte(c.payload))
		if err != nil {
			t.Fatal(err)
		}
		var o gitrepo.Options
		e.Revisions(&o)
		named := gitrepo.Options{Base: "mine", Head: "yours"}
		e.Revisions(&named)
		if o.Base != c.base || o.Head != c.head || named.Base != "mine" || named.Head != "yours" {
			t.Errorf("%s: %+v %+v", c.payload, o, named)
		}
	}
}

func TestBadEvents(t *testing.T) {
	t.Parallel()
	pull := func(old, replacement string) string {
		changed := strings.Replace(pullPayload(), old, replacement, 1)
		if changed == pullPayload() {
			t.Fatalf("%q is not in the payload", old)
		}
		return changed
	}
	for _, c := range []struct{ payload, says string }{
		{"", "no JSON"},
		{"hello", "no JSON: byte 1"},
		{`{"pull_request": {`, "no JSON"},
		{`{"ref": "a"} {}`, "something follows byte 12"},
		{"null", "null"},
		{"[]", "the payload must be an object, this is array"},
		{`{"action": "created"}`, "no payload of a pull_request, merge_group or push event"},
		{`{"pull_request": "x"}`, "pull_request must be an object, this is string"},
		{pull(`"title": "Analyse the outage"`, `"title": 5`), "pull_request.title must be a string, this is number"},
		{pull(`"title": "Analyse the outage"`, `"title": null`), "pull_request.title is missing"},
		{pull(`"labels": [`, `"tags": [`), "pull_request.labels is missing"},
		{pull(`"labels": [{"id": 1, "name": "zeta"}`, `"labels": ["zeta"`), "pull_request.labels must be an object, this is string"},
		{pull(`"name": "zeta"`, `"title": "zeta"`), "pull_request.labels[0].name is missing"},
		{pull(`"number": 7, "title"`, `"number": 7.5, "title"`), "pull_request.number must be a whole number"},
		{pull(`"id": 41898282`, `"id": "41898282"`), "pull_request.user.id must be a whole number"},
		{pull(`"draft": true`, `"draft": "yes"`), "pull_request.draft must be a bool"},
		{pull(`"head": {`, `"tail": {`), "pull_request.head is missing"},
		{pull(`"base": {`, `"ace": {`), "pull_request.base is missing"},
		{pull(sha2s, "--upload-pack=x"), `pull_request.head.sha is "--upload-pack=x", which is no commit id`},
		{pull(sha1s, "main"), "no commit id"},
		{pull(`"action"`, `"merge_group": {}, "action"`), "both a pull_request and a merge_group"},
		{pull("Analyse the outage", strings.Repeat("x", 60<<10)), "pull_request.title has 61440 bytes"},
		{pull(`"body": `, `"body": "`+strings.Repeat("x", 1<<20+1)+`", "was": `), "pull_request.body has more than 1048576 bytes"},
		{pull(`"labels": [`, `"labels": [`+strings.Repeat(`{"name": "x"},`, 1000)), "more than 1000"},
		{`{"ref": "refs/heads/a", "before": "` + sha1s + `", "after": "` + zeros + `"}`, "deletes refs/heads/a"},
		{`{"ref": "refs/heads/a", "before": "` + sha1s + `"}`, "no payload of"},
		{`{"ref": "refs/heads/a", "before": "x", "after": "` + sha1s + `"}`, "before is"},
		{strings.Repeat(" ", 25<<20+1), "more than 26214400 bytes"},
		{`{"pull_request":` + strings.Repeat(`{"a":`, 20000), "no JSON"},
	} {
		got := change.Change{Title: "kept"}
		err := gitrepo.ApplyEvent(&got, []byte(c.payload))
		var asked *gitrepo.UsageError
		if !errors.As(err, &asked) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.80s: want %q, got %v", c.payload, c.says, err)
		}
		if got.Title != "kept" || got.Event != "" {
			t.Errorf("%.80s changed something", c.payload)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(pullPayload()))
	f.Add([]byte(`{"merge_group": {"head_sha": "", "base_ref": "refs/heads/main"}}`))
	f.Add([]byte(`{"ref": "refs/heads/a", "before": "` + zeros + `", "after": "` + sha1s + `", "repository": null}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := gitrepo.ParseEvent(payload)
		var asked *gitrepo.UsageError
		if err != nil && !errors.As(err, &asked) {
			t.Fatalf("%q: %v is no usage error", payload, err)
		}
		if err != nil {
			return
		}
		var c change.Change
		var o gitrepo.Options
		e.Apply(&c)
		e.Revisions(&o)
		if c.Event == "" || strings.HasPrefix(o.Base, "-") || strings.HasPrefix(o.Head, "-") {
			t.Errorf("%q: %s %+v", payload, c.Event, o)
		}
		for _, l := range c.Labels {
			if l.ByAuthor {
				t.Errorf("%q: a label counts as the author's", payload)
			}
		}
	})
}
