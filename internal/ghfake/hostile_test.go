package ghfake_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
)

// What is not imitated is refused, not ignored.
func TestWhatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.get(inRepo + "/commits?path=b").want(501).says("the parameter path")
	w.get(inRepo + "/pulls?sort=popularity").want(501).says("sort by popularity")
	w.get(inRepo+"/pulls/1", "Accept", "application/vnd.github.diff").want(501).says("the media type diff")
	w.get(inRepo+"/compare/main...feature", "Accept", "application/vnd.github.v3.patch").want(501)
}

func TestSortedPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.clock.Pass(1e9)
	w.repo.Open(ghfake.Pull{Title: "second", Base: "main", Head: "feature"})
	w.clock.Pass(1e9)
	w.repo.Edit(1, func(*ghfake.Pull) {})
	for query, want := range map[string]float64{"": 2, "?direction=asc": 1, "?sort=updated&direction=desc": 1, "?sort=updated": 2} {
		if got := w.get(inRepo + "/pulls" + query).want(200).list()[0]["number"]; got != want {
			t.Errorf("%s begins with %v, want %v", query, got, want)
		}
	}
}

// Forks and accounts go away while their pull requests stay.
func TestWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.repo.Branch("mallory:feature", "feature")
	w.repo.Open(ghfake.Pull{Title: "t", Base: "main", Head: "mallory:feature", ForkGone: true, Author: ghfake.Account{Login: "ghost", ID: 10137}})
	w.serve = w.hub // the description has no word for a deleted fork
	got := w.get(inRepo + "/pulls/2").want(200).object()
	if at(got, "head.repo") != nil || at(got, "head.sha") != w.repo.Tip("feature") || at(got, "user.login") != "ghost" {
		t.Errorf("the head is %v", got["head"])
	}
	answer := w.data(inRepoQuery(`pullRequest(number:2){author{login} headRepository{name} headRepositoryOwner{login} isCrossRepository}`), nil)
	pull := at(answer, "repository.pullRequest")
	if at(pull, "author") != nil || at(pull, "headRepository") != nil || at(pull, "headRepositoryOwner") != nil || at(pull, "isCrossRepository") != true {
		t.Errorf("the pull request is %v", pull)
	}
}

func TestNoHourlyLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ghfake.Options{Quota: -1}, nil)
	r := w.get(inRepo).want(200)
	if got := r.header.Get("X-RateLimit-Remaining"); got != "" {
		t.Errorf("%s remain of no limit", got)
	}
	w.get("/rate_limit").want(404)
	if got := w.query("{rateLimit{cost}}", nil); at(got, "data.rateLimit") != nil {
		t.Errorf("the query says %v", got)
	}
}

// No query, however broken, breaks the stand-in.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"{rateLimit{cost}}", inRepoQuery("name ...F") + "fragment F on Repository{id ...F}", inRepoQuery(`object(expression:"main"){...on Commit{file(path:"README.md"){mode}}}`),
		`query($a:Int=1,$b:[PullRequestState!]){repository(owner:"acme",name:"app"){pullRequests(first:$a,states:$b){nodes{number}}}}`, "{a:__typename @skip(if:true)}", "subscription{x}", "{",
		inRepoQuery("...A ...A") + "fragment A on Repository{...B ...B} fragment B on Repository{...C ...C} fragment C on Repository{...D ...D} fragment D on Repository{id}",
		inRepoQuery(`pullRequest(number:99999999999999999999){number}`), `{repository(owner:null,name:[]){name}}`, "{rateLimit(dryRun:{a:1}){cost}}",
	} {
		f.Add(seed)
	}
	w := newWorld(f, ghfake.Options{Quota: -1}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.get(inRepo).want(200)
	f.Fuzz(func(t *testing.T, text string) {
		body, err := json.Marshal(obj{"query": text})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Authorization", "token "+w.token)
		rec := httptest.NewRecorder()
		w.hub.ServeHTTP(rec, r)
		if rec.Code != 200 && rec.Code != 400 || !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%d: %s", rec.Code, rec.Body)
		}
	})
}

// No request, however broken, breaks the stand-in: it is answered or refused.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ method, path, body string }{
		{"GET", inRepo + "/pulls/1/files?per_page=-1&page=99999999999999999999", ""},
		{"GET", inRepo + "/contents/%00/../..//?ref=%2e%2e", ""},
		{"GET", inRepo + "/compare/......", ""},
		{"GET", inRepo + "/git/trees/%FF?recursive", ""},
		{"POST", inRepo + "/check-runs", `{"output":{"annotations":[null,7]}}`},
		{"PATCH", inRepo + "/check-runs/1", `{"actions":[{}],"output":null}`},
		{"POST", inRepo + "/issues/1/labels", `{"labels":[{}]}`},
		{"POST", "/graphql", `{"query":"{","variables":[]}`},
		{"POST", inRepo + "/statuses/" + strings.Repeat("0", 40), `{"target_url":"%"}`},
		{"DELETE", inRepo + "/issues/1/labels/%", ""},
		{"GET", "//", ""},
		{"GET", "/repos/%2F/%2F", ""},
		{"GET", "/repos//app/branches", ""},
		{"GET", inRepo + "/commits?sha=", ""},
	} {
		f.Add(seed.method, seed.path, seed.body)
	}
	w := newWorld(f, ghfake.Options{Quota: -1}, nil)
	w.open(ghfake.Files{"b": ghfake.Text("b")})
	w.get(inRepo).want(200)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://stand-in/", strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/") {
			return // what no server is handed
		}
		if r.URL, err = r.URL.Parse(path); err != nil {
			return
		}
		r.Header.Set("Authorization", "token "+w.token)
		rec := httptest.NewRecorder()
		w.hub.ServeHTTP(rec, r)
		if rec.Code < 200 || rec.Code >= 500 && rec.Code != http.StatusNotImplemented {
			t.Errorf("%s %q: %d: %s", method, path, rec.Code, rec.Body)
		}
	})
}

// No raw object breaks the reading of a clone.
func FuzzAddObject(f *testing.F) {
	f.Add("tree", []byte("100644 a\x00aaaaaaaaaaaaaaaaaaaa"))
	f.Add("commit", []byte("tree x\nparent y\nauthor A <a@b> 1 +0000\ncommitter A <a@b> x\n\nmessage"))
	f.Add("tag", []byte("object x\n"))
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		w := newWorld(t, ghfake.Options{}, nil)
		if err := w.repo.AddObject(kind, raw); err == nil && kind != "blob" && kind != "tree" && kind != "commit" && kind != "tag" {
			t.Errorf("an object of kind %q was taken", kind)
		}
	})
}

// A payload of any bytes is judged, never a panic.
func FuzzPayload(f *testing.F) {
	f.Add("push", []byte(`{"ref":1}`))
	f.Add("pull_request", []byte(`{"action":"opened","pull_request":{"head":null}}`))
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		if ghschema.Payload(event, body) == nil && len(body) < 100 {
			t.Errorf("%s takes %q", event, body)
		}
	})
}
