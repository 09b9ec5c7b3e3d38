package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/report"
	"github.com/changeguard/changeguard/session"
	"github.com/changeguard/changeguard/verdict"
)

var start = time.Date(2026, 11, 24, 9, 5, 0, 0, time.UTC)

// pages are the server's pages over a store of their own.
type pages struct {
	*testing.T
	store  *store.Store
	router *chi.Mux
	log    bytes.Buffer
}

func open(t *testing.T) *pages {
	t.Helper()
	return openWith(t, func(*web.Config) {})
}

// openWith opens pages that can do more.
func openWith(t *testing.T, with func(*web.Config)) *pages {
	t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "web.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &pages{T: t, store: s, router: chi.NewRouter()}
	logger := slog.New(slog.NewTextHandler(&p.log, nil))
	c := web.Config{Store: s, Logger: logger, Now: func() time.Time { return start }}
	with(&c)
	if err := web.Routes(p.router, c); err != nil {
		t.Fatal(err)
	}
	return p
}

// judged stores a verdict on a pull request; its title and line may be hostile.
func (p *pages) judged(number int, line string, v *verdict.Verdict) {
	p.Helper()
	s := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: number}
	p.add(s, line, v)
}

func (p *pages) add(s store.Subject, line string, v *verdict.Verdict) {
	p.Helper()
	body, err := v.JSON()
	if err != nil {
		p.Fatal(err)
	}
	aside, err := v.Aside()
	if err != nil {
		p.Fatal(err)
	}
	err = p.store.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := store.Receive(context.Background(), tx, store.Delivery{ID: s.Name() + v.ID, Event: "pull_request", Received: start}, &s)
		return err
	})
	if err == nil {
		err = p.store.AddVerdict(context.Background(), store.Verdict{
			Subject: s, Digest: v.ID, Outcome: string(v.Outcome), Observed: v.Observed, Waiting: v.Waiting, Title: v.Title, Head: v.Head, Policy: v.Policy.Digest,
			Score: v.Risk.Score, SubjectLine: line, Created: start, Body: body, Inputs: aside, Rules: rulesOf(v),
		})
	}
	if err != nil {
		p.Fatal(err)
	}
}

// rulesOf are those of a verdict's findings, once each.
func rulesOf(v *verdict.Verdict) (names []string) {
	for _, f := range v.Findings {
		if !slices.Contains(names, f.Rule) {
			names = append(names, f.Rule)
		}
	}
	return names
}

// ask asks as a browser on the machine does, unless change says otherwise.
func (p *pages) ask(method, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.RemoteAddr = "localhost:8080", "127.0.0.1:50000"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	p.router.ServeHTTP(w, r)
	return w
}

func (p *pages) get(target string) string {
	p.Helper()
	w := p.ask(http.MethodGet, target, nil)
	if w.Code != http.StatusOK {
		p.Errorf("GET %s: %d", target, w.Code)
	}
	return w.Body.String()
}

