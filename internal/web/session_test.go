package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
	"github.com/changeguard/changeguard/verdict"
)

// gate is a server that people sign in to: ann may read acme/app, eve nothing.
type gate struct {
	*pages
	gone  atomic.Int64 // since the start
	asked atomic.Int64 // times that GitHub was asked what somebody may read
	lost  atomic.Bool  // ann may read it no longer
	down  atomic.Bool  // GitHub does not answer
}

func gated(t *testing.T) *gate {
	t.Helper()
	return gatedAt(t, "")
}

// gatedAt is one with an address.
func gatedAt(t *testing.T, public string) *gate {
	t.Helper()
	g := new(gate)
	key, err := secret.New(strings.Repeat("k", 32))
	if err != nil {
		t.Fatal(err)
	}
	g.pages = openWith(t, func(c *web.Config) {
		c.Now = func() time.Time { return start.Add(time.Duration(g.gone.Load())) }
		c.SignIn = &web.SignIn{
			AuthorizeURL: func(redirect, state, challenge string) string {
				return "https://github.example/authorize?" + url.Values{"redirect_uri": {redirect}, "state": {state}, "code_challenge": {challenge}}.Encode()
			},
			Exchange: func(_ context.Context, code, _, _ string) (string, time.Duration, error) {
				return "token of " + code, 0, nil
			},
			User: func(_ context.Context, token string) (string, error) {
				return strings.TrimPrefix(token, "token of "), nil
			},
			Readable: func(_ context.Context, token string) ([]string, error) {
				g.asked.Add(1)
				if g.down.Load() {
					return nil, errors.New("GitHub does not answer")
				}
				if token == "token of ann" && !g.lost.Load() {
					return []string{"acme/app"}, nil
				}
				return nil, nil
			},
			Key: key,
		}
		c.PublicURL = public
		c.SetUp = &web.SetUp{PublicURL: public, Logger: c.Logger, Now: c.Now, Token: "the token", Created: func(context.Context) (*web.Created, error) { return nil, nil }}
		c.Try = func(context.Context, store.Verdict, web.Trial) (was, is *verdict.Verdict, err error) {
			return sample(), sample(), nil
		}
		c.Facts = func(context.Context) (web.Facts, error) {
			return web.Facts{
				Since: start.Add(-time.Hour), Reconciled: start.Add(-time.Minute), Redelivered: 77, Evaluated: 77, Unpublished: []store.Count{{Name: "check run", Count: 77}},
				Budgets: []web.Budget{{Installation: 2, Resource: "core", Left: 77, Limit: 5000}, {Resource: "core", Left: 77, Limit: 5000}},
			}, nil
		}
		c.Blast = func(context.Context, string, string, []byte, int) ([]web.Past, error) { return nil, nil }
	})
	g.judged(1, "A change", sample())
	g.pages.keeps(1, store.Layer{Name: verdict.RepositoryLayer, Digest: "sha256:1", Text: []byte("version: 1\n")})
	return g
}

// cookies carries what answers set.
type cookies map[string]*http.Cookie

// ask asks as a browser does: with its cookies, keeping what is set.
func (g *gate) ask(jar cookies, method, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	g.Helper()
	w := g.pages.ask(method, target, func(r *http.Request) {
		for _, c := range jar {
			r.AddCookie(c)
		}
		if change != nil {
			change(r)
		}
	})
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(jar, c.Name)
			continue
		}
		jar[c.Name] = c
	}
	return w
}

// signIn signs somebody in, and returns the answer that did.
func (g *gate) signIn(jar cookies, who string) *httptest.ResponseRecorder {
	g.Helper()
	w := g.ask(jar, http.MethodGet, "/auth/login?to=/audit", nil)
	at, err := url.Parse(w.Header().Get("Location"))
	if err != nil || at.Query().Get("state") == "" {
		g.Fatalf("%d %v", w.Code, w.Header())
	}
	w = g.ask(jar, http.MethodGet, "/auth/callback?code="+who+"&state="+url.QueryEscape(at.Query().Get("state")), nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/audit" {
		g.Fatalf("%s is not signed in: %d %v", who, w.Code, w.Header())
	}
	return w
}

// address fills a route's pattern in.
func address(pattern, owner, repo string) string {
	return strings.NewReplacer("{owner}", owner, "{repo}", repo, "{number}", "1").Replace(pattern)
}

// routes are all that the pages answer to, by method and pattern.
func (g *gate) routes() (list [][2]string) {
	g.Helper()
	err := chi.Walk(g.router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		list = append(list, [2]string{method, route})
		return nil
	})
	if err != nil || len(list) < 30 {
		g.Fatalf("%d routes: %v", len(list), err)
	}
	return list
}

