package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
)

// set follows keys into an answer; the last is what is set.
func set(answer map[string]any, path string, value any) {
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		answer = answer[k].(map[string]any)
	}
	answer[keys[len(keys)-1]] = value
}

func graphErrors(kind, message string, path ...any) []any {
	return []any{map[string]any{"type": kind, "message": message, "path": path}}
}

// Whatever is missing in the answer to a query is an error, a gap, or asked for
// in another way; never a change without it.
func TestPartialAnswers(t *testing.T) {
	t.Parallel()
	fails := errors.New("it fails")
	for name, c := range map[string]struct {
		edit func(a map[string]any)
		want error
		gap  string
	}{
		"no data":              {func(a map[string]any) { set(a, "data", nil) }, fails, ""},
		"no repository":        {func(a map[string]any) { set(a, "data.repository", nil) }, github.ErrGone, ""},
		"no base":              {func(a map[string]any) { set(a, "data.repository.policy", nil) }, github.ErrNotFound, ""},
		"no base branch":       {func(a map[string]any) { set(a, "data.repository.tip", nil) }, github.ErrNotFound, ""},
		"no pull request yet":  {func(a map[string]any) { set(a, "data.repository.pull", nil) }, github.ErrNotFound, ""},
		"no labels":            {func(a map[string]any) { set(a, "data.repository.pull.labels", nil) }, nil, "labels could not be read"},
		"labels cut":           {func(a map[string]any) { set(a, "data.repository.pull.labels.totalCount", 120) }, nil, "of 120 labels"},
		"no author":            {func(a map[string]any) { set(a, "data.repository.pull.author", nil) }, nil, ""},
		"no head, so by trees": {func(a map[string]any) { set(a, "data.repository.h", nil) }, nil, ""},
		"an entry less":        {func(a map[string]any) { set(a, "data.repository.h.f0", nil) }, nil, ""},
		"other counts":         {func(a map[string]any) { set(a, "data.repository.pull.changedFiles", 99) }, nil, ""},
		"refused": {func(a map[string]any) {
			set(a, "errors", graphErrors("FORBIDDEN", "Resource not accessible by integration", "repository", "pull"))
		}, github.ErrForbidden, ""},
		"the organisation refused": {func(a map[string]any) {
			set(a, "errors", graphErrors("FORBIDDEN", "Resource not accessible by integration", "organisation"))
		}, nil, ""},
		"something went wrong": {func(a map[string]any) {
			set(a, "errors", graphErrors("", "Something went wrong while executing your query. This may be the result of a timeout."))
		}, fails, ""},
		"an error of a new kind": {func(a map[string]any) { set(a, "errors", graphErrors("UNHEARD_OF", "no", "repository")) }, fails, ""},
		"a wrong shape":          {func(a map[string]any) { set(a, "data.repository.pull", []any{1}) }, fails, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ghfake.Options{}, nil)
			n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n"), "c": {Mode: "100755", Content: "c\n"}})
			w.Edit("/graphql", c.edit)
			l, err := w.client.Load(context.Background(), w.pull(n))
			switch {
			case c.want == fails && err != nil, c.want != nil && errors.Is(err, c.want):
				return
			case c.want != nil || err != nil:
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.gap == "" && len(l.Change.Gaps) > 0 || c.gap != "" && !has(gaps(l.Change), c.gap) {
				t.Errorf("gaps %q", gaps(l.Change))
			}
			if diff := cmp.Diff([]string{"added b", "added c"}, files(l.Change)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A fork's head may be no object of the repository.
func TestSiblingsThatAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	n := w.open(some, ghfake.Files{"b": ghfake.Text("b\n")})
	w.Edit("/graphql", func(a map[string]any) { set(a, "data.repository.siblings", nil) })
	if l := w.load(n); !l.SiblingsUnknown {
		t.Errorf("%+v", l)
	}
}

// Every way of loading finds the same files: by the comparison, by two whole
// trees, and folder by folder.
func TestEveryWayFindsTheSameFiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.StringMatching(`[ab](/[ab](/[ab])?)?`)
		tree := func(label string) ghfake.Files {
			list := ghfake.Files{"keep/x": ghfake.Text("x\n")}
			for _, path := range rapid.SliceOfN(name, 0, 8).Draw(r, label) {
				list[path] = &ghfake.File{
					Mode:    rapid.SampledFrom([]string{"100644", "100755", "120000"}).Draw(r, "mode"),
					Content: rapid.SampledFrom([]string{"", "1\n", "2\n", "3\n"}).Draw(r, "content"),
				}
			}
			for path := range list { // a name is a file or a folder
				for other := range list {
					if strings.HasPrefix(other, path+"/") {
						delete(list, path)
					}
				}
			}
			return list
		}
		before, after := tree("before"), tree("after")
		changes := make(ghfake.Files)
		for path := range before {
			if after[path] == nil {
				changes[path] = nil
			}
		}
		var want []string
		for i, o := range []ghfake.Options{{}, {Limits: ghfake.Limits{QueryObjects: 1 << 20}}, {TreeLimit: 2}} {
			w := newWorld(t, o, nil)
			w.repo.Commit("main", "first", before, author)
			w.repo.Branch("feature", "main")
			w.repo.Commit("feature", "remove", changes, author)
			w.repo.Commit("feature", "add", after, author)
			if i > 0 {
				w.Edit("/graphql", func(a map[string]any) { // as if names could not be carried
					for _, side := range []string{"b", "h"} {
						if list, ok := a["data"].(map[string]any)["repository"].(map[string]any)[side].(map[string]any); ok {
							list["f0"] = nil
						}
					}
				})
			}
			got := files(w.load(w.repo.Open(ghfake.Pull{Base: "main", Head: "feature", Title: "x", Author: dev}).Number).Change)
			if i == 0 {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.Fatalf("way %d: %s", i, diff)
			}
		}
	})
}

