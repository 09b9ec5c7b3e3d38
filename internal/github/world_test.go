package github_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/ghfake"
	"github.com/changeguard/changeguard/internal/ghfake/ghschema"
	"github.com/changeguard/changeguard/internal/ghfake/ghtest"
	"github.com/changeguard/changeguard/internal/github"
)

// world is a client against the stand-in. The client's clock stands still; the
// stand-in's does not, since the App signs its requests by the real one.
type world struct {
	t       *testing.T
	hub     *ghfake.Server
	repo    *ghfake.Repo
	app     *github.App
	base    string // of its API
	client  *github.Client
	options github.Options
	clock   *ghtest.Clock
	ghtest.Between
}

func newWorld(t *testing.T, o ghfake.Options, permissions map[string]string) *world {
	t.Helper()
	return worldAt(t, "/", o, permissions)
}

// worldAt serves the API under a path.
func worldAt(t *testing.T, base string, o ghfake.Options, permissions map[string]string) *world {
	t.Helper()
	w := &world{t: t, clock: ghtest.NewClock(time.Now())}
	o.AppID, o.Key, o.Secret = ghtest.AppID, &ghtest.Key().PublicKey, ghtest.Secret
	w.hub = ghfake.New(o)
	w.hub.AddInstallation(1, permissions)
	w.repo = w.hub.AddRepo(1, "acme", "app")
	front := httptest.NewServer(ghschema.Wrap(t, w.hub))
	t.Cleanup(front.Close)
	w.options = github.Options{BaseURL: front.URL + base, AppID: ghtest.AppID, Key: ghtest.PEM(), Now: w.clock.Now, CheckName: "changeguard", Transport: w}
	app, err := github.New(w.options)
	if err != nil {
		t.Fatal(err)
	}
	w.app, w.client, w.base = app, app.Installation(1), front.URL+base
	return w
}

var author, dev = ghtest.Author, ghtest.Dev

// open makes a repository and a pull request with changes.
func (w *world) open(base, changes ghfake.Files) int {
	w.t.Helper()
	w.repo.Commit("main", "first", base, author)
	w.repo.Branch("feature", "main")
	w.repo.Commit("feature", "change", changes, author)
	return w.repo.Open(ghfake.Pull{Title: "A change", Body: "Words.", Base: "main", Head: "feature", Author: dev}).Number
}

// push adds a commit to the pull request, so that there is something new to load.
func (w *world) push() {
	w.t.Helper()
	w.repo.Commit("feature", "more", ghfake.Files{"more.txt": ghfake.Text(w.repo.Tip("feature"))}, author)
}

// pull is the range of a pull request as an event names it.
func (w *world) pull(number int) github.Range {
	var r github.Range
	w.repo.Edit(number, func(p *ghfake.Pull) {
		r = github.Range{Owner: "acme", Repo: "app", Number: number, Base: p.Base, Head: p.HeadSHA}
	})
	return r
}

// load loads a pull request that can be loaded.
func (w *world) load(number int) *github.Loaded {
	w.t.Helper()
	return w.loadRange(w.pull(number))
}

func (w *world) loadRange(r github.Range) *github.Loaded {
	w.t.Helper()
	loaded, err := w.client.Load(context.Background(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return loaded
}

// files are the change's files as short words.
func files(c *change.Change) []string {
	var list []string
	for _, f := range c.Files {
		words := string(f.Status) + " " + f.Path
		if f.OldPath != "" {
			words += " from " + f.OldPath
		}
		if f.OldMode != f.Mode && f.OldMode != "" && f.Mode != "" {
			words += " " + string(f.OldMode) + ">" + string(f.Mode)
		}
		list = append(list, words)
	}
	return list
}

func gaps(c *change.Change) []string {
	var list []string
	for _, g := range c.Gaps {
		list = append(list, g.What)
	}
	return list
}

// has reports whether one of the texts has a part.
func has(list []string, part string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, part) })
}

// asked are the routes of the requests since the last time.
func (w *world) asked() []string {
	var list []string
	for _, r := range w.hub.Requests() {
		list = append(list, r.Route)
	}
	w.hub.Forget()
	return list
}

const (
	inRepo  = "/repos/{owner}/{repo}"
	compare = "GET " + inRepo + "/compare/{basehead...}"
	query   = "POST /graphql"
	tree    = "GET " + inRepo + "/git/trees/{tree_sha}"
)