// What is served to everybody: it holds nothing of anybody, or leads to a sign-in.
var forEverybody = []string{"/auth/login", "/auth/callback", "/auth/logout", "/setup", "/style.css", "/pages.css", "/live.js", "/icon.svg"}

// Every route but those lets nobody in who did not sign in, or for the set-up has
// not the token, and answers are kept nowhere.
func TestEveryRouteNeedsASignIn(t *testing.T) {
	t.Parallel()
	g := gated(t)
	for _, x := range g.routes() {
		method, target := x[0], address(x[1], "acme", "app")
		w := g.ask(cookies{}, method, target, nil)
		switch {
		case slices.Contains(forEverybody, x[1]):
		case strings.HasPrefix(x[1], "/setup/"):
			if w.Code != http.StatusForbidden {
				t.Errorf("%s %s without the token: %d", method, target, w.Code)
			}
		case w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/auth/login?to="):
			t.Errorf("%s %s without a sign-in: %d", method, target, w.Code)
		}
		if strings.Contains(w.Body.String(), "A change") {
			t.Errorf("%s %s shows a title", method, target)
		}
		if asset := strings.Contains(x[1], "."); w.Header().Get("Cache-Control") != "no-store" && (!asset || x[1] == "/audit.jsonl") {
			t.Errorf("%s %s is kept: %q", method, target, w.Header().Get("Cache-Control"))
		}
	}
}

// Whoever may not read a repository gets from every route about it what they get
// of one that is not there, and whoever may read it gets it; neither answer is
// kept anywhere.
func TestEveryRouteOfARepositoryIsForItsReaders(t *testing.T) {
	t.Parallel()
	g := gated(t)
	ann, eve := cookies{}, cookies{}
	g.signIn(ann, "ann")
	g.signIn(eve, "eve")
	about := 0
	for _, x := range g.routes() {
		if strings.HasPrefix(x[1], "/setup/") || !strings.Contains(x[1], "{owner}") {
			continue
		}
		about++
		method, there := x[0], address(x[1], "acme", "app")
		hers, refused := g.ask(ann, method, there, nil), g.ask(eve, method, there, nil)
		gone := g.ask(eve, method, address(x[1], "acme", "gone"), nil)
		if hers.Code != http.StatusOK {
			t.Errorf("%s %s: %d for ann", method, there, hers.Code)
		}
		if refused.Code != http.StatusNotFound || refused.Body.String() != gone.Body.String() {
			t.Errorf("%s %s: %d for eve, and %d where nothing is", method, there, refused.Code, gone.Code)
		}
		for _, w := range []*httptest.ResponseRecorder{hers, refused} {
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s is kept", method, there)
			}
		}
	}
	if about < 7 {
		t.Errorf("%d routes are about a repository", about)
	}
	for _, all := range []string{"/", "/audit", "/audit.jsonl", "/audit.jsonl?overrides=1", "/health", "/policy"} {
		if w := g.ask(eve, http.MethodGet, all, nil); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "acme") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s for eve: %d %s", all, w.Code, text(w.Body.String()))
		}
	}
	if w := g.ask(ann, http.MethodGet, "/audit.jsonl", nil); !strings.Contains(w.Body.String(), "acme/app#1") {
		t.Errorf("ann exports nothing: %s", w.Body)
	}
}

// Every form is refused that another site's page sends, whoever is signed in, and
// what changes something is never a link.
func TestEveryFormIsRefusedFromElsewhere(t *testing.T) {
	t.Parallel()
	g := gated(t)
	jar := cookies{}
	g.signIn(jar, "ann")
	g.ask(jar, http.MethodGet, "/setup?token=the+token", nil)
	if len(jar) != 2 {
		t.Fatalf("cookies: %v", jar)
	}
	posts := 0
	for _, x := range g.routes() {
		if x[0] != http.MethodPost {
			if x[0] != http.MethodGet && x[0] != http.MethodHead {
				t.Errorf("%s %s is held to nothing here", x[0], x[1])
			}
			continue
		}
		posts++
		for header, value := range map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"} {
			w := g.ask(jar, http.MethodPost, address(x[1], "acme", "app"), func(r *http.Request) { r.Header.Set(header, value) })
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "came from another site") || !strings.Contains(w.Body.String(), `<a href="/">`) {
				t.Errorf("POST %s with %s: %d", x[1], header, w.Code)
			}
		}
	}
	if posts < 6 {
		t.Errorf("only %d forms", posts)
	}
	if w := g.ask(jar, http.MethodGet, "/audit", nil); w.Code != http.StatusOK {
		t.Errorf("a form from elsewhere signed ann out: %d", w.Code)
	}
	if w := g.ask(jar, http.MethodGet, "/auth/logout", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a link signs out: %d", w.Code)
	}
}