// canned answers without a network.
type canned struct{ compare, query, tree string }

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, c.tree
	switch {
	case strings.HasSuffix(r.URL.Path, "/access_tokens"):
		status, body = http.StatusCreated, fmt.Sprintf(`{"token": "ghs_x", "expires_at": %q}`, time.Now().Add(time.Hour).Format(time.RFC3339))
	case strings.Contains(r.URL.Path, "/compare/"):
		body = c.compare
	case strings.HasSuffix(r.URL.Path, "/graphql"):
		body = c.query
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// FuzzAnswers reads anything that GitHub, or something in its place, may say.
func FuzzAnswers(f *testing.F) {
	one, two := strings.Repeat("1", 40), strings.Repeat("2", 40)
	compared := fmt.Sprintf(`{"total_commits":1,"base_commit":{"sha":%q},"merge_base_commit":{"sha":%q},"commits":[{"sha":%q,"parents":[{"sha":%q}]}],"files":[{"filename":"a","status":"added","sha":%q},{"filename":"b","status":"renamed","previous_filename":"c"}]}`, one, one, two, one, two)
	answer := fmt.Sprintf(`{"data":{"organisation":null,"repository":{"tip":{"target":{"oid":%q}},"policy":{"file":null},"siblings":{"associatedPullRequests":{"totalCount":1,"nodes":[{"number":1,"state":"OPEN","headRefOid":%q}]}},`+
		`"pull":{"state":"OPEN","headRefOid":%q,"baseRefName":"main","headRefName":"f","changedFiles":2,"labels":{"totalCount":1,"nodes":[{"name":"x"}]},"timelineItems":{"nodes":[{"actor":null,"label":{"name":"x"}}]}},`+
		`"b":{"f0":{"mode":33188,"oid":%q,"type":"blob"}},"h":{"f0":{"mode":33188,"oid":%q,"type":"blob"},"f1":{"mode":33261,"oid":%q,"type":"blob"}},`+
		`"queue":{"configuration":{"mergeMethod":"SQUASH"},"entries":{"nodes":[{"headCommit":{"oid":%q},"pullRequest":{"number":1,"headRefOid":%q,"commits":{"totalCount":1}}}]}},"last":{"number":1,"headRefOid":%q}}}}`,
		one, two, two, one, two, two, two, two, two)
	tree := fmt.Sprintf(`{"sha":%q,"truncated":false,"tree":[{"path":"a","mode":"100644","type":"blob","sha":%q},{"path":"d","mode":"040000","type":"tree","sha":%q}]}`, one, two, one)
	f.Add(compared, answer, tree, false)
	f.Add(compared, answer, tree, true)
	f.Add(compared, strings.ReplaceAll(answer, `"f0"`, `"g0"`), tree, false)
	f.Add(compared, strings.ReplaceAll(answer, `"f0"`, `"g0"`), strings.ReplaceAll(tree, "false", "true"), false)
	f.Add(compared, `{"errors":[{"type":"RATE_LIMITED","path":[null,1,"queue"]}]}`, tree, false)
	f.Add(`{}`, `{"data":null}`, `null`, false)
	f.Fuzz(func(t *testing.T, compared, answer, tree string, group bool) {
		app, err := github.New(github.Options{AppID: 1, Key: ghtest.PEM(), Transport: canned{compared, answer, tree}, CheckName: "changeguard"})
		if err != nil {
			t.Fatal(err)
		}
		r := github.Range{Owner: "acme", Repo: "app", Number: 1, Base: "main", Head: two}
		if group {
			r.Number, r.Base, r.Queue = 0, one, "gh-readonly-queue/main/pr-1-"+one
		}
		l, err := app.Installation(1).Load(context.Background(), r)
		if err != nil {
			return
		}
		c := l.Change
		switch {
		case c.Base == "" || c.MergeBase == "" || c.Head == "":
			t.Errorf("no commits: %+v", c)
		case !group && l.State == "":
			t.Error("a pull request without a state")
		case group && l.Group.Unknown == "" && len(l.Group.Members) == 0:
			t.Error("a group of nobody")
		}
	})
}