// sample has a finding of each group.
func sample() *verdict.Verdict {
	additions, deletions := 12, 3
	lift := &verdict.Lift{Kind: verdict.Override, By: []string{"lead-1"}, Reason: "asked for", Until: "2026-12-01T00:00:00Z"}
	return &verdict.Verdict{
		ID: "v1", Engine: "changeguard test", Outcome: verdict.Fail, Title: "Blocked: core: core/a.py",
		Base: strings.Repeat("b", 40), MergeBase: strings.Repeat("c", 40), Head: strings.Repeat("d", 40),
		Policy:  verdict.Policy{Digest: "sha256:00", Sources: []string{"repository sha256:" + strings.Repeat("0", 64), "no organisation policy seen"}},
		Session: verdict.Session{Mode: "analysis-only", Modes: []string{"analysis-only"}, Actor: session.Agent, Agent: "claude-code", Evidence: []session.Evidence{{Signal: "label", Value: "analysis-only", Where: "pull request"}}},
		Change:  verdict.Size{Files: 2, Commits: 1, Additions: &additions, Deletions: &deletions},
		Risk: verdict.Risk{
			Score: 60, Level: "high", Shape: 40, ShapeWhy: []verdict.Factor{{Name: "lines added", Points: 35, Why: "12 lines added give 35 points (45 from 20 lines on, 65 at most)"}, {Name: "files", Points: 5, Why: "2 files give 5 points (10 from 3 files on, 15 at most)"}},
			Factors: []verdict.Factor{{Name: "core", Points: 40, Why: "1 file: core/a.py"}}, ScoreWhy: "20 for size and shape (half of 40) and 40 of factors make 60",
		},
		Findings: []verdict.Finding{
			{ID: "f1", Rule: "core", Kind: "protected-paths", Level: policy.Block, Path: "core/a.py", PreviousPath: "lib/a.py", Line: 7, Message: "This protected file was changed.", Evidence: "x = 1", Remedy: "git rm -- core/a.py", LiftableBy: "an override by role:maintain", Enforced: true},
			{ID: "f2", Rule: "packages", Kind: "dependencies", Level: policy.Approve, Path: "requirements.txt", Message: "A package.", Remedy: "git checkout X -- requirements.txt", LiftableBy: "1 approval by @acme/platform", Enforced: true},
			{ID: "f3", Rule: "size", Kind: "limits", Level: policy.Warn, Message: "The change is large.", Remedy: "Split the change.", Enforced: true},
			{ID: "f4", Rule: "org", Kind: "protected-paths", Level: policy.Block, Path: "org.py", Message: "Only seen.", LiftableBy: "an override by boss"},
			{ID: "f5", Rule: "gone", Kind: "protected-paths", Level: policy.Block, Path: "gone.py", Message: "Was allowed.", Remedy: "git rm -- gone.py", LiftedBy: lift, Enforced: true},
		},
	}
}

