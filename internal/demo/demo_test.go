package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/app"
	"github.com/changeguard/changeguard/internal/ghfake"
)

// stage is the incident, opened as a pull request, with the real server.
type stage struct {
	t      *testing.T
	github *ghfake.Server
	repo   *ghfake.Repo
	number int
	home   string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	github, config, err := standInFor(t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := serve(t.Context(), github)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	config.GitHubURL = address + "/"
	s := &stage{t: t, github: github, repo: github.AddRepo(installation, owner, name)}
	if s.number, err = Prepare(s.repo); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	server, stopped, err := start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	s.home = "http://" + server.Addr()
	return s
}

// judged delivers an event and waits for the check run of the head.
func (s *stage) judged(action string) ghfake.Run {
	s.t.Helper()
	if _, err := s.github.Deliver(s.t.Context(), s.home+"/webhook", "pull_request", s.repo.PullEvent(s.number, action, nil)); err != nil {
		s.t.Fatal(err)
	}
	r, err := await(s.t.Context(), s.repo, Branch)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// contents are the files of one side, as far as the incident names them.
func (s *stage) files(which func(path string) bool) ghfake.Files {
	changes := make(ghfake.Files)
	for _, f := range s.recorded().Files {
		if !which(f.Filename) {
			continue
		}
		changes[f.Filename] = nil
		if f.Status != "added" {
			changes[f.Filename] = ghfake.Text(s.repo.Content("main", f.Filename))
		}
	}
	return changes
}

func (s *stage) recorded() recorded {
	s.t.Helper()
	text, err := read("commit.json")
	if err != nil {
		s.t.Fatal(err)
	}
	var c recorded
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// The stand-in knows nothing of the verdict: what the branch holds decides. Each
// part of the incident that is undone leaves the check run, until it is green.
func TestTheIncidentsContentDecides(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	undo := func(which func(string) bool) ghfake.Run {
		t.Helper()
		s.repo.Commit(Branch, "docs: undo", s.files(which), ghfake.Signature{Name: "author-1", Email: "author-1@example.com", When: time.Unix(1_760_000_000, 0)})
		return s.judged("synchronize")
	}
	if r := s.judged("opened"); r.Conclusion != "failure" || !strings.Contains(r.Summary, "unified_manager.py") || !strings.Contains(r.Summary, "`new-packages`") {
		t.Errorf("the incident: %s\n%s", r.Conclusion, r.Summary)
	}
	r := undo(func(path string) bool { return path == "requirements.txt" })
	if r.Conclusion != "failure" || strings.Contains(r.Summary, "`new-packages`") || !strings.Contains(r.Summary, "`websocket-core`") {
		t.Errorf("without the package: %s\n%s", r.Conclusion, r.Summary)
	}
	r = undo(func(path string) bool { return strings.Contains(path, "websocket_core") })
	if r.Conclusion != "failure" || strings.Contains(r.Summary, "`websocket-core`") || !strings.Contains(r.Summary, "auth_routes.py") {
		t.Errorf("without the WebSocket core: %s\n%s", r.Conclusion, r.Summary)
	}
	r = undo(func(path string) bool { return strings.HasSuffix(path, ".py") })
	if r.Conclusion != "success" {
		t.Errorf("documents alone: %s\n%s", r.Conclusion, r.Summary)
	}
}

// What is rebuilt is what was recorded: names, statuses, line counts, texts; and
// requirements.txt to the byte.
func TestTheIncidentIsAsRecorded(t *testing.T) {
	t.Parallel()
	github, _, err := standInFor(t.TempDir(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, github: github, repo: github.AddRepo(installation, owner, name)}
	if s.number, err = Prepare(s.repo); err != nil {
		t.Fatal(err)
	}
	c := s.recorded()
	added, deleted := 0, 0
	for _, f := range c.Files {
		before, after := s.repo.Content("main", f.Filename), s.repo.Content(Branch, f.Filename)
		if (before == "") != (f.Status == "added") || after == "" {
			t.Errorf("%s is not %s", f.Filename, f.Status)
		}
		if strings.Count(after, "\n")-strings.Count(before, "\n") != f.Additions-f.Deletions {
			t.Errorf("%s does not grow by %d", f.Filename, f.Additions-f.Deletions)
		}
		added, deleted = added+f.Additions, deleted+f.Deletions
	}
	data, err := json.Marshal(s.repo.PullEvent(s.number, "opened", nil))
	if err != nil {
		t.Fatal(err)
	}
	var event struct {
		PullRequest struct {
			Additions, Deletions, Commits int
			ChangedFiles                  int `json:"changed_files"`
			Title, Body                   string
			Labels                        []struct{ Name string }
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(data, &event); err != nil {
		t.Fatal(err)
	}
	p := event.PullRequest
	if p.Additions != added || p.Deletions != deleted || p.ChangedFiles != len(c.Files) || p.Commits != 1 || len(p.Labels) != 1 || p.Labels[0].Name != "analysis-only" {
		t.Errorf("the pull request is %+v, recorded are +%d −%d", p, added, deleted)
	}
	for name, want := range map[string]string{"requirements.base.txt": s.repo.Content("main", "requirements.txt"), "requirements.head.txt": s.repo.Content(Branch, "requirements.txt"), "pull-request-body.md": p.Body} {
		if got, err := read(name); err != nil || got != want {
			t.Errorf("%s is not what was recorded: %v", name, err)
		}
	}
	if !strings.Contains(p.Body, "\n"+p.Title+"\n") {
		t.Errorf("the text asks for another title than %q", p.Title)
	}
}

// The demonstration says what it found in its exit code, and what it cannot do.
func TestRunEndsWithTheAnswer(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	if code := Run(t.Context(), Options{Once: true, Addr: "127.0.0.1:0"}, &out, &errs); code != app.ExitPass || errs.Len() > 0 {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	for _, want := range []string{"answered with 202", "stand-ins", `Check run "changeguard": failure`, " annotations.\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said in:\n%s", want, out.String())
		}
	}
	errs.Reset()
	if code := Run(t.Context(), Options{Once: true, Addr: "127.0.0.1:99999"}, &out, &errs); code == app.ExitPass || !strings.Contains(errs.String(), "127.0.0.1:99999") {
		t.Errorf("no address, but exit code %d: %s", code, errs.String())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if code := Run(ended, Options{Once: true, Addr: "127.0.0.1:0"}, &out, &errs); code == app.ExitPass {
		t.Error("no check run came, but all is well")
	}
}

// said is what a demonstration prints while it runs.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// The pages stay open, with made-up changes beside the incident, of which each
// comes out as it should; the demonstration ends when it is told to.
func TestPagesStayOpenWithExamples(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs said
	done := make(chan int, 1)
	go func() { done <- Run(ctx, Options{Addr: "127.0.0.1:0"}, &out, &errs) }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	until := func(what string, holds func() bool) {
		t.Helper()
		for !holds() {
			select {
			case <-tick.C:
			case code := <-done:
				t.Fatalf("it ended with %d before %s: %s", code, what, errs.String())
			case <-t.Context().Done():
				t.Fatalf("waited in vain for %s:\n%s", what, out.String())
			}
		}
	}
	get := func(address string) string {
		t.Helper()
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v", address, resp.StatusCode, err)
		}
		return string(page)
	}
	until("the pages", func() bool { return strings.Contains(out.String(), "Press Ctrl-C") })
	home := regexp.MustCompile(`beside it: (http://127\.0\.0\.1:[0-9]+)/`).FindStringSubmatch(out.String())
	if home == nil {
		t.Fatal(out.String())
	}
	outcome := regexp.MustCompile(`(?s)href="/acme/shop/pull/([0-9]+)">.*?<span class="badge ([a-z]+)">`)
	got := make(map[string]string)
	until("a verdict on each", func() bool {
		for _, m := range outcome.FindAllStringSubmatch(get(home[1]+"/"), -1) {
			got[m[1]] = m[2]
		}
		return len(got) == len(examples)
	})
	if n := strings.Count(get(home[1]+"/"), "required, pinned"); n != 2 {
		t.Errorf("of %d repositories it is known that the check is required", n)
	}
	want := map[string]string{"1": "pass", "2": "approve", "3": "approve", "4": "fail", "5": "fail"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if page := get(home[1] + "/policy?repo=acme/platform"); !strings.Contains(page, "analysis-only") {
		t.Error("the playground does not begin with the incident's policy")
	}
	cancel()
	if code := <-done; code != app.ExitPass || errs.String() != "" {
		t.Errorf("it ended with %d: %s", code, errs.String())
	}
}
