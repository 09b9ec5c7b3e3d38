package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/verdict"
)

// What would have been stopped where a policy only observes is not counted as
// stopped, wherever it is counted.
func TestObservingStopsNothing(t *testing.T) {
	t.Parallel()
	p := open(t)
	observed := sample()
	observed.ID, observed.Observed = "o", true
	p.judged(1, "Seen", observed)
	blocked := sample()
	blocked.ID = "b"
	p.judged(2, "Blocked", blocked)
	broken := sample()
	broken.ID, broken.Observed, broken.Outcome = "i", true, verdict.Incomplete
	p.judged(3, "Incomplete", broken)
	seen := text(p.get("/"))
	for _, want := range []string{"What stops most Rules by the verdicts that they stopped Rule Share Verdicts core 2 ", "While observing: what would have stopped most Rule Share Verdicts core 1 ", "Verdicts in 30 days 3", "Stopped 2 67 % 1 more if they were enforced", "acme/app – not asked yet Stopped 2 of 3", "while observing, as it would have been"} {
		if !strings.Contains(seen, want) {
			t.Errorf("the overview lacks %q:\n%s", want, seen)
		}
	}
}

// A search that is longer than what is searched for says so.
func TestLongSearchSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, "One", sample())
	long := text(p.get("/audit?q=" + url.QueryEscape(strings.Repeat("ä", 101))))
	if !strings.Contains(long, "Only the first 100 characters were searched for") {
		t.Error(long)
	}
	if fits := text(p.get("/audit?q=" + strings.Repeat("a", 200))); strings.Contains(fits, "Only the first") {
		t.Error(fits)
	}
}

// What waits for evidence looks like it, and not like what is blocked.
func TestWaitingLooksLikeWaiting(t *testing.T) {
	t.Parallel()
	p := open(t)
	v := sample()
	v.Findings, v.Waiting, v.Title = v.Findings[:1], true, "Waiting: tests: check unit is not there."
	p.judged(1, "Soon", v)
	page := p.get("/acme/app/pull/1")
	for _, want := range []string{`<section class="banner waiting">`, "What it waits for", "Tests: check unit is not there.</p>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if list := p.get("/"); !strings.Contains(list, `<span class="badge waiting">waiting</span>`) || strings.Contains(list, `<span class="badge fail">blocked`) {
		t.Error(text(list))
	}
	if list := p.get("/audit"); !strings.Contains(list, `verdict <span class="badge waiting">waiting</span>`) || strings.Contains(list, "blocked") {
		t.Error(text(list))
	}
	// A title says of itself what it likes.
	v.ID, v.Waiting, v.Title = "w", false, "Waiting: for nothing"
	p.judged(2, "Not at all", v)
	if list := p.get("/"); strings.Count(list, `<span class="badge waiting">`) != 1 || !strings.Contains(list, `<span class="badge fail">blocked`) {
		t.Error(text(list))
	}
}

// A title is shown as far as GitHub takes one, so that it does not push the
// verdict out of sight.
func TestTitleOfAPageIsBounded(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.judged(1, strings.Repeat("ab", 2048), sample())
	p.judged(2, strings.Repeat("x", 256), sample())
	h1 := regexp.MustCompile(`<h1>(.*?)</h1>`)
	for page, want := range map[string]string{"/acme/app/pull/1": strings.Repeat("ab", 128) + "…", "/acme/app/pull/2": strings.Repeat("x", 256)} {
		if m := h1.FindStringSubmatch(p.get(page)); m == nil || m[1] != want {
			t.Errorf("%s: %q", page, m)
		}
	}
}

// A page that could not be made says so in words, with a way on, and says nothing
// of why.
func TestBrokenPageHasAWayOn(t *testing.T) {
	t.Parallel()
	p := openWith(t, func(c *web.Config) {
		c.Facts = func(context.Context) (web.Facts, error) { return web.Facts{}, errors.New("the secret reason") }
	})
	p.judged(1, "One", sample())
	for _, target := range []string{"/", "/health"} {
		w := p.ask(http.MethodGet, target, nil)
		page := w.Body.String()
		balanced(t, target, page)
		if w.Code != http.StatusInternalServerError || !strings.Contains(page, "could not be made") || !strings.Contains(page, `<a href="/">`) || strings.Contains(page, "secret reason") {
			t.Errorf("%s: %d %s", target, w.Code, page)
		}
		if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(p.log.String(), "the secret reason") {
			t.Errorf("%s: %v, logged %s", target, w.Header(), p.log.String())
		}
	}
}

// Whoever is let in is shown the way on from a page that is not there; whoever is
// not is told of no pages.
func TestWayOutOfErrors(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.add(store.Subject{Kind: store.Pull, Installation: 1, Owner: "acme", Repo: "app", Number: 1}, "x", sample())
	for _, c := range []struct {
		target string
		host   string
		named  bool
	}{{"/acme/app/pull/9", "localhost", true}, {"/acme/app/pull/1", "elsewhere.example", false}, {"/nothing", "localhost", false}} {
		w := p.ask(http.MethodGet, c.target, func(r *http.Request) { r.Host = c.host })
		page := w.Body.String()
		balanced(t, c.target, page)
		if w.Code < 400 || strings.Contains(page, `<nav aria-label="Pages">`) != c.named || !strings.Contains(page, `<a href="/">`) {
			t.Errorf("%s: %d\n%s", c.target, w.Code, page)
		}
	}
}