// text is what a reader sees of a page.
func text(page string) string {
	page = regexp.MustCompile(`(?s)<head>.*?</head>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
	page = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&").Replace(page)
	return strings.Join(strings.Fields(page), " ")
}

func TestPageOfAPullRequestSaysWhy(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(7, "Make it faster ⚠️", sample())
	page := p.get("/acme/app/pull/7")
	seen := text(page)
	for _, want := range []string{
		"acme/app#7 Make it faster ⚠️ Blocked Core: core/a.py.", "agent (claude-code), declared analysis-only", "2 files, 1 commit, +12 −3", "high, 60 of 100", "24 Nov 2026 09:05 UTC",
		"What to do In the root folder of a clone of the branch, then commit and push: git rm -- core/a.py git checkout X -- requirements.txt Split the change.",
		"What blocks it 1 lib/a.py → core/a.py:7 core This protected file was changed. x = 1 Who can lift it: an override by role:maintain",
		"What needs an approval 1 requirements.txt packages A package. Who can lift it: 1 approval by @acme/platform",
		"Warnings 1 the change as a whole size The change is large.", "Only observed 1 org.py org Only seen. Who can lift it: an override by boss",
		"Lifted 1 gone.py gone Was allowed. Lifted: override by lead-1, until 2026-12-01T00:00:00Z: asked for",
		"label analysis-only pull request", "size and shape 20 half of 40 points: 12 lines added give 35 points (45 from 20 lines on, 65 at most); 2 files give 5 points (10 from 3 files on, 15 at most)", "core 40 1 file: core/a.py", "20 for size and shape (half of 40) and 40 of factors make 60.",
	} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is not on the page: %s", want, seen)
		}
	}
	if at := strings.Index(page, strings.Repeat("0", 64)); at >= 0 && at < strings.Index(page, "<details>") {
		t.Error("a digest stands in a reader's way")
	}
	if strings.Contains(seen, "git rm -- gone.py") {
		t.Error("what is lifted is to be undone")
	}
}

func TestPageWhileObservingAndIncomplete(t *testing.T) {
	t.Parallel()
	p := open(t)
	v := sample()
	v.Observed, v.Title = true, "Observing, would block: core: core/a.py"
	p.judged(1, "x", v)
	for _, want := range []string{"Observing, would be blocked Core: core/a.py.", "What would block it 2", "What would undo it"} {
		if seen := text(p.get("/acme/app/pull/1")); !strings.Contains(seen, want) {
			t.Errorf("%q is not on the page: %s", want, seen)
		}
	}
	if seen := text(p.get("/")); !strings.Contains(seen, "blocked observing") {
		t.Error(seen)
	}
	p.judged(2, "x", &verdict.Verdict{ID: "v", Outcome: verdict.Incomplete, Title: "Analysis incomplete: 4 of 5 files", Missing: []verdict.Missing{{What: "4 of 5 files", Remedy: "git fetch"}}})
	if seen := text(p.get("/acme/app/pull/2")); !strings.Contains(seen, "Analysis incomplete 4 of 5 files.") || !strings.Contains(seen, "What could not be judged 4 of 5 files git fetch") {
		t.Error(seen)
	}
	p.judged(3, "x", &verdict.Verdict{ID: "v", Outcome: verdict.Pass, Title: "Passed: 1 file"})
	if seen := text(p.get("/acme/app/pull/3")); !strings.Contains(seen, "Passed 1 file. ") || !strings.Contains(seen, "Nothing was found.") || !strings.Contains(seen, "No signal of an agent") {
		t.Error(seen)
	}
}

func TestListPagesThroughEverything(t *testing.T) {
	t.Parallel()
	p := open(t)
	if seen := text(p.get("/")); !strings.Contains(seen, "Nothing was judged yet.") {
		t.Errorf("the empty list: %s", seen)
	}
	const all = 120
	for n := range all {
		p.judged(n+1, fmt.Sprint("Change ", n+1), &verdict.Verdict{ID: fmt.Sprint("v", n), Outcome: verdict.Pass, Title: "Passed: 1 file"})
	}
	link := regexp.MustCompile(`href="/acme/app/pull/(\d+)"`)
	older := regexp.MustCompile(`href="(/\?before=\d+)"`)
	var seen []string
	sizes := []int{}
	for target := "/"; target != ""; {
		page := p.get(target)
		found := link.FindAllStringSubmatch(page, -1)
		sizes = append(sizes, len(found))
		for _, m := range found {
			seen = append(seen, m[1])
		}
		if first := target == "/"; first == strings.Contains(page, ">Newest<") {
			t.Errorf("%s: the way back to the newest", target)
		}
		target = ""
		if m := older.FindStringSubmatch(page); m != nil {
			target = m[1]
		}
	}
	if len(seen) != all || seen[0] != "120" || seen[all-1] != "1" || !slices.Equal(sizes, []int{50, 50, 20}) {
		t.Errorf("%v: %v", sizes, seen)
	}
	if seen := text(p.get("/?before=1")); !strings.Contains(seen, "There is nothing older.") || strings.Contains(seen, "Nothing was judged yet") {
		t.Error(seen)
	}
	if seen := text(p.get("/")); !strings.Contains(seen, "120 changes wait to be judged.") {
		t.Error(seen)
	}
}

// A push or a merge group has no page and is listed all the same.
func TestListShowsWhatHasNoPage(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.add(store.Subject{Kind: store.Push, Installation: 1, Owner: "acme", Repo: "app", Head: "abc", Ref: "release/\u202e1"}, "", sample())
	page := p.get("/")
	if seen := text(page); !strings.Contains(seen, `acme/app, release/\u202e1 blocked Core: core/a.py. Risk 60`) || strings.Contains(page, "/pull/") {
		t.Error(seen)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "x", sample())
	for _, target := range []string{
		"/acme/app/pull/2", "/acme/other/pull/1", "/acme/app/pull/x", "/acme/app/pull/0", "/acme/app/pull/01", "/acme/app/pull/+1", "/acme/app/pull/-1", "/acme/app/pull/99999999999999999999", "/acme/app/pull/1/files",
		"/acme/app/pull/", "/acme/app", "/?before=x", "/?before=0", "/?before=-5", "/?before=99999999999999999999", "/%2e%2e/x", "/pages/pull.html", "/style.css/", "/favicon.ico", "/metrics", "/setup",
	} {
		w := p.ask(http.MethodGet, target, nil)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `<a href="/">To the overview</a>`) {
			t.Errorf("GET %s: %d", target, w.Code)
		}
	}
	for _, target := range []string{"/", "/acme/app/pull/1", "/style.css", "/icon.svg"} {
		if w := p.ask(http.MethodHead, target, nil); w.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", target, w.Code)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			if w := p.ask(method, target, nil); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, target, w.Code)
			}
		}
	}
}

// Neither another machine, nor a page that points a name of its own here, nor
// whoever asks through a proxy sees a verdict.
func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "secret title", sample())
	for _, c := range []struct {
		from, host string
		allowed    bool
	}{
		{"127.0.0.1:5", "localhost:8080", true},
		{"127.0.0.1:5", "localhost", true},
		{"127.0.0.1:5", "LocalHost:1", true},
		{"127.9.8.7:5", "127.0.0.1:8080", true},
		{"[::1]:5", "[::1]:8080", true},
		{"[::1]:5", "[::1]", true},
		{"[::ffff:127.0.0.1]:5", "localhost", true},
		{"192.0.2.1:5", "localhost:8080", false},
		{"10.0.0.1:5", "127.0.0.1", false},
		{"[2001:db8::1]:5", "localhost", false},
		{"", "localhost", false},
		{"@", "localhost", false},
		{"0.0.0.0:5", "localhost", false},
		{"127.0.0.1:5", "guard.example", false},
		{"127.0.0.1:5", "guard.example:8080", false},
		{"127.0.0.1:5", "localhost.guard.example", false},
		{"127.0.0.1:5", "127.0.0.1.guard.example", false},
		{"127.0.0.1:5", "localhost.", false},
		{"127.0.0.1:5", "", false},
		{"127.0.0.1:5", "192.0.2.1:8080", false},
		{"127.0.0.1:5", "0.0.0.0:8080", false},
		{"127.0.0.1:5", "0x7f000001", false},
		{"127.0.0.1:5", "2130706433", false},
		{"127.0.0.1:5", "localhost@guard.example", false},
		{"127.0.0.1:5", "guard.example:localhost", false},
		{"127.0.0.1:5", "[localhost]", true},
	} {
		for _, target := range []string{"/", "/acme/app/pull/1"} {
			w := p.ask(http.MethodGet, target, func(r *http.Request) { r.RemoteAddr, r.Host = c.from, c.host })
			if (w.Code == http.StatusOK) != c.allowed || !c.allowed && (w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "secret title")) {
				t.Errorf("%q asks %q for %s: %d", c.from, c.host, target, w.Code)
			}
		}
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "CF-Connecting-IP", "CF-Ray", "True-Client-IP", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context"} {
		for _, value := range []string{"192.0.2.1", "127.0.0.1", ""} {
			if w := p.ask(http.MethodGet, "/", func(r *http.Request) { r.Header.Set(header, value) }); w.Code != http.StatusForbidden {
				t.Errorf("%s: %q: %d", header, value, w.Code)
			}
		}
	}
	if w := p.ask(http.MethodGet, "/", func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0 }); w.Code != http.StatusForbidden {
		t.Errorf("a proxy's HTTP/1.0: %d", w.Code)
	}
}

// Every answer forbids what a page could be made to do, also those that refuse;
// no page needs what is forbidden.
func TestNothingIsLoadedOrRun(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "x", sample())
	for _, c := range []struct {
		target string
		change func(*http.Request)
	}{{"/", nil}, {"/acme/app/pull/1", nil}, {"/acme/app/pull/9", nil}, {"/nothing", nil}, {"/style.css", nil}, {"/icon.svg", nil}, {"/", func(r *http.Request) { r.Host = "guard.example" }}} {
		w := p.ask(http.MethodGet, c.target, c.change)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q", c.target, name, got)
			}
		}
		kind := w.Header().Get("Content-Type")
		if !strings.HasPrefix(kind, "text/html; charset=utf-8") {
			continue
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s is kept", c.target)
		}
		balanced(t, c.target, w.Body.String())
		if found := regexp.MustCompile(`(?i)<script(?: src="/[a-z.]+" defer)?>[^<]|<style|<form method="[a-z]+" action="(?:[^/]|//)|<iframe| style=| on[a-z]+=|(?:href|src)="(?:[^/#]|//)`).FindString(w.Body.String()); found != "" {
			t.Errorf("%s: %q", c.target, found)
		}
	}
}

// balanced checks that every element of a page is closed, in order.
func balanced(t *testing.T, target, page string) {
	t.Helper()
	void := []string{"meta", "link", "img", "br", "input"}
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z0-9]+)[^>]*>`).FindAllStringSubmatch(page, -1) {
		switch {
		case slices.Contains(void, m[2]):
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Fatalf("%s: </%s> within %v", target, m[2], open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %v are not closed", target, open)
	}
}

// hostile are texts that would be elements, attributes or links, or that nobody
// sees.
var hostile = []string{
	"<script>alert(1)</script>", "</title><script>", `"><img src=x onerror=alert(1)>`, "' onmouseover='x", "javascript:alert(1)", "{{.}}", "</pre></code>", "<!--", "-->", "]]>", "&lt;b&gt;",
	"<a href=https://evil.example>x</a>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "\x1b[31m", "\u202etxt", "\u2028", "\x00", "\xff", "\U000e0041", "line\nbreak",
}