const sessionName = "changeguard-session"

// A session's name is made here, at each sign-in, and the one before ends: a
// cookie that somebody planted is worth nothing after it.
func TestSessionIsNewAtEachSignIn(t *testing.T) {
	t.Parallel()
	g := gated(t)
	jar := cookies{sessionName: {Name: sessionName, Value: "planted"}}
	g.signIn(jar, "ann")
	first := jar[sessionName]
	if first.Value == "planted" || len(first.Value) < 32 {
		t.Errorf("the session is named %q", first.Value)
	}
	if !first.HttpOnly || first.SameSite != http.SameSiteLaxMode || first.Path != "/" || first.Domain != "" || first.MaxAge != 8*60*60 {
		t.Errorf("the cookie: %v", first)
	}
	if w := g.ask(cookies{sessionName: {Name: sessionName, Value: "planted"}}, http.MethodGet, "/audit", nil); w.Code != http.StatusSeeOther {
		t.Errorf("what was planted is a session: %d", w.Code)
	}
	g.signIn(jar, "ann")
	if w := g.ask(cookies{sessionName: first}, http.MethodGet, "/audit", nil); w.Code != http.StatusSeeOther || jar[sessionName].Value == first.Value {
		t.Errorf("the session before goes on: %d", w.Code)
	}
}

// Behind HTTPS no cookie goes over HTTP.
func TestCookiesAreSecureBehindHTTPS(t *testing.T) {
	t.Parallel()
	g := gated(t)
	for _, target := range []string{"/auth/login", "/setup?token=the+token"} {
		w := g.ask(cookies{}, http.MethodGet, target, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") })
		for _, c := range w.Result().Cookies() {
			if !c.Secure || !c.HttpOnly {
				t.Errorf("%s sets %v", target, c)
			}
		}
		if len(w.Result().Cookies()) != 1 {
			t.Errorf("%s sets %d cookies", target, len(w.Result().Cookies()))
		}
	}
}

// Where the server's address is one of HTTPS, no cookie goes over HTTP, whatever a
// proxy says, but to a browser on the machine itself.
func TestCookiesAreSecureByThePublicAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public, host, remote string
		want                 bool
	}{
		{"https://guard.example/", "guard.example", "192.0.2.1:5", true},
		{"HTTPS://guard.example", "guard.example", "127.0.0.1:5", true},
		{"https://guard.example/", "localhost:8080", "192.0.2.1:5", true},
		{"https://guard.example/", "localhost:8080", "127.0.0.1:5", false},
		{"http://guard.example/", "guard.example", "192.0.2.1:5", false},
		{"", "guard.example", "192.0.2.1:5", false},
	} {
		g := gatedAt(t, c.public)
		for _, target := range []string{"/auth/login", "/setup?token=the+token"} {
			w := g.ask(cookies{}, http.MethodGet, target, func(r *http.Request) { r.Host, r.RemoteAddr = c.host, c.remote })
			set := w.Result().Cookies()
			if len(set) != 1 || set[0].Secure != c.want {
				t.Errorf("%+v: %s sets %v", c, target, set)
			}
		}
		at := g.ask(cookies{}, http.MethodGet, "/auth/login", func(r *http.Request) { r.Host, r.RemoteAddr = c.host, c.remote }).Header().Get("Location")
		if strings.Contains(at, "redirect_uri=https%3A") != c.want {
			t.Errorf("%+v: GitHub sends back to %s", c, at)
		}
	}
}