// Text of a change makes no element, no attribute and no address, wherever it
// stands.
func TestTextOfTheChangeIsEscaped(t *testing.T) {
	t.Parallel()
	tags := regexp.MustCompile(`<[^>]*>`)
	shape := func(poison string) (string, string) {
		p := open(t)
		v := sample()
		v.Title, v.Engine, v.Session.Agent, v.Session.Modes, v.Policy.Sources = "Blocked: "+poison, poison, poison, []string{poison}, []string{poison}
		v.Session.Evidence = []session.Evidence{{Signal: poison, Value: poison, Where: poison}}
		v.Risk.Factors = []verdict.Factor{{Name: poison, Why: poison}}
		v.Missing = []verdict.Missing{{What: poison, Remedy: poison}}
		for i := range v.Findings {
			f := &v.Findings[i]
			f.Rule, f.Path, f.PreviousPath, f.Message, f.Evidence, f.Remedy, f.LiftableBy = poison, poison, poison, poison, poison, "git rm -- "+poison, poison
			if f.LiftedBy != nil {
				f.LiftedBy = &verdict.Lift{Kind: verdict.Override, By: []string{poison}, Reason: poison, Until: poison}
			}
		}
		p.judged(1, poison, v)
		page := p.get("/acme/app/pull/1") + p.get("/")
		return strings.Join(tags.FindAllString(page, -1), "\n"), page
	}
	want, _ := shape("harmless")
	for _, poison := range hostile {
		got, page := shape(poison)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", poison, diff)
		}
		if strings.ContainsFunc(page, func(r rune) bool {
			return r != '\n' && (unicode.IsControl(r) || r == '\u202e' || r == '\u2028' || r == '\U000e0041')
		}) {
			t.Errorf("%q is not shown for what it is", poison)
		}
		if !strings.Contains(text(page), strings.Join(strings.Fields(report.Visible(poison)), " ")) && poison != "\xff" && poison != "\x00" && !strings.Contains(poison, "&") {
			t.Errorf("%q is not on the page", poison)
		}
	}
}

// A stored verdict that cannot be read is the operator's matter: the reader gets
// no details.
func TestBrokenStoredVerdict(t *testing.T) {
	t.Parallel()
	p := open(t)
	s := store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: 1}
	p.add(s, "x", sample())
	err := p.store.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(context.Background(), `UPDATE verdicts SET body = '{"findings": 3, "secret'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w := p.ask(http.MethodGet, "/acme/app/pull/1", nil)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "JSON") || !strings.Contains(p.log.String(), "read the stored verdict") {
		t.Errorf("%d %s %s", w.Code, w.Body, p.log.String())
	}
}

// The set-up page names all that the App's manifest asks for, and nothing else
// is there.
func TestSetUp(t *testing.T) {
	t.Parallel()
	router := chi.NewRouter()
	if err := web.SetUpRoutes(router, web.SetUp{PublicURL: "https://guard.example/", CheckName: `our "guard" <x>`, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	p := &pages{T: t, router: router}
	far := func(r *http.Request) { r.RemoteAddr, r.Host = "192.0.2.1:5", "guard.example" }
	w := p.ask(http.MethodGet, "/setup", far)
	if w.Code != http.StatusOK || w.Header().Get("Content-Security-Policy") == "" {
		t.Fatalf("%d", w.Code)
	}
	balanced(t, "/setup", w.Body.String())
	seen := text(w.Body.String())
	data, err := os.ReadFile("../../deploy/app-manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Permissions map[string]string `json:"default_permissions"`
		Events      []string          `json:"default_events"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil || len(manifest.Permissions) == 0 || len(manifest.Events) == 0 {
		t.Fatalf("%v %+v", err, manifest)
	}
	want := []string{"CHANGEGUARD_APP_ID", "CHANGEGUARD_PRIVATE_KEY_FILE", "CHANGEGUARD_WEBHOOK_SECRET_FILE", "CHANGEGUARD_GITHUB_URL", "Webhook URL: https://guard.example/webhook.", `the check "our "guard" <x>" from this App`}
	for name, level := range manifest.Permissions {
		want = append(want, strings.TrimPrefix(strings.ReplaceAll(name, "_", " ")+": "+level, "pull requests"))
	}
	for _, e := range manifest.Events {
		want = append(want, strings.ReplaceAll(e, "_", " "))
	}
	for _, w := range want {
		if !strings.Contains(strings.ToLower(seen), strings.ToLower(w)) {
			t.Errorf("%q is not on the page: %s", w, seen)
		}
	}
	if n := strings.Count(w.Body.String(), ": read</code>") + strings.Count(w.Body.String(), ": write</code>"); n != len(manifest.Permissions) {
		t.Errorf("%d permissions on the page, %d in the manifest", n, len(manifest.Permissions))
	}
	if w := p.ask(http.MethodGet, "/acme/app/pull/1", nil); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `href="/setup"`) {
		t.Errorf("a page that is not there: %d", w.Code)
	}
	if w := p.ask(http.MethodGet, "/", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/setup" || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("GET /: %d %v", w.Code, w.Header())
	}
	if got := (web.SetUp{}).Webhook(); got != "the address of this server with /webhook behind it" {
		t.Error(got)
	}
}