// What is counted over all repositories is not for who may read some: not how many
// changes wait, nor for how long, nor what the server did for others.
func TestFiguresAreOfWhatSomebodyMayRead(t *testing.T) {
	t.Parallel()
	g := gated(t)
	hidden := store.Subject{Kind: store.Pull, Installation: 2, Owner: "acme", Repo: "secret", Number: 2, Base: "main", Head: strings.Repeat("a", 40)}
	err := g.store.InTx(context.Background(), func(tx *store.Tx) error {
		_, err := store.Receive(context.Background(), tx, store.Delivery{ID: "d", Event: "pull_request", Action: "opened", Received: start.Add(-90 * time.Second)}, &hidden)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	jar := cookies{}
	g.signIn(jar, "ann")
	// Of acme/app one change waits, which came at the start.
	health := text(g.ask(jar, http.MethodGet, "/health", nil).Body.String())
	for _, want := range []string{"Waiting to be judged 1 ", "The oldest waits for 0s", "Deliveries in a day 1 "} {
		if !strings.Contains(health, want) {
			t.Errorf("the health page lacks %q:\n%s", want, health)
		}
	}
	for _, not := range []string{"1m30s", "asked for again", "What GitHub did not take", "77"} {
		if strings.Contains(health, not) {
			t.Errorf("the health page has %q:\n%s", not, health)
		}
	}
	if list := text(g.ask(jar, http.MethodGet, "/", nil).Body.String()); !strings.Contains(list, "1 change waits to be judged") {
		t.Error(list)
	}
}

// Signing out ends the session on the server, and so does the time.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	g := gated(t)
	jar := cookies{}
	g.signIn(jar, "ann")
	kept := jar[sessionName]
	if w := g.ask(jar, http.MethodPost, "/auth/logout", nil); w.Code != http.StatusOK || jar[sessionName] != nil {
		t.Errorf("signed out: %d %v", w.Code, jar)
	}
	if w := g.ask(cookies{sessionName: kept}, http.MethodGet, "/audit", nil); w.Code != http.StatusSeeOther {
		t.Errorf("the cookie is good after the end: %d", w.Code)
	}
	g.signIn(jar, "ann")
	g.gone.Store(int64(8*time.Hour - time.Second))
	if w := g.ask(jar, http.MethodGet, "/audit", nil); w.Code != http.StatusOK {
		t.Errorf("within its time: %d", w.Code)
	}
	g.gone.Store(int64(8 * time.Hour))
	if w := g.ask(jar, http.MethodGet, "/audit", nil); w.Code != http.StatusSeeOther {
		t.Errorf("after its time: %d", w.Code)
	}
}

// What somebody may read is asked of GitHub, believed for minutes, and asked
// again; where GitHub does not say, nothing is shown.
func TestRightsAreAskedOfGitHub(t *testing.T) {
	t.Parallel()
	g := gated(t)
	jar := cookies{}
	g.signIn(jar, "ann")
	see := func(want int) {
		t.Helper()
		if w := g.ask(jar, http.MethodGet, "/acme/app/pull/1", nil); w.Code != want {
			t.Errorf("%d, want %d", w.Code, want)
		}
	}
	see(http.StatusOK)
	see(http.StatusOK)
	if n := g.asked.Load(); n != 1 {
		t.Errorf("GitHub was asked %d times", n)
	}
	g.lost.Store(true)
	g.gone.Store(int64(3 * time.Minute))
	see(http.StatusNotFound)
	g.down.Store(true)
	g.gone.Store(int64(6 * time.Minute))
	see(http.StatusForbidden)
	g.down.Store(false)
	g.lost.Store(false)
	see(http.StatusOK) // the sign-in outlives that GitHub did not answer
}

// An answer that did not begin in this browser signs nobody in, and nobody is led
// elsewhere.
func TestSignInBeganHere(t *testing.T) {
	t.Parallel()
	g := gated(t)
	mine, other := cookies{}, cookies{}
	state := func(jar cookies, to string) string {
		w := g.ask(jar, http.MethodGet, "/auth/login?to="+url.QueryEscape(to), nil)
		at, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther || at.Host != "github.example" {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
		return at.Query().Get("state")
	}
	theirs := state(other, "/")
	state(mine, "/")
	back := func(jar cookies, state string) *httptest.ResponseRecorder {
		return g.ask(jar, http.MethodGet, fmt.Sprintf("/auth/callback?code=ann&state=%s", url.QueryEscape(state)), nil)
	}
	if w := back(mine, theirs); w.Code != http.StatusBadRequest || mine[sessionName] != nil {
		t.Errorf("another browser's state: %d %v", w.Code, mine)
	}
	if w := back(cookies{}, theirs); w.Code != http.StatusBadRequest {
		t.Errorf("without a cookie: %d", w.Code)
	}
	refused := g.ask(mine, http.MethodGet, "/auth/callback?error=access_denied&state="+url.QueryEscape(state(mine, "/")), nil)
	if refused.Code != http.StatusForbidden || !strings.Contains(text(refused.Body.String()), "was not allowed to tell") || mine[sessionName] != nil {
		t.Errorf("refused on GitHub's page: %d %s", refused.Code, text(refused.Body.String()))
	}
	late := state(mine, "/")
	g.gone.Store(int64(10 * time.Minute))
	if w := back(mine, late); w.Code != http.StatusBadRequest {
		t.Errorf("after ten minutes: %d", w.Code)
	}
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/auth/login", "/x\r\nSet-Cookie: a=b", strings.Repeat("/x", 2000)} {
		jar := cookies{}
		if w := back(jar, state(jar, to)); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
			t.Errorf("%q leads to %q", to, w.Header().Get("Location"))
		}
	}
}