// A change of thousands of findings has a page that says how many it shows.
func TestHugePageSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	p := open(t)
	v := sample()
	v.Findings = nil
	for i := range 2500 {
		v.Findings = append(v.Findings, verdict.Finding{ID: fmt.Sprint("f", i), Rule: "core", Level: policy.Block, Path: fmt.Sprint("core/", i), Message: "m", Remedy: fmt.Sprint("git rm -- core/", i), LiftableBy: "x", Enforced: true})
	}
	p.judged(1, "x", v)
	seen := make(map[string]bool)
	pages := 0
	for target := "/acme/app/pull/1"; target != ""; pages++ {
		page := p.get(target)
		balanced(t, target, page)
		if len(page) > 100<<10 {
			t.Errorf("%s has %d bytes", target, len(page))
		}
		for _, m := range regexp.MustCompile(`<li class="block" id="(f\d+)"`).FindAllStringSubmatch(page, -1) {
			if seen[m[1]] {
				t.Fatalf("%s has %s again", target, m[1])
			}
			seen[m[1]] = true
		}
		if words := text(page); !strings.Contains(words, "What blocks it 2500") || !strings.Contains(words, "more commands") {
			t.Fatalf("%s does not say how many there are", target)
		}
		target = ""
		if m := regexp.MustCompile(`href="\?page=(\d+)" rel="next"`).FindStringSubmatch(page); m != nil {
			target = "/acme/app/pull/1?page=" + m[1]
		}
	}
	if len(seen) != 2500 || pages < 3 {
		t.Errorf("%d findings on %d pages", len(seen), pages)
	}
	if w := p.ask(http.MethodGet, fmt.Sprint("/acme/app/pull/1?page=", pages+1), nil); w.Code != http.StatusNotFound {
		t.Errorf("a page after the last: %d", w.Code)
	}
}
